"""Appendix on the need: what was asked for, and what each stack gives of it, with the evidence."""

from __future__ import annotations

from evaluator.report.case import Case
from evaluator.report.chapters.break_even import trail
from evaluator.report.document import (
    Block,
    Cell,
    Chapter,
    Column,
    Heading,
    Missing,
    Paragraph,
    Ref,
    Table,
    cite,
)
from evaluator.report.prose import capital, count, number, text_cell
from evaluator.result import FunctionMatch
from evaluator.study.candidate import Provision
from evaluator.study.fact import OURS, Fact

ANSWERS = {"yes": "yes", "partial": "partly", "no": "no"}


def needs(case: Case) -> Chapter:
    blocks: list[Block] = [*_functions(case), *_evidence(case), *_state(case), *trail(case)]
    return Chapter("needs", "Need and state", tuple(blocks), appendix=True)


def _functions(case: Case) -> list[Block]:
    names = {f.id: f.name for f in case.study.catalogue.functions}
    wanted = case.study.criteria.need
    if not wanted:
        return []
    required = sum(1 for n in wanted if n.required)
    stacks = case.evaluation.stacks
    short = [names.get(n.function, n.function) for n in wanted]
    blocks: list[Block] = [
        Heading("What the service needs"),
        Paragraph(
            (
                f"{capital(count(len(wanted), 'function'))} "
                f"{'was' if len(wanted) == 1 else 'were'} asked for. A {case.subject} without "
                "one of the "
                f"{number(required, 0)} required ones is removed; those that are only wanted count "
                "in the functional match.",
            )
        ),
        Table(
            "table-needs",
            "Which functions does the service need, and says who?",
            (
                Column("Function", share=1.4),
                Column("Need", share=0.7),
                Column("Reason", share=3),
            ),
            tuple(
                (
                    Cell((name, cite(*need.source))),
                    text_cell("required" if need.required else "wanted"),
                    text_cell(need.reason or need.note),
                )
                for name, need in zip(short, wanted, strict=True)
            ),
            layout="small",
            cards=True,
        ),
    ]
    if not stacks or not wanted:
        return blocks
    found = {s.id: {f.function: f.value for f in s.functions} for s in stacks}
    rows = tuple(
        (
            text_cell(name + (" (required)" if need.required else "")),
            *(
                text_cell(ANSWERS[found[s.id][need.function]])
                if need.function in found[s.id]
                else Cell((Missing(),))
                for s in stacks
            ),
        )
        for name, need in zip(short, wanted, strict=True)
    )
    return [
        *blocks,
        Table(
            "table-functions",
            f"Which {case.subject} provides which function? Columns are {case.subject}s by their "
            "number: " + "; ".join(f"{at} {s.name}" for at, s in enumerate(stacks, 1)) + ".",
            (
                Column("Function", share=3.2),
                *(Column(str(at), "center", 1) for at, _ in enumerate(stacks, 1)),
            ),
            rows,
            layout="landscape",
            note=("Through which component, and on what evidence: ", Ref("table-evidence"), "."),
        ),
    ]


def _provision(case: Case, match: FunctionMatch) -> Provision | None:
    stack, candidate = case.study.stacks.get(match.via), case.candidate(match.via)
    giver = stack if stack and case.subject == "stack" else candidate
    return giver.provides.get(match.function) if giver else None


def _evidence(case: Case) -> list[Block]:
    users: dict[tuple[str, str, str], list[int]] = {}
    matches: dict[tuple[str, str, str], FunctionMatch] = {}
    for at, stack in enumerate(case.evaluation.stacks, 1):
        for match in stack.functions:
            if match.via:
                key = (match.name, match.via, str(match.value))
                matches[key] = match
                users.setdefault(key, []).append(at)
    if not matches:
        return []
    rows = []
    for found_at in sorted(matches):
        match = matches[found_at]
        found = _provision(case, match)
        combined = match.via in case.study.stacks and case.subject == "stack"
        rows.append(
            (
                text_cell(match.name),
                text_cell("the combination" if combined else case.name(match.via)),
                text_cell(ANSWERS[match.value]),
                Cell((", ".join(str(n) for n in users[found_at]), cite(*match.source))),
                text_cell((found.reason or found.note) if found else ""),
            )
        )
    return [
        Table(
            "table-evidence",
            "Through which component is a function provided, and on what evidence?",
            (
                Column("Function", share=1.3),
                Column("Through", share=1),
                Column("Provided", share=0.7),
                Column(f"{capital(case.subject)}s and source", share=1.3),
                Column("Why", share=3),
            ),
            tuple(rows),
            layout="landscape",
            note=(f"{capital(case.subject)}s have the numbers of ", Ref("table-functions"), "."),
        )
    ]


def _said(fact: Fact) -> str:
    if isinstance(fact.value, list):
        return ", ".join(str(v) for v in fact.value)
    if isinstance(fact.value, bool):
        return "yes" if fact.value else "no"
    shown = fact.value if isinstance(fact.value, str) else number(fact.value)
    return f"{shown} {fact.unit}".strip()


def _state(case: Case) -> list[Block]:
    filters = case.study.criteria.state
    if not filters:
        return []
    rows = []
    for at, stack in enumerate(case.evaluation.stacks, 1):
        required = case.study.stacks[stack.id].requires
        cells = []
        for rule in filters:
            fact = required.get(rule.requirement)
            cells.append(Cell((_said(fact), cite(*fact.source))) if fact else text_cell("–"))
        rows.append((text_cell(f"{at} {stack.name}"), *cells))
    names = [f.name for f in filters]
    site = case.site.state
    return [
        Heading("What the organisation has"),
        Table(
            "table-state",
            "Which facts of the organisation limit the choice, and says who?",
            (
                Column("Filter", share=1.3),
                Column("The site has", share=1),
                Column("Why it filters", share=2.2),
                Column("Why this value", share=2.8),
            ),
            tuple(
                (
                    Cell((rule.name, cite(*rule.source))),
                    Cell((_said(site[rule.site]), cite(*site[rule.site].source))),
                    text_cell(rule.reason or rule.note),
                    text_cell(site[rule.site].reason or site[rule.site].note),
                )
                for rule in filters
                if rule.site in site
            ),
            layout="small",
            cards=True,
        ),
        Table(
            "table-requirements",
            f"What does each {case.subject} require of the organisation?",
            (
                Column(f"{capital(case.subject)}", share=1.8),
                *(Column(name, share=1) for name in names),
            ),
            tuple(rows),
            layout="landscape",
            note=(
                "A dash: nothing required. [",
                "ours",
                f"]: the reason is in the {case.subject}'s file.",
            )
            if any(
                OURS in fact.source
                for s in case.study.stacks.values()
                for fact in s.requires.values()
            )
            else (),
        ),
    ]
