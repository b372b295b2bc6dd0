"""The snapshot: everything mined at one date, pseudonymous, as Parquet tables.

A snapshot is a folder: ``datapackage.json`` (a Frictionless Data Package with the provenance of
every source) and one Parquet file per table of :data:`TABLES`.  It is the only thing that passes
between mining and the later stages.  It holds no name, no address and no commit hash: persons are
numbers, mail addresses are reduced to their domain, and commits and messages are keyed hashes.
"""

from __future__ import annotations

from evaluator.snapshot.read import Snapshot, read_snapshot
from evaluator.snapshot.tables import PACKAGE, SCHEMA_VERSION, TABLES, Column, Table
from evaluator.snapshot.write import confirm_sources, write_snapshot

__all__ = [
    "PACKAGE",
    "SCHEMA_VERSION",
    "TABLES",
    "Column",
    "Snapshot",
    "Table",
    "confirm_sources",
    "read_snapshot",
    "write_snapshot",
]
