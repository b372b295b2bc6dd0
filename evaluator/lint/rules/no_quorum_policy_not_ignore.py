"""Without quorum nothing goes on as if nothing were."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.registry import found, rule

ALLOWED = ("stop", "freeze", "demote", "suicide", "fence")


@rule(
    "no-quorum-policy-not-ignore",
    rationale="With ignore a node without majority goes on as if it were the cluster: each half of "
    "a split cluster starts the service, and what both write cannot be joined again.",
    remedy="set no-quorum-policy=stop; for two nodes use a quorum device, or two_node in "
    "corosync.conf",
    source=("pacemaker-explained", "votequorum-man"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """``no-quorum-policy`` is anything but ``ignore``; the default is ``stop``."""
    entry = cib.property("no-quorum-policy")
    if entry and entry.value not in ALLOWED:
        allowed = ", ".join(ALLOWED)
        yield found(f"no-quorum-policy is {entry.value!r}; allowed: {allowed}", entry.where)
