"""``refs.bib``: the evidence that every fact points to."""

from __future__ import annotations

from pathlib import Path

from pybtex.database import BibliographyData, Person, parse_string
from pybtex.exceptions import PybtexError
from pydantic import ValidationError

from evaluator.content import shown
from evaluator.findings import EvaluationError, Finding, Where, file_error
from evaluator.study.model import Reference


def read_references(path: Path) -> dict[str, Reference]:
    """All entries of a BibTeX file by key.

    Raises
    ------
    EvaluationError
        When the file cannot be read or is not BibTeX.
    """
    name = shown(path)
    try:
        data = parse_string(path.read_text(encoding="utf-8"), "bibtex")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(file_error("unreadable-file", name, str(error))) from error
    except PybtexError as error:
        line = getattr(error, "lineno", 0) or 0
        raise EvaluationError(
            Finding("bibtex-syntax", str(error), Where(name, line, 1 if line else 0))
        ) from error
    try:
        return {key: _reference(key, data) for key in data.entries}
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        problem = f"{first['loc'][-1]} is {first['input']!r}: {first['msg']}"
        raise EvaluationError(file_error("bibtex-entry", name, problem)) from error


def _reference(key: str, data: BibliographyData) -> Reference:
    entry = data.entries[key]
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    fields = {k.lower(): _text(v) for k, v in entry.fields.items()}
    return Reference(
        key=key,
        kind=entry.type,
        author="; ".join(_person(p) for p in people),
        title=fields.pop("title", key),
        year=fields.pop("year", "n.d."),
        fields=dict(sorted(fields.items())),
    )


def _person(person: Person) -> str:
    names = [*person.first_names, *person.middle_names, *person.prelast_names, *person.last_names]
    return _text(" ".join(names))


def _text(value: object) -> str:
    return str(value).replace("{", "").replace("}", "").replace("\\&", "&").replace("--", "–")
