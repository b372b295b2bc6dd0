"""A fence device says the truth."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.cluster.power import unsafe_options
from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import devices
from evaluator.lint.registry import found, rule


@rule(
    "fence-option-unsafe",
    rationale="Where a failure of fencing is reported as success, the other node starts the "
    "service beside one that is still writing.",
    remedy="delete the option",
    source="fence-agents-repo",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No option makes a node count as off that may be alive."""
    for device in devices(cib):
        given = {name: entry.value for name, entry in device.parameters.items()}
        for option, why in unsafe_options(given):
            yield found(f"{device.id}: {option}: {why}", device.parameters[option].where)
