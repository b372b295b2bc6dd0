"""A node comes back after it was fenced."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "sbd-startmode",
    severity=Severity.INFO,
    rationale="With clean a node that was fenced does not start its cluster again until somebody "
    "clears its slot; until then there is no spare.",
    remedy="write SBD_STARTMODE=always, unless somebody is to look at the node first",
    source=("sbd-man", "trento-checks"),
)
def check(sbd: Entry) -> Iterator[Finding]:
    """``SBD_STARTMODE`` is ``always``."""
    mode = sbd.text("SBD_STARTMODE", default="always")
    if mode != "always":
        yield found(f"SBD_STARTMODE is {mode!r}", sbd.place("SBD_STARTMODE"))
