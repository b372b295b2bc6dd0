"""Trials that were never made: every number is made up for a test and says nothing of anybody."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evaluator.evidence.record import Record, append

PHASES = {"detect": 3.0, "fence": 1.0, "mount": 0.4, "start": 2.0, "announce": 0.1, "answer": 0.2}


def record(**changes: Any) -> Record:
    """A made-up trial in which the active node lost its power and everything held."""
    words: dict[str, Any] = {
        "cluster": "pacemaker-2-witness", "fault": "power-cut-active", "repetition": 1, "order": 1,
        "seed": 7, "date": "2026-01-01", "budget": 3.0, "outage": {"http": 6.7, "smtp": 6.6},
        "holders": 1, "acknowledged": 40, "lost": 0, "doubled": 0, "altered": 0,
        "fenced": ("active",), "moved": True, "redundant": 12.0, "phases": PHASES, "findings": (),
        "versions": {"pacemaker": "made-up"},
    }  # fmt: skip
    return Record(**words | changes)


def campaign(cluster: str = "pacemaker-2-witness", slower: float = 0.0) -> list[Record]:
    """Six losses of power and four silent partitions that all held."""
    cuts = [
        record(cluster=cluster, repetition=i, outage={"http": 6.0 + slower + i / 5})
        for i in range(1, 7)
    ]
    partitions = [
        record(cluster=cluster, fault="isolated-silent", repetition=i,
               outage={"http": 3.0 + slower + i / 4}, phases={"detect": 2.0, "answer": 1.0})
        for i in range(1, 5)
    ]  # fmt: skip
    return [*cuts, *partitions]


def careless(cluster: str = "keepalived") -> list[Record]:
    """As :func:`campaign`, but without fencing: in each partition two nodes hold the address."""
    return [
        record(cluster=cluster, fault=r.fault, repetition=r.repetition,
               outage={"http": r.outage["http"] - 2}, fenced=(), phases={"announce": 2.0},
               **({"holders": 2, "lost": 3,
                   "findings": ("error [two-holders] zcs1 and zcs2", "error [mail-lost] 3 of 40")}
                  if r.fault == "isolated-silent" else {}))
        for r in campaign()
    ]  # fmt: skip


def written(path: Path, records: Iterable[Record]) -> Path:
    """A file of records."""
    for each in records:
        append(path, each)
    return path
