"""What ``evaluate identities`` prints and asks; names are made harmless as all mined text is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table

from evaluator.display import Format, findings, note, print_json, safe, terminal
from evaluator.findings import EvaluationError
from evaluator.mine.identities.confirming import AliasFile
from evaluator.mine.identities.doubtful import Case, Side
from evaluator.mine.identities.review import Review

TRIES = 3
"""How often a question is put before it is skipped."""


def cases(found: Review, file: AliasFile, most: int, format: Format) -> None:
    """Print the open cases, at most so many."""
    _notes(file)
    shown = found.cases[:most]
    if format is Format.json:
        print_json({"counts": dict(found.counts), "cases": [_data(case) for case in shown]})
        return
    console, table = terminal(), Table(box=None, pad_edge=False)
    for name in ("items", "now", "one", "other", "evidence"):
        table.add_column(name, justify="right" if name == "items" else "left", overflow="fold")
    for case in shown:
        one, other = (safe(_side(side)) for side in case.sides)
        now = "one person" if case.joined else "two"
        table.add_row(str(case.items), now, one, other, safe("; ".join(case.evidence)))
    if shown:
        console.print(table)
    _summary(found, most)


def losses(lost: Sequence[str]) -> None:
    """Say what the form of a file could not hold."""
    for text in lost:
        note(f"Not in the file: {text}.")


def _notes(file: AliasFile) -> None:
    for text in file.curated.notes:
        note(f"Note: {text}.")


def _summary(found: Review, most: int) -> None:
    counts = found.counts
    note(
        f"{counts['items']} commits, messages and issues; {counts['names']} names, "
        f"{counts['addresses']} addresses: {counts['persons']} persons, "
        f"{counts['programs']} of them programs."
    )
    left = f", the first {most} of them shown" if len(found.cases) > most else ""
    note(
        f"Doubtful: {counts['joined_and_doubtful']} joined, {counts['apart_and_doubtful']} apart"
        f"{left}."
    )
    if refused := counts["links_refused"]:
        note(f"{refused} links were not followed, since the study keeps apart what they join:")
        for identity, label in found.resolved.refused[:most]:
            note(f"  {identity.name} <{identity.address}> in {identity.source}: {label}")


def _data(case: Case) -> dict[str, Any]:
    return {
        "joined": case.joined,
        "items": case.items,
        "evidence": list(case.evidence),
        "sides": [
            {
                "names": list(side.names),
                "addresses": list(side.addresses),
                "accounts": [f"{source}:{login}" for source, login in side.accounts],
                "sources": list(side.sources),
                "items": side.items,
            }
            for side in case.sides
        ],
    }


def _side(side: Side, most: int = 3) -> str:
    """Names and addresses of a side on one line, with what hangs on it."""
    parts = [_some(side.names, most), _some([f"<{a}>" for a in side.addresses], most)]
    where = f"({side.items} in {_some(side.sources, most)})"
    return " ".join(part for part in (*parts, where) if part)


def _some(texts: Sequence[str], most: int) -> str:
    more = f" +{len(texts) - most}" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def confirm(found: Review, file: AliasFile, most: int, ask: Callable[[str], str] = input) -> int:
    """Put the open cases to a person, one after the other; gives how many were answered.

    Every answer is kept at once, so that quitting loses none.  One that contradicts an earlier
    one is explained and not kept.
    """
    _notes(file)
    left = list(found.cases[:most])
    total, answered = len(left), 0
    file.propose(left)
    for number, case in enumerate(found.cases[:most], start=1):
        answer = _asked(case, number, total, ask)
        if answer == "quit":
            break
        if answer == "skip":
            continue
        try:
            file.answer(left, left.index(case), same=answer == "yes")
        except EvaluationError as error:
            findings(error.findings)
        else:
            left.remove(case)
            answered += 1
    return answered


def _asked(case: Case, number: int, total: int, ask: Callable[[str], str]) -> str:
    note(f"\n[{number}/{total}] {case.items} items; now {'one person' if case.joined else 'two'}")
    for side in case.sides:
        note(f"  - {_side(side, most=8)}")
    for text in case.evidence:
        note(f"  * {text}")
    answers = {"y": "yes", "n": "no", "s": "skip", "": "skip", "q": "quit"}
    for _ in range(TRIES):
        print("The same person? [y]es [n]o [s]kip [q]uit: ", end="", file=sys.stderr, flush=True)
        try:
            typed = ask("").strip().casefold()
        except (EOFError, KeyboardInterrupt):
            return "quit"
        if (answer := answers.get(typed[:1])) and (not typed or answer.startswith(typed)):
            return answer
    return "skip"
