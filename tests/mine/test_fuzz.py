"""Bad input: a finding or a counted row, never a crash, never silence."""

from __future__ import annotations

import functools
import http.server
import random
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from evaluator.findings import EvaluationError, ExitCode
from evaluator.mine import Mined, failures
from evaluator.mine.assemble import thread_roots
from evaluator.mine.command import SourceError
from evaluator.mine.sources import Mining
from evaluator.snapshot import read_snapshot
from tests.mine import answers
from tests.mine.conftest import HISTORY, fast_import, harvest, letter, rows_of, source
from tests.mine.hostile import Choices, Repository, garbled
from tests.mine.oracle import mined_repository, without_network
from tests.mine.targets import TARGETS

# --- an archive that redirects ---------------------------------------------------------------


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serves a repository, and sends whoever asks for /old.git to it, at another host or not."""
    made = fast_import(tmp_path / "new.git", HISTORY)
    subprocess.run(["git", f"--git-dir={made}", "update-server-info"], check=True)
    servers = []

    def serve(host: str, after: int = 0) -> str:
        asked: list[str] = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                if self.path.startswith("/old.git/"):
                    if len(asked) > after:
                        self.send_response(302)
                        place = self.path.replace("/old.git", "/new.git")
                        self.send_header("Location", f"http://{host}:{server.server_port}{place}")
                        self.end_headers()
                        return
                    self.path = self.path.replace("/old.git", "/new.git")
                super().do_GET()

            def log_message(self, *_: object) -> None:
                pass

        handler = functools.partial(Handler, directory=str(tmp_path))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/old.git"

    yield serve
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def test_redirection_within_a_host_is_noted(moved: Callable[..., str], mining: Mining) -> None:
    place = source(moved("127.0.0.1"))
    assert rows_of(place, mining).num_rows == 6
    assert "The address redirects to http://127.0.0.1" in harvest(place, mining).note


def test_redirection_to_another_host_is_a_finding(
    moved: Callable[..., str], run: Callable[..., Mined], built: Path
) -> None:
    found = run(source(moved("localhost"), id="moved"), source(built))
    (finding,) = failures(found)
    assert "redirects to http://localhost" in finding.message
    assert [row.items for row in found.rows] == [6, 0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_redirection_that_begins_only_later_is_not_followed(
    moved: Callable[..., str], mining: Mining, host: str
) -> None:
    with pytest.raises(SourceError, match=r"redirect|unable to|requested URL"):
        harvest(source(moved(host, after=2)), mining)


# --- the corpus ------------------------------------------------------------------------------

CORPUS = Path(__file__).with_name("corpus")
EXPECTED = {
    "git-log/truncated.log": (2, 2, ""),  # one more was asked for, and is in no log of these
    "git-log/garbled.log": (3, 2, ""),
    "git-log/dates-of-1970-and-2999.log": (4, 1, ""),
    "git-log/without-author.log": (2, 2, ""),
    "git-log/commit-in-a-message.log": (3, 1, ""),
    "mbox/without-from-lines.mbox": (0, 0, "is no mbox: it does not begin with a 'From ' line"),
    "mbox/without-dates.mbox": (1, 2, ""),
    "mbox/dates-of-1970-and-2999.mbox": (3, 1, ""),  # of year 10000 in UTC
    "mbox/unknown-charsets.mbox": (3, 0, ""),
    "mbox/cyclic-threads.mbox": (4, 0, ""),
    "mbox/duplicate-message-ids.mbox": (4, 0, ""),
    "mbox/truncated.mbox": (2, 0, ""),
    "perceval-json/garbled-commits.json": (1, 7, ""),
    "perceval-json/two-kinds.json": (0, 0, "items of two kinds"),
    "catalogue/candidate.yml": (0, 7, ""),
    "catalogue/garbled.yml": (0, 0, "is not UTF-8"),
}


def corpus() -> Iterator[Any]:
    for path in sorted(CORPUS.glob("*/*")):
        name = f"{path.parent.name}/{path.name}"
        yield pytest.param(path, id=name)


@pytest.mark.parametrize("path", list(corpus()))
def test_corpus(path: Path, tmp_path: Path) -> None:
    with without_network(tmp_path):
        tally = TARGETS[path.parent.name](path.read_bytes(), tmp_path)
    name = f"{path.parent.name}/{path.name}"
    if name in EXPECTED:
        rows, reasons, refused = EXPECTED[name]
        assert (tally.rows, tally.reasons) == (rows, reasons)
        assert refused in tally.refused
        assert bool(refused) == bool(tally.refused)


@pytest.mark.parametrize(
    ("name", "items", "dropped", "reason"),
    [
        ("cyclic-threads", 4, 0, ""),
        ("duplicate-message-ids", 2, 2, "Message-ID seen before"),
        ("dates-of-1970-and-2999", 1, 3, "dated before 1990 or after the day of mining"),
        ("without-dates", 1, 2, "no date"),
    ],
)
def test_mail_in_a_snapshot(
    name: str, items: int, dropped: int, reason: str, run: Callable[..., Mined], tmp_path: Path
) -> None:
    (row,) = run(source(CORPUS / f"mbox/{name}.mbox", "mbox")).rows
    assert (row.items, sum(row.dropped.values())) == (items, dropped)
    assert not reason or reason in row.dropped
    threads = read_snapshot(tmp_path / "snapshot").messages["thread"].nunique()
    assert threads == (2 if name == "cyclic-threads" else items)


def test_one_thread_of_a_hundred_thousand_messages_newest_first() -> None:
    length = 100_000
    chain = {str(n): [str(n - 1)] if n else [] for n in range(length, -1, -1)}
    assert set(thread_roots(chain).values()) == {"0"}


# --- repositories ----------------------------------------------------------------------------


def begun(place: Path, **options: bool) -> tuple[Repository, str, str]:
    """A repository with two commits; its tree and its last one."""
    made = Repository(place, **options)
    tree = made.tree([(b"100644", b"main.c", made.put("blob", b"a\nb\n"))])
    last = made.commit(tree, [made.commit(made.tree([]))], message=b"Second\n")
    made.refs["refs/heads/main"] = last
    return made, tree, last


def more(**fields: bytes) -> Callable[[Path], Repository]:
    def make(place: Path) -> Repository:
        made, tree, last = begun(place)
        made.refs["refs/heads/main"] = made.commit(tree, [last], **fields)
        return made

    return make


def sha256(place: Path) -> Repository:
    return begun(place, sha256=True)[0]


def detached(place: Path) -> Repository:
    made, _, last = begun(place)
    made.head(f"{last}\n")
    return made


def unborn(place: Path) -> Repository:
    made, _, _ = begun(place)
    made.head("ref: refs/heads/none\n")
    return made


def called_like_an_option(place: Path) -> Repository:
    made, _, last = begun(place)
    made.refs["refs/heads/--output=x"] = last
    made.head("ref: refs/heads/--output=x\n")
    return made


def strange_tags(place: Path) -> Repository:
    made, tree, last = begun(place)
    blob = made.put("blob", b"x")
    tag = made.put("tag", b"object %s\ntype tree\ntag v4\n\n" % tree.encode())
    far = made.commit(tree, [last], when=b"9007199254740993 +0000")
    made.refs |= {f"refs/tags/v{n}.0": o for n, o in enumerate((last, blob, tree, tag, far))}
    made.refs["refs/tags/v9\u2028"] = last
    return made


def lost_blob(place: Path) -> Repository:
    made, tree, last = begun(place)
    blob = made.put("blob", b"of which nobody has a copy\n")
    other = made.tree([(b"100644", b"x", blob)])
    made.refs["refs/heads/main"] = made.commit(tree, [made.commit(other, [last])])
    made.lose(blob)
    return made


def lost_commit(place: Path) -> Repository:
    made, tree, last = begun(place)
    made.refs["refs/heads/main"] = made.commit(tree, [last])
    made.lose(last)
    return made


def shallow(place: Path) -> Repository:
    made, _, last = begun(place)
    (place / "shallow").write_text(f"{last}\n")
    return made


def octopus_of_several_roots(place: Path) -> Repository:
    made, tree, last = begun(place)
    roots = [made.commit(tree, message=b"Root %d\n" % n) for n in range(5)]
    evil = made.tree([(b"100644", b"evil.c", made.put("blob", b"in no parent\n"))])
    made.refs["refs/heads/main"] = made.commit(evil, [last, *roots])
    return made


def strange_paths(place: Path) -> Repository:
    made, _, last = begun(place)
    blob = made.put("blob", b"a\n")
    names = (
        b"a\tb",
        b"a\nb",
        b'"',
        b"old => new",
        b"{a => b}/c",
        b"\xe8.c",
        b"\xe9.c",
        b"-x",
        b"\x1b[2J",
    )
    entries = [(b"100644", name, blob) for name in names]
    entries += [
        (b"160000", b"module", "1" * 40),
        (b"120000", b"link", blob),
        (b"100755", b"run", blob),
    ]
    entries += [(b"100644", b"binary", made.put("blob", b"\0\1\2" * 99))]
    made.refs["refs/heads/main"] = made.commit(made.tree(entries), [last])
    return made


def replaced(place: Path) -> Repository:
    made, tree, last = begun(place)
    made.refs[f"refs/replace/{last}"] = made.commit(tree, message=b"Another history\n")
    return made


LONG = b"x" * 100_000_000
REPOSITORIES: dict[str, tuple[Callable[[Path], Repository], int, int, str]] = {
    "no commits": (Repository, 0, 0, "the repository is empty"),
    "SHA-256": (sha256, 2, 0, ""),
    "HEAD without a branch": (unborn, 0, 0, "HEAD names no branch"),
    "detached HEAD": (detached, 0, 0, "HEAD names no branch"),
    "branch called like an option": (called_like_an_option, 2, 0, ""),
    "tags of all kinds of objects": (strange_tags, 2, 0, ""),
    "lost blob": (lost_blob, 2, 2, ""),  # came in one commit and went in the next
    "lost commit": (lost_commit, 0, 0, "Could not read|missing|unable to read|remote did not send"),
    "shallow": (shallow, 1, 0, ""),
    "octopus of several roots": (octopus_of_several_roots, 8, 0, ""),
    "paths with tabs, newlines, quotes and arrows": (strange_paths, 3, 0, ""),
    "replaced commit": (replaced, 2, 0, ""),
    "100 MB in a line": (more(message=LONG), 3, 0, ""),
    "20 MB in a name": (more(who=LONG[:20_000_000] + b" <ann@example.net>"), 3, 0, ""),
    "a million lines": (more(message=b"line\n" * 1_000_000), 3, 0, ""),
    "date of 1970": (more(when=b"0 +0000"), 2, 1, ""),
    "date of 2999": (more(when=b"32472144000 +0000"), 2, 1, ""),
    "date beyond all numbers": (more(when=b"9" * 30 + b" +0000"), 2, 1, ""),
    "no name and no date": (more(who=b"", when=b""), 2, 1, ""),
    "name with a line separator": (more(who="A\u2028B\x85 <a@example.net>".encode()), 3, 0, ""),
    "escapes": (more(who=b"\x1b[31mEve\x07 <\x1b]0;x\x07@x>", message=b"\x1b[2J\rx\n"), 3, 0, ""),
    "log in a message": (more(message=b"commit " + b"0" * 40 + b"\nAuthor:     E\n\n"), 3, 0, ""),
}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_repository(name: str, tmp_path: Path) -> None:
    make, rows, reasons, refused = REPOSITORIES[name]
    place = make(tmp_path / "hostile.git").end()
    tally = mined_repository(place, tmp_path)
    assert (tally.rows, tally.reasons) == (rows, reasons)
    assert re.search(refused, tally.refused)
    assert bool(refused) == bool(tally.refused)


def test_files_whose_names_differ_in_no_letter_are_all_counted(
    tmp_path: Path, mining: Mining
) -> None:
    place = strange_paths(tmp_path / "paths.git").end()
    last = rows_of(source(place), mining).to_pylist()[-1]
    counts = ("files", "lines_added", "lines_removed")
    assert [last[name] for name in counts] == [14, 12, 2]


def test_a_shallow_repository_and_tags_without_a_date_are_told_of(
    tmp_path: Path, mining: Mining
) -> None:
    found = harvest(source(shallow(tmp_path / "shallow.git").end()), mining)
    assert "the beginning of its history is missing" in found.note
    tagged = harvest(source(strange_tags(tmp_path / "tags.git").end()), mining)
    assert tagged.dropped == {"tags of what has no date": 3}


def test_when_nothing_can_be_mined_there_is_a_finding_for_each_and_no_snapshot(
    tmp_path: Path, run: Callable[..., Mined]
) -> None:
    empty = Repository(tmp_path / "empty.git").end()
    mail = CORPUS / "mbox/without-from-lines.mbox"
    with pytest.raises(EvaluationError) as caught:
        run(source(empty), source(mail, "mbox", id="list"))
    assert caught.value.exit_code is ExitCode.UNAVAILABLE
    codes = [finding.code for finding in caught.value.findings]
    assert codes == ["source-failed", "source-failed", "mine-nothing"]
    assert not (tmp_path / "snapshot").exists()


def test_100_mb_in_a_line_of_mail(tmp_path: Path, mining: Mining) -> None:
    place = tmp_path / "long.mbox"
    head = b"From ann@example.net Tue Sep  1 10:11:12 2020\n"
    place.write_bytes(head + letter(1) + head + letter(2) + LONG + b"\n" + head + letter(3))
    rows = rows_of(source(place, "mbox"), mining, "messages").to_pylist()
    assert [row["reason"] for row in rows] == ["", "larger than 8000000 bytes", ""]


def test_a_tracker_s_entry_that_changed_in_1970_is_a_row(tmp_path: Path, mining: Mining) -> None:
    dates = {"created_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z"}
    entries = [answers.ENTRY, answers.ENTRY | {"number": 2, "comments": 0} | dates]
    with answers.answering(answers.Tracker(entries, [])) as address:
        place = source(f"{address}/owner/project", "github")
        assert rows_of(place, mining, "issues").num_rows == 2


# --- anything at all -------------------------------------------------------------------------

EXAMPLES = {
    "git-log": 400,
    "mbox": 120,
    "message": 300,
    "issue-json": 50,
    "perceval-json": 80,
    "debian": 40,
    "repository": 8,
    "catalogue": 80,
    "identities": 80,
}


@pytest.mark.parametrize("name", TARGETS)
def test_anything_is_a_row_or_has_a_reason(
    name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if name == "debian" and not answers.apt_is_here():
        pytest.skip("apt is not here")
    seeds = [p.read_bytes() for p in sorted(CORPUS.glob(f"{name}/*"))]

    @settings(max_examples=EXAMPLES[name], phases=[Phase.generate])
    @given(st.integers(0, 1 << 32), st.integers(0, 99))
    def check(number: int, which: int) -> None:
        decisions = random.Random(number).randbytes(300)  # noqa: S311  # no secret
        content = garbled(seeds[which % len(seeds)], Choices(decisions)) if seeds else decisions
        TARGETS[name](content, tmp_path_factory.mktemp(name))

    with without_network(tmp_path):
        check()
