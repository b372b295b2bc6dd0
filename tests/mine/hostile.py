"""Repositories such as no git command would make, written object by object.

Every decision is read from bytes, so that a fuzzer can steer them and a failure can be repeated.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from tests.mine.conftest import DAY, EPOCH

T = TypeVar("T")

TREE = b"40000"
MODES = (b"100644", b"100644", b"100755", b"120000", b"160000", TREE, b"100664", b"7")
FILES = (
    *(b"main.c", b"README", b"a\tb.c", b"a\nb", b'q"uote.py', b"old => new", b"{old => new}.c"),
    *(b"\xff\xfe.c", b"\xfe\xff.c", b"--help", b".mailmap", b"back\\slash", b"com\rmit", b"."),
    *("line\u2028end".encode(), b"\x1b[2J", b"..", b".git", b"x" * 300, b":100644 100644 a b M\tc"),
)
NAMES = (
    *(b"Ann Example", b"Ann Example", b"Ben Sample", b"", b" ", b"\xff\xfe", b"\x1b[31mEve", b"."),
    *("A\u2028B".encode(), "A\x85B".encode(), b"A\x0bB\x1cC", b"A\rB", b"<", b">", b"<<>>"),
    *(b"A <b> C", b"commit " + b"0" * 40, b"Eve+AAo-author Fay", b"[bold]Eve", b"x" * 3000),
    *("\u202etxt".encode(), b'"quoted"', b"A\x00B", b"\xed\xa0\x80", b"Author: A", b"#"),
)
ADDRESSES = (
    *(
        b"ann@example.net",
        b"ann@example.net",
        b"ben@example.org",
        b"",
        b"@",
        b"a b",
        b"\x1b]0;x\x07",
    ),
    *(
        b"<ann@example.net>",
        b"ann@example.net\x00",
        b"no address",
        "\u00e4@\u00e9.example.net".encode(),
    ),
)
DATES = (
    *(b"%d", b"%d", b"%d", b"0", b"-1", b"2147483648", b"32472144000", b"4294967296", b"86399"),
    *(b"253402300800", b"9223372036854775807", b"9223372036854775808", b"1" * 30, b"", b"never"),
    *(b"-9999999999999", b"1e9", b"0x10", b"631152000", b"  5", b"9007199254740993"),
)
ZONES = (b" +0000", b" +0000", b" -1200", b" +9999", b" -99999999999", b"", b" UTC", b" +00\x0000")
MESSAGES = (
    *(b"Change\n", b"Change\n", b"", b"\n\n\n", b"No end", b"One\nTwo\n\nBody\n", b"\x00hidden\n"),
    *(b"commit " + b"0" * 40 + b"\nAuthor:     Eve <e@example.net>\n\n", b"\r\n\r\n", b"\x1b[2J\n"),
    *(
        b":100644 100644 0 0 M\tx\n1\t1\tx\n",
        b"Added tag v1.2 for changeset 0123456789ab\n",
        b"\x0c\n",
    ),
    *(
        b"x" * 70_000,
        b"line\n" * 3000,
        b"\n    \n\tTab\n",
        "\u2028\u2029\x85\n".encode(),
        b"\xff\n",
    ),
    *(b"Signed-off-by: A\nSigned-off-by:\nReviewed-by: B <b>\n", b"=?utf-8?q?=00?=\n", b"+AAo-x\n"),
)
ENCODINGS = (b"", b"", b"ISO-8859-1", b"UTF-7", b"UTF-16", b"none", b"\x1b[m", b"x" * 500)
EXTRAS = (
    *(b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----", b"mergetag x"),
    *(
        b"author Second <s@example.net> 5 +0000",
        b"nonsense",
        b" continued",
        b"HG:extra a:b",
        b"\x00",
    ),
)
REFS = (
    *("refs/heads/main", "refs/heads/--output=x", "refs/heads/ma\u2028in", "refs/heads/a/b"),
    *(
        "refs/tags/v1.0.0",
        "refs/tags/v1.1.0-rc1",
        "refs/tags/-v2",
        "refs/tags/v3\u2028",
        "refs/notes/x",
    ),
    *("refs/tags/nightly", "refs/tags/v9.9.9", "refs/tags/v1" + "1" * 150, "refs/heads/\x85"),
)
HEADS = ("ref: refs/heads/main\n",) * 6 + ("ref: refs/heads/none\n", "", "\x00", "ref: ../x\n")


class Choices:
    """Decisions from bytes; when these are used up, always the first."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def number(self, limit: int) -> int:
        """A number from 0 up to and without ``limit``."""
        taken = self._content[self._place : self._place + (1 if limit <= 256 else 3)]
        self._place += len(taken)
        return int.from_bytes(taken, "big") % max(limit, 1)

    def one(self, among: Sequence[T]) -> T:
        return among[self.number(len(among))]

    def odd(self, among: Sequence[T]) -> T:
        """The first, and now and then another one."""
        return self.one(among) if self.rarely(4) else among[0]

    def rarely(self, times: int = 8) -> bool:
        """Whether something that is not usual happens; never when the bytes are used up."""
        return self.number(times) == times - 1


class Repository:
    """A bare repository that is being written."""

    def __init__(self, place: Path, *, sha256: bool = False) -> None:
        self.place = place
        self._hash = hashlib.sha256 if sha256 else hashlib.sha1
        self.objects: dict[str, str] = {}
        """Kind of each object by name."""
        for folder in ("objects", "refs/heads", "refs/tags", "info"):
            (place / folder).mkdir(parents=True)
        kind = "\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n"
        plain = "\trepositoryformatversion = 0\n"
        (place / "config").write_text("[core]\n\tbare = true\n" + (kind if sha256 else plain))
        self.refs: dict[str, str] = {}
        self.head("ref: refs/heads/main\n")

    def head(self, content: str) -> None:
        (self.place / "HEAD").write_bytes(content.encode())

    def put(self, kind: str, content: bytes) -> str:
        """Write an object, whatever is in it; give its name."""
        whole = b"%s %d\0" % (kind.encode(), len(content)) + content
        name = self._hash(whole).hexdigest()
        self._loose(name).parent.mkdir(exist_ok=True)
        self._loose(name).write_bytes(zlib.compress(whole, 1))
        self.objects[name] = kind
        return name

    def lose(self, name: str) -> None:
        """Take an object away, as a broken disk does."""
        self._loose(name).unlink(missing_ok=True)

    def truncate(self, name: str) -> None:
        """Leave half of an object."""
        if self._loose(name).exists():
            content = self._loose(name).read_bytes()
            self._loose(name).write_bytes(content[: len(content) // 2])

    def _loose(self, name: str) -> Path:
        return self.place / "objects" / name[:2] / name[2:]

    def tree(self, entries: Sequence[tuple[bytes, bytes, str]]) -> str:
        """A tree of modes, names and objects, in git's order."""
        ordered = sorted(entries, key=lambda e: e[1] + (b"/" if e[0] == TREE else b""))
        return self.put(
            "tree", b"".join(m + b" " + n + b"\0" + bytes.fromhex(o) for m, n, o in ordered)
        )

    def commit(
        self,
        tree: str,
        parents: Sequence[str] = (),
        *,
        who: bytes = b"Ann Example <ann@example.net>",
        when: bytes = b"%d +0000" % EPOCH,
        message: bytes = b"Change\n",
    ) -> str:
        lines = [b"tree " + tree.encode(), *(b"parent " + p.encode() for p in parents)]
        lines += [b"author %s %s" % (who, when), b"committer %s %s" % (who, when)]
        return self.put("commit", b"\n".join(lines) + b"\n\n" + message)

    def end(self) -> Path:
        """Write the refs; give the place."""
        lines = "".join(f"{name} {ref}\n" for ref, name in sorted(self.refs.items()))
        (self.place / "packed-refs").write_bytes(lines.encode())
        return self.place


def hostile_repository(place: Path, content: bytes) -> Path:
    """A repository whose every part may be garbled, as the bytes decide."""
    choose = Choices(content)
    made = Repository(place, sha256=choose.rarely(6))
    blobs = [made.put("blob", b"line\n" * n) for n in range(3)] + [made.put("blob", b"\0\xff" * 9)]
    mailmap = b"Ann <ann@example.net> <>\n<<<\n\xff <x@example.net> Ben Sample <ben@example.org>\n"
    blobs.append(made.put("blob", mailmap))
    trees = [made.tree([])]
    for _ in range(choose.number(4)):
        trees.append(_tree(made, choose, blobs, trees))
    commits: list[str] = []
    for n in range(choose.one((4, 1, 0, 2, 3, 5, 6, 8, 9))):
        count = choose.one((1, 1, 1, 1, 0, 2, 3, 9))
        near = commits[-4:]
        parents = [choose.one(near) for _ in range(count) if near]
        commits.append(_commit(made, choose, choose.one(trees), parents, n))
    if commits:
        made.refs["refs/heads/main"] = commits[-1]
    for _ in range(choose.number(5)):
        target = choose.one(list(made.objects))
        if choose.rarely(3):
            target = made.put("tag", _tag(choose, target, made.objects[target]))
        ref = choose.one(REFS)
        if commits and (not ref.startswith("refs/heads/") or made.objects[target] == "commit"):
            made.refs.setdefault(ref, target)
    if commits and choose.rarely():
        made.refs[f"refs/replace/{choose.one(commits)}"] = choose.one(commits)
    if choose.rarely():
        (place / "info" / "grafts").write_text("\n".join(commits) + "\n")
    if commits and choose.rarely(12):
        (place / "shallow").write_text(f"{choose.one(commits)}\n")
    if choose.rarely(5):
        made.head(choose.one((*HEADS, f"{commits[-1]}\n" if commits else "")))
    for _ in range(choose.one((0, 0, 0, 0, 0, 1, 2))):
        victim = choose.one(list(made.objects))
        (made.lose if choose.rarely(2) else made.truncate)(victim)
    return made.end()


def _tree(made: Repository, choose: Choices, blobs: list[str], trees: list[str]) -> str:
    entries: dict[bytes, tuple[bytes, bytes, str]] = {}
    for _ in range(choose.number(6)):
        mode, name = choose.odd(MODES), choose.one(FILES)
        target = choose.one(trees if mode == TREE else blobs)
        if choose.rarely(10):
            target = "1" * len(target)
        entries[name] = (mode, name, target)
    if choose.rarely(20):
        return made.put("tree", choose.one((b"\xff" * 9, b"100644 a\0short", b"100644 ")))
    return made.tree(list(entries.values()))


def _commit(made: Repository, choose: Choices, tree: str, parents: list[str], n: int) -> str:
    lines = [b"tree " + tree.encode(), *(b"parent " + p.encode() for p in parents)]
    for role in (b"author", b"committer"):
        date = choose.odd(DATES).replace(b"%d", b"%d" % (EPOCH + n * DAY))
        name, address, zone = choose.odd(NAMES), choose.odd(ADDRESSES), choose.odd(ZONES)
        lines.append(b"%s %s <%s> %s%s" % (role, name, address, date, zone))
    if encoding := choose.odd(ENCODINGS):
        lines.append(b"encoding " + encoding)
    if choose.rarely(5):
        lines.insert(choose.number(len(lines)), choose.one(EXTRAS))
    if choose.rarely(30):
        del lines[choose.number(len(lines))]
    whole = b"\n".join(lines) + b"\n\n" + choose.odd(MESSAGES)
    if choose.rarely(30):
        whole = whole[: choose.number(len(whole))]
    return made.put("commit", whole)


def _tag(choose: Choices, target: str, kind: str) -> bytes:
    lines = [b"object " + target.encode(), b"type " + kind.encode(), b"tag " + choose.one(NAMES)]
    lines.append(b"tagger A <a@example.net> " + choose.one(DATES).replace(b"%d", b"5") + b" +0000")
    if choose.rarely(6):
        del lines[choose.number(len(lines))]
    return b"\n".join(lines) + b"\n\n" + choose.one(MESSAGES)


PIECES = (
    *(
        b"\n",
        b"\n\n",
        b"\r\n",
        b"\0",
        b"\xff\xfe",
        b"\x1b[2J",
        b"\xe2\x80\xa8",
        b" ",
        b"\t",
        b"-",
        b"0",
    ),
    *(
        b"From x Tue Sep  1 10:11:12 2020\n",
        b"\nFrom ",
        b"commit " + b"e" * 40 + b"\n",
        b"Author: x\n",
    ),
    *(b"99999999999999999999", b"-1", b"1970-01-01", b"2999-12-31", b"9999-12-31T23:59:59-12:00"),
    *(
        b'"',
        b"'",
        b"\\",
        b"\\ud800",
        b"\\u0000",
        b"{",
        b"}",
        b"[",
        b"]",
        b"null",
        b"true",
        b"1e999",
        b"NaN",
    ),
    *(
        b"&a ",
        b"*a",
        b"!!python/object:x ",
        b"<<: ",
        b"? ",
        b": ",
        b"---\n",
        b"# ",
        b"%",
        b"|\n",
        b"- ",
    ),
    *(
        b"=?x?q?=00?=",
        b"charset=x",
        b"boundary=",
        b"--x--\n",
        b"@",
        b"<",
        b">",
        b"(",
        b"a" * 5000,
        b"=> ",
    ),
)


def garbled(content: bytes, choose: Choices) -> bytes:
    """A text with some pieces of it taken out, repeated, cut off or put in."""
    text = bytearray(content)
    for _ in range(1 + choose.number(6)):
        place = choose.number(1 << 16) % (len(text) + 1)
        end = place + choose.number(64)
        match choose.number(6):
            case 0:
                text[place:place] = choose.one(PIECES)
            case 1:
                del text[place:end]
            case 2:
                text[place:end] = choose.one(PIECES)
            case 3:
                text[place:place] = text[place : end * 3]
            case 4 if place < len(text):
                text[place] ^= 1 << choose.number(8)
            case _ if choose.rarely(4):
                del text[place:]
    return bytes(text)
