"""Heartbeat's times fit together."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint import ha
from evaluator.lint.registry import found, rule


@rule(
    "heartbeat-timing",
    severity=Severity.WARNING,
    rationale="A deadtime near keepalive declares a live node dead after one late packet; an "
    "initdead that is too short does so at every boot; and then both nodes hold the resources.",
    remedy="keepalive 1, warntime 5, deadtime 10, initdead 60: warntime between the two, initdead "
    "at least twice deadtime",
    source="heartbeat-docs",
)
def check(ha_cf: Entry) -> Iterator[Finding]:
    """All four are written; keepalive < warntime < deadtime, 2 × keepalive ≤ deadtime, and so on.

    That initdead be at least twice deadtime is in the comments of ha.cf.
    """
    given = {
        name: ha.time(ha_cf, name) for name in ("keepalive", "warntime", "deadtime", "initdead")
    }
    for name, value in given.items():
        if not value:
            written = ha_cf.get(name)
            message = f"{name} is {written.value!r}" if written else f"{name} is not set"
            yield found(message, (written or ha_cf).where)
    keepalive, warntime, deadtime, initdead = (given[name] or 0 for name in given)
    wrong = {
        "warntime": warntime and (warntime <= keepalive or (deadtime and warntime >= deadtime)),
        "deadtime": deadtime and deadtime < 2 * keepalive,
        "initdead": initdead and initdead < 2 * deadtime,
    }
    for name, bad in wrong.items():
        if bad:
            others = ", ".join(f"{n} {v:g} s" for n, v in given.items() if v and n != name)
            message = f"{name} {given[name]:g} s does not fit {others}"
            yield found(message, ha_cf.place(name))
