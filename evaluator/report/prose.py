"""Numbers and lists as words; nothing here decides, it only spells."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.report.document import Cell, Inline, Missing
from evaluator.result import Outcome
from evaluator.study.fact import Interval

THIN = "\u202f"
MISSING_WORDS: dict[Outcome, str] = {
    "ok": "not available",
    "not_available": "not available",
    "not_applicable": "not applicable",
    "error": "error",
}


def number(value: float, digits: int | None = None) -> str:
    """``12 345`` or ``0.123``: about three significant digits unless ``digits`` decides."""
    if digits is None:
        size = abs(value)
        digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
        if 0 < size < 0.01:
            return f"{value:.2g}".replace("e-0", "e-").replace("-", "−")
    text = f"{value:,.{digits}f}".replace(",", THIN)
    if digits == 0 and text == "-0":
        text = "0"
    return text.replace("-", "−")


def percent(share: float) -> str:
    """A share of 1 as percent, never rounded up to certainty or down to impossibility."""
    if 0 < share < 0.005:
        return f"<{THIN}1{THIN}%"
    if 0.995 < share < 1:
        return f">{THIN}99{THIN}%"
    return f"{100 * share:.0f}{THIN}%"


def euros(value: float) -> str:
    """Rounded to three significant digits: an estimate must not look like an invoice."""
    if value:
        magnitude = 10 ** max(0, len(str(int(abs(value)))) - 3)
        value = round(value / magnitude) * magnitude
    return f"{number(value, 0)}{THIN}EUR"


def span(low: float, high: float, digits: int | None = None) -> str:
    if number(low, digits) == number(high, digits):
        return number(low, digits)
    return f"{number(low, digits)} to {number(high, digits)}"


def interval(value: Interval) -> str:
    return span(value.low, value.high)


def enumeration(names: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count(how_many: int, noun: str, plural: str = "") -> str:
    """``one stack``, ``seven stacks``, ``no stack``, ``27 stacks``."""
    word = _WORDS[how_many] if how_many < len(_WORDS) else number(how_many, 0)
    return f"{word} {noun if how_many < 2 else plural or noun + 's'}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def known(value: float | None, outcome: Outcome = "ok", digits: int | None = None) -> Inline:
    """A number, or the word for why there is none."""
    if outcome != "ok" or value is None:
        return Missing(MISSING_WORDS[outcome])
    return number(value, digits)


def text_cell(text: str) -> Cell:
    return Cell((text,)) if text else Cell(())


def number_cell(
    value: float | None, outcome: Outcome = "ok", digits: int | None = None, after: str = ""
) -> Cell:
    if outcome != "ok" or value is None:
        return Cell((known(value, outcome),))
    return Cell((number(value, digits) + after,), sort=value)


def share_cell(value: float | None) -> Cell:
    return Cell((Missing(),)) if value is None else Cell((percent(value),), sort=value)
