"""After a split brain nobody but a human throws writes away."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources

DISCARDING = {
    "after-sb-0pri": ("discard-younger-primary", "discard-older-primary", "discard-least-changes"),
    "after-sb-1pri": ("discard-secondary", "violently-as0p"),
    "after-sb-2pri": ("violently-as0p",),
    "rr-conflict": ("violently", "auto-discard"),
}
"""Not ``discard-zero-changes``, which loses nothing, nor ``consensus`` and
``call-pri-lost-after-sb``, which do what ``after-sb-0pri`` decides."""


@rule(
    "drbd-after-sb",
    rationale="Each side of a split brain may hold writes that it acknowledged; a policy that "
    "discards one side unasked loses them without anybody noticing.",
    remedy="after-sb-0pri discard-zero-changes; after-sb-1pri disconnect; after-sb-2pri "
    "disconnect; rr-conflict disconnect;",
    source="drbd-conf-man",
)
def check(drbd: Entry) -> Iterator[Finding]:
    """No policy discards one side's changes."""
    for resource in resources(drbd):
        for option, policies in DISCARDING.items():
            for entry in resource.options("net", option):
                if entry.value in policies or entry.value.startswith("discard-node-"):
                    message = f"resource {resource.name!r}: {option} {entry.value}"
                    yield found(message, entry.where)
