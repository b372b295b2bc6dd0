"""Chapter 7: how the choice is made, what is sourced and what is ours."""

from __future__ import annotations

from evaluator.metrics import all_metrics
from evaluator.report.case import Case
from evaluator.report.chapters.decision_matrix import decision_matrix
from evaluator.report.chapters.methods import ranking_methods
from evaluator.report.document import (
    Block,
    Bullets,
    Callout,
    Cell,
    Chapter,
    Column,
    Equation,
    Figure,
    Heading,
    Inline,
    Inlines,
    Lamp,
    Paragraph,
    Ref,
    Strong,
    Table,
    cite,
)
from evaluator.report.figures import schemes
from evaluator.report.formula import (
    Formula,
    Scripts,
    Sign,
    Word,
    bracketed,
    sub,
    total,
)
from evaluator.report.prose import count, enumeration, interval, number, percent, text_cell
from evaluator.result import Colour
from evaluator.study.criteria import Semaphore
from evaluator.study.fact import OURS


def methodology(case: Case) -> Chapter:
    blocks: list[Block] = [
        Paragraph(
            (
                *_models(case),
                "Perceval, of GrimoireLab",
                cite("perceval", "grimoirelab"),
                ", the successor of Metrics Grimoire",
                cite("metricsgrimoire"),
                ", reads the histories. ",
                Ref("fig-pipeline"),
                " shows the line from the question to the choice. In this chapter and in ",
                Ref("weights"),
                ", what comes from a source carries its number and what is our own is marked",
                cite(OURS),
                ".",
            )
        ),
        Figure(
            "fig-pipeline",
            "What happens between the question and the choice? Stages of the evaluation and what "
            "passed through each.",
            schemes.pipeline(case),
            "Chain of stages: " + ", ".join(f"{a}: {b}" for a, b in schemes.pipeline_steps(case)),
        ),
        *_semaphores(case),
        *_lazy_user(case),
        *_metrics(),
        *decision_matrix(case),
        *ranking_methods(case),
        *_uncertainty(case),
        Heading("What the method cannot know"),
        _caveats(case),
    ]
    return Chapter("methodology", "Methodology", tuple(blocks))


def _models(case: Case) -> list[Inline]:
    """What is taken from which model, as far as this study uses it."""
    lights: list[Inline] = [
        "The SME guide to open source software",
        cite("daffara-smeguide"),
        " gives the traffic lights that show how alive a project is; ",
    ]
    filters: list[Inline] = [
        "the Lazy User Model",
        cite("collan-tetard-2009"),
        " gives the filters and the effort; " if case.weighed else " gives the filters; ",
    ]
    criteria = case.study.criteria
    lit, lazy = bool(criteria.semaphores), bool(criteria.need or criteria.state or case.weighed)
    start = (
        "Two models and one set of data-mining tools are combined. "
        if lit and lazy
        else "One model and one set of data-mining tools are combined. "
        if lit or lazy
        else ""
    )
    if lazy and not lit:
        filters[0] = "The Lazy User Model"
    return [start, *(lights if lit else []), *(filters if lazy else [])]


def _semaphores(case: Case) -> list[Block]:
    if not case.study.criteria.semaphores:
        return []
    lights: tuple[tuple[Colour, str], ...] = (
        ("green", "the slope is positive, or the value meets the green bound"),
        ("yellow", "the slope cannot be told from zero, or the value meets the yellow bound only"),
        ("red", "the slope is negative, or the value meets neither bound"),
        ("black", "no newcomer for several years"),
        ("grey", "the light could not be lit, because its data are missing"),
    )
    rows = tuple(
        (
            Cell((s.name, cite(*s.source))),
            text_cell(_rule(s)),
            text_cell(f"yes: {enumeration(s.fails_on)} fail" if s.mandatory else "no"),
            text_cell(s.reason or s.note),
        )
        for s in case.study.criteria.semaphores
    )
    return [
        Heading("Traffic lights: the SME guide"),
        Paragraph(
            (
                "The guide extracts variables automatically from a project's repository and "
                "mailing lists, shows each as a traffic light, and matches the project with the "
                "functions that are needed",
                cite("daffara-smeguide", "daffara-liveliness"),
                ". The guide weighs nothing and adds nothing up; that the share of lights becomes "
                "one weighted criterion among others here is ours. For the variables of "
                "liveliness the colour is the sign of the slope m of the line "
                "y = mx + b through the counts of newcomers, by year or, of mailing lists, by "
                "month. Months repeat each other, so their test counts fewer observations than "
                "months, by the correlation of neighbours",
                cite("santer-2000"),
                ". That the sign counts only when a t-test tells the slope from zero, how many "
                "silent years make a light black, the bounds of the other lights and the grey "
                "light are ours",
                cite(OURS),
                ".",
            )
        ),
        Bullets(tuple((Lamp(c, f" {c}: "), text + ".") for c, text in lights)),
        Table(
            "lights-rules",
            "Which lights are used, and when does a component fail?",
            (
                Column("Light", share=2),
                Column("Rule", share=2.4),
                Column("Mandatory", share=1.1),
                Column("Reason", share=2.5),
            ),
            rows,
            layout="small",
        ),
    ]


def _rule(semaphore: Semaphore) -> str:
    if semaphore.rule == "slope":
        return (
            f"sign of the slope, t-test at {semaphore.alpha:g}, black after "
            f"{semaphore.black_after_years} years without a newcomer"
        )
    bound = "at most" if semaphore.direction == "min" else "at least"
    return f"green {bound} {semaphore.green:g}, yellow {bound} {semaphore.yellow:g}, else red"


_EFFORT_WORDS: Inlines = (
    "The model publishes no numeric form. Ours",
    cite(OURS),
    ", for the effort of a stack s over the horizon, is",
)


def _lazy_user(case: Case) -> list[Block]:
    model = Paragraph(
        (
            "The model is non-compensatory",
            cite("collan-tetard-2009", "collan-tetard-2011"),
            ". The user's need defines the set of solutions that satisfy it; the user's state "
            "limits the set to what is within reach; from what is left, the user takes the "
            "solution that asks for the least effort in money, time and physical or mental "
            "work, and costs of learning and switching change that effort over time. If the "
            "set is empty, the need cannot be met. ",
            *(_EFFORT_WORDS if case.weighed else ("This study states no effort.",)),
        )
    )
    extension = Callout(
        "An extension, not the model itself",
        (
            (
                "The Lazy User Model explains how people choose. Using it to recommend a choice is "
                "an extension of this study.",
            ),
        ),
        "warning",
    )
    criteria = case.study.criteria
    rule = criteria.effort
    if rule is None:
        if not criteria.need and not criteria.state:
            return []
        return [Heading("Need and state: the Lazy User Model"), model, extension]
    rate = case.site.staff.rate_eur_per_hour
    effort: Formula = (
        sub("E", "s"),
        Sign("="),
        Word("money"),
        Sign("+"),
        Word("rate"),
        Sign("·"),
        bracketed(
            sub("h", Word("adopt")),
            bracketed("1", Sign("−"), sub("r", "s")),
            Sign("+"),
            sub("h", Word("switch")),
            Sign("+"),
            total("t"),
            sub("h", Word("run")),
            Scripts("t", above=(Sign("−"), "b")),
        ),
        Sign("+"),
        "k",
        Sign("·"),
        Word("mental"),
    )
    return [
        Heading("Need, state and effort: the Lazy User Model"),
        model,
        Equation(
            effort,
            "E of s equals money plus rate times (h adopt times (1 minus r of s) plus h switch "
            "plus the sum over years t of h run times t to the minus b) plus k times mental load",
        ),
        Paragraph(
            (
                f"in EUR over {interval(rule.horizon_years.value)} years",
                cite(*rule.horizon_years.source),
                f", at {interval(rate)} EUR an hour",
                cite(*case.site.staff.source),
                ". The share r of the required skills that the staff has already saves hours of "
                "adoption; running gets easier by the learning exponent b = "
                f"{interval(rule.learning_exponent.value)}",
                cite(*rule.learning_exponent.source),
                f"; a point of mental load counts k = {interval(rule.mental_eur_per_point.value)} "
                "EUR",
                cite(*rule.mental_eur_per_point.source),
                ". All inputs are intervals, and each draw takes one value from each.",
            )
        ),
        extension,
    ]


def _metrics() -> list[Block]:
    rows = tuple(
        (
            Cell((m.name, cite(m.source))),
            text_cell(m.formula),
            text_cell(m.unit),
            text_cell(m.window),
            text_cell("more is better" if m.direction == "max" else "less is better"),
        )
        for m in all_metrics().values()
    )
    return [
        Heading("Metrics"),
        Paragraph(
            (
                "Metrics carry the names that the CHAOSS project gives them",
                cite("chaoss-metrics"),
                " where it has one. Its definitions leave room (the Change Request Closure Ratio "
                "appears with both fractions), so ",
                Ref("definitions"),
                " prints for each its formula, unit, direction and window. Windows end at the "
                "as-of date, never at a project's own last commit; merges and bots are left out; "
                "releases are counted per series.",
            )
        ),
        Table(
            "definitions",
            "What exactly is measured?",
            (
                Column("Metric", share=1.6),
                Column("Formula", share=3.4),
                Column("Unit", share=1),
                Column("Window", share=1.1),
                Column("Direction", share=1.1),
            ),
            rows,
            layout="small",
        ),
    ]


def _fallen(case: Case) -> Inlines:
    if case.subject == "candidate":
        return ("A candidate whose mandatory light fails is removed, with reasons.",)
    return ("A stack with a component whose mandatory light fails is removed, with reasons.",)


def _uncertainty(case: Case) -> list[Block]:
    criteria = case.study.criteria
    decision = criteria.decision
    evaluation = case.evaluation
    return [
        Heading("Uncertainty and the decision rule"),
        Paragraph(
            (
                f"The ranking is repeated {number(evaluation.draws, 0)} times (seed "
                f"{evaluation.seed}). Each draw varies every weight by up to "
                f"± {percent(decision.weight_spread)} of itself and takes every uncertain value "
                "anywhere in its interval, in the tradition of stochastic multicriteria "
                "acceptability analysis",
                cite("lahdelma-salminen-2001"),
                f". The share of draws in which a {case.subject} takes a rank is its rank "
                "acceptability, "
                "that of the first rank its first-rank probability. An interval of a score holds "
                "the 5 % to 95 % quantiles of the draws, and the score itself; it need not lie in "
                "the middle, since the score uses the weights as they are and the middles of "
                "intervals.",
            )
        ),
        Paragraph(
            (
                Strong("Decision rule."),
                cite(*decision.source),
            )
        ),
        Bullets(
            (
                *(
                    [
                        (
                            f"A {case.subject} that lacks a required function, or asks for what "
                            "the organisation does not have, is removed, with reasons.",
                        )
                    ]
                    if criteria.need or criteria.state
                    else []
                ),
                *([_fallen(case)] if any(s.mandatory for s in criteria.semaphores) else []),
                ("The rest are ranked as above.",)
                if decision.rule != "least_effort"
                else ("The rest are ranked by effort, and their quality is shown beside.",),
                (evaluation.selection.rule,),
                *(
                    [
                        (
                            f"Two {case.subject}s can be told apart when one is ranked above the "
                            "other in at "
                            f"least {percent(decision.tell_apart)} of the draws.",
                        )
                    ]
                    if decision.rule != "least_effort"
                    else []
                ),
            ),
            ordered=True,
        ),
    ]


_STARTER_HEALTH = {
    "time_to_first_response",
    "change_request_closure_ratio",
    "contributor_absence_factor",
    "release_frequency",
}


def _caveats(case: Case) -> Bullets:
    filled = case.study.criteria.guidelines
    valued = {row.metric for row in case.evaluation.metrics if row.value is not None}
    measured_here = len(_STARTER_HEALTH & valued)
    return Bullets(
        (
            (
                "There is no external ground truth for a ranking of "
                + ("high-availability software. " if case.study.site else "software. ")
                + "What can be offered instead is measured: how sensitive the result is"
                + (
                    ", how far the methods agree, and what a laboratory finds."
                    if case.study.site
                    else " and how far the methods agree."
                ),
            ),
            (
                "CHAOSS's model of Starter Project Health is made of Time to First "
                "Response, Change "
                "Request Closure Ratio, Contributor Absence Factor and Release Frequency",
                cite("chaoss-starter-health"),
                ", "
                f"{count(measured_here, 'of which is', 'of which are')} "
                "measured here, for some candidate at least; its own page quotes the practice of "
                "not comparing projects by it."
                + (
                    " The lights describe a project against its own past first, and compare second."
                    if case.study.criteria.semaphores
                    else ""
                ),
            ),
            (
                "Repositories that forked from each other share commits, converted histories carry "
                "the dates of the conversion, and an employer guessed from a mail domain can be "
                "wrong. Totals of related projects are not independent.",
            ),
            (
                "All weights, bounds and hours of work are ours unless a number says otherwise; "
                if case.weighed
                else "All weights and bounds are ours unless a number says otherwise; ",
                Ref("weights"),
                *([" to ", Ref("efforts"), " print"] if case.weighed else [" prints"]),
                " each with its reason.",
            ),
            *(
                [
                    (
                        f"The {count(len(filled), 'guideline')} of the SME guide that "
                        "the study answers "
                        "are in ",
                        Ref("conclusions"),
                        ".",
                    )
                ]
                if filled
                else []
            ),
        )
    )
