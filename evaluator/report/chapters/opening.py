"""Chapters 1 to 5: why the question is asked and how far the answer goes."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Bullets,
    Callout,
    Chapter,
    Inlines,
    Paragraph,
    Ref,
    Strong,
    cite,
    joined,
)
from evaluator.report.prose import capital, count, enumeration, number
from evaluator.study.criteria import BUILT_IN_ATTITUDE

HOURS_PER_YEAR = 8760


def downtime_hours(availability_percent: float) -> float:
    """Hours per year that an availability still allows."""
    return (1 - availability_percent / 100) * HOURS_PER_YEAR


def duration(hours: float) -> str:
    """A time as a reader says it: minutes below two hours."""
    return f"{number(hours * 60, 0)} minutes" if hours < 2 else f"{number(hours, 1)} hours"


def mined_until(case: Case) -> str:
    """How far the data reach, and when they were fetched."""
    fetched = [s.retrieved for s in case.evaluation.sources if s.retrieved]
    words = f"data up to {case.evaluation.snapshot_date}"
    return f"{words}, retrieved {max(fetched)}" if fetched else words


def problem(case: Case) -> Chapter:
    site = case.study.site
    question = Callout("The question of this study", ((case.evaluation.question,),))
    if site is None:
        return Chapter("problem", "Problem statement", (question,))
    level = site.service_level
    services = enumeration([case.service_name(s.name) for s in site.services])
    loss = {
        "none": "no message that was acknowledged may be lost",
        "tolerated": "the loss of acknowledged data is tolerated",
    }[level.acknowledged_data_loss]
    return Chapter(
        "problem",
        "Problem statement",
        (
            Paragraph(
                (
                    Strong(site.organisation.name),
                    f": {site.organisation.summary.strip()}",
                    cite(*site.organisation.source),
                )
            ),
            Paragraph(
                (
                    f"Whoever sells {services} as a service promises that it is there. The level "
                    f"assumed in this study is {level.availability_percent:g} % availability, "
                    f"which leaves {duration(downtime_hours(level.availability_percent))} of "
                    "downtime in a year; after a fault the service is to be back within "
                    f"{number(level.recovery_time_seconds, 0)} seconds, and {loss}",
                    cite(*level.source),
                    ". One server cannot keep such a promise: a dead disk, a power supply or a "
                    "kernel upgrade takes the service along. Business continuity needs a second "
                    "server that takes over by itself, and rules that keep two servers from "
                    "working on the same data at the same time.",
                )
            ),
            question,
        ),
    )


def motivation(case: Case) -> Chapter:
    kinds = [c.licence.kind for c in case.study.candidates.values()]
    floss, mixed, closed = (kinds.count(k) for k in ("floss", "mixed", "proprietary"))
    unknown = kinds.count("unknown")
    parts = [f"{count(floss, 'is', 'are')} free software"] if floss or not unknown else []
    if unknown:
        parts.append(f"{count(unknown, 'has', 'have')} a licence that was not looked up")
    if mixed:
        parts.append(f"{count(mixed, 'mixes', 'mix')} free and proprietary parts")
    if closed:
        parts.append(f"{count(closed, 'is', 'are')} proprietary")
    return Chapter(
        "motivation",
        "Justification and motivation",
        (
            *_business_model(case),
            Paragraph(
                (
                    f"There is a choice to make: of the {len(kinds)} systems looked at, "
                    f"{enumeration(parts)}. Choosing is not free of cost. In the experience that "
                    "the SME guide reports, selecting and evaluating software, a wrong choice "
                    "and its redo included, can be a fifth of the cost of a migration",
                    cite("daffara-smeguide"),
                    ". A method that anybody can repeat, with data that anybody can check, is "
                    "therefore worth its price.",
                )
            ),
            *_attitude(case),
        ),
    )


def _business_model(case: Case) -> list[Block]:
    site = case.study.site
    if site is None:
        return []
    model = site.organisation.business_model
    software: list[Inlines] = [(s.name,) for s in site.supporting_software]
    kind_words = model.kind.replace("-", " ")
    return [
        Paragraph(
            (
                f"{site.organisation.name}'s business model is that of a {kind_words}",
                cite(*model.source),
                " in the taxonomy of the SME guide",
                cite("daffara-taxonomy"),
                ". It lives from free software and "
                "gives its customers what a proprietary product would: somebody who answers "
                "for it. A solution built from the same kind of software gives credit to "
                "that model and shows that a private company can profit from it. ",
                "Its platform already rests on " if software else "",
                *joined(software),
                "." if software else "",
            )
        ),
    ]


def _attitude(case: Case) -> list[Block]:
    name = case.evaluation.attitude
    attitude = case.study.criteria.attitudes[name]
    if attitude == BUILT_IN_ATTITUDE:
        return []
    return [
        Paragraph(
            (
                f"The study takes the attitude {name.replace('_', ' ')}: ",
                attitude.reason or "it shifts the weights of the criteria",
                cite(*attitude.source),
                ".",
            )
        )
    ]


def objectives(case: Case) -> Chapter:
    name = case.organisation
    if not name:
        aims: tuple[Inlines, ...] = (
            ("Show the alternatives that there are.",),
            ("Compare them by data that anybody can check, and say how sure the answer is.",),
        )
        return Chapter("objectives", "Overall objectives", (Bullets(aims),))
    return Chapter(
        "objectives",
        "Overall objectives",
        (
            Bullets(
                (
                    (f"Frame the business model, based on free software, that {name} uses.",),
                    (
                        "Show the current alternatives that free software offers at "
                        "enterprise level, "
                        "next to the commercial ones.",
                    ),
                    (f"Adapt the proposed solution to the guidelines established by {name}.",),
                    (
                        f"Establish a first reference point for highly available private cloud "
                        f"services offered by {name}.",
                    ),
                )
            ),
        ),
    )


def specific_objectives(case: Case) -> Chapter:
    site = case.study.site
    services = enumeration([case.service_name(s.name) for s in site.services] if site else [])
    ready: list[Inlines] = [
        (
            "Give the configuration of the chosen cluster, ready for tests in a "
            "controlled laboratory before it goes into production (",
            Ref("implementation"),
            ").",
        )
    ]
    return Chapter(
        "specific-objectives",
        "Specific objectives",
        (
            Bullets(
                (
                    (
                        f"Choose {f'a high-availability cluster for {services} ' if site else ''}"
                        f"among {count(len(case.evaluation.stacks), case.subject)} of software, "
                        "with a reason for each that is left out (",
                        Ref("results"),
                        ").",
                    ),
                    (
                        "Describe the method of the selection well enough that it can "
                        "be repeated (",
                        Ref("methodology"),
                        ") and print the numbers that it rests on, each with its source or "
                        "its reason (",
                        Ref("matrix"),
                        " to ",
                        Ref("inputs"),
                        ").",
                    ),
                    *(ready if site and case.subject == "stack" else ()),
                )
            ),
        ),
    )


_OTHER_SYSTEMS: Inlines = (
    "Configurations of other systems are not covered; the cluster is a starting point for them.",
)


def scope(case: Case) -> Chapter:
    constraints = tuple(
        (f"{capital(str(fact.value)).rstrip('.')}.", cite(*fact.source))
        for fact in (case.study.site.constraints if case.study.site else ())
    )
    unavailable = [s for s in case.evaluation.sources if s.outcome == "not_available"]
    limits: list[Inlines] = [
        (
            "The method is not an exhaustive process that considers every possibility "
            "of the field. "
            "It is a flexible way to classify the solutions at hand and to justify a choice by "
            "concrete models and metrics.",
        ),
        *([_OTHER_SYSTEMS] if case.study.site else ()),
        (
            f"Everything is judged as of {case.evaluation.as_of.isoformat()}, on "
            f"{mined_until(case)}.",
        ),
        *((note,) for note in case.evaluation.notes),
    ]
    if unavailable:
        limits.append(
            (
                capital(count(len(unavailable), "source")) + " could not be mined. What they would "
                "have told is missing, not zero (",
                Ref("provenance"),
                ").",
            )
        )
    blocks = [Bullets(tuple(limits))]
    if constraints:
        return Chapter(
            "scope",
            "Scope",
            (
                *blocks,
                Paragraph(("The organisation sets these bounds as well:",)),
                Bullets(constraints),
            ),
        )
    return Chapter("scope", "Scope", tuple(blocks))
