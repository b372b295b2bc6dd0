"""Study: the YAML files of a question, read, validated and frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from evaluator.content import criteria_folder, shown
from evaluator.findings import EvaluationError, Finding, Where, allowed_values, file_error
from evaluator.study.bibliography import read_references
from evaluator.study.candidate import Candidate
from evaluator.study.catalogue import Catalogue
from evaluator.study.check import Parts, check, texts
from evaluator.study.criteria import Criteria
from evaluator.study.document import Document, read_document, validate
from evaluator.study.model import Reference, Study
from evaluator.study.site import Site
from evaluator.study.stack import Stack

__all__ = ["Study", "load_study"]

M = TypeVar("M", bound=BaseModel)


def load_study(
    criteria: str | Path,
    *,
    site: str | Path | None = None,
    metrics: Collection[str],
    backends: Collection[str],
) -> Study:
    """Read a criteria file and everything that it refers to.

    ``criteria`` is a path, or the name of a shipped file (``sme.yml``).  Candidates, stacks, sites,
    ``catalogue.yml`` and ``refs.bib`` are taken from the folder of the criteria file where they
    exist, else from the shipped ones.  ``metrics`` and ``backends`` are the names that criteria
    and data sources may use.

    Raises
    ------
    EvaluationError
        With *every* finding in all of the files.
    """
    path = _find(criteria, criteria_folder(), "criteria file")
    home = path.parent
    findings: list[Finding] = []
    documents: dict[str, Document] = {}
    unread: list[str] = []

    def read(kind: str, file: Path, model: type[M]) -> M | None:
        try:
            document = read_document(file)
        except EvaluationError as error:
            findings.extend(error.findings)
            unread.append(kind)
            return None
        documents[kind] = document
        value, problems = validate(document, model)
        findings.extend(problems)
        return value

    def read_folder(kind: str, folder: str, model: type[M]) -> dict[str, M]:
        found: dict[str, M] = {}
        for file in sorted(_part(home, folder).glob("*.yml")):
            value = read(f"{kind}:{file.stem}", file, model)
            document = documents.get(f"{kind}:{file.stem}")
            typed = (
                document.data.get("id") if document and isinstance(document.data, dict) else None
            )
            if document and isinstance(typed, str) and typed != file.stem:
                message = f"id {typed!r} differs from the file's name"
                findings.append(
                    document.finding("id-differs", ("id",), message, f"write id: {file.stem}")
                )
            if value is not None:
                found[file.stem] = value
        return found

    question = read("criteria", path, Criteria)
    catalogue = read("catalogue", _part(home, "catalogue.yml"), Catalogue)
    candidates = read_folder("candidate", "candidates", Candidate)
    stacks = read_folder("stack", "stacks", Stack)
    bibliography = _part(home, "refs.bib")
    references = _references(bibliography, findings)
    place = None
    asked = documents.get("criteria")
    named = [name for _, name in texts(asked, "site")] if asked else []
    try:
        for name in [site] if site is not None else named:
            place = read("site", _find_site(name, home), Site)
    except EvaluationError as error:
        findings += error.findings if site is not None else _unknown_site(asked, home)
    if place is None and "site" not in documents:
        unread.append("site")
    misfits = check(Parts(documents, unread, references, metrics, backends))
    reported = {finding.where for finding in findings}
    findings += [finding for finding in misfits if finding.where not in reported]
    if findings or question is None or catalogue is None or place is None:
        raise EvaluationError(sorted(findings, key=lambda f: f.where or Where("")))
    files = {document.name: document.digest for document in documents.values()}
    files[shown(bibliography)] = hashlib.sha256(bibliography.read_bytes()).hexdigest()
    return Study(
        criteria=question,
        catalogue=catalogue,
        site=place,
        candidates=candidates,
        stacks={k: stacks[k] for k in question.stacks or stacks},
        references=references or {},
        files=dict(sorted(files.items())),
    )


def _part(home: Path, name: str) -> Path:
    own = home / name
    return own if own.exists() else criteria_folder() / name


def _find(typed: str | Path, shipped: Path, what: str) -> Path:
    """A path as typed, else the shipped file of that name (with or without ``.yml``)."""
    path = Path(typed)
    with suppress(OSError):  # a name that is too long, a folder that may not be entered
        if path.is_file():
            return path
    if path.parent == Path():
        for name in (path.name, f"{path.name}.yml"):
            with suppress(OSError):
                if (shipped / name).is_file():
                    return shipped / name
    names = [f.name for f in shipped.glob("*.yml") if f.name != "catalogue.yml"]
    raise EvaluationError(
        file_error("no-such-file", path, f"no such {what}", allowed_values(path.name, names))
    )


def _find_site(typed: str | Path, home: Path) -> Path:
    own = home / "sites"
    name = Path(typed)
    if name.parent == Path() and own.is_dir() and (own / f"{name.stem}.yml").is_file():
        return own / f"{name.stem}.yml"
    return _find(typed, criteria_folder() / "sites", "site")


def _unknown_site(asked: Document | None, home: Path) -> list[Finding]:
    folders = (home / "sites", criteria_folder() / "sites")
    allowed = {file.stem for folder in folders for file in folder.glob("*.yml")}
    if asked is None:
        return []
    return [
        asked.finding("unknown-site", loc, f"unknown site {name!r}", allowed_values(name, allowed))
        for loc, name in texts(asked, "site")
    ]


def _references(path: Path, findings: list[Finding]) -> dict[str, Reference] | None:
    try:
        return read_references(path)
    except EvaluationError as error:
        findings.extend(error.findings)
        return None
