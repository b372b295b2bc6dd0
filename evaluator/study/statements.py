"""Statements: every sourced thing that a study says, with a name of its own and its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from evaluator.result import FactRow
from evaluator.study.candidate import DataSource
from evaluator.study.document import Document, Loc
from evaluator.study.fact import Sourced
from evaluator.study.model import Study
from evaluator.study.scorecard import INCONCLUSIVE, CheckResult, Scorecard

UNSAID = ("source", "reason", "note")
"""Fields that speak of a statement and are not what it states."""


def facts(study: Study) -> list[FactRow]:
    """All statements of a study, by key (``stacks.ID.provides.FUNCTION``), in alphabetical order.

    ``where`` is empty for what was not read from a file.
    """
    found = [
        FactRow(
            key=key,
            value=_text(model),
            source=getattr(model, "source", []),
            reason=getattr(model, "reason", "") or getattr(model, "note", ""),
            where=study.places.get(key, ""),
        )
        for root, part in _roots(study).items()
        for key, _, model in _statements(part, root, ())
    ]
    found += [
        FactRow(
            key=key,
            value=f"{check.score:g}",
            source=["openssf-scorecard"],
            reason="; ".join(text for text in (check.reason, result.provenance) if text),
            where=study.places.get(key, ""),
        )
        for key, _, result, check in _checks(study)
        if check.score != INCONCLUSIVE
    ]
    return sorted(found, key=lambda row: row.key)


def places(study: Study, documents: Mapping[str, Document]) -> dict[str, str]:
    """``file:line:column`` of each statement, by its key; ``documents`` by what each holds."""
    found = {
        key: str(documents[kind].where(loc, key=True))
        for root, part in _roots(study).items()
        if (kind := _kind(root)) in documents
        for key, loc, _ in _statements(part, root, ())
    }
    for key, kind, result, check in _checks(study):
        at = ("checks", result.checks.index(check)) if check in result.checks else ("score",)
        found[key] = str(documents[kind].where(at))
    return found


def _checks(study: Study) -> Iterator[tuple[str, str, Scorecard, CheckResult]]:
    """Key, document, result and check of all that OpenSSF Scorecard found."""
    for name, result in study.scorecards.items():
        for check in (result.of("overall"), *result.checks):
            if check is not None:
                key = f"candidates.{name}.scorecard.{check.name}"
                yield key, f"scorecard:{name}", result, check


def _roots(study: Study) -> dict[str, BaseModel]:
    found: dict[str, BaseModel | None] = {
        "criteria": study.asked or study.criteria,
        "catalogue": study.catalogue,
        "site": study.site,
        **{f"candidates.{name}": candidate for name, candidate in study.candidates.items()},
        **{f"stacks.{n}": s for n, s in study.stacks.items() if study.subject == "stack"},
    }
    return {root: part for root, part in found.items() if part is not None}


def _kind(root: str) -> str:
    folder, _, name = root.partition(".")
    return f"{folder[:-1]}:{name}" if name else folder


def _statements(value: Any, key: str, loc: Loc) -> Iterator[tuple[str, Loc, BaseModel]]:
    if isinstance(value, BaseModel):
        if isinstance(value, Sourced | DataSource):
            yield key, loc, value
        for name in type(value).model_fields:
            yield from _statements(getattr(value, name), f"{key}.{name}", (*loc, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _statements(inner, f"{key}.{name}", (*loc, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _statements(inner, f"{key}.{_name(inner, index)}", (*loc, index))


def _name(item: Any, index: int) -> str:
    for field in ("id", "function", "name"):
        if isinstance(named := getattr(item, field, None), str):
            return named
    return str(index)


def _text(model: BaseModel) -> str:
    said = model.model_dump(mode="json", exclude_defaults=True, exclude=set(UNSAID))
    return _spelled(said.pop("value")) + _rest(said) if "value" in said else _spelled(said)


def _rest(said: dict[str, Any]) -> str:
    return f" ({_spelled(said)})" if said else ""


def _spelled(value: Any) -> str:
    if isinstance(value, dict):
        if set(value) == {"low", "high"}:
            return f"{value['low']:g} to {value['high']:g}"
        plain = {k: v for k, v in value.items() if v not in ({}, [])}
        return ", ".join(f"{k}: {_spelled(v)}" for k, v in plain.items())
    if isinstance(value, list):
        return ", ".join(_spelled(v) for v in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
