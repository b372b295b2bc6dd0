"""Messages of any archive, as rows; parsed by what Perceval's mail backends use."""

from __future__ import annotations

import email
import re
from collections import Counter
from collections.abc import Iterable
from email.utils import parseaddr
from typing import Any

import pyarrow as pa
from grimoirelab_toolkit.datetime import InvalidDateError, datetime_to_utc, str_to_datetime
from perceval.utils import message_to_dict

from evaluator.mine.sources import MESSAGES

MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
PATCH_SUBJECT = re.compile(r"\[[^\]]*\bPATCH\b[^\]]*\]", re.IGNORECASE)
DIFF = re.compile(r"^(?:diff --git a/|--- (?:a/|/dev/null)|Index: \S+\n=+\n)", re.MULTILINE)
VEILED = re.compile(r"(?P<local>[^@\s]+) at (?P<domain>[^@\s]+)(?: \((?P<name>.*)\))?")
VIA = re.compile(r"\s+via\s+\S.*$", re.IGNORECASE)


def messages(contents: Iterable[bytes]) -> tuple[pa.Table, dict[str, int]]:
    """Rows of :data:`MESSAGES` from raw messages, and how many were left out, by reason.

    Each is parsed by itself, so that one which cannot be parsed takes no other with it and a line
    that begins with "From " splits nothing.
    """
    rows: list[dict[str, Any]] = []
    dropped: Counter[str] = Counter()
    seen: set[str] = set()
    for content in contents:
        row = _row(content)
        if isinstance(row, str):
            dropped[row] += 1
        elif row["id"] in seen:
            dropped["Message-ID seen before"] += 1
        else:
            seen.add(row["id"])
            rows.append(row)
    return pa.Table.from_pylist(rows, schema=MESSAGES), dict(dropped)


def _row(content: bytes) -> dict[str, Any] | str:
    """The row of a message, or why there is none."""
    try:
        message = message_to_dict(email.message_from_bytes(content))
    # Mail is hostile input to the standard library's parser, which raises all kinds of errors.
    except Exception as error:
        return f"not parsable ({type(error).__name__})"
    identifiers = (
        MESSAGE_ID.findall(_text(message, "Message-ID")) or _text(message, "Message-ID").split()
    )
    if not identifiers:
        return "no Message-ID"
    if not _text(message, "Date"):
        return "no date"
    try:
        sent = datetime_to_utc(str_to_datetime(_text(message, "Date"))).timestamp()
    except (InvalidDateError, OverflowError, ValueError):
        return "unreadable date"
    name, address = _author(message)
    subject = _text(message, "Subject")
    bodies = message.get("body") or {}
    plain = bodies.get("plain") or ""
    answered = MESSAGE_ID.findall(_text(message, "In-Reply-To"))[:1]
    references = MESSAGE_ID.findall(_text(message, "References"))[::-1]
    is_answer = subject.strip().casefold().startswith(("re:", "aw:", "fwd:"))
    return {
        "id": identifiers[0],
        "ancestors": list(dict.fromkeys(answered + references)),
        "name": name,
        "address": address,
        "sent": int(sent) // 60 * 60,
        "patch": bool((PATCH_SUBJECT.search(subject) and not is_answer) or DIFF.search(plain)),
    }


def _author(message: Any) -> tuple[str, str]:
    """Name and address of the author.

    Pipermail writes ``user at domain (Name)``; lists that rewrite From leave the address in
    Reply-To.
    """
    sender = _text(message, "From")
    veiled = VEILED.fullmatch(sender)
    if veiled:
        return veiled["name"] or "", f"{veiled['local']}@{veiled['domain']}"
    name, address = parseaddr(sender)
    if VIA.search(name):
        _, answer_to = parseaddr(_text(message, "Reply-To"))
        name, address = VIA.sub("", name), answer_to
    return name, address


def _text(message: Any, header: str) -> str:
    value = message.get(header) or ""
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
