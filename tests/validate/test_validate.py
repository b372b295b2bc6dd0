"""The frame around the validators: nothing is skipped silently, and nothing hangs."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from evaluator.programs import SYSTEM_PATH, run
from evaluator.validate import all_validators, validate

GOOD = Path(__file__).parent / "good"


def program(folder: Path, name: str, script: str) -> None:
    """Put a program of the test's own where programs are looked for."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_absent_validators_are_named_with_what_stays_unchecked(tmp_path: Path) -> None:
    found = validate(GOOD, path=str(tmp_path))
    assert found.ran == ()
    assert found.findings == ()
    assert {a.tool for a in found.absent} == {v.tool for v in all_validators()}
    for absent in found.absent:
        assert absent.package
        assert absent.checks
        assert absent.files


def test_without_namespaces_the_reason_is_told(tmp_path: Path) -> None:
    if shutil.which("corosync", path=SYSTEM_PATH) is None:
        pytest.skip("corosync is missing (Debian package corosync)")
    program(tmp_path / "bin", "unshare", "echo 'unshare: Operation not permitted' >&2; exit 1")
    found = validate(GOOD / "corosync", path=f"{tmp_path / 'bin'}:{SYSTEM_PATH}")
    assert [a.package for a in found.absent] == ["util-linux, with leave to make namespaces"]


def test_a_validator_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    program(tmp_path / "bin", "haproxy", f"sleep 60 & echo $! > '{pid}'; wait")
    start = time.monotonic()
    found = validate(GOOD / "haproxy", path=f"{tmp_path / 'bin'}:{SYSTEM_PATH}", seconds=0.5)
    assert time.monotonic() - start < 20
    assert [f.code for f in found.findings] == ["validator-hung"]
    child = int(pid.read_text())
    for _ in range(50):
        if not os.path.exists(f"/proc/{child}") or "(sleep) Z" in _stat(child):
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the program's child is still there")


def _stat(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "(sleep) Z"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("case $1 in -v) echo 2.6.1;; *) kill -SEGV $$;; esac", "validator-crashed"),
        ("case $1 in -v) echo 2.6.1;; *) exit 3;; esac", "validate-haproxy"),
        ("case $1 in -v) echo 2.6.1;; *) yes | head -c 3000000; exit 1;; esac", "validate-haproxy"),
    ],
    ids=["crash", "wordless", "flood"],
)
def test_a_validator_without_a_proper_answer_is_told(
    tmp_path: Path, script: str, code: str
) -> None:
    program(tmp_path / "bin", "haproxy", script)
    found = validate(GOOD / "haproxy", path=f"{tmp_path / 'bin'}:{SYSTEM_PATH}")
    assert [f.code for f in found.findings] == [code]
    assert len(found.findings[0].message) < 500
    assert found.ran[0].version == "2.6.1"


def test_what_cannot_be_executed_is_told(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    broken = tmp_path / "bin/haproxy"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o755)
    found = validate(GOOD / "haproxy", path=f"{tmp_path / 'bin'}:{SYSTEM_PATH}")
    assert [f.code for f in found.findings] == ["validator-failed"]


def test_what_one_validator_found_before_it_hung_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "two"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        shutil.copy(GOOD / "haproxy/haproxy.cfg", folder / name)
    script = (
        "case $* in -v) echo 2.6.1;; */a/*) echo '[ALERT]    (1) : config : parsing "
        "[/x.cfg:3] : no'; exit 1;; *) sleep 60;; esac"
    )
    program(tmp_path / "bin", "haproxy", script)
    found = validate(folder, path=f"{tmp_path / 'bin'}:{SYSTEM_PATH}", seconds=1)
    assert [f.code for f in found.findings] == ["validator-hung", "validate-haproxy"]


def test_a_file_alone_is_checked_too() -> None:
    if shutil.which("haproxy", path=SYSTEM_PATH) is None:
        pytest.skip("haproxy is missing (Debian package haproxy)")
    found = validate(GOOD / "haproxy/haproxy.cfg")
    assert found.findings == ()
    assert found.ran[0].files == ("haproxy.cfg",)


def test_a_program_is_run_with_a_plain_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_CALLER", "1")
    done = run(["env"], folder=tmp_path)
    assert done.code == 0
    assert "OF_THE_CALLER" not in done.output
    assert f"HOME={tmp_path}" in done.output
