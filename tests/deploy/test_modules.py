"""What the playbooks' own modules decide, without a node."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from .conftest import module

ZCS1 = "nftables/zcs1.nft"


@pytest.mark.parametrize(
    ("connection", "refused"),
    [
        ("198.51.100.250 50000 198.51.100.141 22", False),
        ("::ffff:198.51.100.250 50000 ::ffff:198.51.100.141 22", False),
        ("192.0.2.12 50000 192.0.2.11 22", False),  # a member, over the ring
        ("198.51.100.250 50000 198.51.100.141 2222", True),
        ("198.51.100.250 50000 198.51.100.11 22", True),
        ("192.0.2.13 50000 192.0.2.11 22", True),
        ("127.0.0.1 50000 127.0.0.1 2222", False),
        ("", False),  # sudo does not hand it on
    ],
)
def test_a_way_in_that_the_filter_would_close_is_refused(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, connection: str, refused: bool
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", connection)
    found: list[str] = []
    module("cluster_preflight").way_in(found, (bundle / ZCS1).read_text())
    assert [f.startswith("[ssh-filtered]") for f in found] == [True] * refused


@pytest.mark.skipif(os.geteuid() != 0, reason="files get root as their owner")
def test_backups_continue_an_unfinished_run_and_only_five_stay(tmp_path: Path) -> None:
    backup = module("cluster_backup")
    place, file, secret = tmp_path / "backup", tmp_path / "file", tmp_path / "secret"
    watched = [str(file), str(secret)]
    secret.write_text("key")

    def run(name: str, content: str, *, ends: bool = True) -> None:
        backup.begin(place, name, watched, [str(secret)], [])
        backup.agree(place, name)
        file.write_text(content)
        if ends:
            backup.settle(place / name, backup.read(place / name), changed=True)

    file.write_text("0")
    run("1", "half-way", ends=False)
    run("2", "2")
    assert [p.name for p in backup.runs(place)] == ["2"]
    assert (place / "2" / backup.copy_of(str(file))).read_text() == "0"
    # the key is the one that it was, so no copy of it stays
    assert not (place / "2" / backup.copy_of(str(secret))).exists()
    # what one node could not save, no node keeps
    backup.begin(place, "3", watched, [str(secret)], [])
    for number in range(4, 10):
        run(str(number), str(number))
    assert [p.name for p in backup.runs(place)] == ["5", "6", "7", "8", "9"]
    assert {p.stat().st_mode & 0o777 for p in place.rglob("*") if p.is_file()} == {0o600}
    assert {p.stat().st_mode & 0o777 for p in (place, *place.iterdir())} == {0o700}


def test_a_run_is_over_with_its_process_or_after_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = module("cluster_lock")
    monkeypatch.setattr(lock, "RECORD", tmp_path / "lock")
    record = {"run": "1", "seat": "here", "process": 7, "time": lock.time.time() - 60}
    asks = {"run": "2", "seat": "here", "processes": [7, 8]}
    assert lock.holder(asks) is None
    lock.RECORD.write_text(json.dumps(record))
    assert lock.holder(asks) == record
    assert lock.holder({**asks, "run": "1"}) is None
    assert lock.holder({**asks, "processes": [8]}) is None
    assert lock.holder({**asks, "seat": "elsewhere", "processes": []}) == record
    lock.RECORD.write_text(json.dumps({**record, "time": record["time"] - 3600}))
    assert lock.holder({**asks, "seat": "elsewhere"}) is None
    assert lock.holder(asks) is not None
