"""ELECTRE I and II: alternatives that outrank others, by concordance without much discordance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluator.rank.methods import Parameter, Refusal, Verdict, method
from evaluator.rank.methods.choices import number, one_of
from evaluator.rank.methods.library import decision_matrix, named
from evaluator.rank.problem import Problem
from evaluator.rank.scaling import SCALES

MOST = 300
"""Alternatives that are taken: the time of ELECTRE II grows with their cube in the worst case, and
its tables of pairs with their square.  300 took 0.07 s when measured."""

ROUNDING = 1e-9
"""What meets a threshold within this meets it."""

SCALE = Parameter(
    "range",
    "how columns are made comparable, since one range divides all discordances; none: as typed",
    one_of("range", "vector", "sum", "max", "none"),
)


def _matrix(problem: Problem, scale: str) -> Any:
    if len(problem.alternatives) > MOST:
        reason = f"it compares every pair of alternatives, and takes at most {MOST}"
        raise Refusal(reason, "filter the alternatives first, or use promethee_ii")
    return decision_matrix(problem, SCALES[scale](problem.values))


def _pairs(table: Any) -> Any:
    """A table of pairs as plain JSON values; nothing compares with itself."""
    found = np.asarray(table, dtype=float).astype(object)
    np.fill_diagonal(found, None)
    return found.tolist()


@method(
    "electre_1",
    "ELECTRE I",
    source="roy-1968",
    index="1 in the kernel, which nobody outranks, else 0",
    bounds=(0.0, 1.0),
    parameters={
        "p": Parameter(0.65, "least concordance of an outranking", number(0, 1)),
        "q": Parameter(0.35, "largest discordance of an outranking", number(0, 1)),
        "scale": SCALE,
    },
    aliases=("electre", "electre1", "electre i"),
)
def electre_1(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """One outranks another where the weights of the criteria on which it is at least as good sum to
    p or more, and the other is nowhere better by more than q times the largest range of all.
    """
    from skcriteria.agg.electre import ELECTRE1

    matrix = _matrix(problem, parameters["scale"])
    p, q = max(parameters["p"] - ROUNDING, 0.0), min(parameters["q"] + ROUNDING, 1.0)
    found = ELECTRE1(p=p, q=q).evaluate(matrix)
    kernel = np.asarray(found.kernel_, dtype=bool)
    cautions = ["it chooses a set and does not order it"]
    outranks = np.asarray(found.e_.outrank, dtype=bool)
    if (outranks & outranks.T).any():
        i, k = np.argwhere(outranks & outranks.T)[0]
        both = f"{problem.alternatives[i]} and {problem.alternatives[k]}"
        cautions.append(f"{both} outrank each other, which keeps both out of the kernel")
    if not kernel.any():
        cautions.append("the kernel is empty: everybody is outranked by somebody")
    return Verdict(
        kernel.astype(float),
        detail={
            "kernel": [a for a, inside in zip(problem.alternatives, kernel, strict=True) if inside],
            "concordance": _pairs(found.e_.matrix_concordance),
            "discordance": _pairs(found.e_.matrix_discordance),
        },
        cautions=tuple(cautions),
    )


@method(
    "electre_2",
    "ELECTRE II",
    source="roy-bertier-1973",
    index="mean place in the direct and the inverted preorder; less is better",
    best="min",
    parameters={
        "p0": Parameter(0.65, "concordance of a strong outranking", number(0, 1)),
        "p1": Parameter(0.5, "concordance of one with little discordance", number(0, 1)),
        "p2": Parameter(0.35, "concordance of a weak outranking", number(0, 1)),
        "q0": Parameter(0.65, "largest discordance", number(0, 1)),
        "q1": Parameter(0.35, "little discordance", number(0, 1)),
        "scale": SCALE,
    },
    aliases=("electre2", "electre ii"),
)
def electre_2(problem: Problem, parameters: Mapping[str, Any]) -> Verdict:
    """Mean of two preorders: by whom nobody left outranks, from the top, and who outranks nobody
    left, from the bottom.  One outranks another strongly where its concordance exceeds that of the
    other over it, and is p₀ with discordance up to q₀, or p₁ with up to q₁; weakly with p₂ and q₀.
    """
    from skcriteria.agg.electre import ELECTRE2

    least = {name: max(parameters[name] - ROUNDING, 0.0) for name in ("p0", "p1", "p2")}
    most = {name: min(parameters[name] + ROUNDING, 1.0) for name in ("q0", "q1")}
    if not least["p0"] >= least["p1"] >= least["p2"] or most["q0"] < most["q1"]:
        raise Refusal("its thresholds must satisfy p0 ≥ p1 ≥ p2 and q0 ≥ q1", "order them")
    found = ELECTRE2(**least, **most).evaluate(_matrix(problem, parameters["scale"])).e_
    return Verdict(
        np.asarray(found.score, dtype=float),
        detail={
            "direct": named(problem, found.ranking_direct),
            "inverted": named(problem, found.ranking_inverted),
            "concordance": _pairs(found.matrix_concordance),
            "discordance": _pairs(found.matrix_discordance),
        },
    )
