"""A candidate: one system that can fill roles, with its sources, packages and facts."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from evaluator.study.fact import Dated, Fact, Identifier, Model, Sourced, Text


class Licence(Sourced):
    spdx: Text
    kind: Literal["floss", "mixed", "proprietary", "unknown"]


BusinessKind = Literal[
    "twin-licensing",
    "split-oss-commercial",
    "badgeware",
    "product-specialist",
    "platform-provider",
    "selection-consulting",
    "community",
    "proprietary",
]


class BusinessModel(Sourced):
    """Class in the taxonomy of the SME guide, chapter 6."""

    kind: BusinessKind


class Provision(Dated):
    """Whether a candidate or stack provides a function of the catalogue."""

    value: Literal["yes", "partial", "no"]


class Successor(Sourced):
    candidate: Identifier
    since: dt.date


class DataSource(Model):
    """A repository or archive to mine.

    ``backend`` names a file of :mod:`evaluator.mine.sources`.  ``not_available`` gives the reason
    when the source exists but could not be had; it is then reported, never counted as zero.
    ``partial_releases`` says why its tags are not all releases of the project, when they are not.
    """

    id: Identifier
    backend: Identifier
    url: Text
    branch: str | None = None
    path: str | None = None
    tag_pattern: str | None = None
    provenance: str = ""
    partial_releases: str = ""
    not_available: str = ""


class Package(Sourced):
    """A binary package as a distribution ships it."""

    distribution: Identifier
    release: Identifier
    name: Text
    version: Text


class Candidate(Model):
    """One system that can fill one or more roles; a suite bundles parts."""

    id: Identifier
    name: Text
    summary: Text
    kind: Literal["project", "suite"]
    homepage: Text
    roles: list[Identifier]
    licence: Licence
    business_model: BusinessModel | None = None
    successor: Successor | None = None
    parts: list[Identifier] = []
    data_sources: list[DataSource] = []
    packages: list[Package] = []
    provides: dict[Identifier, Provision] = {}
    facts: dict[Identifier, Fact] = {}
