"""Items that Perceval itself wrote: what has been mined already need not be mined again.

The file is what the ``perceval`` command writes, with ``--json-line`` or without, or an array of
the same, compressed or not.  It is read as a stream.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from requests.structures import CaseInsensitiveDict

from evaluator.mine import mbox
from evaluator.mine.archive import Reading, Row, keep_files, usable
from evaluator.mine.command import SourceError, checked_url, shown
from evaluator.mine.mail import cleaned, item_row
from evaluator.mine.perceval_issues import bug, github_issue, gitlab_issue
from evaluator.mine.sources import Harvest, Mining
from evaluator.mine.sources.git import commit_row
from evaluator.result import SourceKind
from evaluator.study.candidate import DataSource

KIND: SourceKind = ""
"""Known only when the file is read."""

CHUNK = 1 << 20
LARGEST_ITEM = 16_000_000
"""Characters of an item."""
NAMED = 5
"""Places, origins and backends that a note names."""
NEAR = 16
"""Characters before the end of what was read, within which a mistake may be but its end."""

BINARY = {
    b"SQLite format 3\0": "is a Perceval archive: it holds pickled answers, with the credentials "
    "of whoever asked, and is never loaded; let Perceval write items with --json-line instead",
    b"\x80": "is pickled data, which is never loaded; let Perceval write items with --json-line",
}
SEPARATORS = re.compile(r"[\s,\[\]\ufeff]*")
NEXT = re.compile(r"\n[ \t]*(?=\{)")

MAIL = ("MBox", "Pipermail", "HyperKitty", "PublicInbox", "Groupsio")
KINDS: dict[tuple[str, str], tuple[SourceKind, str]] = {
    ("Git", "commit"): ("git", "commits"),
    ("NNTP", "article"): ("mail", "messages"),
    **{(name, "message"): ("mail", "messages") for name in MAIL},
    ("GitHub", "issue"): ("tracker", "issues"),
    ("GitHub", "pull_request"): ("tracker", "issues"),
    ("GitLab", "issue"): ("tracker", "issues"),
    ("GitLab", "merge_request"): ("tracker", "issues"),
    ("BugzillaREST", "bug"): ("tracker", "issues"),
}
ISSUES = {"GitHub": github_issue, "GitLab": gitlab_issue, "BugzillaREST": bug}


def harvest(source: DataSource, mining: Mining) -> Harvest:
    """All items of a file, which are commits, messages, or issues and change requests.

    Raises
    ------
    SourceError
        When the address is no file of this machine, or the file holds items of several kinds,
        none, or something else.
    """
    url = checked_url(source.url, allow_local=mining.allow_local)
    place = Path(url.removeprefix("file://"))
    if not place.is_absolute():
        raise SourceError("Perceval's items are read from a path of this machine: download it")
    if not place.is_file():
        raise SourceError(f"there is no file at {url!r}")
    (entry,), new, gone = keep_files(
        source, mining, [(place.name, place)], partial(_read, source=source.id)
    )
    facts = entry["facts"]
    if "unreadable" in facts:
        raise SourceError(f"{place.name!r} {facts['unreadable']}")
    if not usable(mining.shelf(source), entry["parts"]):
        raise SourceError(f"the file holds no item that can be used. {facts['note']}")
    return Harvest(
        kind=facts["kind"],
        backend_version=facts["version"],
        parts=tuple(entry["parts"]),
        head=entry["digest"],
        new=new,
        gone=gone,
        dropped=facts["dropped"],
        note=facts["note"],
    )


def _read(path: Path, source: str) -> Reading:
    with path.open("rb") as stream:
        begin = stream.read(16)
    for magic, reason in BINARY.items():
        if begin.startswith(magic):
            raise mbox.UnreadableError(reason)
    dropped: Counter[str] = Counter()
    broken: list[str] = []
    origins: dict[str, None] = {}
    seen: set[bytes] = set()
    first: tuple[str, str] = ("", "")
    version = ""
    for line, found, reason in (d for content in mbox.opened(path) for d in documents(content)):
        if reason := reason or _strange(found):
            dropped[reason] += 1
            broken.append(f"line {line} ({reason})") if len(broken) < NAMED else None
            continue
        what = (found["backend_name"], found["category"])
        if first == ("", ""):
            first = what
            said = (found.get("perceval_version"), what[0], found.get("backend_version"))
            version = shown("perceval {}, {} {}".format(*said))
        elif KINDS[what] != KINDS[first]:
            raise SourceError(
                f"the file holds items of two kinds: {first[1]} ({first[0]}) and, in line {line}, "
                f"{what[1]} ({what[0]}); give each a file of its own"
            )
        kind, table = KINDS[what]
        identity = blake2b(found["uuid"].encode("utf-8", "replace"), digest_size=8).digest()
        # A later state of an issue has the same; the last of them counts.
        if identity in seen and kind != "tracker":
            dropped["items seen before"] += 1
            continue
        seen.add(identity)
        if len(origins) <= NAMED:
            origins[shown(str(found.get("origin")))] = None
        yield table, _row(found, table, source)
    more = len(broken) < sum(dropped.values()) - dropped["items seen before"]
    places = f"Not taken: {', '.join(broken)}{', and more' if more else ''}" if broken else ""
    named = f"As Perceval read {', '.join(list(origins)[:NAMED])}" if origins else ""
    others = " and others" if len(origins) > NAMED else ""
    return {
        "kind": KINDS[first][0] if first in KINDS else "",
        "version": version,
        "dropped": dict(dropped),
        "note": shown(". ".join(n for n in (named + others, places) if n)),
    }


def _strange(found: object) -> str:
    """Why a document is no item that can be read; empty when it is one."""
    if not isinstance(found, dict) or not isinstance(found.get("data"), dict):
        return "not an item of Perceval's"
    said = [found.get(name) for name in ("uuid", "backend_name", "category")]
    if not all(isinstance(text, str) and text for text in said):
        return "not an item of Perceval's"
    return "" if (said[1], said[2]) in KINDS else "items of a backend that is not read"


def _row(item: dict[str, Any], table: str, source: str) -> Row:
    """The row of an item, by what makes rows of the same items where they are mined here."""
    data = item["data"]
    try:
        if table == "messages":
            return item_row(cleaned(item["uuid"]), CaseInsensitiveDict(data))
        if table == "issues":
            row = ISSUES[item["backend_name"]](data, str(item.get("origin"))).row(source)
        else:
            row = commit_row(data)
        if not isinstance(row["key"], str):
            raise TypeError
        return {k: cleaned(v) if isinstance(v, str) else v for k, v in row.items()}
    # Anybody can have written the file.
    except Exception as error:
        reason = f"not as Perceval writes it ({type(error).__name__})"
        return {"key": cleaned(item["uuid"]), "reason": reason}


def documents(content: mbox.Bounded) -> Iterator[tuple[int, Any, str]]:
    """JSON documents one after another: the line in which each begins, the value, what is wrong.

    After what is no JSON, or too large, it goes on with the next line that begins an object.
    """
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    decoder = json.JSONDecoder()
    text, begin, line, counted, ended = "", 0, 1, 0, False
    lost = False

    def cut() -> None:
        """Drop what was read, and read on, more where an item is large."""
        nonlocal text, begin, line, counted, ended
        line += text.count("\n", counted, begin)
        raw = content.read(max(CHUNK, len(text) - begin))
        ended = not raw
        text, begin, counted = text[begin:] + decode(raw, ended), 0, 0

    while True:
        if lost:
            found = NEXT.search(text, begin)
            if found is None:
                if ended:
                    return
                # A line that has just begun may go on with an object.
                blank = len(text.rstrip(" \t"))
                begun = text[:blank].endswith("\n") and len(text) - blank < CHUNK
                begin = max(begin, blank - 1) if begun else len(text)
                cut()
                continue
            begin, lost = found.end(), False
        begin = SEPARATORS.match(text, begin).end()  # type: ignore[union-attr]  # it may be empty
        if begin == len(text):
            if ended:
                return
            cut()
            continue
        value, reason = None, "not JSON"
        try:
            value, end = decoder.raw_decode(text, begin)
            reason = ""
        except json.JSONDecodeError as error:
            cut_short = error.pos >= len(text) - NEAR or error.msg.startswith("Unterminated")
            if cut_short and not ended:
                if len(text) - begin <= LARGEST_ITEM:
                    cut()
                    continue
                reason = f"larger than {LARGEST_ITEM} characters"
        # Numbers of thousands of digits, and brackets in brackets.
        except (ValueError, RecursionError):
            pass
        line += text.count("\n", counted, begin)
        counted = begin
        yield line, value, reason
        lost = bool(reason)
        if not lost:
            begin = end
