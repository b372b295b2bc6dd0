"""The part of chapter 7 on the decision matrix: its columns, its scales and what is missing."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.document import Block, Equation, Heading, Inline, Paragraph, Ref, Strong, cite
from evaluator.report.formula import Formula, Fraction, Sign, Word, sub
from evaluator.report.prose import capital, count, enumeration, number, percent
from evaluator.study.criteria import Criterion
from evaluator.study.fact import OURS

_SHARE: Formula = (
    "s",
    Sign("="),
    Fraction(
        (sub("n", Word("green")), Sign("+"), Fraction("1", "2"), sub("n", Word("yellow"))),
        (
            sub("n", Word("green")),
            Sign("+"),
            sub("n", Word("yellow")),
            Sign("+"),
            sub("n", Word("red")),
            Sign("+"),
            sub("n", Word("black")),
        ),
    ),
)
_MATCH: Formula = (
    "f",
    Sign("="),
    Fraction(
        (sub("n", Word("yes")), Sign("+"), Fraction("1", "2"), sub("n", Word("partly"))),
        (
            sub("n", Word("yes")),
            Sign("+"),
            sub("n", Word("partly")),
            Sign("+"),
            sub("n", Word("no")),
        ),
    ),
)


def decision_matrix(case: Case) -> list[Block]:
    criteria = case.study.criteria.criteria
    logs = [c.name for c in criteria if c.log]
    return [
        Heading("The decision matrix and missing data"),
        Paragraph(
            (
                f"The matrix has {count(len(criteria), 'criterion', 'criteria')}: "
                f"{_columns(criteria)}. "
                + (
                    "A stack's value follows from its components by the rule that each criterion "
                    "names: the worst, the mean or the best of them. "
                    if case.subject == "stack"
                    else ""
                ),
                "The decimal logarithm of 1 + value stands in the columns of "
                f"{enumeration(logs)}, so that a large project does not win by size alone. "
                if logs
                else "",
                *_scored(criteria),
                f"The scales span all {case.subject}s, the removed ones included",
                cite(OURS),
                ": what counts as much or little does not depend on how many were removed, and two "
                "contenders that hardly differ get scores that hardly differ.",
            )
        ),
        *_derived(case, criteria),
        Paragraph(_missing(case)),
    ]


def _scored(criteria: list[Criterion]) -> list[str]:
    """How ratings and saturations make scores of raw values."""
    words = [
        f"{c.name} is rated {' / '.join(f'{x:g}' for x in c.rating.scores)}, parted at "
        f"{' / '.join(f'{x:g}' for x in c.rating.at)}. "
        for c in criteria
        if c.rating
    ]
    if shares := [c.name for c in criteria if c.saturation]:
        words.append(
            f"{enumeration(shares)} stand as log(1 + S) / log(1 + max(S, T)) of the value S and "
            "its threshold T, or with T − S in place of S where a small value is good. "
        )
    return words


def _columns(criteria: list[Criterion]) -> str:
    metrics = [c.name for c in criteria if c.metric]
    facts = [c.name for c in criteria if c.fact]
    derived = [c.name for c in criteria if c.derived]
    checks = [c.name for c in criteria if c.scorecard]
    trials = [c.name for c in criteria if c.trial]
    parts = [
        f"{count(len(names), *noun)} ({enumeration(names)})"
        for names, *noun in (
            (metrics, "metric"),
            (facts, "documented fact"),
            (derived, "derived value"),
            (checks, "result of OpenSSF Scorecard", "results of OpenSSF Scorecard"),
            (trials, "value measured in the laboratory", "values measured in the laboratory"),
        )
        if names
    ]
    return "; ".join(parts)


def _derived(case: Case, criteria: list[Criterion]) -> list[Block]:
    blocks: list[Block] = []
    for criterion in criteria:
        if criterion.derived == "semaphore_share":
            blocks += [
                Paragraph(
                    (
                        Strong(criterion.name),
                        cite(OURS),
                        " is the share s of a component's lights: green counts 1, yellow ½, red "
                        "and black 0, over the lights that could be lit. A grey light widens the "
                        "interval instead: at its ends every grey light is red, or green.",
                    )
                ),
                Equation(
                    _SHARE,
                    "s equals the number of green lights plus half of the yellow ones, over the "
                    "number of green, yellow, red and black lights",
                ),
            ]
        elif criterion.derived == "functional_match":
            blocks += [
                Paragraph(
                    (
                        Strong(criterion.name),
                        cite(OURS),
                        " is the share f of all functions that are asked for, required or wanted, "
                        "in which yes counts 1, partly ½ and no 0",
                        *([" (", Ref("needs"), ")."] if case.study.criteria.need else ["."]),
                    )
                ),
                Equation(
                    _MATCH,
                    "f equals the functions provided plus half of those provided partly, over all "
                    "functions asked for",
                ),
            ]
    if tried := [c.name for c in criteria if c.trial]:
        blocks.append(
            Paragraph(
                (
                    Strong(capital(enumeration(tried))),
                    cite(OURS),
                    f" {'comes' if len(tried) == 1 else 'come'} from trials of the cluster that "
                    "stands for a stack (",
                    Ref("tried-as"),
                    "): a mean with its bootstrap interval, a share with Wilson's, both of 95 %. "
                    "Stacks that one cluster stands for share its draws.",
                )
            )
        )
    return blocks


_PARTS = {"stack": "components", "candidate": "candidates"}


def _missing(case: Case) -> tuple[Inline, ...]:
    words: list[Inline] = [
        "A missing value is never zero and never a silent mean",
        cite(OURS),
        ": it lies somewhere in the range of its column, and that whole range goes into the ranks "
        "as an interval. ",
    ]
    judged = list(case.lights) or case.used
    few = []
    for criterion in case.study.criteria.criteria:
        if criterion.metric is None or not criterion.weight:
            continue
        known = sum(1 for c in judged if case.metric(c, criterion.metric))
        if 2 * known < len(judged):
            few.append(f"of {criterion.name} by {known} of {len(judged)} {_PARTS[case.subject]}")
    if few:
        words.append(
            f"Where few values are known, few span the range: that {enumeration(few)}. Such a "
            "column says less than its weight suggests. "
        )
    if case.study.criteria.semaphores:
        words.append(f"Of the lights, {percent(case.evaluation.coverage)} could be lit. ")
    if dark := case.unlit:
        words.append(
            f"{enumeration(dark)} could not be lit for any of {number(len(case.lights), 0)} "
            "components."
        )
    return tuple(words)
