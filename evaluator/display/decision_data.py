"""A decision as JSON: plain values by name, none of them a number that is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluator.display.decision_sheet import verdict
from evaluator.rank.decide import Decided
from evaluator.rank.methods import Judgement

NOT_SIMULATED = {
    "outcome": "not_applicable",
    "reason": "no method that answered can be simulated; the notes say why",
}


def decision_data(found: Decided) -> dict[str, Any]:
    """The decision as the documented JSON structure: plain values, and none that is no number."""
    names = found.problem.alternatives
    data: dict[str, Any] = plain_values(
        {
            "title": found.decision.title,
            "question": found.decision.question,
            "summary": verdict(found),
            "winner": found.winners[0] if len(found.winners) == 1 else None,
            "winners": list(found.winners),
            "criteria": _criteria(found),
            "weights": _weights(found),
            "weights_by": found.decision.weights,
            "methods": {n: _method(names, j) for n, j in found.judgements.items()},
            "consensus": _consensus(found),
            "smaa": _smaa(found),
            "robustness": _robustness(found),
            "group": None if found.group is None else found.group.plain(),
            "removed": dict(found.removed),
            "notes": list(found.notes),
            "seed": found.decision.seed,
        }
    )
    return data


def plain_values(data: Any) -> Any:
    """Numbers, texts, lists and mappings only; what is no finite number is None."""
    if isinstance(data, Mapping):
        return {str(key): plain_values(value) for key, value in data.items()}
    if isinstance(data, np.ndarray):
        return plain_values(data.tolist())
    if isinstance(data, list | tuple):
        return [plain_values(value) for value in data]
    if isinstance(data, np.generic):
        return plain_values(data.item())
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    return data if data is None or isinstance(data, bool | int | str) else str(data)


def _weights(found: Decided) -> dict[str, float]:
    return dict(zip(found.problem.criteria, found.problem.weights.tolist(), strict=True))


def _criteria(found: Decided) -> dict[str, Any]:
    weights = _weights(found)
    rows: dict[str, dict[str, Any]] = {}
    for name, criterion in found.decision.leaves.items():
        rows[name] = {
            "name": criterion.name or name,
            "unit": criterion.unit,
            "direction": criterion.direction,
            "weight": weights[name],
        }
        if name in found.paths:
            path = found.paths[name]
            rows[name]["path"] = dict(zip(path.path[1:], path.local[1:], strict=True))
    return rows


def _method(names: Sequence[str], judgement: Judgement) -> dict[str, Any]:
    if judgement.scores is None or judgement.ranks is None:
        return {
            "method": judgement.method.id,
            "refused": judgement.refused,
            "remedy": judgement.remedy,
        }
    return {
        "method": judgement.method.id,
        "scores": dict(zip(names, judgement.scores.tolist(), strict=True)),
        "ranks": dict(zip(names, judgement.ranks.tolist(), strict=True)),
        "best": judgement.method.best,
        "index": judgement.method.index,
        "detail": judgement.detail,
        "cautions": list(judgement.cautions),
    }


def _consensus(found: Decided) -> dict[str, Any]:
    if found.ranks is None or found.mean is None:
        return {"ranks": {}, "reason": "no method answered"}
    names = found.problem.alternatives
    data: dict[str, Any] = {
        "rule": "borda",
        "ranks": dict(zip(names, found.ranks.tolist(), strict=True)),
        "mean_index": dict(zip(names, found.mean.tolist(), strict=True)),
    }
    if found.robustness is not None:
        data |= found.robustness.orders.model_dump()
    return data


def _smaa(found: Decided) -> dict[str, Any]:
    if found.robustness is None:
        return dict(NOT_SIMULATED)
    data = found.robustness.smaa.model_dump()
    data["central_weights"] = {a: w or None for a, w in data["central_weights"].items()}
    return {**data, "weights": "uniform on the simplex", "methods": list(found.panel)}


def _robustness(found: Decided) -> dict[str, Any]:
    if found.robustness is None:
        return dict(NOT_SIMULATED)
    around, names = found.around, found.contenders
    typed: dict[str, Any] = {
        "outcome": found.robustness.smaa.outcome,
        "reason": found.robustness.smaa.reason,
    }
    if around is not None:
        typed = {
            "outcome": "ok",
            "spread": found.decision.weight_spread,
            "draws": around.draws,
            "first_rank_probability": found.first_rank,
            "rank_acceptability": dict(zip(names, around.acceptability.tolist(), strict=True)),
            "beats": {
                name: dict(zip(names, row, strict=True))
                for name, row in zip(names, around.beats.tolist(), strict=True)
            },
        }
    rest = found.robustness.model_dump(exclude={"orders", "smaa"})
    return {"typed_weights": typed, **rest, "panel": list(found.panel)}
