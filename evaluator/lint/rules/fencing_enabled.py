"""Fencing must be on."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.formats.units import truth
from evaluator.lint.registry import found, rule


@rule(
    "fencing-enabled",
    rationale="Without fencing a node that is cut off keeps its disks and addresses while the "
    "other takes them over: both write, and data are lost.",
    remedy="set stonith-enabled=true (fencing-enabled in newer versions) and configure a fence "
    "device for every node",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No property switches fencing off; the default is on."""
    properties = cib.properties()
    for name in ("stonith-enabled", "fencing-enabled"):
        if name in properties and truth(properties[name].value) is not True:
            entry = properties[name]
            yield found(f"{name} is {entry.value!r}", entry.where)
