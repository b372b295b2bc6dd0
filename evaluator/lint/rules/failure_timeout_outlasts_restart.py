"""Failures are remembered until the next one can have happened."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib, Element
from evaluator.formats.units import score, seconds
from evaluator.lint.agents import DEFAULT_TIMEOUT
from evaluator.lint.registry import found, rule


@rule(
    "failure-timeout-outlasts-restart",
    severity=Severity.WARNING,
    rationale="A failure that is forgotten before the next one is known never adds up to the "
    "migration-threshold: a sick service is restarted where it is, for ever.",
    remedy="set failure-timeout of the resource to more than monitor interval and timeout, stop "
    "and start timeout together, times migration-threshold",
    source=("pacemaker-explained", "ours"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """``failure-timeout`` > interval + monitor + stop + start, where failures are counted."""
    for primitive in cib.primitives():
        if cib.agent(primitive).startswith("stonith:"):
            continue
        meta = cib.effective_meta(primitive)
        forgotten = seconds(meta["failure-timeout"].value) if "failure-timeout" in meta else None
        threshold = score(meta["migration-threshold"].value) if "migration-threshold" in meta else 0
        restart = _restart(cib, primitive)
        if forgotten and 1 < threshold < float("inf") and forgotten <= restart:
            message = f"{primitive.get('id')}: failures are forgotten after {forgotten:g} s, but"
            where = meta["failure-timeout"].where
            yield found(f"{message} the next may take {restart:g} s", where)


def _restart(cib: Cib, primitive: Element) -> float:
    """Longest time from one failure to the next in seconds."""
    operations = cib.operations(primitive)
    timeouts = {o.name: o.timeout or DEFAULT_TIMEOUT for o in operations if o.name != "monitor"}
    monitors = [o.interval + (o.timeout or DEFAULT_TIMEOUT) for o in operations if o.interval > 0]
    ends = (timeouts.get(name, DEFAULT_TIMEOUT) for name in ("stop", "start"))
    return min(monitors, default=0.0) + sum(ends)
