"""Formulas as a small tree, so that MathML and Typst are both drawn from one definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sign:
    """An operator or relation."""

    text: str


@dataclass(frozen=True)
class Word:
    """An upright name such as ``money``."""

    text: str


@dataclass(frozen=True)
class Scripts:
    base: Formula
    below: Formula | None = None
    above: Formula | None = None


@dataclass(frozen=True)
class Fraction:
    over: Formula
    under: Formula


@dataclass(frozen=True)
class Root:
    inside: Formula


@dataclass(frozen=True)
class Brackets:
    """Round brackets as tall as what they hold."""

    inside: Formula


Formula = str | Sign | Word | Scripts | Fraction | Root | Brackets | tuple["Formula", ...]
"""A plain string is an italic variable or a number, a tuple a row."""


def sub(base: Formula, below: Formula) -> Scripts:
    return Scripts(base, below)


def total(below: Formula) -> Scripts:
    """A sum sign over an index."""
    return Scripts(Sign("∑"), below)


def bracketed(*parts: Formula) -> Brackets:
    return Brackets(parts)


def formula_tree(formula: Formula) -> dict[str, Any]:
    match formula:
        case str(text):
            return {"kind": "variable", "text": text}
        case Sign(text):
            return {"kind": "sign", "text": text}
        case Word(text):
            return {"kind": "word", "text": text}
        case Scripts(base, below, above):
            return {
                "kind": "scripts",
                "base": formula_tree(base),
                "below": formula_tree(below) if below is not None else None,
                "above": formula_tree(above) if above is not None else None,
                "big": base == Sign("∑"),
            }
        case Fraction(over, under):
            return {"kind": "fraction", "over": formula_tree(over), "under": formula_tree(under)}
        case Root(inside):
            return {"kind": "root", "inside": formula_tree(inside)}
        case Brackets(inside):
            return {"kind": "brackets", "inside": formula_tree(inside)}
        case tuple(parts):
            return {"kind": "row", "parts": [formula_tree(part) for part in parts]}
