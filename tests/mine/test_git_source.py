from __future__ import annotations

import os
import subprocess
import threading
import time
from concurrent.futures import wait
from pathlib import Path

import pytest
from perceval.backends.core.git import Git as PercevalGit

from evaluator.mine.command import Git, SourceError
from evaluator.mine.sources import Mining
from evaluator.mine.sources.git import harvest
from tests.mine.conftest import EPOCH, HISTORY, fast_import, rows_of, source


def rows(place: Path, mining: Mining, **fields: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = rows_of(source(place, **fields), mining).to_pylist()
    return found


def test_counts_default_branch_only_and_no_lines_for_merges(built: Path, mining: Mining) -> None:
    found = rows(built, mining)
    assert len(found) == 6
    first, merge = found[0], next(r for r in found if r["parents"] == 2)
    assert first["parents"] == 0
    assert first["authored"] == EPOCH
    assert first["committed"] == EPOCH + 60
    assert (first["files"], first["files_code"], first["lines_added"]) == (2, 1, 3)
    counts = ("files", "files_code", "lines_added", "lines_removed")
    assert all(merge[name] is None for name in counts)
    assert found[-1]["subject"] == "Two lines"


def test_agrees_with_plain_perceval_except_for_merges(built: Path, mining: Mining) -> None:
    found = harvest(source(built), mining)
    ours = {r["key"]: r for r in rows(built, mining)}
    plain = PercevalGit("https://example.net/built", str(built))
    theirs = [i["data"] for i in plain.fetch(branches=["main"], no_update=True)]
    assert len(theirs) == len(ours)
    for item in theirs:
        row = ours[item["commit"]]
        author = item["Author"].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        # The log that Perceval reads has .mailmap applied by git itself.
        pair = (row["name"], row["address"])
        name, address = found.mailmap.get(pair, pair)
        assert f"{name} <{address}>" == author
        assert row["parents"] == len(item["parents"])
        if len(item["parents"]) < 2:
            assert row["files"] == len(item["files"])
            assert row["lines_added"] == sum(int(f["added"]) for f in item["files"])
            assert row["lines_removed"] == sum(int(f["removed"]) for f in item["files"])


def test_names_that_are_not_utf8_are_cleaned(built: Path, mining: Mining) -> None:
    names = {str(r["name"]) for r in rows(built, mining)}
    assert "Ben \ufffd Sample" in names
    assert all(name.encode("utf-8") for name in names)


def test_mailmap_of_the_branch_is_applied_by_git(built: Path, mining: Mining) -> None:
    mailmap = harvest(source(built), mining).mailmap
    assert mailmap[("aexample", "ann@old.example.net")] == ("Ann Example", "ann@example.net")


def test_tags_carry_the_date_of_their_commit(built: Path, mining: Mining) -> None:
    tags = dict(harvest(source(built), mining).tags)
    assert tags["v1.0.0"] == EPOCH + 4 * 86400 + 60
    only = harvest(source(built, tag_pattern=r"^v.*\d$"), mining)
    assert [tag for tag, _ in only.tags] == ["v1.0.0", "v1.0.0-rc1"]
    assert only.dropped == {"tags that the pattern excludes": 1}


SLOW = r"^v(1*)(1*)(1*)(1*)(1*)(1*)(1*)\1\2\3\4\5[^y1]$"


def test_pattern_without_end_is_a_reason(tmp_path: Path, mining: Mining) -> None:
    tag = b"reset refs/tags/v%s\nfrom :6\n\n" % (b"1" * 60 + b"y")
    place = source(fast_import(tmp_path / "long.git", HISTORY + tag), tag_pattern=SLOW)
    with pytest.raises(SourceError, match=r"takes too long on the tag .*without nested"):
        harvest(place, mining)


def test_path_restricts_to_a_folder(built: Path, mining: Mining) -> None:
    found = rows(built, mining, path="src")
    assert [r["files"] for r in found] == [1, 1]


def test_mercurial_tags_stand_in_where_there_are_no_others(tmp_path: Path, mining: Mining) -> None:
    history = HISTORY.split(b"reset refs/tags")[0].replace(
        b"data 8\nChange 2", b"data 44\nAdded tag STABLE-2.1.3 for changeset 4a3eac571f44"[:52]
    )
    place = fast_import(tmp_path / "hg.git", history)
    tags = harvest(source(place), mining).tags
    assert tags == (("STABLE-2.1.3", EPOCH + 86400 + 60),)


def test_what_is_new_at_the_origin_is_fetched(tmp_path: Path, mining: Mining) -> None:
    place = fast_import(tmp_path / "growing.git", HISTORY)
    assert len(rows(place, mining)) == 6
    more = b"commit refs/heads/main\ncommitter N <n@example.net> 1600000000 +0000\ndata 1\nx"
    command = ["git", f"--git-dir={place}", "fast-import", "--quiet"]
    subprocess.run(command, input=more + b"\nfrom refs/heads/main^0\n", check=True)
    assert len(rows(place, mining)) == 7


def test_address_leads_to_a_mirror_by_the_users_configuration(
    built: Path, mining: Mining, own_configuration: Path
) -> None:
    with own_configuration.open("a") as stream:
        stream.write(f'[url "{built.parent}/"]\n insteadOf = https://git.example.org/\n')
    assert len(rows("https://git.example.org/built.git", mining)) == 6  # type: ignore[arg-type]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_repository_of_another_user_is_read(tmp_path: Path, mining: Mining) -> None:
    place = fast_import(tmp_path / "foreign.git", HISTORY)
    for root, folders, files in os.walk(place):
        for name in (".", *folders, *files):
            os.chown(Path(root) / name, 65534, 65534)
    assert len(rows(place, mining)) == 6


def test_empty_repository(tmp_path: Path, mining: Mining) -> None:
    place = tmp_path / "empty.git"
    subprocess.run(["git", "init", "-q", "--bare", str(place)], check=True)
    with pytest.raises(SourceError, match="repository is empty"):
        rows(place, mining)


def test_head_without_a_branch(tmp_path: Path, mining: Mining) -> None:
    place = fast_import(tmp_path / "unborn.git", HISTORY)
    command = ["git", f"--git-dir={place}", "symbolic-ref", "HEAD", "refs/heads/none"]
    subprocess.run(command, check=True)
    with pytest.raises(SourceError, match="HEAD names no branch; give one as 'branch'"):
        rows(place, mining)
    assert len(rows(place, mining, branch="topic")) == 7


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"branch": "absent"}, "no branch 'absent'"),
        ({"branch": "--output=/tmp/x"}, "no branch '--output=/tmp/x'"),
        ({"path": "absent"}, "no commit below 'absent'"),
        ({"path": "../other"}, "the path '../other' is refused"),
        ({"path": "/etc"}, "the path '/etc' is refused"),
        ({"path": ":(glob)**"}, r"no commit below ':\(glob\)\*\*'"),
        ({"tag_pattern": "("}, "tag_pattern '\\(' is no regular expression"),
        ({"url": "/absent/repository"}, "does not exist|not appear to be a git repository"),
        ({"url": "http://127.0.0.1:1/closed.git"}, "not allowed|unable to access|127.0.0.1"),
    ],
)
def test_what_cannot_be_had_says_why(
    built: Path, mining: Mining, fields: dict[str, str], reason: str
) -> None:
    with pytest.raises(SourceError, match=reason):
        rows(built, mining, **fields)


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/owned",
        "--upload-pack=touch /tmp/owned",
        "ssh://-oProxyCommand=touch/x",
        "http://example.net/plain",
        "ftp://example.net/x",
        "fd::7",
        "https://example.net/a b",
        "file:///etc",
        "/etc",
        "git@example.net:scp-like",
    ],
)
def test_addresses_that_a_catalogue_may_not_name(url: str, tmp_path: Path, mining: Mining) -> None:
    strict = Mining(mining.git, mining.cache, mining.retrieved, allow_local=False)
    with pytest.raises(SourceError, match="refused; allowed: https://, ssh:// and git://"):
        harvest(source(url), strict)


def test_reasons_show_no_credentials_and_no_terminal_escapes() -> None:
    reason = str(SourceError("fatal: \x1b[2Jhttps://me:secret@example.net/x not found\n"))
    assert reason == "fatal: [2Jhttps://example.net/x not found"


def test_stopping_leaves_nobody_waiting() -> None:
    git, gate = Git(1), threading.Event()
    git.readers.submit(gate.wait, 10)
    queued = [git.readers.submit(git.run, "version") for _ in range(3)]
    stopping = threading.Thread(target=git.stop)
    stopping.start()
    while not git.stopped:
        time.sleep(0.01)
    gate.set()
    # As whoever reads a history waits for them: none may be cancelled in silence.
    assert not wait(queued, timeout=10).not_done
    assert all("interrupted" in str(reader.exception()) for reader in queued)
    stopping.join()
