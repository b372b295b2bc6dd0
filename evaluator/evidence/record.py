"""What is kept of a trial: one line of JSON each."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import ConfigDict, NonNegativeFloat, NonNegativeInt, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from evaluator.findings import EvaluationError, Finding, Where

PHASES = ("detect", "fence", "mount", "start", "announce", "answer")
"""What a failover is made of, one after the other: until the first node is being switched off
(where one waits so that not both do it at once, that is in here), until it is off, until the volume
is mounted, until the service listens, until the address has moved, until a client has an answer."""


MAIL = frozenset({"mail-lost", "mail-twice", "mail-altered"})
"""Audits of what was acknowledged; no minute of downtime counts it."""

UNSEEN = frozenset({"not-watched", "not-asked"})
"""Audits of the laboratory itself: what it did not see says nothing of a cluster."""

_CODE = re.compile(r"(?:error|warning|info) \[([a-z-]{1,40})\]")


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Record:
    """One trial.

    ``outage`` is the longest time without an answer by kind of request, ``phases`` the seconds that
    each of :data:`PHASES` took where the service moved, ``budget`` the longest time in seconds
    within which the manager is set to notice a lost node.  Nodes are named by their roles.
    """

    cluster: str
    fault: str
    repetition: int
    order: int
    seed: int
    date: str
    budget: NonNegativeFloat
    outage: Mapping[str, NonNegativeFloat]
    holders: NonNegativeInt
    acknowledged: NonNegativeInt
    lost: NonNegativeInt
    doubled: NonNegativeInt
    altered: NonNegativeInt
    fenced: tuple[str, ...]
    moved: bool
    redundant: NonNegativeFloat
    phases: Mapping[str, NonNegativeFloat]
    findings: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def held(self) -> bool:
        """Whether every audit held."""
        return not self.findings

    @property
    def seen(self) -> bool:
        """Whether the laboratory saw enough of it to say anything."""
        return not self.failed & UNSEEN

    @property
    def failed(self) -> frozenset[str]:
        """Codes of the audits that did not hold."""
        return frozenset(map(_code, self.findings))

    def without_mail(self) -> Record:
        """The same trial as if nobody had looked for the mail."""
        left = tuple(finding for finding in self.findings if _code(finding) not in MAIL)
        return replace(self, findings=left)


def _code(finding: str) -> str:
    found = _CODE.search(finding)
    return found[1] if found else "unknown"


_RECORD = TypeAdapter(Record)


def append(path: Path, record: Record) -> None:
    """Add a line; what is there stays, and the line does when this machine stops at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(record), sort_keys=True) + "\n")
        out.flush()
        os.fsync(out.fileno())


def read(path: Path) -> Iterator[Record]:
    """Every trial of a file.

    Raises
    ------
    EvaluationError
        ``trial-record`` with the line that is none, or that is there before.
    """
    lines: dict[bytes, int] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            # figures of milliseconds do not come twice: a copy, and no second trial
            if (first_at := lines.setdefault(line, number)) != number:
                raise _refused(path, number, f"the same trial as in line {first_at}")
            yield _RECORD.validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            what = ".".join(map(str, first["loc"])) or "the line"
            why = f"no record of a trial of this version: {what}: {first['msg']}"
            raise _refused(path, number, why) from None


def _refused(path: Path, line: int, why: str) -> EvaluationError:
    remedy = "remove the line, or make the trial again: evaluate lab run"
    return EvaluationError(Finding("trial-record", why, Where(str(path), line, 1), remedy))


def grouped(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Records by (fault, cluster), in the order of their first."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.fault, record.cluster), []).append(record)
    return groups
