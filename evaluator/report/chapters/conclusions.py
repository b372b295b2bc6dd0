"""Chapter 11: what follows from the result, and what does not."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.chapters import checklist, counterfactual
from evaluator.report.chapters.risks import risks
from evaluator.report.document import (
    Block,
    Bullets,
    Chapter,
    Heading,
    Inlines,
    Paragraph,
    Ref,
    Strong,
    cite,
)
from evaluator.report.prose import capital, count, enumeration, euros, number, percent
from evaluator.study.fact import OURS


def conclusions(case: Case) -> Chapter:
    blocks: list[Block] = [
        Paragraph(_answer(case)),
        Heading("How far the answer carries"),
        Bullets(_strength(case)),
        *risks(case),
        Heading("Objectives"),
        Bullets(_objectives(case)),
    ]
    blocks += [*checklist.business_models(case), *checklist.guidelines(case)]
    if case.study.site:
        blocks += [
            Heading("Benefits and side effects of offering it as a cloud service"),
            Paragraph(_cloud(case)),
        ]
    blocks += [
        Heading("Future work"),
        Bullets(_future(case)),
    ]
    return Chapter("conclusions", "Conclusions and future work", tuple(blocks))


def _answer(case: Case) -> Inlines:
    evaluation = case.evaluation
    whom = f" {case.organisation}" if case.organisation else ""
    winner, rival = case.winner, case.runner_up
    if winner is None:
        stages = sorted({s.stage for s in case.removed if s.stage})
        return (
            f"No {case.subject} of the {len(evaluation.stacks)} fits{whom} as it stands: each "
            f"breaks a filter ({enumeration(stages)}). Either the organisation changes what the "
            f"filters ask for, or another {case.subject} has to be found. ",
            Ref("trail"),
            " names what each one lacks.",
        )
    said = [
        *(
            [f"it meets {percent(winner.functional_match)} of the functions asked for"]
            if case.study.criteria.need
            else []
        ),
        *(
            [f"at an effort of about {euros(winner.effort.median)} over the horizon"]
            if winner.effort
            else []
        ),
    ]
    words = f" answers the question{' for' if whom else ''}{whom}"
    words += f": {', '.join(said)}" if said else ""
    if rival is None:
        return (Strong(winner.name), f"{words}. No other {case.subject} was left.")
    if winner.effort is None or rival.effort is None:
        return (Strong(winner.name), f"{words}. {rival.name} is next.")
    cheaper = winner.effort.median < rival.effort.median
    return (
        Strong(winner.name),
        f"{words}. {rival.name} is next; it asks for "
        f"{'more' if cheaper else 'less'} effort ({euros(rival.effort.median)}).",
    )


def _strength(case: Case) -> tuple[Inlines, ...]:
    evaluation = case.evaluation
    items: list[Inlines] = []
    winner = case.winner
    if winner is not None and winner.first_rank_probability is not None and len(case.ranked) > 1:
        share = winner.first_rank_probability
        verdict = (
            "other weights or other data can change the order"
            if 0.5 <= share < 0.9
            else f"on quality alone another {case.subject} comes first more often than not"
            if share < 0.5
            else "the choice hardly depends on the exact weights"
            if counterfactual.wide_field(case)
            else "between these contenders the exact weights hardly change the order, but they are "
            "too few or too much alike for that to say more. The filters decided before"
        )
        items.append((f"It is first in quality in {percent(share)} of the draws: {verdict}.",))
    if shared := counterfactual.shared_parts(case):
        items.append((shared,))
    if alone := [s for s in case.removed if s.only_by]:
        items.append(
            (
                f"{len(alone)} of the {len(case.removed)} removed {case.subject}s fell by one "
                "filter only (",
                Ref("results"),
                ", What would change the answer).",
            )
        )
    if evaluation.selection.indistinguishable:
        names = [evaluation.stack(s).name for s in evaluation.selection.indistinguishable]
        items.append(
            (
                f"The uncertainty does not separate {enumeration(names)}; "
                + (
                    "between them the choice rests on effort, whose numbers are estimates of ours."
                    if case.weighed
                    else "whoever has a reason to prefer one of them may follow it."
                ),
            )
        )
    missing = [s for s in evaluation.sources if s.outcome != "ok"]
    lit = (
        f"{percent(evaluation.coverage)} of the lights could be lit; what stayed grey may hide "
        "good or bad news. "
        if evaluation.coverage < 1
        else "Every light could be lit. "
    )
    without = f"{len(missing)} of {len(evaluation.sources)} sources could not be had ("
    lit = lit if case.study.criteria.semaphores else ""
    if missing:
        items.append((lit, without, Ref("provenance"), ")."))
    elif lit:
        items.append((lit.rstrip(),))
    items.append(
        (
            "The ranking says which stack is the better bet, not how many seconds a failure takes. "
            "That is measured in a laboratory and depends above all on how long the service itself "
            "takes to start.",
        )
        if case.study.site
        else (
            f"The ranking says which {case.subject} is the better bet on these criteria. What was "
            "not asked was not weighed: how fast it is, or how well it suits the people who are "
            "to run it.",
        )
    )
    return tuple(items)


def _objectives(case: Case) -> tuple[Inlines, ...]:
    site, winner = case.study.site, case.winner
    if site is None:
        return (
            (
                f"{capital(count(len(case.evaluation.stacks), case.subject))} were compared: "
                f"{number(len(case.ranked), 0)} ranked and {number(len(case.removed), 0)} removed "
                "(",
                Ref("results"),
                ").",
            ),
            ("What each figure rests on is printed (", Ref("provenance"), ")."),
        )
    organisation = site.organisation
    return (
        (
            f"The business model is framed: {organisation.business_model.kind.replace('-', ' ')} (",
            Ref("motivation"),
            ").",
        ),
        (
            f"{capital(count(len(case.study.candidates), 'alternative'))} were looked at (",
            Ref("technologies"),
            f") and combined into {count(len(case.evaluation.stacks), 'stack')}, of which "
            f"{number(len(case.ranked), 0)} were ranked and {number(len(case.removed), 0)} removed "
            "(",
            Ref("results"),
            ").",
        ),
        (
            f"The solution fits what {organisation.name} has: the filters of the state compared "
            "every stack with it."
            if winner
            else f"No solution fits what {organisation.name} has; this objective is not reached.",
        ),
        (
            "A first reference point exists: the cluster's configuration can be generated from the "
            "same files."
            if winner and winner.deployable
            else "The chosen stack cannot be generated as a deployable bundle yet; it serves as a "
            "reference point on paper."
            if winner
            else "There is no reference point to build on yet.",
        ),
    )


def _cloud(case: Case) -> Inlines:
    site = case.site
    data = sum(1 for n in site.nodes if n.role == "data")
    return (
        f"{site.organisation.name} carries the cost of a standby once, and all of its customers "
        "profit from it; that is the benefit of a service over one installation per customer. "
        f"The side effects are the same scale turned round: {count(data, 'node')} of one site "
        "share its building, its uplink and its administrators, and a mistake in the "
        "configuration reaches every customer at once. High availability is no backup: a deleted "
        "mailbox is deleted on both nodes. These are considerations of this study, not findings",
        cite(OURS),
        ".",
    )


MOST_NAMED = 6


def _future(case: Case) -> tuple[Inlines, ...]:
    site = case.study.site
    tried: Inlines = (
        "Try the cluster in the laboratory under faults, and feed the measured figures back "
        "into the evaluation.",
    )
    items: list[Inlines] = [tried if site else ("Try the best ones on the task itself.",)]
    unavailable = [s.id for s in case.evaluation.sources if s.outcome == "not_available"]
    grey = sorted({x.name for s in case.evaluation.stacks for x in s.lights if x.colour == "grey"})
    if unavailable:
        most = MOST_NAMED if len(unavailable) > MOST_NAMED + 1 else len(unavailable)
        left = len(unavailable) - most
        shown = enumeration([*unavailable[:most], *([f"{left} others"] if left else [])])
        why = f", or find other data for the lights that stayed grey ({enumeration(grey)})"
        items.append((f"Mine what could not be had this time: {shown}{why if grey else ''}.",))
    elif grey:
        items.append((f"Find other data for the lights that stayed grey: {enumeration(grey)}.",))
    if case.evaluation.selection.indistinguishable and case.weighed:
        items.append(("Replace our estimates of effort by recorded hours, since they decided.",))
    if site and len(site.services) == 1:
        items.append(("Extend the cluster to other systems of the organisation.",))
    return tuple(items)
