"""Tracing: from a column of the matrix that moved to the metrics in it, and to their sources."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.diff.changes import metric_text, same, source_text
from evaluator.diff.model import Trace
from evaluator.result import Evaluation, MetricRow


def traces(a: Evaluation, b: Evaluation, groups: list[str]) -> list[Trace]:
    """What moved behind each column, and behind the filters, the weights and the effort."""
    origins = {w.criterion: w.origin for run in (a, b) for w in run.weights}
    found: list[Trace] = []
    for group in groups:
        kind, _, criterion = group.partition(":")
        if kind == "criterion":
            found += _column(a, b, group, origins.get(criterion, ""))
        elif kind == "weights":
            found += _facts(a, b, group, ("criteria.criteria.", "criteria.attitudes."))
        elif kind in ("methods", "rule"):
            found += _facts(a, b, group, ("criteria.methods.", "criteria.decision"))
        elif kind == "effort":
            found += _facts(a, b, group, ("criteria.effort.", "site.staff"), ".effort.")
        elif kind == "filters":
            found += _filters(a, b, group)
    return found


def _column(a: Evaluation, b: Evaluation, group: str, origin: str) -> Iterator[Trace]:
    kind, _, name = origin.partition(":")
    if kind == "metric":
        yield from _metrics(a, b, group, {name})
    elif kind == "fact":
        yield from _facts(a, b, group, (), f".facts.{name}")
    elif kind == "trial":
        yield from _trials(a, b, group)
    elif name == "semaphore_share":
        yield from _lights(a, b, group)
    elif name == "functional_match":
        yield from _functions(a, b, group)


def _metrics(a: Evaluation, b: Evaluation, group: str, names: set[str]) -> Iterator[Trace]:
    used = _used(a) | _used(b)
    before, after = ({(m.candidate, m.metric): m for m in run.metrics} for run in (a, b))
    for key in dict.fromkeys([*before, *after]):
        one, two = before.get(key), after.get(key)
        if key[1] not in names or key[0] not in used or _agree(one, two):
            continue
        yield Trace(
            group=group,
            subject=key[0],
            what=f"metric {key[1]}",
            before=metric_text(one) if one else "",
            after=metric_text(two) if two else "",
            because=_because(a, b, one, two),
        )


def _agree(one: MetricRow | None, two: MetricRow | None) -> bool:
    told = {"window", "source", "note", "quality", "n"}
    return one is not None and two is not None and same(one, two, told)


def _used(run: Evaluation) -> set[str]:
    return {
        name for s in run.stacks for v in s.values for name in (v.parts or dict.fromkeys(v.via))
    }


def _because(
    a: Evaluation, b: Evaluation, one: MetricRow | None, two: MetricRow | None
) -> list[str]:
    """Which source moved; else the date, else the files of the study, else the software."""
    names = [s for row in (one, two) if row for s in row.source.split(" + ") if s]
    before, after = ({s.id: s for s in run.sources} for run in (a, b))
    found = []
    for name in dict.fromkeys(names):
        old, new = before.get(name), after.get(name)
        if not same(old, new, {"retrieved", "note", "backend_version"}):
            was = source_text(old) if old else "absent"
            now = source_text(new) if new else "absent"
            url = (new or old or next(iter(after.values()))).url
            found.append(f"source {name} ({url}): {was} → {now}")
    if a.as_of != b.as_of:
        found.append(f"the as-of date: {a.as_of} → {b.as_of}")
    if not found and a.inputs.get("snapshot") != b.inputs.get("snapshot"):
        digests = [run.inputs.get("snapshot", "")[:12] for run in (a, b)]
        found.append(f"the snapshot's tables: {digests[0]} → {digests[1]}")
    candidate = next((row.candidate for row in (one, two) if row), "")
    files = [f for f in {**a.inputs, **b.inputs} if a.inputs.get(f) != b.inputs.get(f)]
    found += [f"file {f}" for f in files if f.endswith((f"/{candidate}.yml", "catalogue.yml"))]
    if not found and a.versions != b.versions:
        found.append("the software's version")
    return found


def _lights(a: Evaluation, b: Evaluation, group: str) -> Iterator[Trace]:
    before, after = (
        {(x.candidate, x.semaphore): x for s in run.stacks for x in s.lights} for run in (a, b)
    )
    metrics = [{(m.candidate, m.metric): m for m in run.metrics} for run in (a, b)]
    for key in dict.fromkeys([*before, *after]):
        one, two = before.get(key), after.get(key)
        if one and two and one.colour == two.colour:
            continue
        rows = [
            metrics[i].get((light.candidate, light.metric)) if light else None
            for i, light in enumerate((one, two))
        ]
        yield Trace(
            group=group,
            subject=key[0],
            what=f"light {key[1]}",
            before=f"{one.colour} ({one.text})" if one else "",
            after=f"{two.colour} ({two.text})" if two else "",
            because=_because(a, b, *rows),
        )


def _trials(a: Evaluation, b: Evaluation, group: str) -> Iterator[Trace]:
    name = group.partition(":")[2]
    before, after = (
        {s.id: v for s in run.stacks for v in s.values if v.criterion == name} for run in (a, b)
    )
    files = [f for f in {**a.inputs, **b.inputs} if a.inputs.get(f) != b.inputs.get(f)]
    for key in dict.fromkeys([*before, *after]):
        one, two = before.get(key), after.get(key)
        if one and two and one.note == two.note and one.value == two.value:
            continue
        yield Trace(
            group=group,
            subject=key,
            what=f"trials for {name}",
            before=one.note if one else "",
            after=two.note if two else "",
            because=[f"file {f}" for f in files if f.endswith((".jsonl", f"/{key}.yml"))],
        )


def _functions(a: Evaluation, b: Evaluation, group: str) -> Iterator[Trace]:
    before, after = (
        {(s.id, f.function): (f.value, f.via) for s in run.stacks for f in s.functions}
        for run in (a, b)
    )
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) == after.get(key):
            continue
        vias = {pair[1] for pair in (before.get(key), after.get(key)) if pair}
        keys = [f"{kind}.{v}.provides.{key[1]}" for v in vias for kind in ("stacks", "candidates")]
        one, two = (
            f"{pair[0]} via {pair[1] or 'nobody'}" if pair else ""
            for pair in (before.get(key), after.get(key))
        )
        yield Trace(
            group=group,
            subject=key[0],
            what=f"function {key[1]}",
            before=one,
            after=two,
            because=_places(a, b, keys),
        )


def _filters(a: Evaluation, b: Evaluation, group: str) -> Iterator[Trace]:
    before, after = ({s.id: s for s in run.stacks} for run in (a, b))
    for key in dict.fromkeys([*before, *after]):
        one, two = before.get(key), after.get(key)
        if one and two and one.outcome == two.outcome:
            continue
        rows = [f for s in (one, two) if s for f in s.filters]
        yield Trace(
            group=group,
            subject=key,
            what="filters",
            before="; ".join(one.reasons) if one else "absent",
            after="; ".join(two.reasons) if two else "absent",
            because=_places(a, b, [k for f in rows for k in f.facts])
            or ([f"the as-of date: {a.as_of} → {b.as_of}"] if a.as_of != b.as_of else []),
        )


def _facts(
    a: Evaluation, b: Evaluation, group: str, starts: tuple[str, ...], inside: str = ""
) -> Iterator[Trace]:
    before, after = ({f.key: f for f in run.facts} for run in (a, b))
    for key in dict.fromkeys([*before, *after]):
        if not (key.startswith(starts) or (inside and inside in key)):
            continue
        one, two = before.get(key), after.get(key)
        if one and two and one.value == two.value:
            continue
        yield Trace(
            group=group,
            subject=key,
            what="statement",
            before=one.value if one else "",
            after=two.value if two else "",
            because=_places(a, b, [key]),
        )


def _places(a: Evaluation, b: Evaluation, keys: list[str]) -> list[str]:
    """Statements among these that changed, with their place in the second run's files."""
    before, after = ({f.key: f for f in run.facts} for run in (a, b))
    found = []
    for key in dict.fromkeys(keys):
        one, two = before.get(key), after.get(key)
        if (one and one.value) != (two and two.value):
            row = two or one
            found.append(f"{key} at {row.where if row else ''}")
    return found
