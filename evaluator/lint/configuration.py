"""The configuration of a cluster as its files say it, wherever in a folder they stand.

A folder may be a bundle, a copy of ``/etc`` of one or of several nodes, what ``crm_report`` or
``sosreport`` collected, or one file alone.  A file is recognised by its name and, failing that, by
its content; what is not recognised is named and left alone.
"""

from __future__ import annotations

import fnmatch
import json
import os
import posixpath
import re
import stat
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from evaluator.cluster import Declaration
from evaluator.findings import EvaluationError, Finding, Severity, Where
from evaluator.formats import (
    cib,
    corosync,
    crmsh,
    drbd,
    fstab,
    haproxy,
    heartbeat,
    keepalived,
    sbd,
    systemd,
)
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry, decoded, merged, syntax
from evaluator.formats.xml import MAX_BYTES
from evaluator.lint.recognition import HEAD_BYTES, MOST_BYTES, MOST_FILES, kind_of
from evaluator.study.document import parse_document, validate

Reader = Callable[[str, str], tuple[Entry, list[Finding]]]

MAGIC = re.compile(r"[*?\[]")
ENABLING = re.compile(r"\.(wants|requires)$|^rc[2-5]\.d$")
"""Folders whose links start something at boot."""
PASSED_BY = frozenset({".git", "proc", "sys", "dev"})
"""Folders that hold no configuration, and where a whole system was collected never end."""


@dataclass(frozen=True)
class File:
    """A file that was met, and what it was taken for ('' if nothing)."""

    path: str
    kind: str
    size: int
    marked: bool = False
    """Whether it begins with a byte order mark."""


@dataclass(frozen=True)
class Configuration:
    """Everything that was read; a format that is not there is None (or empty)."""

    corosync: Entry | None = None
    """corosync.conf; where several nodes have one, the first, by path."""
    cib: Cib | None = None
    drbd: Entry | None = None
    """All DRBD files as one: sections ``global``, ``common`` and ``resource`` are its children."""
    haproxy: Entry | None = None
    keepalived: tuple[Entry, ...] = ()
    """One keepalived.conf per node, by path."""
    fstab: tuple[Entry, ...] = ()
    """One fstab per node, by path."""
    units: tuple[Entry, ...] = ()
    """Settings of systemd for the program that calls the service's scripts, keepalived."""
    ha_cf: Entry | None = None
    haresources: Entry | None = None
    authkeys: Entry | None = None
    """Heartbeat's keys by number and method; the secrets themselves are not kept."""
    sbd: Entry | None = None
    sbd_dump: Entry | None = None
    """What 'sbd dump' printed: the timeouts in the header of each disk."""
    declaration: Declaration | None = None
    """The declaration in a bundle's cluster.yml."""
    manifest: Mapping[str, Any] | None = None
    files: tuple[File, ...] = ()
    modes: Mapping[str, int] = field(default_factory=dict)
    """Permission bits by path, as they stand on disk."""
    copies: tuple[tuple[Entry, ...], ...] = ()
    """Files that several nodes have and that should be the same on each."""
    findings: tuple[Finding, ...] = ()
    """What was wrong with the files as texts."""

    def has(self, format: str) -> bool:
        """Whether anything of this field is there."""
        return getattr(self, format) not in (None, (), {})

    def nodes(self) -> tuple[str, ...]:
        """Names of the cluster's nodes: from the node list, the CIB and ha.cf, each once."""
        names = []
        if self.corosync:
            for node in self.corosync.all("nodelist", "node"):
                names.append(node.text("name", default=node.text("ring0_addr")))
        if self.cib:
            names += self.cib.nodes()
        if self.ha_cf:
            names += [name for entry in self.ha_cf.all("node") for name in entry.values]
        return tuple(dict.fromkeys(filter(None, names)))

    def is_node(self, name: str) -> bool:
        """Whether the cluster has a node of a name, in any case; true if its nodes are unknown.

        Remote nodes, and guest nodes and replicas of bundles, are nodes too.
        """
        listed = self.corosync.all("nodelist", "node") if self.corosync else ()
        known = bool(self.cib and self.cib.nodes()) or all(n.text("name") for n in listed)
        names = set(self.nodes()) if known else set()
        if not names or (self.cib and self.cib.is_replica(name)):
            return True
        remote = self.cib.remote_nodes() if self.cib else ()
        return name.casefold() in {each.casefold() for each in (*names, *remote)}

    def paths(self, kind: str) -> tuple[str, ...]:
        """Paths of the files that were taken for a kind."""
        return tuple(f.path for f in self.files if f.kind == kind)


def read(folder: Path) -> Configuration:
    """Read every file of a folder, or one file.

    Raises
    ------
    EvaluationError
        ``unreadable-file`` when the path does not exist or cannot be read.
    """
    if not folder.exists():
        remedy = "name a folder of configuration files, or one file"
        raise EvaluationError(
            Finding("unreadable-file", "there is nothing here", Where(str(folder)), remedy)
        )
    base = folder if folder.is_dir() else folder.parent
    contents: dict[str, bytes] = {}
    modes: dict[str, int] = {}
    problems: list[Finding] = []
    size = 0
    for path in _files(folder):
        name = path.relative_to(base).as_posix()
        if len(contents) >= MOST_FILES or size > MOST_BYTES:
            message = f"{len(contents)} files, {size} bytes; the rest was not read"
            remedy = "lint a smaller folder"
            problems.append(Finding("too-many-files", message, Where(name), remedy))
            break
        if path.is_symlink() and ENABLING.search(path.parent.name):
            contents[name] = b""  # the link tells enough, and often leads out of the folder
            continue
        try:
            modes[name] = stat.S_IMODE(path.stat().st_mode)
            with path.open("rb") as stream:
                content = stream.read(HEAD_BYTES)
                if kind_of(name, content) or len(content) < HEAD_BYTES:
                    content += stream.read(MAX_BYTES + 1 - len(content))
                contents[name] = content
                size += len(content)
        except OSError as error:
            if kind_of(name, b""):
                message = f"cannot be read: {error.strerror or error}"
                remedy = "run as its owner"
                problems.append(Finding("unreadable-file", message, Where(name), remedy))
    return of(contents, modes, problems)


def of(
    files: Mapping[str, bytes],
    modes: Mapping[str, int] | None = None,
    problems: Sequence[Finding] = (),
) -> Configuration:
    """Read files given by path; ``problems`` are findings of getting at them."""
    kinds = {path: kind_of(path, files[path]) for path in sorted(files)}
    reading = _Reading(files, kinds, list(problems))
    drbd_files = reading.drbd()
    keepalived_files = reading.keepalived()
    single = {kind: reading.trees(kind, reader) for kind, reader in SINGLE.items()}
    proxies = reading.trees("haproxy", haproxy.read)
    cibs = reading.cibs()
    for trees in (*(single[kind] for kind in single if kind not in SAME), *_copies(proxies)):
        reading.findings += [
            _not_asked(other.where, trees[0].where)
            for other in trees[1:]
            if not other.same(trees[0])
        ]
    copies = (*(single[kind] for kind in SAME), *_copies(drbd_files))
    return Configuration(
        cib=cibs[0] if cibs else None,
        drbd=_merged(drbd_files),
        haproxy=_merged(proxies),
        keepalived=tuple(keepalived_files),
        fstab=tuple(reading.trees("fstab", fstab.read)),
        units=tuple(reading.trees("unit", systemd.read)),
        declaration=reading.declaration(),
        manifest=reading.manifest(),
        copies=tuple(tuple(trees) for trees in copies if len(trees) > 1),
        files=tuple(
            File(path, kind, len(files[path]), files[path].startswith(BOM_UTF8))
            for path, kind in reading.kinds.items()
        ),
        modes=dict(modes or {}),
        findings=tuple(reading.findings),
        **{kind: trees[0] for kind, trees in single.items() if trees},
    )


SINGLE: Mapping[str, Reader] = {
    "corosync": corosync.read,
    "ha_cf": heartbeat.read_ha_cf,
    "haresources": heartbeat.read_haresources,
    "authkeys": heartbeat.read_authkeys,
    "sbd": sbd.read,
    "sbd_dump": sbd.read_dump,
}
"""Kinds of which a node has one file, and their readers."""

SAME = ("corosync", "haresources", "authkeys")
"""Those that every node must have alike; ha.cf and SBD's settings name a node's own devices."""


class _Reading:
    """The files, what they are, and what was wrong with them."""

    def __init__(
        self, files: Mapping[str, bytes], kinds: dict[str, str], findings: list[Finding]
    ) -> None:
        self.files, self.kinds, self.findings = files, kinds, findings

    def those(self, kind: str) -> list[str]:
        return [path for path, each in self.kinds.items() if each == kind]

    def trees(self, kind: str, reader: Reader) -> list[Entry]:
        return [self.tree(path, reader) for path in self.those(kind)]

    def tree(self, path: str, reader: Reader) -> Entry:
        tree, mistakes = reader(path, self.text(path))
        self.findings += mistakes
        return tree

    def text(self, path: str) -> str:
        text, mistakes = decoded(path, self.files[path])
        self.findings += mistakes
        return text

    def cibs(self) -> list[Cib]:
        found = []
        for path in self.those("cib"):
            read, mistakes = cib.read(path, self.files[path])
            self.findings += mistakes
            found += [read] if read else []
        for path in self.those("crmsh"):
            shell, mistakes = crmsh.read(path, self.text(path))
            self.findings += mistakes
            found.append(shell)
        found.sort(key=lambda each: each.version, reverse=True)
        for other in found[1:]:
            if other.version != found[0].version:
                self.findings.append(_not_asked(other.where(), found[0].where()))
        return found

    def drbd(self) -> list[Entry]:
        """Every DRBD file, and whatever one of them includes."""
        trees: dict[str, Entry] = {}
        waiting = self.those("drbd")
        while waiting:
            path = waiting.pop(0)
            if path in trees:
                continue
            self.kinds[path] = "drbd"
            trees[path] = self.tree(path, drbd.read)
            for entry in trees[path].all("include"):
                matching = self.included(path, entry.value)
                waiting += matching
                if not matching and not MAGIC.search(entry.value):
                    message = f"{entry.value!r} is included and not in this folder"
                    self.findings.append(_missing(message, entry.where))
        return [trees[path] for path in sorted(trees)]

    def keepalived(self) -> list[Entry]:
        """One tree per keepalived.conf; a file that another includes is part of that."""
        inner: set[str] = set()

        def include(path: str, pattern: str) -> list[tuple[str, str]]:
            matching = self.included(path, pattern)
            if not matching and not MAGIC.search(pattern):
                message = f"{pattern!r} is included and not in this folder"
                self.findings.append(_missing(message, Where(path)))
            inner.update(matching)
            self.kinds.update(dict.fromkeys(matching, "keepalived"))
            return [(other, self.text(other)) for other in matching]

        def reader(name: str, text: str) -> tuple[Entry, list[Finding]]:
            return keepalived.read(name, text, include)

        trees = {path: self.tree(path, reader) for path in self.those("keepalived")}
        return [tree for path, tree in trees.items() if path not in inner]

    def included(self, path: str, pattern: str) -> list[str]:
        """Files of this folder that a pattern in a file means; absolute ones from any root."""
        parents = PurePosixPath(path).parents
        roots = parents if pattern.startswith("/") else parents[:1]
        for root in roots:
            wanted = posixpath.normpath(posixpath.join(str(root), pattern.lstrip("/")))
            found = [p for p in sorted(self.files) if p != path and _matches(p, wanted)]
            if found:
                return found
        return []

    def declaration(self) -> Declaration | None:
        for path in self.those("declaration"):
            try:
                document = parse_document(path, self.text(path), "")
            except EvaluationError as error:
                self.findings += error.findings
            else:
                declaration, mistakes = validate(document, Declaration)
                self.findings += mistakes
                return declaration
        return None

    def manifest(self) -> Mapping[str, Any] | None:
        for path in self.those("manifest"):
            try:
                document = json.loads(self.files[path])
            except (ValueError, RecursionError):
                self.findings.append(syntax(Where(path), "this file", "JSON"))
            else:
                return document if isinstance(document, dict) else None
        return None


def _files(folder: Path) -> Iterator[Path]:
    """Regular files in or below a folder, by name; links that lead out of it are not followed."""
    if folder.is_file():
        yield folder
        return
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if name not in PASSED_BY)
        yield from (
            p
            for p in (Path(place, name) for name in sorted(names))
            if (p.is_file() and _inside(p, folder))
            or (p.is_symlink() and ENABLING.search(p.parent.name))
        )


def _inside(path: Path, folder: Path) -> bool:
    return not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())


def _matches(path: str, pattern: str) -> bool:
    """Whether a shell pattern means a path; a star stays within one folder."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _copies(trees: Sequence[Entry]) -> list[list[Entry]]:
    """Files of the same name: copies of one file, from several nodes."""
    named: dict[str, list[Entry]] = {}
    for tree in trees:
        named.setdefault(PurePosixPath(tree.where.file).name, []).append(tree)
    return list(named.values())


def _merged(trees: Sequence[Entry]) -> Entry | None:
    """One tree over files that belong together, of copies the first."""
    firsts = [copies[0] for copies in _copies(trees)]
    if len(firsts) < 2:
        return firsts[0] if firsts else None
    return merged(firsts[0].where.file, tuple(firsts))


def _not_asked(where: Where, asked: Where) -> Finding:
    message = f"it differs from {asked.file}; the rules were asked about that one"
    remedy = "lint a folder with this one alone too"
    return Finding("copy-not-asked", message, where, remedy, Severity.INFO)


def _missing(message: str, where: Where) -> Finding:
    remedy = "lint a folder that holds it too"
    return Finding("include-missing", message, where, remedy, Severity.WARNING)
