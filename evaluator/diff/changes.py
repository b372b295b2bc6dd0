"""Changes: everything in which two results differ, from their inputs to their winner."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evaluator.diff.model import Change, Kind
from evaluator.result import Evaluation, Part

HEAD = ("as_of", "snapshot_date", "criteria", "attitude", "seed", "draws", "title")
TOLERANCE = 1e-9
"""Numbers closer than this, relatively, differ by the rounding of another machine."""


Read = Callable[[Evaluation], Mapping[str, Any]]
"""What to compare of a run, by subject."""

ASPECTS: Sequence[tuple[Kind, Read, Callable[[Any], str]]] = (
    ("run", lambda run: {field: getattr(run, field) for field in HEAD}, str),
    ("software", lambda run: run.versions, str),
    ("file", lambda run: run.inputs, lambda digest: str(digest)[:12]),
    (
        "fact",
        lambda run: {f.key: (f.value, f.source) for f in run.facts},
        lambda f: f"{f[0]} ({', '.join(f[1])})",
    ),
    ("source", lambda run: {s.id: s for s in run.sources}, lambda s: source_text(s)),
    ("weight", lambda run: {w.criterion: w.effective for w in run.weights}, lambda w: figure(w)),
    ("method", lambda run: {m.id: (m.parameters, m.refused) for m in run.methods}, str),
    ("decision", lambda run: run.decision.model_dump(), str),
    (
        "metric",
        lambda run: {f"{m.candidate} {m.metric}": m for m in run.metrics},
        lambda m: metric_text(m),
    ),
    (
        "light",
        lambda run: {
            f"{x.candidate} {x.semaphore}": x.colour for s in run.stacks for x in s.lights
        },
        str,
    ),
    (
        "cell",
        lambda run: {f"{s.id} {v.criterion}": v for s in run.stacks for v in s.values},
        lambda v: cell_text(v),
    ),
    (
        "filters",
        lambda run: {s.id: [f.filter for f in s.filters] for s in run.stacks},
        lambda names: ", ".join(names) or "none",
    ),
    (
        "effort",
        lambda run: {s.id: s.effort.median for s in run.stacks if s.effort},
        lambda e: f"{e:,.0f} EUR",
    ),
    (
        "score",
        lambda run: {s.id: s.score for s in run.stacks if s.score is not None},
        lambda x: f"{x:.4f}",
    ),
    (
        "rank",
        lambda run: {s.id: s.rank for s in run.stacks},
        lambda rank: "not ranked" if rank is None else str(rank),
    ),
    ("winner", lambda run: {"winner": run.selection.winner}, lambda winner: winner or "none"),
)


def changes(a: Evaluation, b: Evaluation) -> list[Change]:
    """What differs, in the order in which one thing leads to the next."""
    places = {row.key: row.where for run in (a, b) for row in run.facts}
    found = []
    for kind, read, spell in ASPECTS:
        before, after = read(a), read(b)
        if kind == "file":
            before, after = _without_moved(before, after), _without_moved(after, before)
        for key in dict.fromkeys([*before, *after]):
            if key in before and key in after and same(before[key], after[key]):
                continue
            found.append(
                Change(
                    kind=kind,
                    subject=key,
                    before=spell(before[key]) if key in before else "",
                    after=spell(after[key]) if key in after else "",
                    where=places.get(key, "") if kind == "fact" else "",
                )
            )
    return found


def _without_moved(files: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Files but those that the other run read, with the same name and content, elsewhere."""
    read = {(path.rpartition("/")[2], digest) for path, digest in other.items()}
    return {
        path: digest
        for path, digest in files.items()
        if path in other or (path.rpartition("/")[2], digest) not in read
    }


def same(one: Any, other: Any, ignore: set[str] | frozenset[str] = frozenset()) -> bool:
    """Whether two values agree, numbers within the tolerance, parts field by field."""
    if isinstance(one, Part) and isinstance(other, Part):
        fields = set(type(one).model_fields) - ignore
        return all(same(getattr(one, f), getattr(other, f, None)) for f in fields)
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, Sequence) and isinstance(other, Sequence) and not isinstance(one, str):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def figure(value: float) -> str:
    return f"{value:.4g}"


def metric_text(row: Any) -> str:
    """A metric's value with its unit and n, or why there is none."""
    if row.value is None:
        return f"{row.outcome}" + (f" ({row.note})" if row.note else "")
    return f"{figure(row.value)} {row.unit}" + (f", n = {row.n}" if row.n is not None else "")


def source_text(row: Any) -> str:
    """What identifies the state of a source."""
    head = f", head {row.head[:12]}" if row.head else ""
    return f"{row.items} items to {row.last or '–'}{head}, {row.outcome}"


def cell_text(cell: Any) -> str:
    """A cell with its interval."""
    shown = "missing" if cell.value is None else figure(cell.value)
    ends = f" [{figure(cell.low)}, {figure(cell.high)}]" if cell.low < cell.high else ""
    return f"{shown}{ends}{' ?' if cell.assumed else ''} via {', '.join(cell.via) or '–'}"
