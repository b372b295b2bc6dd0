"""From evaluation and study to the document: chapters in the order of the thesis's contents."""

from __future__ import annotations

from dataclasses import replace

from evaluator.report.case import Case
from evaluator.report.chapters.appendices import appendices
from evaluator.report.chapters.architecture import architecture
from evaluator.report.chapters.conclusions import conclusions
from evaluator.report.chapters.explanation import explanation
from evaluator.report.chapters.implementation import implementation
from evaluator.report.chapters.methodology import methodology
from evaluator.report.chapters.opening import (
    mined_until,
    motivation,
    objectives,
    problem,
    scope,
    specific_objectives,
)
from evaluator.report.chapters.results import results
from evaluator.report.chapters.robustness import robustness
from evaluator.report.chapters.stakeholders import stakeholders
from evaluator.report.chapters.technologies import related_technologies
from evaluator.report.document import (
    Chapter,
    Document,
    Emphasis,
    Entry,
    Figure,
    Inline,
    Inlines,
    Link,
    Ref,
    Verdict,
)
from evaluator.report.prose import count, euros, number, percent
from evaluator.study.model import Reference


def build_document(case: Case) -> Document:
    """The whole report as data; a pure function of its argument."""
    evaluation = case.evaluation
    as_of = evaluation.as_of
    attitude = evaluation.attitude.replace("_", " ")
    return Document(
        title=evaluation.title,
        question=evaluation.question,
        date=(as_of.year, as_of.month, as_of.day),
        details=(
            *([("Organisation", case.organisation)] if case.organisation else []),
            ("As of", str(as_of)),
            ("Data", mined_until(case).removeprefix("data ")),
            ("Criteria", f"{evaluation.criteria}, attitude {attitude}"),
            *(("Note", note) for note in evaluation.notes),
        ),
        verdict=_verdict(case),
        chapters=tuple(
            _with_drawn_figures(chapter)
            for chapter in (
                problem(case),
                motivation(case),
                objectives(case),
                specific_objectives(case),
                scope(case),
                related_technologies(case),
                methodology(case),
                *([architecture(case)] if case.study.site else []),
                *([implementation(case)] if case.study.site and case.subject == "stack" else []),
                results(case),
                *robustness(case),
                *stakeholders(case),
                conclusions(case),
                explanation(case),
                *appendices(case),
            )
        ),
        library={key: _entry(reference) for key, reference in case.study.references.items()},
    )


def _with_drawn_figures(chapter: Chapter) -> Chapter:
    """Without the figures for which there was nothing to draw."""
    blocks = tuple(b for b in chapter.blocks if not isinstance(b, Figure) or b.svg)
    return replace(chapter, blocks=blocks)


def _verdict(case: Case) -> Verdict:
    evaluation = case.evaluation
    reason: Inlines = (f"{evaluation.selection.reason} The whole story is in ", Ref("results"), ".")
    considered = count(len(evaluation.stacks), case.subject).split()[0]
    winner = case.winner
    if winner is None:
        return Verdict(
            f"No {case.subject} fits",
            reason,
            ((f"{case.subject}s considered", (considered,)), ("left after the filters", ("none",))),
            decided=False,
        )
    facts: list[tuple[str, Inlines]] = [
        (
            f"of {len(evaluation.stacks)} {case.subject}s left after the filters"
            if case.filtered
            else f"{case.subject}s ranked",
            (number(len(case.ranked), 0),),
        ),
    ]
    if case.study.criteria.need:
        facts.append(("of the functions met", (percent(winner.functional_match),)))
    if winner.effort:
        median = (euros(winner.effort.median),)
        facts.append(("effort over the horizon, median of our estimate", median))
    if winner.first_rank_probability is not None and len(case.ranked) > 1:
        facts.insert(
            1, ("of the draws rank it first in quality", (percent(winner.first_rank_probability),))
        )
    return Verdict(winner.name, reason, tuple(facts), decided=True)


_VENUES = ("journal", "booktitle", "publisher", "organization", "institution", "howpublished")


def _entry(reference: Reference) -> Entry:
    """``Author. Title. Venue, year. Link. Note.``"""
    fields = reference.fields
    content: list[Inline] = []
    if reference.author:
        content.append(f"{reference.author.rstrip('.')}. ")
    content.append(Emphasis(reference.title.rstrip(".")))
    content.append(". ")
    venue = [fields[v] for v in _VENUES if v in fields and "://" not in fields[v]]
    details = [f"{n} {fields[f]}" for f, n in (("volume", "vol."), ("pages", "pp.")) if f in fields]
    content.append(", ".join([*venue, *details, reference.year]) + ".")
    if "doi" in fields:
        content += [" ", Link(f"doi:{fields['doi']}", f"https://doi.org/{fields['doi']}"), "."]
    elif "url" in fields:
        content += [" ", Link(fields["url"], fields["url"]), "."]
    if "urldate" in fields:
        content.append(f" Read on {fields['urldate']}.")
    if "note" in fields:
        content.append(f" {fields['note'].rstrip('.')}.")
    return Entry(reference.key, tuple(content))
