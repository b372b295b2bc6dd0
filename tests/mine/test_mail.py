from __future__ import annotations

import datetime as dt
import time
import tracemalloc

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from evaluator.mine.assemble import thread_roots
from evaluator.mine.mail import LARGEST_BYTES, MOST_ANCESTORS, cleaned, item_row, message_row
from evaluator.mine.sources import MESSAGES
from tests.mine.conftest import letter

DIFF = "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"


def seconds(*moment: int) -> int:
    return int(dt.datetime(*moment, tzinfo=dt.UTC).timestamp())


def sent(date: str) -> int | str:
    row = message_row("k", letter(1, Date=date))
    return row["sent"] if not row["reason"] else row["reason"]


def test_date_is_the_header_in_utc_down_to_the_minute() -> None:
    row = message_row("k", letter(1))
    assert row["sent"] == seconds(2020, 9, 1, 8, 11)
    assert (row["key"], row["reason"], row["id"]) == ("k", "", "1@example.net")
    assert (row["name"], row["address"]) == ("Ann Example", "ann@example.net")


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("Tue, 01 Sep 2020 10:11:12 -0000", seconds(2020, 9, 1, 10, 11)),
        ("1 Sep 20 10:11 +0000", seconds(2020, 9, 1, 10, 11)),
        ("Tue Sep  1 10:11:12 2020", seconds(2020, 9, 1, 10, 11)),
        ("Tue, 01 Sep 2020 10:11:12 PDT", seconds(2020, 9, 1, 17, 11)),
        ("Tue, 01 Sep 2020 10:11:12 +0200 (CEST)", seconds(2020, 9, 1, 8, 11)),
        ("2020-09-01 10:11:12 +0200", seconds(2020, 9, 1, 8, 11)),
        # An absurd zone is as good as none.
        ("Tue, 01 Sep 2020 10:11:12 +9999", seconds(2020, 9, 1, 10, 11)),
        ("Thu, 01 Jan 1970 00:00:00 +0000", 0),
        ("Tue, 01 Jan 2999 00:00:00 +0000", seconds(2999, 1, 1)),
        ("32 Sep 2020 10:11:12 +0000", "unreadable date"),
        ("the day after", "unreadable date"),
        # Neither may be filled up from today's date.
        ("10:11:12", "unreadable date"),
        ("Sep 2020", "unreadable date"),
        ("1 " * 5000, "unreadable date"),
        ("", "no date"),
    ],
)
def test_dates(date: str, read: int | str) -> None:
    assert sent(date) == read


def test_answers_and_patches() -> None:
    letters = [
        letter(1, Subject="[PATCH v2 1/3] mend it"),
        letter(2, Subject="Re: [PATCH] mend it", In_Reply_To="<1@example.net> of Tuesday"),
        letter(3, Subject="question", References="<1@example.net>\n <2@example.net>"),
        letter(4, Subject="try this", body="Hello,\n\n" + DIFF),
        letter(5, Subject="Re: try this", body="> " + DIFF.replace("\n", "\n> ")),
    ]
    rows = [message_row(str(n), text) for n, text in enumerate(letters)]
    assert [m["patch"] for m in rows] == [True, False, False, True, False]
    assert [m["ancestors"] for m in rows[:3]] == [
        [],
        ["1@example.net"],
        ["2@example.net", "1@example.net"],
    ]


def test_patches_in_a_part() -> None:
    body = f"--x\nContent-Type: text/plain\n\nHi\n--x\nContent-Type: text/plain\n\n{DIFF}\n--x--\n"
    assert message_row("k", letter(1, Content_Type="multipart/mixed; boundary=x", body=body))[
        "patch"
    ]


def test_authors_however_the_list_writes_them() -> None:
    letters = [
        letter(1, From="=?utf-8?q?J=C3=B6rg_Example?= <j@example.net>"),
        letter(2, From="'Ann' via list <list@example.org>", Reply_To="Ann <ann@example.net>"),
        letter(3, From="ann at example.net (Ann Example)"),
        letter(4, From="caf\udce9 <c@example.net>"),
        letter(5, From="\x1b[31m<script>"),
        letter(6, From="Jörg <j@example.net>"),
    ]
    who = [(m["name"].strip(), m["address"]) for m in (message_row("k", t) for t in letters)]
    assert who[0] == ("Jörg Example", "j@example.net")
    assert who[1] == ("'Ann'", "ann@example.net")
    assert who[2] == ("Ann Example", "ann@example.net")
    assert who[3] == ("caf\ufffd", "c@example.net")
    assert who[5] == ("Jörg", "j@example.net")


def test_rows_of_perceval_s_own_items() -> None:
    """Names of header fields come in any case, values are whatever JSON holds."""
    item = {"message-id": "<1@x>", "DATE": "1 Sep 2020 10:11 +0000", "From": "A <a@x>", "body": 7}
    row = item_row("k", CaseInsensitiveDict(item))
    assert (row["id"], row["name"], row["patch"], row["reason"]) == ("1@x", "A", False, "")
    assert cleaned("caf\udcc3\udca9 \ud800") == "café \ufffd"


def test_threads_follow_the_nearest_archived_ancestor() -> None:
    roots = thread_roots(
        {"a": [], "b": ["a"], "c": ["lost", "b"], "d": ["lost"], "x": ["y"], "y": ["x"]}
    )
    assert roots == {"a": "a", "b": "a", "c": "a", "d": "d", "x": "x", "y": "x"}


# --- hostile mail -----------------------------------------------------------------------------


def nested(depth: int, kind: str = "multipart/mixed") -> bytes:
    head = b"".join(
        b"Content-Type: %s; boundary=b%d\n\n--b%d\n" % (kind.encode(), n, n) for n in range(depth)
    )
    return letter(1, body="")[:-1] + head + b"Content-Type: text/plain\n\nHello\n"


LONG = 2_000_000
HOSTILE = {
    "garbage": (b"\x00\xff\xfe garbage", "no Message-ID"),
    "nothing": (b"", "no Message-ID"),
    "a lone body": (b"\n\nMessage-ID: <x@example.net>\n", "no Message-ID"),
    "no header": (b"Content-Type: multipart/mixed; boundary=x\n\n--x\n--x\n--x--", "no Message-ID"),
    "too large": (letter(1, body="x" * LARGEST_BYTES), f"larger than {LARGEST_BYTES} bytes"),
    "unknown charset": (letter(1, Content_Type="text/plain; charset=no-such"), ""),
    "odd charset": (letter(1, Content_Type='text/plain; charset="\x00\udcff"'), ""),
    "unknown encoded word": (letter(1, Subject="=?no-such?b?////?=", From="=?x?q?=?="), ""),
    "broken encoded word": (letter(1, Subject="=?utf-8?b?a?=", From="=?utf-8?b?a?= <a@x>"), ""),
    "half a character": (letter(1, From="=?utf-7?q?+2AA-?= <a@example.net>"), ""),
    "zero bytes": (letter(1, Subject="a\0b", From="\0 <a\0@example.net>", body="\0" * 99), ""),
    "many references": (
        letter(1, References="\n ".join(f"<{n}@example.net>" for n in range(10_000))),
        "",
    ),
    "a circle": (letter(1, In_Reply_To="<1@example.net>", References="<1@example.net>"), ""),
    "folded": (letter(1, Subject="\n \n\t".join("x" * 2000), To="\n ".join("y" * 50_000)), ""),
    "deep": (nested(2000), "of too many or too large parts"),
    "deep as the parser goes": (nested(300), ""),
    "deeper": (nested(400), "of too many or too large parts"),
    "messages in messages": (
        letter(1, body="")[:-1] + b"Content-Type: message/rfc822\n\n" * 3000 + b"x",
        "of too many or too large parts",
    ),
    "many parts": (
        letter(
            1, Content_Type="multipart/mixed; boundary=x", body="--x\nContent-Type:a\n\n" * 5000
        ),
        "of too many or too large parts",
    ),
    "parts of empty lines": (
        nested(50) + b"\n" * 7_000_000,
        "of too many or too large parts",
    ),
    # Each of these takes the parsers time that grows with the square of the length.
    "many encoded words": (letter(1, Subject="=?a?q?" * (LONG // 6)), ""),
    "encoded references": (letter(1, References="=?a?q?<" * (LONG // 7)), ""),
    "blanks": (letter(1, From="a" + " " * LONG + "<a@example.net>"), ""),
    "brackets": (letter(1, Subject="[" * LONG), ""),
    "parameters": (letter(1, Content_Type="text/plain" + ';a="' * (LONG // 4)), ""),
    "parameters of a part": (
        letter(
            1,
            Content_Type="multipart/mixed; boundary=x",
            body="--x\nContent-Type: text/plain" + ';a="' * (LONG // 4) + "\n\nx\n",
        ),
        "of too many or too large parts",
    ),
    "punycode in other words": (
        letter(
            1, Content_Type="text/plain; charset=Puny-code", body="a" * LONG + "-" + "9b" * LONG
        ),
        "",
    ),
    "punycode by its name": (
        letter(1, Content_Type="text/plain; charset=PUNYCODE", body="a-" + "b9" * 1_000_000),
        "",
    ),
    "comments": (letter(1, From="(" * LONG), "not parsable (RecursionError)"),
    "no end of a Message-ID": (letter(1, Message_ID="<" + "a" * LONG), ""),
    "a date without end": (letter(1, Date="1 " + " " * LONG + "x"), "unreadable date"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_becomes_a_row_in_seconds(name: str) -> None:
    content, reason = HOSTILE[name]
    begin = time.monotonic()
    row = message_row("k", content)
    assert time.monotonic() - begin < 10
    # How deep the standard library's parser may go depends on the release of Python.
    assert row["reason"] in ({reason, ""} if "RecursionError" in reason else {reason})
    table = pa.Table.from_pylist([row], schema=MESSAGES)
    assert table.num_rows == 1
    assert len(row["ancestors"]) <= MOST_ANCESTORS


def test_nearest_references_are_kept() -> None:
    content, _ = HOSTILE["many references"]
    assert message_row("k", content)["ancestors"][:2] == ["9999@example.net", "9998@example.net"]


FIELDS = ("From", "Date", "Message-ID", "Subject", "References", "Content-Type", "In-Reply-To")
PIECES = (
    *(b"\n", b"\r\n", b" ", b"\t", b";", b'"', b"<", b">", b"@", b"\\", b"(", b"=?utf-8?b?", b"?="),
    *(b"boundary=x", b"charset=utf-7", b"multipart/mixed", b"message/rfc822", b"--x", b"--x--"),
    *(b"text/plain", b"1 Sep 2020 10:11:12 +0000", b"<1@x>", b"\x00", b"\xff\xfe", b"+2AA-"),
    *(b"Content-Transfer-Encoding: base64\n", b"x-uuencode", b"begin 644 x", b"=", b"9999999999"),
)
SOUP = st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=12).map(b"".join)


@given(st.lists(st.tuples(st.sampled_from(FIELDS), SOUP), max_size=9), SOUP, st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_mail_becomes_a_row(
    fields: list[tuple[str, bytes]], body: bytes, complete: bool
) -> None:
    head = b"".join(name.encode() + b": " + value + b"\n" for name, value in fields)
    row = message_row("k", head + (letter(1) if complete else b"\n") + body)
    assert pa.Table.from_pylist([row], schema=MESSAGES).num_rows == 1
    assert bool(row["reason"]) != bool(row["id"])


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "body"]), JSON))
@settings(max_examples=200, deadline=None)
def test_any_item_becomes_a_row(item: dict[str, object]) -> None:
    row = item_row("k", item)
    assert pa.Table.from_pylist([row], schema=MESSAGES).num_rows == 1


def test_a_row_needs_no_more_memory_than_its_message() -> None:
    content = letter(1, body="line\n" * 1_000_000)
    tracemalloc.start()
    message_row("k", content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 * len(content)
