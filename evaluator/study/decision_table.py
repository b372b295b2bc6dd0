"""A decision as a CSV table: a header, rows ``direction``, ``weight``, ``unit``, alternatives.

::

    alternative,price,speed
    direction,min,max
    weight,0.3,0.7
    unit,EUR,Mbit/s
    A,100,3..5
    B,120,

The rows ``direction``, ``weight`` and ``unit`` stand above the first alternative; those of weights
and units may be left out.  ``low..high`` is an interval, an empty cell is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluator.findings import EvaluationError, Finding, Where
from evaluator.study.document import Document, Loc, read_text

ABOUT = ("direction", "weight", "unit")
"""Rows that say something of the criteria."""

FIELD = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\r|\Z)')
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
SPECIAL = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
INTERVAL = re.compile(r"(.+?)\.\.(.+)")

Cell = tuple[str, int, int]
"""Text, line and column."""


@dataclass(frozen=True)
class Table(Document):
    """A document whose places are those of a table's cells."""

    places: Mapping[tuple[Any, ...], tuple[int, int]]

    def where(self, loc: Loc = (), *, key: bool = False) -> Where:
        """Place of the cell behind ``loc``, else of what holds it."""
        path = tuple(loc)
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return Where(self.name, line, column)


def read_table(path: Path, most: int) -> tuple[Table, list[Finding]]:
    """A CSV file of up to ``most`` bytes in the form of a decision file, and what is wrong in it.

    Raises
    ------
    EvaluationError
        When it cannot be read, or not be split into cells.
    """
    name, text, digest = read_text(path, most)
    rows = _rows(name, text.removeprefix("\ufeff"))
    header = rows[0] if rows else []
    problems = []
    if len(header) < 2:
        remedy = "the first row names the criteria: alternative,price,speed; a comma between cells"
        problem = "the table has no criterion" if rows else "the table is empty"
        problems.append(Finding("no-criterion", problem, Where(name, 1, 1), remedy))
    places: dict[tuple[Any, ...], tuple[int, int]] = {}
    criteria: dict[str, Any] = {}
    alternatives: dict[str, Any] = {}
    for typed, line, column in header[1:]:
        if typed in criteria:
            message = f"criterion {typed!r} is there twice"
            where = Where(name, line, column)
            problems.append(Finding("duplicate-name", message, where, "rename one of them"))
        criteria[typed] = {}
        places["criteria", typed] = line, column
    for row in rows[1:]:
        first, line, column = row[0]
        if len(row) > len(header):
            where = Where(name, *row[len(header)][1:])
            message = f"row {first!r} has {len(row)} cells, the header {len(header)}"
            remedy = 'write decimals with a point, and text that has a comma in "quotes"'
            problems.append(Finding("too-many-cells", message, where, remedy))
            continue
        about = first.casefold() if not alternatives and first.casefold() in ABOUT else ""
        if first in alternatives:
            message = f"alternative {first!r} is there twice"
            where = Where(name, line, column)
            problems.append(Finding("duplicate-name", message, where, "rename one of them"))
            continue
        if not about:
            alternatives[first] = {}
            places["alternatives", first] = line, column
        for (criterion, _, _), (typed, *place) in zip(header[1:], row[1:], strict=False):
            loc = ("criteria", criterion, about) if about else ("alternatives", first, criterion)
            places[loc] = place[0], place[1]
            if typed != "":
                entry = criteria[criterion] if about else alternatives[first]
                entry[about or criterion] = _value(typed, about)
    data: dict[str, Any] = {"criteria": criteria, "alternatives": alternatives}
    return Table(name, data, digest, None, places), problems


def _rows(name: str, text: str) -> list[list[Cell]]:
    """The cells of each row that is not blank, with their places."""
    rows: list[list[Cell]] = []
    row: list[Cell] = []
    at, line, start = 0, 1, 0
    while at < len(text):
        found = FIELD.match(text, at)
        if found is None:
            raise EvaluationError(
                Finding(
                    "csv-syntax",
                    "a quotation mark that does not enclose its whole cell",
                    Where(name, line, at - start + 1),
                    'write a quotation mark inside a cell twice, and the cell in "quotes"',
                )
            )
        typed, end = found[1], found[2]
        cell = typed[1:-1].replace('""', '"') if typed.startswith('"') else typed.strip()
        row.append((cell, line, at - start + 1))
        inner = typed.count("\n")
        at = found.end()
        if end != ",":
            rows.append(row)
            row = []
            line += 1 + inner
            start = at
        elif inner:
            line += inner
            start = found.start(1) + typed.rfind("\n") + 1
    if row:
        rows.append([*row, ("", line, at - start + 1)])
    return [row for row in rows if any(cell for cell, _, _ in row)]


def _value(typed: str, about: str) -> Any:
    """Numbers as numbers, an interval as its two ends; the rest as typed."""
    if about in ("direction", "unit"):
        return typed.casefold() if about == "direction" else typed
    if NUMBER.fullmatch(typed) or SPECIAL.fullmatch(typed):
        return float(typed)
    if (ends := INTERVAL.fullmatch(typed)) and not about:
        return [_value(end.strip(), "weight") for end in ends.groups()]
    return typed
