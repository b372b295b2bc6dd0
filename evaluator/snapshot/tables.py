"""The tables of a snapshot: what every column means and how it is stored."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

PACKAGE = "datapackage.json"
SCHEMA_VERSION = 2

CATEGORY = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Column:
    """One column: Arrow type on disk, Frictionless type in the data package, and its meaning."""

    name: str
    type: pa.DataType
    description: str
    nullable: bool = False

    @property
    def frictionless_type(self) -> str:
        if pa.types.is_boolean(self.type):
            return "boolean"
        if pa.types.is_integer(self.type):
            return "integer"
        if pa.types.is_date(self.type):
            return "date"
        return "datetime" if pa.types.is_timestamp(self.type) else "string"


@dataclass(frozen=True)
class Table:
    """A table: its columns, and the columns that order its rows."""

    name: str
    description: str
    order: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    @property
    def file(self) -> str:
        return f"{self.name}.parquet"


_SOURCE = Column("source", CATEGORY, "Identifier of the source, as in 'sources'")
_PERSON = Column("person", pa.int32(), "Number of the person, one over all sources")
_DOMAIN = Column("domain", CATEGORY, "Mail domain of the author, lower case; empty when none")
_ORGANISATION = Column(
    "organisation", CATEGORY, "Organisation by the study's dated affiliations; empty when not known"
)
_AUTHOR = (_PERSON, _DOMAIN, _ORGANISATION)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "commits",
            "Commits of the default branch",
            ("source", "committed", "commit"),
            (
                _SOURCE,
                Column("commit", pa.int64(), "Keyed hash; the same change in two sources is equal"),
                *_AUTHOR,
                Column("authored", pa.date32(), "Author date, UTC"),
                Column("committed", pa.date32(), "Commit date, UTC"),
                Column("merge", pa.bool_(), "Whether it has more than one parent"),
                Column("root", pa.bool_(), "Whether it has no parent"),
                Column("files", pa.int32(), "Files changed; null for merges", True),
                Column("files_code", pa.int32(), "Of these, code by file type", True),
                Column("lines_added", pa.int32(), "Lines added; null for merges", True),
                Column("lines_removed", pa.int32(), "Lines removed; null for merges", True),
            ),
        ),
        Table(
            "messages",
            "Messages of mailing lists",
            ("source", "sent", "message"),
            (
                _SOURCE,
                Column("message", pa.int64(), "Keyed hash of the Message-ID"),
                Column("parent", pa.int64(), "Message that it answers, if archived", True),
                Column("thread", pa.int64(), "Message that began the thread"),
                *_AUTHOR,
                Column("sent", pa.timestamp("ms", "UTC"), "Date header, UTC, down to the minute"),
                Column("patch", pa.bool_(), "Whether it carries a patch"),
            ),
        ),
        Table(
            "issues",
            "Issues and change requests of trackers",
            ("source", "opened", "issue"),
            (
                _SOURCE,
                Column("issue", pa.int64(), "Keyed hash of the issue's address"),
                Column("kind", CATEGORY, "issue or change_request"),
                *_AUTHOR,
                Column("opened", pa.timestamp("ms", "UTC"), "When it was opened, to the minute"),
                Column(
                    "first_response",
                    pa.timestamp("ms", "UTC"),
                    "First comment or review by another person, bots left out; null when none",
                    True,
                ),
                Column(
                    "closed", pa.timestamp("ms", "UTC"), "When it was last closed; null: open", True
                ),
                Column("merged", pa.bool_(), "Whether the change was taken; false for issues"),
                Column("comments", pa.int32(), "Comments and reviews by other persons"),
            ),
        ),
        Table(
            "packages",
            "Binary packages of a distribution",
            ("source", "package"),
            (
                _SOURCE,
                Column("package", pa.string(), "Name of the binary package"),
                Column("distribution", CATEGORY, "Such as debian"),
                Column("release", CATEGORY, "Such as bookworm"),
                Column("version", pa.string(), "Version of the distribution, whole"),
                Column("upstream", pa.string(), "Upstream's part of the version"),
                Column("installed_kb", pa.int32(), "Installed size in KiB"),
                Column("depends", pa.int32(), "Packages that it depends on, alternatives once"),
                Column("reverse_depends", pa.int32(), "Source packages that depend on it"),
                Column("dated", pa.date32(), "Date of the distribution's index"),
            ),
        ),
        Table(
            "releases",
            "Releases, from tags",
            ("source", "released", "tag"),
            (
                _SOURCE,
                Column("tag", pa.string(), "Tag as in the repository"),
                Column("series", pa.string(), "Release series, such as 2.1"),
                Column("version", pa.string(), "Version without the project's prefix"),
                Column("prerelease", pa.bool_(), "Development version, candidate, alpha or beta"),
                Column("released", pa.date32(), "Date of the tag, UTC"),
            ),
        ),
        Table(
            "persons",
            "Persons that occur in commits, messages or issues",
            ("person",),
            (_PERSON, Column("bot", pa.bool_(), "Whether it is a program")),
        ),
    )
}
