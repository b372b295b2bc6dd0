"""Chapter 10: who fell and why, the lights, the ranks, the effort."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.chapters import break_even, checklist, comparison, counterfactual, tried
from evaluator.report.chapters.methods import method_name
from evaluator.report.chapters.results_cells import STAGES, score_cell
from evaluator.report.document import (
    Block,
    Callout,
    Cell,
    Chapter,
    Column,
    Figure,
    Heading,
    Inline,
    Inlines,
    Lamp,
    Missing,
    Paragraph,
    Ref,
    Strong,
    Table,
)
from evaluator.report.figures import history, ranking
from evaluator.report.prose import (
    capital,
    count,
    enumeration,
    number,
    number_cell,
    percent,
    share_cell,
    text_cell,
)
from evaluator.result import Light


def results(case: Case) -> Chapter:
    blocks: list[Block] = [
        Callout(
            "The result in one paragraph",
            ((case.evaluation.selection.reason,),),
            "result" if case.winner else "warning",
        ),
        *_trail(case),
        *_lights(case),
        *checklist.coverage(case),
        *_ranking(case),
        *checklist.attitudes(case),
        *tried.tried(case),
        *comparison.effort(case),
        *break_even.break_evens(case),
        *comparison.components(case),
        *comparison.minor_scale(case),
        *counterfactual.what_would_change(case),
        *break_even.relaxations(case),
    ]
    return Chapter("results", "Results", tuple(blocks))


# --- elimination ----------------------------------------------------------------------------


def _trail(case: Case) -> list[Block]:
    total = len(case.evaluation.stacks)
    if not case.filtered and not case.removed:
        return []
    blocks: list[Block] = [Heading("The elimination trail")]
    if not case.removed:
        return [
            *blocks,
            Paragraph((f"All {total} {case.subject}s passed every filter; none was removed.",)),
        ]
    left = total
    steps = []
    for stage, name in STAGES.items():
        fell = sum(1 for s in case.removed if s.stage == stage)
        left -= fell
        if fell:
            steps.append(f"{number(fell, 0)} fell at {name}, which left {left}")
    blocks += [
        Paragraph(
            (f"Of {total} {case.subject}s, " + "; ".join(steps) + ". ", Ref("trail"), " says why."),
        ),
        Table(
            "trail",
            f"Which {case.subject} fell at which filter, and why?",
            (
                Column(f"{capital(case.subject)}", share=1.5),
                Column("Filter", share=0.9),
                Column("Reasons", share=3.4),
                Column("Reference score", "right", 0.8),
            ),
            tuple(
                (
                    text_cell(s.name),
                    text_cell(STAGES.get(s.stage, s.removed_by)),
                    text_cell("; ".join(s.reasons)) if s.reasons else text_cell(s.removed_by),
                    Cell((Missing("mostly assumed"),))
                    if s.score is None
                    else Cell((number(s.score, 3),), s.score),
                )
                for s in case.removed
            ),
            layout="small",
            note=(
                f"Reference score: what the {case.subject}'s quality would have been on the same "
                "scales, had "
                "no filter removed it; it is not ranked."
                + (
                    f" The winner's score is {number(case.winner.score, 3)}."
                    if case.winner and case.winner.score is not None
                    else ""
                ),
            ),
            cards=True,
        ),
    ]
    return blocks


# --- lights ---------------------------------------------------------------------------------


def _lights(case: Case) -> list[Block]:
    by_component = case.lights
    if not case.study.criteria.semaphores:
        return []
    blocks: list[Block] = [Heading("Traffic lights")]
    if not by_component:
        return [*blocks, Paragraph(("No light could be asked for: no component was mined.",))]
    semaphores = case.study.criteria.semaphores
    chosen = set(case.winner.components.values()) if case.winner else set()
    failing = [
        f"{case.name(c)} ({', '.join(x.name for x in lights.values() if x.fails)})"
        for c, lights in by_component.items()
        if any(x.fails for x in lights.values())
    ]
    grey = sum(1 for ls in by_component.values() for x in ls.values() if x.colour == "grey")
    dark = case.unlit
    blocks += [
        Paragraph(
            (
                f"{count(len(by_component), 'candidate').capitalize()} could be asked. "
                if case.subject == "candidate"
                else "One component of the stacks was lit. "
                if len(by_component) == 1
                else f"{len(by_component)} components of the stacks were lit. ",
                f"A mandatory light fails for {enumeration(failing)}. "
                if failing
                else "No mandatory light fails. ",
                f"{number(grey, 0)} {'light' if grey == 1 else 'lights'} stayed grey, because the "
                "data are missing; grey neither passes for green nor fails. "
                if grey
                else "Every light could be lit.",
                f"{capital(enumeration(dark))} could not be lit for any of "
                f"{number(len(by_component), 0)} {_PARTS[case.subject]}."
                if dark
                else "",
            )
        ),
        Table(
            "lights",
            "How alive is each component? G green, Y yellow, R red, B black, ? could not be lit.",
            (Column("Component", share=1), *(Column(s.name, "center", 1) for s in semaphores)),
            tuple(
                (
                    Cell((Strong(case.name(c)),)) if c in chosen else text_cell(case.name(c)),
                    *(_lamp(lights.get(s.id)) for s in semaphores),
                )
                for c, lights in by_component.items()
            ),
            layout="small",
            note=(
                "A circle is green, a diamond yellow, a square red, an octagon black; ! marks a "
                "mandatory light that fails. ",
                ""
                if not chosen
                else "Parts of the chosen stack are in bold. "
                if case.subject == "stack"
                else "The chosen candidate is in bold. ",
                "What each light saw is in ",
                Ref("metrics"),
                ".",
            ),
        ),
    ]
    return [*blocks, *_newcomers(case, by_component)]


def _joining(case: Case, lights: dict[str, Light]) -> str:
    """Whether new people still join: the answer that the figure draws."""
    groups = {
        "join in growing numbers": ("green",),
        "join at a rate whose slope cannot be told from zero": ("yellow",),
        "join in falling numbers or no longer": ("red", "black"),
        "join at a rate that is unknown": ("grey",),
    }
    said = [
        f"{what} for {enumeration(names)}"
        for what, colours in groups.items()
        if (names := [case.name(c) for c, x in lights.items() if x.colour in colours])
    ]
    return f"New committers {'; they '.join(said)}"


_PARTS = {"stack": "components", "candidate": "candidates"}
_LIGHT_ORDER = {"green": 0.0, "yellow": 1.0, "red": 2.0, "black": 3.0, "grey": 4.0}


def _lamp(light: Light | None) -> Cell:
    if light is None:
        return Cell((Missing("–"),))
    mark = "!" if light.fails else ""
    return Cell((Lamp(light.colour, mark),), sort=_LIGHT_ORDER[light.colour])


def _newcomers(case: Case, by_component: dict[str, dict[str, Light]]) -> list[Block]:
    wanted = [s.id for s in case.study.criteria.semaphores if s.metric == "new_committers_slope"]
    shown = case.shown_stack
    if not wanted or not shown:
        return []
    whose = f"the parts of {shown.name}" if case.subject == "stack" else "the candidates"
    lights = {
        c: by_component[c][wanted[0]]
        for c in case.shown_parts
        if wanted[0] in by_component.get(c, {}) and case.years(c)
    }
    svg = history.newcomers(case, lights)
    if not svg:
        return []
    says = [f"{case.name(c)} {x.colour}" for c, x in lights.items()]
    return [
        Paragraph((_joining(case, lights), " (", Ref("fig-newcomers"), ").")),
        Figure(
            "fig-newcomers",
            f"Do new people still join {whose}? First commits of persons per "
            "calendar year, and the slope that lit the lamp.",
            svg,
            f"Bar charts of yearly newcomers with a trend line and a light: {enumeration(says)}.",
            (
                "The slope is fitted over the last ten 12-month periods before "
                f"{case.evaluation.as_of} (blue bars are the nearest whole calendar years) and is "
                "drawn through their mean. Source: mined repositories.",
            ),
        ),
    ]


# --- ranking --------------------------------------------------------------------------------


def _ranking(case: Case) -> list[Block]:
    blocks: list[Block] = [Heading(f"Ranking of the {case.subject}s")]
    if not case.ranked:
        return [
            *blocks,
            Paragraph(
                (
                    f"Nothing is left to rank: every {case.subject} was removed by a filter. "
                    "That is a "
                    "result as well. The Lazy User Model calls it an unmet need.",
                )
            ),
        ]
    evaluation = case.evaluation
    methods = [m.name for m in case.study.criteria.methods]
    needed = bool(case.study.criteria.need)
    rows = tuple(
        (
            text_cell(s.name),
            number_cell(s.rank, digits=0),
            *(number_cell(r, digits=0) for r in (s.quality_rank, s.effort_rank) if case.weighed),
            score_cell(s),
            share_cell(s.first_rank_probability),
            *([share_cell(s.functional_match)] if needed else []),
            *(number_cell(s.method_ranks.get(m), digits=0) for m in methods),
        )
        for s in case.ranked
    )
    blocks += [
        Paragraph(_ranking_words(case)),
        Table(
            "ranking",
            f"How do the {case.subject}s rank, and how sure is it?",
            (
                Column(f"{capital(case.subject)}", share=2.2),
                Column("Rank", "right", 0.6),
                *(
                    [Column("Quality rank", "right", 0.8), Column("Effort rank", "right", 0.7)]
                    if case.weighed
                    else []
                ),
                Column("Score (5 to 95 %)", "right", 1.5),
                Column("First in", "right", 0.7),
                *([Column("Functions met", "right", 0.9)] if needed else []),
                *(Column(capital(method_name(case, m)), "right", 0.85) for m in methods),
            ),
            rows,
            layout="small",
            note=(
                f"First in: share of the draws in which the {case.subject} takes the first "
                "quality rank. "
                "The last columns are the ranks by the single methods.",
            ),
        ),
    ]
    if svg := ranking.acceptability(case):
        blocks.append(
            Figure(
                "fig-acceptability",
                "How sure is each rank? Share of "
                f"{number(evaluation.draws, 0)} draws in which a {case.subject} takes it (n = "
                f"{number(evaluation.draws, 0)}).",
                svg,
                "Stacked bars of rank acceptability: "
                + "; ".join(
                    f"{s.name} first in {percent(s.first_rank_probability or 0)}"
                    for s in case.ranked
                )
                + ".",
                ("Weights and uncertain values are varied. Source: the ranking stage.",),
            )
        )
    if svg := ranking.quality_effort(case):
        blocks.append(Paragraph((_front(case), Ref("fig-quality-effort"), " shows how sure.")))
        blocks.append(
            Figure(
                "fig-quality-effort",
                f"Which {case.subject} gives the most quality for the least effort? Score (index "
                "0 to 1) "
                "against effort (thousand EUR over the horizon).",
                svg,
                f"Scatter chart of the ranked {case.subject}s by effort and quality with "
                "intervals.",
                (
                    f"The square is the chosen {case.subject}, numbers are final ranks, lines "
                    "span the 5 % to "
                    f"95 % quantiles (n = {number(evaluation.draws, 0)} draws)."
                    if case.winner
                    else "Lines span the 5 % to 95 % quantiles.",
                ),
            )
        )
    if svg := ranking.profile(case):
        if case.runner_up:
            blocks.append(Paragraph((_differences(case), Ref("fig-profile"), " shows how much.")))
        rival = f" and {case.runner_up.name}" if case.runner_up else ""
        winner = case.winner.name if case.winner else ""
        blocks.append(
            Figure(
                "fig-profile",
                (
                    f"In what do {winner}{rival} differ? "
                    if rival
                    else f"Where does {winner} stand? "
                )
                + "Each criterion from the worst to the best "
                f"value among all {case.subject}s, the weightiest on top.",
                svg,
                f"Dumbbell chart of the criteria of {winner}{rival}.",
                (
                    "Criteria on which they do not differ are left out; a missing value "
                    "stands at the middle of its interval. Values and units: ",
                    Ref("matrix"),
                    ".",
                ),
            )
        )
    return blocks


def _front(case: Case) -> str:
    """Contenders that no other beats in both quality and effort."""
    points = [
        (s, s.score, s.effort.median) for s in case.ranked if s.score is not None and s.effort
    ]
    front = [
        s.name
        for s, score, effort in points
        if not any(
            other >= score and less <= effort and (other, less) != (score, effort)
            for _, other, less in points
        )
    ]
    if len(front) == 1:
        return f"{front[0]} has both the highest score and the least effort. "
    return f"More quality costs more effort between {enumeration(front)}" + (
        "; the rest offer neither. " if len(front) < len(points) else ". "
    )


def _differences(case: Case) -> str:
    """On how many criteria winner and runner-up differ, and which way."""
    pairs = ranking.profile_rows(case)
    winner, rival = case.winner, case.runner_up
    if winner is None or rival is None:
        return ""
    better = [name for name, own, other in pairs if other is not None and own > other]
    worse = [name for name, own, other in pairs if other is not None and own < other]
    return (
        f"{winner.name} stands above {rival.name} on {count(len(better), 'criterion', 'criteria')}"
        + (f" ({enumeration(better)})" if better else "")
        + f" and below it on {count(len(worse), 'criterion', 'criteria')}"
        + (f" ({enumeration(worse)})" if worse else "")
        + ". "
    )


def _ranking_words(case: Case) -> Inlines:
    evaluation = case.evaluation
    best = min(case.ranked, key=lambda s: (s.quality_rank or 0, s.id))
    words: list[Inline] = []
    if shared := counterfactual.shared_parts(case):
        words.append(f"{shared} ")
    if len(case.ranked) == 1:
        words.append(f"Only {best.name} is left, so there is no order to be unsure of. ")
    else:
        words.append(f"{best.name} has the best quality")
        if best.score is not None:
            words.append(f" with a score of {number(best.score, 3)}")
        if best.first_rank_probability is not None:
            words.append(f" and comes first in {percent(best.first_rank_probability)} of the draws")
        words.append(". ")
    if evaluation.agreement is not None:
        grade = (
            "agree well"
            if evaluation.agreement >= 0.9
            else "agree in the main"
            if evaluation.agreement >= 0.7
            else "disagree"
        )
        words.append(f"The methods {grade} (Kendall's W = {number(evaluation.agreement, 2)}). ")
    close = [evaluation.stack(s).name for s in evaluation.selection.indistinguishable]
    if close:
        words.append(
            f"The uncertainty cannot tell {enumeration(close)} apart, so "
            + ("effort decides among them. " if case.weighed else "their order is open. ")
        )
    winner = case.winner
    if winner is not None and winner.id != best.id:
        words.append(f"That is why {winner.name}, and not {best.name}, is chosen. ")
    return tuple(words)
