"""A whole study: the words of its files are in the modules named after them.

Every model is frozen and refuses unknown keys.  Every fact carries ``source``: one or more keys of
``refs.bib``, or ``ours`` together with a one-line ``reason``.  Rules that span several files
(unknown candidate, circular succession, …) are in :mod:`evaluator.study.check`.
"""

from __future__ import annotations

from typing import Any, Literal

from evaluator.evidence.record import Record
from evaluator.findings import Where
from evaluator.study.candidate import Candidate, DataSource
from evaluator.study.catalogue import Catalogue
from evaluator.study.criteria import Criteria
from evaluator.study.fact import Identifier, Model, Text
from evaluator.study.scorecard import Scorecard
from evaluator.study.site import Site
from evaluator.study.stack import Stack

Subject = Literal["stack", "candidate"]


class Reference(Model):
    """An entry of ``refs.bib`` as reports cite it."""

    key: Identifier
    kind: Text
    author: str
    title: Text
    year: str
    fields: dict[str, str] = {}


class Study(Model):
    """Everything that was asked and is known beforehand; frozen input of every later stage."""

    criteria: Criteria
    catalogue: Catalogue
    site: Site | None
    candidates: dict[str, Candidate]
    stacks: dict[str, Stack]
    subject: Subject = "stack"
    """What is ranked; in a study of candidates each is a stack of itself (:func:`alone`)."""
    scorecards: dict[str, Scorecard] = {}
    """By candidate, what OpenSSF Scorecard found."""
    trials: tuple[Record, ...] = ()
    """What the laboratory measured of the clusters that stand for stacks."""
    asked: Criteria | None = None
    """The criteria as they stand in the file, where some were left out and the others' weights fill
    the sum."""
    notes: tuple[str, ...] = ()
    """What a reader must know of how it was read."""
    references: dict[str, Reference]
    files: dict[str, str]
    """Every file read, by the path shown to the user, with its SHA-256."""
    places: dict[str, str] = {}
    """``file:line:column`` of each statement; see :mod:`evaluator.study.statements`."""
    site_places: dict[str, Where] = {}
    """Place of each value of the site file, by its dotted path."""

    def predecessor_of(self, candidate: str) -> str | None:
        """Identifier of the candidate that ``candidate`` succeeded, if any."""
        for other in self.candidates.values():
            if other.successor and other.successor.candidate == candidate:
                return other.id
        return None

    def data_sources(self) -> dict[str, DataSource]:
        """All sources to mine, by identifier, each once."""
        return {s.id: s for c in self.candidates.values() for s in c.data_sources}

    def source_ids(self, candidate: str) -> list[str]:
        """Sources of a candidate; a suite's are those of its parts."""
        entry = self.candidates[candidate]
        own = [s.id for s in entry.data_sources]
        return own + [s for part in entry.parts for s in self.source_ids(part)]


def json_schema(model: type[Model] = Criteria) -> dict[str, Any]:
    """JSON Schema of a kind of file, by default of a criteria file; for completion in editors."""
    return model.model_json_schema()
