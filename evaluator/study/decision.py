"""A decision file: criteria, alternatives and methods of any question, by whatever names.

Names are free text.  What may be wrong is looked for in the file as it was read, so that mistakes
of form and of content are reported together, each with its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from evaluator.content import shown
from evaluator.findings import EvaluationError, Finding, Where, allowed_values
from evaluator.study.criteria import Direction
from evaluator.study.decision_table import read_table
from evaluator.study.document import Document, Loc, read_document, validate
from evaluator.study.fact import Model

Weighter = Literal["typed", "equal", "std", "entropy", "critic", "merec", "gini", "rancom"]
Policy = Literal["interval", "impute", "penalise", "drop"]

MAX_YAML = 2_000_000
"""Bytes of a YAML file; 10,000 alternatives on five criteria take 0.7 million and six seconds."""
MAX_TABLE = 20_000_000
"""Bytes of a CSV file, which is read many times faster."""
MOST_FINDINGS = 1000
LARGEST = 1e100
"""Squares of values must not overflow."""
AHP = "ahp"
"""The method whose judgements may stand for weights."""
LONGEST = 200
"""Characters of a name."""
CELL = "a number, [low, high] or {value: …, low: …, high: …}"


def _name(typed: object) -> object:
    """A name is text on one line, which no character in it can turn into anything else."""
    if not isinstance(typed, str):
        raise PydanticCustomError("name", "a name is text; put it in quotes")
    if not typed.strip() or len(typed) > LONGEST or not typed.isprintable():
        allowed = f"allowed: 1 to {LONGEST} printable characters, not all of them blank"
        raise PydanticCustomError("name", "{allowed}", {"allowed": allowed})
    return typed


Name = Annotated[str, BeforeValidator(_name)]
Label = Annotated[str, BeforeValidator(lambda typed: _name(typed) if typed != "" else typed)]
Weight = Annotated[float, Field(ge=0, le=1e9)]


class Cell(Model):
    """A value with the interval that it may lie in; ``value`` is the middle unless typed."""

    value: float
    low: float
    high: float


def _cell(typed: object) -> object:
    """Read a cell as typed; only this says what is wrong with it, in one sentence."""
    ends: Mapping[Any, Any]
    if isinstance(typed, Mapping):
        if extra := [key for key in typed if key not in ("value", "low", "high")]:
            raise _wrong(f"it has no key {extra[0]!r}; {CELL} is needed")
        ends = typed
    elif isinstance(typed, list):
        if len(typed) != 2:
            raise _wrong(f"an interval has two ends, not {len(typed)}; {CELL} is needed")
        ends = {"low": typed[0], "high": typed[1]}
    else:
        ends = {"value": typed}
    found = {key: _number(number) for key, number in ends.items() if number is not None}
    low, high = (found.get(end, found.get("value")) for end in ("low", "high"))
    if low is None or high is None:
        raise _wrong(f"an end is missing; {CELL} is needed")
    if low > high:
        raise _wrong(f"low {low:g} is above high {high:g}; write [low, high]")
    value = found.get("value", low / 2 + high / 2)
    if not low <= value <= high:
        raise _wrong(f"value {value:g} lies outside its interval [{low:g}, {high:g}]")
    return {"value": value, "low": low, "high": high}


def _number(typed: object) -> float:
    if isinstance(typed, bool) or not isinstance(typed, int | float):
        raise _wrong(f"{CELL} is needed")
    try:
        number = float(typed)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong("a finite number is needed; leave out what is not known")
    if abs(number) > LARGEST:
        raise _wrong(f"numbers up to {LARGEST:g} are taken; use a larger unit")
    return number


def _wrong(problem: str) -> PydanticCustomError:
    return PydanticCustomError("cell", "{problem}", {"problem": problem})


_NUMBER = {"type": "number"}
_ENDS = dict.fromkeys(("value", "low", "high"), _NUMBER)
_FORMS = [
    _NUMBER,
    {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
    {"type": "object", "properties": _ENDS, "additionalProperties": False},
]


class Criterion(Model):
    """A criterion with its direction, or a group of criteria; weights are local to the group."""

    weight: Weight | None = None
    direction: Direction | None = None
    name: Label = ""
    unit: Label = ""
    criteria: dict[Name, Criterion] | None = None
    judgements: Any = None
    """Pairwise judgements between a group's criteria, which replace their weights (AHP)."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.criteria is None and self.direction is None:
            raise ValueError("direction is missing; write direction: min or direction: max")
        if self.criteria is not None and (self.direction or self.unit):
            raise ValueError("a group has criteria, which have directions and units; it has none")
        if self.criteria is None and self.judgements is not None:
            raise ValueError("judgements are between the criteria of a group, and this is none")
        if self.criteria == {}:
            raise ValueError("the group holds no criterion; add one, or give it a direction")
        return self


class Filter(Model):
    """Which values of a criterion an alternative may have; the others remove it."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _lets_pass(self) -> Self:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("give at_least, at_most or both")
        if low is not None and high is not None and low > high:
            raise ValueError(f"at_least {low:g} is above at_most {high:g}: nothing can pass")
        return self


class Stakeholder(Model):
    """Somebody's weights of the criteria, and the share of the decision that is theirs."""

    weights: Annotated[dict[Name, Weight], Field(min_length=1)]
    share: Annotated[float, Field(gt=0, le=1e9)] = 1.0


def _by_name(typed: object) -> object:
    """A list of methods is a mapping without parameters; so is a method without any."""
    if isinstance(typed, list) and all(isinstance(name, str) for name in typed):
        if twice := [name for i, name in enumerate(typed) if name in typed[:i]]:
            message = "method {name} is listed twice"
            raise PydanticCustomError("method", message, {"name": repr(twice[0])})
        return {name: {} for name in typed}
    if isinstance(typed, dict):
        return {name: {} if given is None else given for name, given in typed.items()}
    return typed


class Decision(Model):
    """A decision file."""

    title: Label = ""
    question: str = ""
    criteria: Annotated[dict[Name, Criterion], Field(min_length=1)]
    judgements: Any = None
    """Pairwise judgements between the criteria at the top, which replace their weights (AHP)."""
    weights: Weighter = "typed"
    alternatives: Annotated[
        dict[
            Name,
            dict[
                Name,
                Annotated[Cell | None, BeforeValidator(lambda v: None if v is None else _cell(v))],
            ],
        ],
        Field(min_length=1),
        WithJsonSchema(
            {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": {"anyOf": [*_FORMS, {"type": "null"}]},
                },
            }
        ),
    ]
    missing: Policy = "interval"
    filters: dict[Name, Filter] = {}
    methods: Annotated[dict[Name, dict[str, Any]], BeforeValidator(_by_name)] = {}
    stakeholders: dict[Name, Stakeholder] = {}
    weight_spread: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of itself by which each weight may be off, when weights are tried around the typed."""
    draws: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    seed: Annotated[int, Field(ge=0)] = 20150101

    @property
    def leaves(self) -> dict[str, Criterion]:
        """The criteria that have values, by name, from the first to the last."""
        return dict(_leaves(self.criteria))


def _leaves(level: Mapping[str, Criterion]) -> Iterator[tuple[str, Criterion]]:
    for name, criterion in level.items():
        if criterion.criteria is None:
            yield name, criterion
        else:
            yield from _leaves(criterion.criteria)


@dataclass(frozen=True)
class DecisionFile:
    """A valid decision and the file that it stands in, for what later stages find wrong."""

    decision: Decision
    document: Document


def read_decision(path: Path, weights: Weighter | None = None) -> DecisionFile:
    """Read a decision from YAML, or from a table when the name ends in ``.csv``.

    ``weights`` replaces what the file says of how criteria are weighed.

    Raises
    ------
    EvaluationError
        With every finding in the file.
    """
    document: Document
    findings: list[Finding] = []
    if path.suffix.casefold() == ".csv":
        document, findings = read_table(path, MAX_TABLE)
    else:
        remedy = "write a table this large as CSV, which is read many times faster"
        document = read_document(path, MAX_YAML, remedy)
    if weights is not None and isinstance(document.data, dict):
        document.data["weights"] = weights
    decision, problems = validate(document, Decision)
    reported = {finding.where for finding in findings}
    for finding in (*problems, *_check(document)):
        if finding.where not in reported:
            reported.add(finding.where)
            findings.append(finding)
    if decision is None or findings:
        findings.sort(key=lambda f: f.where or Where(shown(path)))
        if (more := len(findings) - MOST_FINDINGS) > 0:
            remedy = "mend these first; a mistake in every row is often one mistake"
            more_of_them = Finding("more-findings", f"{more} more findings", None, remedy)
            findings = [*findings[:MOST_FINDINGS], more_of_them]
        raise EvaluationError(findings)
    return DecisionFile(decision, document)


# --- what one value alone does not show ----------------------------------------------------------


def _check(document: Document) -> Iterator[Finding]:
    data = document.data
    if not isinstance(data, dict):
        return
    found = list(_places(data.get("criteria"), ("criteria",)))
    names: dict[str, Loc] = {}
    for loc in found:
        name = str(loc[-1])
        if name in names:
            first = document.where(names[name], key=True)
            message = f"criterion {name!r} is there twice, first in line {first.line}"
            yield document.finding("duplicate-name", loc, message, "rename one of them", key=True)
        names.setdefault(name, loc)
    for loc in _uses(data):
        if loc[-1] not in names:
            yield document.finding(
                "unknown-criterion",
                loc,
                f"unknown criterion {loc[-1]!r} in {'.'.join(map(str, loc[:-1]))}",
                allowed_values(loc[-1], names),
                key=True,
            )
    yield from _weights(document, data)


def _places(level: object, loc: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where the criteria with values stand."""
    for name, criterion in _mapping(level).items():
        inner = (*loc, name)
        if _mapping(criterion).get("criteria") is None:
            yield inner
        else:
            yield from _places(criterion["criteria"], (*inner, "criteria"))


def _uses(data: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Where criteria are named that must have been defined."""
    for part, inside in (("alternatives", ()), ("stakeholders", ("weights",))):
        for name, entry in _mapping(data.get(part)).items():
            for step in inside:
                entry = _mapping(entry).get(step)
            for criterion in _mapping(entry):
                yield (part, name, *inside, criterion)
    for criterion in _mapping(data.get("filters")):
        yield ("filters", criterion)


def _weights(document: Document, data: Mapping[str, Any]) -> Iterator[Finding]:
    """Weights that are missing, and groups in which all are 0."""
    stakeholders = _mapping(data.get("stakeholders"))
    for name, entry in stakeholders.items():
        loc = ("stakeholders", name, "weights")
        yield from _all_zero(document, loc, _mapping(entry).get("weights"))
    if data.get("weights", "typed") not in ("typed", "rancom"):
        return
    elsewhere = bool(stakeholders) or any(
        str(name).casefold() == AHP and _mapping(given).get("criteria") is not None
        for name, given in _mapping(data.get("methods")).items()
    )
    for level_loc, level, judged in _levels(data, ()):
        typed = {name: _mapping(entry).get("weight") for name, entry in level.items()}
        if judged or (elsewhere and all(weight is None for weight in typed.values())):
            continue
        for name, weight in typed.items():
            if weight is None:
                remedy = "add 'weight: NUMBER', or at the top 'weights: equal', std, critic, …"
                message = f"criterion {name!r} has no weight"
                yield document.finding(
                    "missing-weight", (*level_loc, name), message, remedy, key=True
                )
        yield from _all_zero(document, level_loc, typed)


def _levels(
    group: Mapping[Any, Any], loc: tuple[Any, ...]
) -> Iterator[tuple[Loc, Mapping[str, Any], bool]]:
    """Where siblings stand, themselves, and whether judgements weigh them."""
    found = _mapping(group.get("criteria"))
    if found:
        yield (*loc, "criteria"), found, group.get("judgements") is not None
    for name, criterion in found.items():
        yield from _levels(_mapping(criterion), (*loc, "criteria", name))


def _all_zero(document: Document, loc: Loc, weights: object) -> Iterator[Finding]:
    found = _mapping(weights)
    if found and all(weight == 0 and weight is not False for weight in found.values()):
        message = f"all weights of {'.'.join(map(str, loc))} are 0, so nothing would count"
        yield document.finding("no-weight", loc, message, "make at least one larger than 0")


def _mapping(data: object) -> Mapping[Any, Any]:
    return data if isinstance(data, dict) else {}
