"""Every reader on anything: no exception, no endless work, and places that are right."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.formats import (
    cib,
    corosync,
    drbd,
    fstab,
    haproxy,
    heartbeat,
    keepalived,
    sbd,
    systemd,
)
from evaluator.formats.tree import MAX_DEPTH, MAX_FINDINGS, MAX_STATEMENTS, Entry, decoded, merged
from evaluator.lint import lint, of

READERS = {
    "corosync": corosync.read,
    "drbd": drbd.read,
    "haproxy": haproxy.read,
    "keepalived": keepalived.read,
    "ha_cf": heartbeat.read_ha_cf,
    "haresources": heartbeat.read_haresources,
    "authkeys": heartbeat.read_authkeys,
    "sbd": sbd.read,
    "fstab": fstab.read,
    "unit": systemd.read,
}
PATHS = {
    "corosync": "corosync.conf",
    "drbd": "drbd/r0.res",
    "haproxy": "haproxy.cfg",
    "keepalived": "keepalived.conf",
    "ha_cf": "ha.cf",
    "haresources": "haresources",
    "authkeys": "authkeys",
    "sbd": "default/sbd",
    "unit": "keepalived.service.d/x.conf",
    "cib": "cib.xml",
    "crmsh": "cib.txt",
}
PIECES = st.sampled_from(
    [
        *"{}:;#!\"'\\=@$~ \t\n", "{\n", "}\n", "\r\n", "\0", "\ufeff", "é", "include x", "skip ",
        "totem", "token: 1", "resource r0 {", "on a {", "protocol C;", "global\n", " bind :80\n",
        "$A=$A$A", "${A}", "@id ", "auth 1", "1 sha1 x", "A=1", "node a::b", "\u2028", "\x1b[31m",
        "property x=y", "primitive p ocf:a:b ", "op monitor", "\\\n",
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=60).map("".join)


def check(root: Entry, text: str) -> None:
    lines = text.split("\n")
    for entry in list(root.walk())[1:]:
        assert 1 <= entry.where.line <= len(lines)
        assert 1 <= entry.where.column <= len(lines[entry.where.line - 1]) + 1


@pytest.mark.parametrize("kind", READERS)
@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_places_lie_in_it(kind: str, text: str) -> None:
    clean, _ = decoded("f", text.encode("utf-8", errors="surrogatepass"))
    root, mistakes = READERS[kind]("f", clean)
    check(root, clean)
    assert all(f.where and f.where.line <= clean.count("\n") + 1 for f in mistakes)
    assert READERS[kind]("f", clean) == (root, mistakes)


@pytest.mark.parametrize("path", PATHS.values())
@given(content=st.one_of(st.binary(max_size=200), TEXTS.map(lambda t: t.encode())))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_linted(path: str, content: bytes) -> None:
    assert [f for f in lint(of({path: content})) if f.code == "rule-failed"] == []


WORDS = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True).filter(
    lambda word: word not in {"skip", "include", *haproxy.SECTIONS}
)
TREES = st.recursive(
    st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3).map(tuple), st.none()),
    lambda inner: st.tuples(WORDS, st.just(()), st.lists(inner, max_size=4)),
    max_leaves=12,
)
BLANKS = st.sampled_from([" ", "\t", "    "])


def rendered(draw, tree, style: str, lines: list[str], places: list) -> None:
    """One tree as text in a style, and where each of its statements begins."""
    key, values, children = tree
    pad = draw(st.sampled_from(["", " ", "\t", "   "]))
    if draw(st.booleans()):
        lines.append(f"{pad}# {key} {{ ; ' comment")
    places.append((key, values, len(lines) + 1, len(pad) + 1))
    if children is None:
        blank = draw(BLANKS)
        body = {
            "corosync": f"{key}: {' '.join(values)}",
            "drbd": blank.join((key, *values)) + ";",
            "keepalived": blank.join((key, *values)),
        }
        lines.append(pad + body[style])
        return
    lines.append(f"{pad}{key} {{")
    for child in children:
        rendered(draw, child, style, lines, places)
    lines.append(f"{pad}}}")


@pytest.mark.parametrize("style", ["corosync", "drbd", "keepalived"])
@given(data=st.data(), trees=st.lists(TREES, max_size=4))
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read_back_with_its_places(style: str, data, trees) -> None:
    lines: list[str] = []
    places: list = []
    for tree in trees:
        rendered(data.draw, tree, style, lines, places)
    root, mistakes = READERS[style]("f", "\n".join(lines))
    assert mistakes == []
    found = [
        (e.key, tuple(e.value.split()), e.where.line, e.where.column) for e in list(root.walk())[1:]
    ]
    assert found == places


@pytest.mark.parametrize("kind", ["corosync", "drbd", "keepalived"])
def test_nesting_is_bounded(kind: str) -> None:
    text = "a {\n" * 5000 + "}\n" * 5000 + "b {\n}\n"
    root, mistakes = READERS[kind]("f", text)
    depth, entry = 0, root
    while entry.children:
        depth, entry = depth + 1, entry.children[0]
    assert depth == MAX_DEPTH
    assert {f.code for f in mistakes} == {"syntax"}
    assert root.get("b") is not None
    assert len(list(root.walk())) == MAX_DEPTH + 2


@pytest.mark.parametrize("kind", READERS)
def test_many_statements_and_mistakes_are_bounded(kind: str) -> None:
    root, mistakes = READERS[kind]("f", "a b\n" * (MAX_STATEMENTS + 50))
    assert len(list(root.walk())) <= MAX_STATEMENTS + 1
    assert len(mistakes) <= MAX_FINDINGS + 1


@pytest.mark.parametrize("path", PATHS.values())
@pytest.mark.parametrize("piece", [b"a", b" ", b'"', b"\\", b"{", b"a ", b"<!--"])
def test_a_line_of_megabytes_takes_no_time(path: str, piece: bytes) -> None:
    began = time.monotonic()
    found = lint(of({path: piece * (3_000_000 // len(piece))}))
    assert time.monotonic() - began < 30
    assert [f for f in found if f.code == "rule-failed"] == []


def test_bytes_that_are_no_text_are_told_once_with_their_place() -> None:
    text, found = decoded("f", b"a\r\nb \xff\0\rc")
    assert text == "a\nb \ufffd\ufffd\nc"
    assert [(f.code, str(f.where)) for f in found] == [("not-utf8", "f:2:3")]
    assert decoded("f", "\ufeffa".encode())[0] == "a"


def test_trees_merge_in_their_order() -> None:
    one, two = corosync.read("a", "totem {\n}\n")[0], corosync.read("b", "quorum {\n}\n")[0]
    assert [c.where.file for c in merged("a", (one, two)).children] == ["a", "b"]


def test_a_cib_of_many_elements_is_refused() -> None:
    found, mistakes = cib.read("c", b"<cib>" + b"<a/>" * MAX_STATEMENTS + b"</cib>")
    assert found is None
    assert [f.code for f in mistakes] == ["syntax"]
