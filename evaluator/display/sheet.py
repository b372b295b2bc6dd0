"""Sheet: text and tables once, for a terminal or as Markdown; all of it made harmless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from evaluator import display


@dataclass(frozen=True)
class Grid:
    """A table; columns named in ``right`` hold numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()


@dataclass(frozen=True)
class Title:
    text: str


@dataclass(frozen=True)
class Lines:
    """A list whose entries are not cut, so that a place or an address can be copied."""

    title: str
    entries: tuple[str, ...]


Block = str | Title | Grid | Lines
Sheet = Sequence[Block]


def show(sheet: Sheet, format: display.Format) -> None:
    """Print a sheet as Markdown or, in any other format, for a terminal."""
    for block in sheet:
        match block:
            case Grid(rows=()) | Lines(entries=()):
                continue
        (_markdown if format is display.Format.md else _terminal)(block)


def _terminal(block: Block) -> None:
    console = display.terminal()
    match block:
        case Title(text):
            console.print(f"\n[bold]{display.safe(text)}[/bold]", soft_wrap=True)
        case str(text):
            console.print(display.safe(text), soft_wrap=True)
        case Grid():
            if block.title:
                console.print(f"\n[bold]{display.safe(block.title)}[/bold]", soft_wrap=True)
            table = Table(box=None, pad_edge=False)
            for name in block.columns:
                right = name in block.right
                table.add_column(
                    display.safe(name), justify="right" if right else "left", overflow="fold"
                )
            for row in block.rows:
                table.add_row(*(display.safe(cell) for cell in row))
            console.print(table)
        case Lines(title, entries):
            console.print(f"\n[bold]{display.safe(title)}[/bold]", soft_wrap=True)
            for entry in entries:
                console.print(f"  {display.safe(entry)}", soft_wrap=True)


def _markdown(block: Block) -> None:
    match block:
        case Title(text):
            print(f"\n## {display.markdown(text)}\n")
        case str(text):
            print(f"{display.markdown(text)}\n")
        case Grid():
            if block.title:
                print(f"### {display.markdown(block.title)}\n")
            print("| " + " | ".join(map(display.markdown, block.columns)) + " |")
            print("|" + "|".join(" --- " for _ in block.columns) + "|")
            for row in block.rows:
                print("| " + " | ".join(map(display.markdown, row)) + " |")
            print()
        case Lines(title, entries):
            print(f"### {display.markdown(title)}\n")
            for entry in entries:
                print(f"- {display.markdown(entry)}")
            print()
