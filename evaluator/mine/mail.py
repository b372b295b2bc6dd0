"""Messages of any archive, as rows; parsed by what Perceval's mail backends use.

Mail is hostile input: every message becomes a row, if need be one that only says why it is left
out, and what would cost the parsers more than seconds is cut off or refused before they see it.
"""

from __future__ import annotations

import codecs
import email
import logging
import re
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

from grimoirelab_toolkit.datetime import datetime_to_utc, str_to_datetime
from perceval.utils import message_to_dict

# It tells of strange dates, in the words of whoever wrote them.
logging.getLogger("grimoirelab_toolkit").addHandler(logging.NullHandler())

LARGEST_BYTES = 8_000_000
"""Of one message; larger ones are left out."""
LONGEST_HEADER = 4_000
"""Characters of a header field; more tell nothing."""
LONGEST_REFERENCES = 100_000
MOST_ANCESTORS = 500
"""The nearest ones; a thread is found by the nearest that is archived."""
LONGEST_DATE = 200
MOST_PARTS = 1_000
MOST_NESTING = 300
"""Parts that hold others; deeper than that the parser may fail or not, as deep as it is called."""
MOST_COMPARISONS = 50_000_000
"""The parser compares every line with the boundary of every part that it is in."""

HEADERS = (
    *("From", "Reply-To", "Date", "Message-ID", "Subject", "In-Reply-To", "References"),
    *("Content-Type", "Content-Transfer-Encoding"),
)
BLANK_LINE = re.compile(rb"(?:\A|\n)\r?\n")
PART = re.compile(rb"^content-type:.*(?:\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)
NESTING = re.compile(rb"^(?:content-type:)?\s*(?:multipart|message)/", re.IGNORECASE)
SLOW_CHARSETS = ("punycode", "idna")
"""Their decoders take time that grows with the square of the length."""

MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
PATCH_SUBJECT = re.compile(r"\[[^\]]*\bPATCH\b[^\]]*\]", re.IGNORECASE)
DIFF = re.compile(r"^(?:diff --git a/|--- (?:a/|/dev/null)|Index: \S+\n=+\n)", re.MULTILINE)
VEILED = re.compile(r"(?P<local>[^@\s]+) at (?P<domain>[^@\s]+)(?: \((?P<name>.*)\))?")
VIA = re.compile(r"\s+via\s+\S.*$", re.IGNORECASE)
WHOLE_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4}")
ZONE_NAME = re.compile(r"\s*\(?[A-Z]{2,5}\)?\s*$")
NO_TEXT = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Halves of characters that stand for no byte of the message either."""

Row = dict[str, Any]


class UnfitError(Exception):
    """A message that is not given to the parsers; the text says why."""


def message_row(key: str, content: bytes) -> Row:
    """The row of :data:`~evaluator.mine.sources.MESSAGES` for a raw message."""
    try:
        return item_row(key, message_to_dict(_bounded(content)))
    except UnfitError as error:
        return left_out(key, str(error))
    # The standard library's parser raises all kinds of errors, RecursionError among them.
    except Exception as error:
        return left_out(key, f"not parsable ({type(error).__name__})")


def item_row(key: str, message: Mapping[str, Any]) -> Row:
    """The row for what Perceval calls the data of a message.

    Parameters
    ----------
    key
        Tells it from other messages of the archive.
    message
        Header fields by name, whatever its case, and the decoded texts under ``body``.
    """
    identifiers = (
        MESSAGE_ID.findall(_text(message, "Message-ID")) or _text(message, "Message-ID").split()
    )
    if not identifiers:
        return left_out(key, "no Message-ID")
    date = _text(message, "Date")
    if not date:
        return left_out(key, "no date")
    sent = _seconds(date)
    if sent is None:
        return left_out(key, "unreadable date")
    name, address = _author(message)
    subject = _text(message, "Subject")
    bodies = message.get("body")
    plain = bodies.get("plain") if isinstance(bodies, Mapping) else ""
    answered = MESSAGE_ID.findall(_text(message, "In-Reply-To"))[:1]
    references = MESSAGE_ID.findall(_text(message, "References"))[::-1]
    is_answer = subject.casefold().startswith(("re:", "aw:", "fwd:"))
    return {
        "key": key,
        "reason": "",
        "id": identifiers[0],
        "ancestors": list(dict.fromkeys(answered + references))[:MOST_ANCESTORS],
        "name": name,
        "address": address,
        "sent": sent // 60 * 60,
        "patch": bool(
            (PATCH_SUBJECT.search(subject) and not is_answer)
            or (isinstance(plain, str) and DIFF.search(plain))
        ),
    }


def left_out(key: str, reason: str) -> Row:
    """The row of a message that is known, but not taken for this reason."""
    texts = dict.fromkeys(("id", "name", "address"), "")
    return {"key": key, "reason": reason, "ancestors": [], "sent": None, "patch": None, **texts}


def _bounded(content: bytes) -> Message:
    """The message with those header fields only that tell something, and they not endless."""
    if len(content) > LARGEST_BYTES:
        raise UnfitError(f"larger than {LARGEST_BYTES} bytes")
    end = BLANK_LINE.search(content)
    head, body = (content[: end.start()], content[end.end() :]) if end else (content, b"")
    fields = {k.casefold(): v for k, v in BytesHeaderParser().parsebytes(head).raw_items()}
    kept = "".join(
        f"{name}: {_cut(name, fields[name.casefold()])}\n"
        for name in HEADERS
        if name.casefold() in fields
    )
    if NESTING.match(fields.get("content-type", "").encode("ascii", "surrogateescape")):
        parts = PART.findall(body)
        nesting = 1 + sum(1 for part in parts if NESTING.match(part))
        if (
            len(parts) > MOST_PARTS
            or nesting > MOST_NESTING
            or max(map(len, parts), default=0) > LONGEST_HEADER
            or nesting * body.count(b"\n") > MOST_COMPARISONS
        ):
            raise UnfitError("of too many or too large parts")
    message = email.message_from_bytes(kept.encode("ascii", "surrogateescape") + b"\n" + body)
    for part in message.walk():
        if _codec(part.get_content_charset("")) in SLOW_CHARSETS:
            part.del_param("charset")
    return message


def _cut(name: str, value: str) -> str:
    if "=?" not in value:
        if name == "References":
            return value[-LONGEST_REFERENCES:].strip()
        return value[:LONGEST_HEADER].strip()
    # Encoded words are searched for in time that grows with the square of the length.
    value = value[:LONGEST_HEADER].strip()
    try:
        decode_header(value)
    except HeaderParseError:
        # Perceval gives up on the message for it.
        return value.replace("=?", "= ?")
    return value


def _codec(charset: str) -> str:
    try:
        return codecs.lookup(charset).name
    except (LookupError, ValueError):
        return ""


def _seconds(date: str) -> int | None:
    """Seconds since 1970 of a Date field; None when it does not say the day and the time."""
    if len(date) > LONGEST_DATE:
        return None
    try:
        moment = parsedate_to_datetime(date)
    # Other than mail's own dates, as Perceval reads them.
    except Exception:
        # It would fill in today's year, month or day where they are missing.
        if not WHOLE_DATE.search(date):
            return None
        try:
            moment = str_to_datetime(ZONE_NAME.sub("", date))
        except Exception:
            return None
    try:
        return int(datetime_to_utc(moment).timestamp())
    except OverflowError:  # in UTC it would be the year 0 or 10000
        return None


def _author(message: Mapping[str, Any]) -> tuple[str, str]:
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


def cleaned(text: str) -> str:
    """Text that can be stored: bytes that Perceval could not decode are tried as UTF-8."""
    whole = NO_TEXT.sub("\ufffd", text)
    return whole.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _text(message: Mapping[str, Any], header: str) -> str:
    return cleaned(str(message.get(header) or "")).strip()
