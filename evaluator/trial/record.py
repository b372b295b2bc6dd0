"""From what was seen of a trial to the record that is kept of it."""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.evidence.record import PHASES, Record
from evaluator.trial.audits import Observation, fencing
from evaluator.trial.client import KINDS
from evaluator.trial.perform import Outcome


def of(
    outcome: Outcome,
    *,
    cluster: str,
    repetition: int,
    order: int,
    date: str,
    budget: float,
    versions: Mapping[str, str],
) -> Record:
    """The record of a trial."""
    o = outcome.observation
    roles = {node: role for role, node in o.roles.items()}
    active = o.roles["active"]
    return Record(
        cluster=cluster,
        fault=outcome.trial.name,
        repetition=repetition,
        order=order,
        seed=outcome.seed,
        date=date,
        budget=budget,
        outage={
            kind: round(o.ledger.outage(kind, o.began), 3)
            for kind in KINDS
            if o.ledger.rate(kind) and not o.unasked(kind)
        },
        holders=o.holders,
        acknowledged=o.held.acknowledged,
        lost=len(o.held.lost),
        doubled=len(o.held.doubled),
        altered=len(o.held.altered),
        fenced=tuple(roles.get(node, node) for node in o.fenced),
        moved=bool(o.seen and o.seen[-1].address - {active}),
        redundant=round(outcome.redundant_seconds, 1),
        phases={name: round(seconds, 3) for name, seconds in phases(o).items()},
        findings=tuple(str(finding) for finding in outcome.findings),
        versions=versions,
    )


def phases(o: Observation) -> dict[str, float]:
    """Seconds of each phase of a failover, as far as it had them; empty where nothing moved."""
    active = o.roles["active"]
    taken = next((s for s in o.seen if s.address - {active}), None)
    if taken is None:
        return {}
    (new, *_) = taken.address - {active}
    moments: dict[str, float] = {}
    for asked, done in fencing(o):
        if asked <= taken.time:
            moments.setdefault("detect", asked)
            moments.setdefault("fence", done)
    for name, what in (("mount", "volume"), ("start", "service")):
        since = next((s.time for s in o.seen if new in getattr(s, what)), None)
        if since is not None and since <= taken.time and since > o.began:
            moments[name] = since
    moments["announce"] = taken.time
    answers = (a.end for a in o.ledger.answers if a.kind == "http" and a.ok)
    first = next((end for end in answers if end >= taken.time), None)
    if first is not None:
        moments["answer"] = first
    found, before = {}, o.began
    for name in PHASES:
        if name in moments:
            found[name], before = max(0.0, moments[name] - before), max(before, moments[name])
    return found
