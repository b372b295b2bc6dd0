"""Both roles of a promotable clone are monitored, at different intervals."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule


@rule(
    "promotable-two-monitors",
    rationale="A monitor without role does not look at the promoted instance, and of two with the "
    "same interval one is dropped: a failed primary goes unnoticed.",
    remedy="monitor interval=10s role=Promoted and monitor interval=20s role=Unpromoted (Master "
    "and Slave before Pacemaker 2.1)",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Every primitive in a promotable clone has a monitor for each role, intervals differing."""
    for clone in cib.clones():
        for primitive in clone.iter("primitive") if cib.promotable(clone) else ():
            monitors = [o for o in cib.operations(primitive)
                        if o.name == "monitor" and o.interval > 0]  # fmt: skip
            promoted = {o.interval for o in monitors if o.role == "Promoted"}
            others = {o.interval for o in monitors if o.role in ("Unpromoted", "Started", "")}
            for role, there in (("Promoted", promoted), ("Unpromoted", others)):
                if not there:
                    message = f"{name(primitive)!r} has no monitor for role {role}"
                    yield found(message, cib.where(primitive))
            if same := promoted & others:
                message = f"{name(primitive)!r}: both monitors have interval {min(same):g} s"
                yield found(message, cib.where(primitive))
