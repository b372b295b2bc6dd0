"""The alias file with its open cases: kept as people left it, written after every answer."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from evaluator.content import shown
from evaluator.findings import EvaluationError, Finding, Where, file_error
from evaluator.mine.identities.curated import Curated, Person
from evaluator.mine.identities.doubtful import Case, most_used_side
from evaluator.mine.identities.files import Kind, read_identities, write_identities, write_private
from evaluator.mine.identities.linking import Resolution, resolution
from evaluator.mine.identities.names import Identity, is_bot
from evaluator.mine.identities.ours import KEYS, dumped
from evaluator.mine.identities.review import Review, review

HEADER = """\
# Who is who, as a person confirmed it.  Private: it holds names and addresses.
# Answer a case with 'same: yes' or 'same: no'; 'evaluate identities' renews the ones left open.
"""
FILES = {
    Kind.ours: "identities.yml",
    Kind.sortinghat: "identities-sortinghat.json",
    Kind.grimoirelab: "identities-grimoirelab.yml",
}
"""Names of the files in the private cache."""


class AliasFile:
    """A study's own file, with what is known so far.

    Whatever is in it stays as it is: only cases without an answer are replaced.

    Raises
    ------
    EvaluationError
        When the file cannot be used, or its statements contradict one another or ``others``.
    """

    def __init__(self, path: Path, others: Sequence[Path] = ()) -> None:
        self.path = path
        self._others = others
        self.curated = read_identities(*others, *([path] if path.exists() else []))
        self._text = path.read_text(encoding="utf-8") if path.exists() else HEADER
        yaml = YAML()
        yaml.preserve_quotes = True
        tree = yaml.load(self._text)
        if tree is not None and not (isinstance(tree, CommentedMap) and {*tree} <= {*KEYS}):
            remedy = "give another file with --out, and this one with --aliases"
            problem = "is no alias file of ours, so it is not written to"
            raise EvaluationError(file_error("other-format", shown(path), problem, remedy))
        self._tree = CommentedMap() if tree is None else tree

    def propose(self, cases: Sequence[Case]) -> None:
        """Put the open cases in the place of those that were open before."""
        self._write([*self._answered(), *map(_entry, cases)])

    def answer(self, cases: Sequence[Case], number: int, *, same: bool) -> None:
        """Keep an answer to one of the open cases, the others staying open.

        Raises
        ------
        EvaluationError
            When it contradicts earlier answers; the file then stays as it was.
        """
        entries = [_entry(case) for case in cases]
        entries[number]["same"] = same
        self._write([*self._answered(), entries[number], *entries[:number], *entries[number + 1 :]])

    def _answered(self) -> list[Any]:
        return [case for case in self._tree.get("cases") or () if case.get("same") is not None]

    def _write(self, cases: list[Any]) -> None:
        before = self._tree.get("cases")
        now = self.path.read_text(encoding="utf-8") if self.path.exists() else HEADER
        if now != self._text:
            remedy = "run the command again; the file is as somebody else left it"
            problem = "was changed by somebody else meanwhile"
            raise EvaluationError(file_error("file-changed", shown(self.path), problem, remedy))
        self._tree["cases"] = cases
        text = dumped(self._tree)
        if not text.startswith("#"):
            text = HEADER + text
        try:
            self.curated = self._checked(text)
        except EvaluationError:
            self._tree["cases"] = before
            raise
        write_private(self.path, text)
        self._text = text

    def _checked(self, text: str) -> Curated:
        """What the text says; it is read aside before it takes the file's place."""
        name = f".{self.path.name}."
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=name) as folder:
            aside = Path(folder) / self.path.name
            write_private(aside, text)
            try:
                return read_identities(*self._others, aside)
            except EvaluationError as error:
                found = [_renamed(f, shown(aside), shown(self.path)) for f in error.findings]
                raise EvaluationError(found) from None


def _renamed(finding: Finding, name: str, known: str) -> Finding:
    where = finding.where
    if where and where.file == name:
        where = Where(known, where.line, where.column)
    message = finding.message.replace(name, known)
    return dataclasses.replace(finding, where=where, message=message)


def _entry(case: Case) -> dict[str, Any]:
    sides = zip(case.sides, case.claims, strict=True)
    return {
        "same": None,
        "joined": case.joined,
        "items": case.items,
        "evidence": list(case.evidence),
        "sides": [
            {
                "claims": list(claims),
                "names": list(side.names),
                "sources": list(side.sources),
                "items": side.items,
            }
            for side, claims in sides
        ],
    }


def open_review(
    items: Mapping[Identity, int], others: Sequence[Path], path: Path
) -> tuple[Review, AliasFile]:
    """What is doubtful, given the answers in the alias file and what other files know."""
    file = AliasFile(path, others)
    return review(items, file.curated), file


def write_everybody(
    items: Mapping[Identity, int], others: Sequence[Path], path: Path, kind: Kind
) -> list[str]:
    """Write all persons for another registry; gives what is not in the file.

    Raises
    ------
    EvaluationError
        When the file exists: somebody may have edited it.
    """
    if path.exists():
        remedy = "remove it, or give another file with --out"
        raise EvaluationError(file_error("file-exists", shown(path), "exists already", remedy))
    curated = read_identities(*others)
    everybody = all_persons(resolution(items, curated), items, curated)
    return [*curated.notes, *write_identities(everybody, path, kind)]


def all_persons(resolved: Resolution, items: Mapping[Identity, int], curated: Curated) -> Curated:
    """Everybody, as a registry such as SortingHat's takes them: one person for each key."""
    members: dict[str, list[Identity]] = {}
    for identity in sorted(resolved.persons):
        members.setdefault(resolved.persons[identity], []).append(identity)
    listed = {person.key: person for person in curated.persons}
    persons = [person for key, person in listed.items() if key not in members]
    for key, group in members.items():
        side = most_used_side(group, items, resolved)
        known = listed.get(key, Person())
        bot = known.bot if known.bot is not None else any(map(is_bot, group)) or None
        persons.append(
            Person(
                known.name or (side.names[0] if side.names else ""),
                (*known.names, *side.names),
                (*known.addresses, *side.addresses),
                (*known.accounts, *side.accounts),
                bot,
                known.affiliations,
            )
        )
    return dataclasses.replace(curated, persons=tuple(persons), together=())
