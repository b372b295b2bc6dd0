"""Chapter 6: the systems looked at, what became of them, and how alive they are."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.document import (
    Block,
    Cell,
    Chapter,
    Column,
    Figure,
    Heading,
    Inline,
    Link,
    Missing,
    Paragraph,
    Ref,
    Strong,
    Table,
    cite,
)
from evaluator.report.figures import history
from evaluator.report.prose import (
    count,
    enumeration,
    known,
    number,
    number_cell,
    text_cell,
)
from evaluator.result import YearRow
from evaluator.study.candidate import Candidate

KINDS = {
    "floss": "free software",
    "mixed": "mixed",
    "proprietary": "proprietary",
    "unknown": "not looked up",
}


def related_technologies(case: Case) -> Chapter:
    projects = [c for c in case.study.candidates.values() if c.kind == "project"]
    suites = [c for c in case.study.candidates.values() if c.kind == "suite"]
    blocks: list[Block] = [
        Paragraph(
            (
                f"The study looks at {count(len(projects), 'project')}"
                + (f" and {count(len(suites), 'suite')}. " if suites else ". "),
                Ref("candidates"),
                " lists them; what each is for follows from the roles that "
                + ("a cluster needs: " if case.study.site else "there are: "),
                enumeration(
                    [
                        f"{r.name.lower()}"
                        for r in case.study.catalogue.roles
                        if any(r.id in c.roles for c in case.study.candidates.values())
                    ]
                ),
                ".",
            )
        ),
        _candidates(case),
    ]
    if suites:
        blocks += [Heading("Commercial suites"), *(_suite(case, suite) for suite in suites)]
    for title, found in (
        ("Predecessors and successors", _successions(case)),
        ("Releases and people", [*_releases(case), *_concentration(case)]),
    ):
        blocks += [Heading(title), *found] if found else []
    return Chapter("technologies", "Related technologies", tuple(blocks))


def _candidates(case: Case) -> Table:
    rows = []
    for entry in sorted(case.study.candidates.values(), key=lambda c: (c.kind, c.name.lower())):
        before = case.study.predecessor_of(entry.id)
        lineage: list[str] = []
        if before:
            lineage.append(f"follows {case.name(before)}")
        if entry.successor:
            lineage.append(
                f"followed by {case.name(entry.successor.candidate)} ({entry.successor.since.year})"
            )
        release = case.metric(entry.id, "months_since_last_release")
        released = release.note.split(";")[0] if release and release.note else None
        commits = case.metric(entry.id, "commits_12m")
        rows.append(
            (
                Cell((Link(entry.name, entry.homepage),), sort=entry.name.lower()),
                text_cell(", ".join(case.role_name(r).lower() for r in entry.roles)),
                Cell(
                    (
                        f"{entry.licence.spdx} ({KINDS[entry.licence.kind]})",
                        cite(*entry.licence.source),
                    )
                ),
                text_cell("; ".join(lineage)),
                text_cell(released) if released else Cell((_absent(entry),)),
                number_cell(commits.value, digits=0) if commits else Cell((_absent(entry),)),
            )
        )
    return Table(
        "candidates",
        f"Which systems exist, and what is known of them as of {case.evaluation.as_of}?",
        (
            Column("System", share=1.3),
            Column("Roles", share=2),
            Column("Licence", share=2),
            Column("Lineage", share=1.5),
            Column("Last release", share=1.2),
            Column("Commits in 12 months", "right", share=0.9),
        ),
        tuple(rows),
        layout="small",
        note=(
            "Commits are those on the default branch, without merges."
            + (
                " A suite is judged by its parts."
                if any(c.parts for c in case.study.candidates.values())
                else ""
            ),
        ),
    )


def _absent(entry: Candidate) -> Missing:
    return Missing("not available" if entry.data_sources else "not mined")


def _suite(case: Case, suite: Candidate) -> Paragraph:
    parts = [case.name(p) for p in suite.parts]
    stacks = [s for s in case.evaluation.stacks if suite.id in s.components.values()]
    content: list[Inline] = [
        Strong(suite.name),
        f" ({KINDS[suite.licence.kind]}",
        cite(*suite.licence.source),
        f"). {suite.summary.strip()} ",
    ]
    if parts:
        content.append(f"Its free parts, which could be mined, are {enumeration(parts)}. ")
    elif not suite.data_sources:
        content.append("None of its history is public, so no metric could be taken. ")
    for stack in stacks:
        if stack.outcome == "removed":
            content.append(f"The {case.subject} {stack.name} fell at the {stack.stage} filter. ")
        elif stack.rank is not None:
            content.append(f"The {case.subject} {stack.name} took rank {stack.rank}. ")
    return Paragraph(tuple(content))


def _last_whole_year(case: Case, candidate: str) -> YearRow | None:
    as_of = case.evaluation.as_of
    last = as_of.year if (as_of.month, as_of.day) == (12, 31) else as_of.year - 1
    return next((r for r in case.years(candidate) if r.year == last), None)


def _successions(case: Case) -> list[Block]:
    pairs = [
        (old, old.successor, case.study.candidates[old.successor.candidate])
        for old in case.study.candidates.values()
        if old.successor and old.successor.candidate in case.study.candidates
    ]
    if not pairs:
        return []
    blocks: list[Block] = []
    for old, succession, new in pairs:
        content: list[Inline] = [
            Strong(f"{old.name} → {new.name}."),
            f" The change is dated {succession.since}",
            cite(*succession.source),
            ". ",
        ]
        was, now = _last_whole_year(case, old.id), _last_whole_year(case, new.id)
        if was and now and was.commits is not None and now.commits is not None:
            content.append(
                f"In {now.year}, {old.name} saw {count(was.commits, 'commit')} and {new.name} "
                f"{count(now.commits, 'commit')}. "
            )
            content.append(
                f"{old.name} has come to rest."
                if was.commits == 0 < now.commits
                else f"The work has moved to {new.name}."
                if was.commits < now.commits
                else f"{old.name} is still the busier of the two."
            )
        blocks.append(Paragraph(tuple(content)))
    if svg := history.handover(case):
        names = [f"{a.name} and {b.name}" for a, b in case.handovers]
        blocks.append(
            Figure(
                "fig-handover",
                "Did the work move from the predecessor to the successor? Non-merge commits per "
                "calendar year; the dotted line is the date of the change.",
                svg,
                f"Line charts of the yearly commits of {enumeration(names)}.",
                (
                    f"The year {case.evaluation.as_of.year} counts up to {case.evaluation.as_of}. "
                    "Repositories that share history share its commits, so a successor's line may "
                    "begin before the change. Source: mined repositories, ",
                    Ref("provenance"),
                    ".",
                )
                if case.evaluation.as_of.month < 12
                else (
                    "Repositories that share history share its commits. Source: mined "
                    "repositories, ",
                    Ref("provenance"),
                    ".",
                ),
            )
        )
    return blocks


YEARS = 5
"""Whole years over which a project that releases in each is called regular (ours)."""


def _regular(case: Case) -> str:
    """How many parts released in each of the last whole years."""
    parts = case.shown_parts
    known = {c: last.year for c in parts if (last := _last_whole_year(case, c))}
    regular = [
        c
        for c, last in known.items()
        if {r.year for r in case.years(c) if r.releases} >= set(range(last - YEARS + 1, last + 1))
    ]
    if not known:
        return ""
    return (
        f"A final release in each of the last {YEARS} whole years was found for {len(regular)} of "
        f"{len(known)} {'parts' if case.subject == 'stack' else 'candidates'}. "
    )


def _releases(case: Case) -> list[Block]:
    shown = case.shown_stack
    blocks: list[Block] = []
    if shown:
        whose = "candidates" if case.subject == "candidate" else f"parts of {shown.name}"
        ages = [
            (case.name(c), row.value)
            for c in case.shown_parts
            if (row := case.metric(c, "months_since_last_release")) and row.value is not None
        ]
        if ages:
            oldest = max(ages, key=lambda a: a[1])
            blocks.append(
                Paragraph(
                    (
                        f"Of the {whose} whose releases are tagged, {oldest[0]} has "
                        f"waited longest for a release: {number(oldest[1], 0)} months. "
                        f"{_regular(case)}",
                        Ref("fig-releases"),
                        " shows the rhythm of all.",
                    )
                )
            )
    if svg := history.releases(case):
        blocks.append(
            Figure(
                "fig-releases",
                "How regularly do the projects release? Final releases found in the mined "
                "repositories, all series, per calendar year.",
                svg,
                "Grid of candidates by years; each cell holds the number of releases.",
                (
                    "An empty cell is a year without a release, a dash a year before the first "
                    "commit or without data. ",
                    _other_places(case),
                    _left_out(
                        case,
                        {c for c in case.used if any(r.releases for r in case.years(c))},
                        "no release was found",
                    ),
                    "Source: release tags of the mined repositories.",
                ),
            )
        )
    return blocks


def _left_out(case: Case, shown: set[str], reason: str) -> str:
    """Which candidates a figure does not show, and why; with a space behind."""
    used = set(case.used)
    suites = [c for c in case.study.candidates.values() if c.kind == "suite"]
    groups: dict[str, list[str]] = {}
    for entry in case.study.candidates.values():
        if entry.id in shown:
            continue
        why = (
            "judged by the parts"
            if entry.kind == "suite"
            else f"in no {case.subject} but as a part of a suite"
            if entry.id not in used and any(entry.id in c.parts for c in suites)
            else f"in no {case.subject}"
            if entry.id not in used
            else reason
        )
        groups.setdefault(why, []).append(entry.name)
    if not groups:
        return ""
    said = "; ".join(f"{enumeration(names)} ({why})" for why, names in groups.items())
    return f"Not shown: {said}. "


def _other_places(case: Case) -> str:
    """What the sources' provenance says of releases that are kept elsewhere."""
    notes = [
        f"{case.name(c)}: {source.provenance.strip().rstrip('.')}. "
        for c in case.used
        if (entry := case.candidate(c))
        for source in entry.data_sources
        if "series" in source.provenance
    ]
    return "".join(notes)


def _concentration(case: Case) -> list[Block]:
    absence, elephant = "contributor_absence_factor", "elephant_factor"
    rows = [r for c in case.used if (r := case.metric(c, absence))]
    blocks: list[Block] = []
    if rows:
        fewest = min(rows, key=lambda r: (r.value or 0, r.candidate))
        alone = [
            f"{case.name(r.candidate)} (n = {number(r.n or 0, 0)})" for r in rows if r.value == 1
        ]
        blocks.append(
            Paragraph(
                (
                    "The Contributor Absence Factor is the smallest number of people who made half "
                    f"of the commits ({fewest.window})",
                    cite("chaoss-metrics"),
                    ". ",
                    (
                        f"It is one for {enumeration(alone)}: if that person leaves, half of the "
                        "work stops. n is the number of commits."
                    )
                    if alone
                    else f"Smallest is {known(fewest.value)}, for {case.name(fewest.candidate)} "
                    f"(n = {number(fewest.n or 0, 0)} commits).",
                )
            )
        )
    if svg := history.concentration(case, absence, elephant):
        window = rows[0].window if rows else ""
        blocks.append(
            Figure(
                "fig-concentration",
                "How many people, and how many organisations, carry half of each project's work "
                f"({window})?",
                svg,
                "Bar chart of the Contributor Absence Factor of each candidate, with the Elephant "
                "Factor as diamonds.",
                (
                    f"Dark bars belong to the chosen {case.subject}. n is the number of commits "
                    "in the window ("
                    if case.winner
                    else "n is the number of commits in the window (",
                    Ref("metrics"),
                    "). Organisations follow from dated affiliations and mail domains; where they "
                    "are unknown there is no diamond. ",
                    _left_out(
                        case,
                        {c for c in case.used for m in (absence, elephant) if case.metric(c, m)},
                        "too few commits in the window",
                    ),
                ),
            )
        )
    return blocks
