"""Debian's packages, from the lists that ``apt-get update`` left on this machine.

Nothing is fetched.  Apt checks the signature of a Release file when it fetches it; here every list
is checked against the SHA-256 that its Release file states.  Names, versions and dependencies are
read as the Debian Policy defines them (5.6 and 7).
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
import shlex
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
from debian.debian_support import Version

from evaluator.findings import allowed_values
from evaluator.mine.command import SourceError, shown
from evaluator.mine.sources import PACKAGES, Harvest, Mining
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = "packages"

PAGE = re.compile(
    r"https://packages\.debian\.org/(?!source/[^/]*$)"
    r"(?P<source>source/)?(?P<codename>[a-z]+)/(?P<package>[a-z0-9][a-z0-9+.-]+)"
)
PAGES = "https://packages.debian.org/source/CODENAME/PACKAGE, or without source/ for one binary"
POCKETS = ("", "-updates", "-security")
HELPER = "/usr/lib/apt/apt-helper"
COMPRESSIONS = ("", ".lz4", ".gz", ".xz", ".zst", ".bz2")
LARGEST_RELEASE, LARGEST_STANZA, LARGEST_LIST = 16 << 20, 16 << 20, 1 << 30
"""In bytes, of lists after decompression."""
APT_SECONDS = 60
UPDATE = "run 'apt-get update'"

HEADER = re.compile(r"^(Origin|Codename|Date|Valid-Until): *(.*)$", re.MULTILINE)
FIELD = re.compile(
    rb"^(Package|Source|Version|Architecture|Installed-Size|Depends|Pre-Depends|Recommends"
    rb"|Provides):[ \t]*(.*(?:\n[ \t].*)*)",
    re.MULTILINE,
)
RELATION = re.compile(rb"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)")
NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,200}")
VERSION = re.compile(r"[0-9]{1,9}:[0-9A-Za-z.+:~-]{1,200}|[0-9A-Za-z.+~-]{1,200}")
SIZE = re.compile(r"[0-9]{1,9}")
REPACKED = re.compile(r"[+~.](?:dfsg|ds\d*\b|repack|bpo|deb\d).*")


@dataclass(frozen=True)
class AptList:
    """A list of binary packages, as its Release file describes it."""

    codename: str
    dated: int
    """Date of the Release file, seconds since 1970."""
    valid_until: int | None
    sha256: str
    place: Path


@dataclass(frozen=True)
class Index:
    """What the lists of a release hold together."""

    stanzas: Mapping[str, Sequence[tuple[AptList, int, bytes]]]
    """By package, and by ``source/`` and source package, as the site's addresses write it; each
    with its list and its number there."""
    needing: Mapping[bytes, set[bytes]]
    """Name → source packages of which a binary names it in Depends, Pre-Depends or Recommends."""


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """Binary packages of a source package, or one of them, in a release's main component.

    There is one row for each package, and one more for each later list (of updates or security
    updates) that has a higher version of it, so that what was there at an earlier date is known.
    A package is needed by every other source package of which a binary names it, or what it
    provides, in Depends, Pre-Depends or Recommends, be it as one of several alternatives.  The head
    is the SHA-256 of a line for each list, the oldest first: its own SHA-256, codename and date.

    Raises
    ------
    SourceError
        When the address names no package of a release, apt has no list of that release here, a
        list is not what its Release file states, or the package is not in it.
    """
    page = PAGE.fullmatch(source.url)
    if not page or source.branch or source.path:
        raise SourceError(f"{source.url!r} is refused; allowed: {PAGES}, without branch and path")
    codename, wanted = page["codename"], f"{page['source'] or ''}{page['package']}"
    lists = apt_lists(codename)
    stated = "".join(f"{item.sha256} {item.codename} {item.dated}\n" for item in lists)
    head = hashlib.sha256(stated.encode()).hexdigest()
    shelf = mining.shelf(source)
    earlier = shelf.parts(KIND)
    part, new, gone = f"{KIND}-{head[:16]}.parquet", 0, 0
    if shelf.get(part) is None:
        rows = _rows(_index(lists), wanted, codename)
        if not rows:
            raise SourceError(f"Debian {codename}, component main, has no {wanted!r}")
        table = pa.Table.from_pylist(rows, schema=PACKAGES)
        known = {key for other in earlier for key in _keys(shelf.get(other))}
        new, gone = len(_keys(table) - known), len(known - _keys(table))
        shelf.put(KIND, head[:16], table)
    shelf.discard(other for other in earlier if other != part)
    return Harvest(
        kind=KIND,
        backend_version=f"python-debian {version('python-debian')}",
        parts=(part,),
        branch=codename,
        head=head,
        new=new,
        gone=gone,
        note=_note(codename, lists, mining.retrieved),
    )


def upstream_part(full: str) -> str:
    """Upstream's part of a Debian version: no epoch, no revision, no mark of repacking.

    Examples
    --------
    >>> upstream_part("1:2.1.5~rc1+dfsg-1+deb12u1")
    '2.1.5~rc1'
    """
    upstream = str(Version(full).upstream_version)
    return REPACKED.sub("", upstream.rpartition("+really")[2])


def apt_lists(codename: str) -> tuple[AptList, ...]:
    """Apt's lists of a release, its updates and its security updates, the oldest first.

    Raises
    ------
    SourceError
        When apt cannot be asked, has no list of the release itself, or a Release file has no date.
    """
    folder, architecture = _apt_settings()
    index = f"main/binary-{architecture}/Packages"
    stated = re.compile(rf"^ ([0-9a-f]{{64}}) +\d+ {re.escape(index)}$", re.MULTILINE)
    found: list[AptList] = []
    present: set[str] = set()
    for place in sorted(folder.glob("*Release")):
        with place.open("rb") as stream:
            text = stream.read(LARGEST_RELEASE).decode("utf-8", "replace")
        said = dict(HEADER.findall(text))
        offered = said.get("Codename", "")
        stem = place.name.removesuffix("Release").removesuffix("In") + index.replace("/", "_")
        packed = [place.with_name(stem + suffix) for suffix in COMPRESSIONS]
        listed = next(filter(Path.is_file, packed), None)
        if said.get("Origin") != "Debian" or not listed:
            continue
        present.add(offered)
        if offered in {codename + pocket for pocket in POCKETS}:
            dated, until = _seconds(said.get("Date")), _seconds(said.get("Valid-Until"))
            if dated is None:
                raise SourceError(f"{place.name} states no date that can be read; {UPDATE}")
            sums = stated.findall(text)
            found.append(AptList(offered, dated, until, sums[0] if sums else "", listed))
    if not any(item.codename == codename for item in found):
        known = allowed_values(codename, {name for name in present if "-" not in name})
        raise SourceError(
            f"apt has no list of Debian {codename}, component main, {architecture}, in {folder}; "
            f"{known}; add the release to apt's sources if it is not there, and {UPDATE}"
        )
    return tuple(sorted(found, key=lambda item: (item.dated, item.codename)))


def _apt_settings() -> tuple[Path, str]:
    """Folder of apt's lists and its architecture; apt itself honours APT_CONFIG."""
    asked = ("folder", "Dir::State::lists/d", "architecture", "APT::Architecture")
    command = ["apt-config", "shell", *asked]
    try:
        done = subprocess.run(command, capture_output=True, timeout=APT_SECONDS, check=True)
        settings = dict(said.split("=", 1) for said in shlex.split(done.stdout.decode()))
        return Path(settings["folder"]), settings["architecture"]
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        raise SourceError(f"apt cannot be asked for its lists: {error}") from error


def _seconds(date: str | None) -> int | None:
    """Seconds since 1970 of a date as mail writes it; None when it is none."""
    with suppress(ValueError, OverflowError):
        if parsed := parsedate_tz(date or ""):
            seconds = int(mktime_tz(parsed))
            dt.datetime.fromtimestamp(seconds, tz=dt.UTC)  # or there is no such day
            return seconds
    return None


_READING = threading.Lock()


def _index(lists: tuple[AptList, ...]) -> Index:
    """The index of these lists; read once, also when several sources ask at the same time."""
    with _READING:
        return _read(lists)


@functools.lru_cache(maxsize=1)
def _read(lists: tuple[AptList, ...]) -> Index:
    stanzas: defaultdict[str, list[tuple[AptList, int, bytes]]] = defaultdict(list)
    needing: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for item in lists:
        for number, stanza in enumerate(_stanzas(item)):
            fields: dict[bytes, bytes] = dict(FIELD.findall(stanza))
            package = fields.get(b"Package", b"")
            source = fields.get(b"Source", package).partition(b" ")[0]
            place = (item, number, stanza)
            stanzas[package.decode("utf-8", "replace")].append(place)
            stanzas[f"source/{source.decode('utf-8', 'replace')}"].append(place)
            for needs in (b"Depends", b"Pre-Depends", b"Recommends"):
                for name in RELATION.findall(fields.get(needs, b"")):
                    needing[name].add(source)
    return Index(stanzas, needing)


def _stanzas(item: AptList) -> Iterator[bytes]:
    """Stanzas of a list in its order; at its end it must be what its Release file states."""
    command = [HELPER, "cat-file", str(item.place)]
    digest, size, rest = hashlib.sha256(), 0, b""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            while process.stdout and (chunk := process.stdout.read(1 << 20)):
                digest.update(chunk)
                size += len(chunk)
                *whole, rest = (rest + chunk).split(b"\n\n")
                yield from whole
                if size > LARGEST_LIST or len(rest) > LARGEST_STANZA:
                    raise SourceError(f"{item.place.name}, or a package in it, is too large")
        finally:
            process.kill()
    if digest.hexdigest() != item.sha256:
        raise SourceError(f"{item.place.name} is not what its Release file states; {UPDATE}")
    if rest.strip():
        yield rest


def _rows(index: Index, wanted: str, codename: str) -> list[dict[str, Any]]:
    """Rows of :data:`PACKAGES`, of each package the versions that are higher than older lists'."""
    rows: list[dict[str, Any]] = []
    newest: dict[str, Version] = {}
    for item, number, stanza in index.stanzas.get(wanted, ()):
        row = _row(dict(FIELD.findall(stanza)), index)
        if not row["reason"]:
            offered = Version(row["version"])
            older = newest.setdefault(row["package"], offered)
            if older is not offered and older >= offered:
                continue
            newest[row["package"]] = offered
        where = {"distribution": "debian", "release": codename, "dated": item.dated}
        rows.append(row | where | {"key": f"{item.codename}/{row['key'] or number}"})
    return rows


def _row(fields: Mapping[bytes, bytes], index: Index) -> dict[str, Any]:
    """What a stanza says of its package, or the reason why it cannot be counted."""
    text = {k.decode(): v.decode("utf-8", "replace") for k, v in fields.items()}
    package, full = text.get("Package", ""), text.get("Version", "")
    size = text.get("Installed-Size", "")
    source, _, built_from = text.get("Source", package).partition(" ")
    # A binary that was built again has another version than its source: upstream's is in that.
    of_source = built_from.strip().removeprefix("(").removesuffix(")") or full
    reason = ""
    if not NAME.fullmatch(package):
        reason = "package without a valid name"
    elif not (VERSION.fullmatch(full) and VERSION.fullmatch(of_source)):
        reason = f"package without a valid version: {package}"
    elif not SIZE.fullmatch(size):
        reason = f"package without a valid Installed-Size: {package}"
    if reason:
        return {"key": "", "reason": reason}
    needs = b",".join((fields.get(b"Depends", b""), fields.get(b"Pre-Depends", b"")))
    names = [package.encode(), *RELATION.findall(fields.get(b"Provides", b""))]
    users = set().union(*(index.needing.get(name, ()) for name in names)) - {source.encode()}
    return {
        "key": f"{package}/{shown(text.get('Architecture', ''))}",
        "reason": "",
        "package": package,
        "version": full,
        "upstream": upstream_part(of_source),
        "installed_kb": int(size),
        "depends": len({found for n in needs.split(b",") if (found := tuple(RELATION.findall(n)))}),
        "reverse_depends": len(users),
    }


def _keys(rows: pa.Table | None) -> set[tuple[str, str]]:
    if rows is None:
        return set()
    return set(zip(rows["key"].to_pylist(), rows["version"].to_pylist(), strict=True))


def _note(codename: str, lists: Sequence[AptList], today: dt.date) -> str:
    """Which lists there were, of which date, which is missing and which is out of date."""
    day = {item: dt.datetime.fromtimestamp(item.dated, tz=dt.UTC).date() for item in lists}
    said = ["Lists: " + ", ".join(f"{item.codename} of {day[item]}" for item in lists)]
    there = {item.codename for item in lists}
    said += [f"no list of {n}" for p in POCKETS if (n := codename + p) not in there]
    for item in lists:
        if item.valid_until is not None:
            until = dt.datetime.fromtimestamp(item.valid_until, tz=dt.UTC).date()
            if until < today:
                said.append(f"{item.codename} was valid until {until} only: {UPDATE}")
    return "; ".join(said)
