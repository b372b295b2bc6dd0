"""The part of chapter 7 on ranking methods: their formulas and their consensus."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Equation,
    Heading,
    Paragraph,
    Strong,
    cite,
)
from evaluator.report.formula import (
    Formula,
    Fraction,
    Root,
    Scripts,
    Sign,
    Word,
    bracketed,
    sub,
    total,
)
from evaluator.report.prose import capital, enumeration
from evaluator.study.fact import OURS

METHOD_NAMES = {"topsis": "TOPSIS", "weighted_sum": "weighted sum", "vikor": "VIKOR"}


def method_name(case: Case, method: str) -> str:
    """A method as prose calls it."""
    known = METHOD_NAMES | {row.id: row.name for row in case.evaluation.methods}
    return METHOD_NAMES.get(method) or known.get(method, method)


_U = sub("u", ("i", "j"))
_SCALED: tuple[Formula, ...] = (
    _U,
    Sign("="),
    Fraction(
        (sub("x", ("i", "j")), Sign("−"), Scripts("x", "j", Sign("−"))),
        (Scripts("x", "j", Sign("+")), Sign("−"), Scripts("x", "j", Sign("−"))),
    ),
)
_FORMULAS: dict[str, tuple[Formula, str, str]] = {
    "topsis": (
        (
            sub("C", "i"),
            Sign("="),
            Fraction(
                Scripts("d", "i", Sign("−")),
                (Scripts("d", "i", Sign("+")), Sign("+"), Scripts("d", "i", Sign("−"))),
            ),
            Sign(","),
            Word(" "),
            sub("v", ("i", "j")),
            Sign("="),
            sub("w", "j"),
            Fraction(sub("x", ("i", "j")), Root((total("k"), Scripts("x", ("k", "j"), "2")))),
        ),
        "C i equals d i minus over the sum of d i plus and d i minus, where v i j equals w j "
        "times x i j over the root of the sum of squares of the column",
        " measures how close a {subject} is to an ideal that is best in everything and how far "
        "from one that is worst in everything: d are the Euclidean distances of v to these two.",
    ),
    "weighted_sum": (
        (sub("S", "i"), Sign("="), total("j"), sub("w", "j"), _U, Sign(","), Word(" "), *_SCALED),
        "S i equals the sum over j of w j times u i j, where u is x scaled by the range of its "
        "column",
        " adds up the columns, each scaled by its range.",
    ),
    "vikor": (
        (
            sub("I", "i"),
            Sign("="),
            "1",
            Sign("−"),
            Fraction("1", "2"),
            bracketed(
                Fraction(
                    (sub("G", "i"), Sign("−"), Scripts("G", above=Sign("−"))),
                    (Scripts("G", above=Sign("+")), Sign("−"), Scripts("G", above=Sign("−"))),
                ),
                Sign("+"),
                Fraction(
                    (sub("R", "i"), Sign("−"), Scripts("R", above=Sign("−"))),
                    (Scripts("R", above=Sign("+")), Sign("−"), Scripts("R", above=Sign("−"))),
                ),
            ),
        ),
        "I i equals one minus half of the scaled group regret G plus the scaled worst regret R",
        " looks for a compromise: G is the sum and R the largest of the weighted regrets "
        "w (1 − u), and the usual index Q, with both halves counted alike, is turned round so "
        "that 1 is best.",
    ),
}


def ranking_methods(case: Case) -> list[Block]:
    names = [method_name(case, m.name) for m in case.study.criteria.methods]
    blocks: list[Block] = [
        Heading("Ranking methods and their consensus"),
        Paragraph(
            (
                f"The {case.subject}s that pass the filters are ranked by {enumeration(names)} "
                "from "
                "scikit-criteria",
                cite("scikit-criteria"),
                ". In each, x is the matrix turned so that more is better, w are the weights, and "
                "the index runs from 0 to 1, the best.",
            )
        ),
    ]
    for method in case.study.criteria.methods:
        name = Strong(capital(method_name(case, method.name)))
        if method.name not in _FORMULAS:
            blocks.append(Paragraph((name, cite(*method.source), " as its source publishes it.")))
            continue
        formula, spoken, words = _FORMULAS[method.name]
        said = words.format(subject=case.subject)
        blocks += [Paragraph((name, cite(*method.source), said)), Equation(formula, spoken)]
    blocks.append(
        Paragraph(
            (
                f"The consensus orders the {case.subject}s by the sum of their ranks in all "
                "methods "
                "(Borda); ties are broken by the mean of the indices",
                cite(OURS),
                ". The mean index is the score that this report prints. How far the methods "
                "agree is Kendall's W, from 0 (not at all) to 1 (the same order).",
            )
        )
    )
    return blocks
