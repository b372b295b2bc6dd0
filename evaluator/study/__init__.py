"""Study: the YAML files of a question, read, validated and frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from evaluator.content import criteria_folder, shown
from evaluator.evidence.record import Record
from evaluator.evidence.record import read as read_records
from evaluator.findings import EvaluationError, Finding, Where, allowed_values, file_error
from evaluator.study.bibliography import read_references
from evaluator.study.candidate import Candidate
from evaluator.study.catalogue import Catalogue
from evaluator.study.check import Parts, check, texts
from evaluator.study.criteria import Criteria
from evaluator.study.document import Document, read_document, validate
from evaluator.study.model import Reference, Study, Subject
from evaluator.study.scorecard import Scorecard, misfiled
from evaluator.study.site import Site
from evaluator.study.stack import Stack, alone
from evaluator.study.statements import places
from evaluator.study.untried import untried

__all__ = ["Study", "load_study", "own_folder"]

M = TypeVar("M", bound=BaseModel)


def load_study(
    criteria: str | Path,
    *,
    site: str | Path | None = None,
    metrics: Collection[str],
    backends: Collection[str],
    slopes: Collection[str] | None = None,
    methods: Collection[str] | None = None,
    clusters: Collection[str] | None = None,
    trials: Path | None = None,
) -> Study:
    """Read a criteria file and everything that it refers to.

    ``criteria`` is a path, or the name of a shipped file (``sme.yml``).  Candidates, stacks, sites,
    ``catalogue.yml`` and ``refs.bib`` are taken from the folder of the criteria file where they
    exist, else from the shipped ones; a shipped reference may be cited from any study.  Own
    candidates without own stacks are ranked themselves.  ``metrics`` and ``backends`` are the names
    that criteria and data sources may use.  ``scorecard/CANDIDATE.json`` beside them is
    evidence, and so is the file ``trials``; without a trial the criteria that read it are left out.

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
    subject = _subject(home)
    stacks = read_folder("stack", "stacks", Stack) if subject == "stack" else {}
    bibliography = _part(home, "refs.bib")
    references = _references(bibliography, findings)
    shipped_bibliography = criteria_folder() / "refs.bib"
    if references is not None and bibliography != shipped_bibliography:
        references = {**read_references(shipped_bibliography), **references}
    place = None
    asked = documents.get("criteria")
    named = [name for _, name in texts(asked, "site")] if asked else []
    try:
        for name in [site] if site is not None else named:
            place = read("site", _find_site(name, home), Site)
    except EvaluationError as error:
        findings += error.findings if site is not None else _unknown_site(asked, home)
    if place is None and "site" not in documents and (site is not None or named):
        unread.append("site")
    provided = {"personal_domains", "placeholder_domains"}
    if catalogue is not None and (missing := provided - catalogue.model_fields_set):
        # mail services are nobody's field, so a catalogue need not name them again
        shared = read("mail services", criteria_folder() / "catalogue.yml", Catalogue)
        known = {name: getattr(shared, name) for name in missing} if shared else {}
        catalogue = catalogue.model_copy(update=known)
    misfits = check(
        Parts(documents, unread, references, metrics, backends, subject, slopes, methods, clusters)
    )
    reported = {finding.where for finding in findings}
    findings += [finding for finding in misfits if finding.where not in reported]
    scorecards = {}
    for file in sorted(_part(home, "scorecard").glob("*.json")):
        result = read(kind := f"scorecard:{file.stem}", file, Scorecard)
        unreadable = f"candidate:{file.stem}" in {*documents, *unread} - {
            f"candidate:{name}" for name in candidates
        }
        if kind in documents and not unreadable:  # else nothing can be said of its sources
            findings += misfiled(documents[kind], result, file.stem, candidates)
        if result is not None:
            scorecards[file.stem] = result
    measured: list[Record] = []
    if trials is not None and trials.is_file():
        try:
            measured = list(read_records(trials))
        except EvaluationError as error:
            findings += error.findings
    if findings or question is None or catalogue is None:
        raise EvaluationError(sorted(findings, key=lambda f: f.where or Where("")))
    files = {document.name: document.digest for document in documents.values()}
    evidence = [trials] if trials is not None and measured else []
    for file in (bibliography, *evidence):
        files[shown(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
    compared = (
        {k: stacks[k] for k in question.stacks or stacks}
        if subject == "stack"
        else {k: alone(candidate) for k, candidate in candidates.items()}
    )
    whole = question
    notes: tuple[str, ...] = ()
    stand_ins = {stack.tried_as.cluster for stack in compared.values() if stack.tried_as}
    if not any(record.cluster in stand_ins for record in measured):
        question, notes = untried(question, trials)
    study = Study(
        criteria=question,
        catalogue=catalogue,
        site=place,
        candidates=candidates,
        stacks=compared,
        subject=subject,
        scorecards=scorecards,
        trials=tuple(measured),
        asked=whole if notes else None,
        notes=notes,
        references=references or {},
        site_places=documents["site"].named_places() if place else {},
        files=dict(sorted(files.items())),
    )
    return study.model_copy(update={"places": places(study, documents)})


def own_folder(criteria: str | Path) -> Path | None:
    """Folder of a criteria file that is not a shipped one; None for a shipped one.

    Raises
    ------
    EvaluationError
        When there is no such file.
    """
    home = _find(criteria, criteria_folder(), "criteria file").parent
    return None if home.resolve() == criteria_folder().resolve() else home


def _subject(home: Path) -> Subject:
    """What a study ranks: its own candidates where it has some and combines them in no stack."""
    own = home.resolve() != criteria_folder().resolve() and (home / "candidates").is_dir()
    return "candidate" if own and not (home / "stacks").is_dir() else "stack"


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
