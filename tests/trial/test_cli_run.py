"""``evaluate lab run`` and ``clean`` as somebody at a terminal uses, ends and kills them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from rich.console import Console

from evaluator import display
from evaluator.display.trying import Progress, watched
from evaluator.evidence.record import Record, append
from evaluator.lab import Laboratory, image
from evaluator.lab.removal import PLACES, claim
from evaluator.trial.campaign import Campaign
from tests.command import Evaluate
from tests.lab.conftest import CACHE, left_of, until, wiring

from .conftest import failover
from .test_record import recorded

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="a laboratory is for root")
RUN = (sys.executable, "-m", "evaluator", "lab", "run", "--cluster", "keepalived")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that nobody else uses, with the image of the others."""
    if findings := Laboratory(wiring("zcs1"), cache=CACHE).missing():
        pytest.skip("; ".join(f"{finding.message} ({finding.remedy})" for finding in findings))
    built = image.build(CACHE)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / built.name).symlink_to(built)
    return tmp_path / "cache"


@pytest.fixture
def running(cache: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run whose nodes are booting."""
    process = subprocess.Popen(
        [*RUN, "--only", "power-cut-active", "--out", "trials.jsonl"],
        cwd=tmp_path,
        env={**os.environ, "EVALUATE_LAB_CACHE": str(cache), "PYTHONPATH": os.getcwd()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        until(lambda: any(cache.glob("run/floss-*/nodes/zcs2/console")), 60)
        yield process
        process.kill()


def _name(cache: Path) -> str:
    (scratch,) = cache.glob("run/floss-*")
    return scratch.name


def _place(pid: int) -> Path:
    """Where a run has its temporary files, by the lock that it holds."""
    opened = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            opened.append(Path(os.readlink(link)))
    (folder,) = {path.parent for path in opened if path.is_relative_to(PLACES)}
    return folder


@pytest.mark.xdist_group("lab")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_ended_removes_its_laboratory(
    cache: Path, running: subprocess.Popen[str], tmp_path: Path, sent: signal.Signals
) -> None:
    name, place = _name(cache), _place(running.pid)
    assert list(place.rglob("secrets.yml"))
    running.send_signal(sent)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130, said
    # a terminal that is gone cannot be told
    assert ("What has ended is in trials.jsonl" in said) == (sent != signal.SIGHUP)
    assert left_of(name) == []
    assert list(cache.glob("run/floss-*")) == []
    assert not place.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


@pytest.mark.xdist_group("lab")
def test_what_a_killed_run_leaves_is_removed_by_clean(
    cache: Path, running: subprocess.Popen[str], evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, place = _name(cache), _place(running.pid)
    monkeypatch.setenv("EVALUATE_LAB_CACHE", str(cache))
    assert f"In use and left alone: {name}" in evaluate("lab", "clean").err
    running.kill()
    running.wait()
    assert left_of(name)
    assert place.exists()
    done = evaluate("lab", "clean")
    assert done.code == 0
    assert name in done.out
    assert place.name in done.out
    assert left_of(name) == []
    assert not place.exists()
    assert "nothing was left" in evaluate("lab", "clean").out


# --- what is seen meanwhile ------------------------------------------------------------------


def test_what_goes_on_is_told_with_how_long_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    told: list[str] = []
    progress = Progress(Console(file=io.StringIO()), told.append)
    progress.building("keepalived")
    now[0] += 500
    progress.built("keepalived", 500)
    progress.begins("keepalived", "power-cut-active", 1, 4)
    now[0] += 60
    progress.begins("keepalived", "kill-service", 2, 4)
    assert told == [
        "keepalived: building it from its bundle, which takes minutes …",
        "keepalived: 1 of 4: power-cut-active …",
        "keepalived: 2 of 4, about 3 min to go: kill-service …",
    ]


def test_a_log_has_what_a_terminal_would_show(capsys: pytest.CaptureFixture[str]) -> None:
    with watched() as progress:
        progress.building("keepalived")
        progress.begins("keepalived", "[/x]\x1b", 1, 4)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["keepalived"] * 2
    assert lines[1].endswith("[/x]\ufffd …")


def test_no_figure_is_cut_off_where_the_terminal_is_narrow(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "WIDTH_WITHOUT_TERMINAL", 80)
    made = recorded(failover(), outage={"http": 12.34}, redundant=123.0, fault="a" * 30)
    append(tmp_path / "trials.jsonl", made)
    out = evaluate("lab", "compare", tmp_path / "trials.jsonl").out
    assert "12.3 [12.3–12.3]" in out
    assert "123" in out
    assert "…" not in out
    assert out.count("a") >= 30


# --- before anything is built ----------------------------------------------------------------


@root_only
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--repeat", "0"), 2, "--repeat"),
        (("--repeat", "x"), 2, "--repeat"),
        (("--seed", "x"), 2, "--seed"),
        (("--seed", "-1"), 2, "--seed"),
        (("--out", "/proc/trials.jsonl"), 2, "/proc/trials.jsonl"),
        (("--out", "."), 2, "Is a directory"),
        (("--out", "file/trials.jsonl"), 2, "[output-failed]"),
        (("--logs", "file"), 2, "file: Not a directory"),
        (("--out", "file"), 2, "file:1:1: error [trial-record]"),
        (("--only", "kill-service"), 2, "none of the faults fits keepalived"),
        (("--only", "kill-service"), 2, "keepalived: not made: it is for pacemaker: kill-service"),
        (("--only", "power-cut"), 2, "did you mean 'power-cut-"),
        (("--cluster", "keepalive"), 2, "did you mean 'keepalived'?"),
    ],
)
def test_what_would_end_a_run_after_minutes_is_told_before_it(
    words: tuple[str, ...],
    code: int,
    said: str,
    evaluate: Evaluate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no record\n")
    before = os.environ.get("TMPDIR"), signal.getsignal(signal.SIGTERM)
    done = evaluate("lab", "run", "--cluster", "keepalived", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "building" not in done.err
    assert (os.environ.get("TMPDIR"), signal.getsignal(signal.SIGTERM)) == before
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "no record\n"


@pytest.mark.parametrize(
    ("findings", "words", "code"),
    [
        ((), ("--resume",), 0),
        (("error [mail-lost] 2 mails",), ("--resume",), 4),
        # of other trials than these
        (("error [mail-lost] 2 mails",), ("--resume", "--seed", "2"), 0),
        (("error [mail-lost] 2 mails",), ("--resume", "--cluster", "keepalived"), 4),
        (("error [mail-lost] 2 mails",), (), 0),
    ],
)
def test_a_resumed_run_ends_as_all_its_trials_did(
    findings: tuple[str, ...],
    words: tuple[str, ...],
    code: int,
    evaluate: Evaluate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those that were made before it was ended are in its table and its exit code."""
    monkeypatch.chdir(tmp_path)
    for name in ("_root", "_make_ready", "_say_what_does_not_fit"):
        monkeypatch.setattr(f"evaluator.cli.trying.{name}", lambda *_: None)
    monkeypatch.setattr("evaluator.cli.trying._temporary", nullcontext)
    asked: list[Campaign] = []

    def run(campaign: Campaign, *_: object, **__: object) -> list[Record]:
        asked.append(campaign)
        return [recorded(failover(), fault="kill-service", findings=(), seed=1)]

    monkeypatch.setattr("evaluator.trial.campaign.run", run)
    earlier = recorded(failover(), findings=findings, seed=3)
    append(tmp_path / "trials.jsonl", earlier)
    only = ("--only", "power-cut-active", "--only", "kill-service", "--format", "json")
    done = evaluate("lab", "run", "--cluster", "pacemaker-2", *only, *words)
    assert done.code == code
    shown = {row["fault"] for row in json.loads(done.out)}
    own = "--resume" in words and "--seed" not in words
    assert shown == {"kill-service", *([earlier.fault] if own else [])}
    assert asked[0].done == ({("pacemaker-2", "power-cut-active", 1)} if own else set())


@root_only
def test_a_laboratory_of_a_killed_run_is_told_of_by_the_next(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALUATE_LAB_CACHE", str(tmp_path))
    (tmp_path / "run/floss-00000a").mkdir(parents=True)
    with claim(tmp_path / "run/floss-00000b"):
        done = evaluate("lab", "run", "--cluster", "keepalived", "--only", "kill-service")
    assert "killed had left something: removed floss-00000a" in done.err
    assert "There is another laboratory, floss-00000b" in done.err


@root_only
def test_a_cache_where_nothing_can_be_made_is_named_with_the_remedy(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALUATE_LAB_CACHE", "/proc/here")
    monkeypatch.setattr("evaluator.lab.removal.PLACES", tmp_path / "places")
    assert "nothing was left" in evaluate("lab", "clean").out
    done = evaluate("lab", "run", "--cluster", "pacemaker-2")
    assert (done.code, done.out) == (3, "")
    # every fault that is not made is named with the reason
    assert "it is for clusters with a replicated volume: clock-jump-active, " in done.err
    assert "[lab-overlay] no overlay below /proc/here: " in done.err
    assert "set EVALUATE_LAB_CACHE to a folder" in done.err


@root_only
def test_without_ansible_nothing_is_begun(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    done = evaluate("lab", "run", "--only", "power-cut-active")
    assert (done.code, done.out) == (2, "")
    assert "[no-ansible]" in done.err


@pytest.mark.parametrize("words", [("run", "--only", "power-cut-active"), ("clean",)])
def test_who_is_not_root_is_told_so(
    evaluate: Evaluate, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if was_root := os.geteuid() == 0:
        evaluate("lab", "run", "--only", "x")  # what is imported late may be root's alone
        os.seteuid(65534)
    try:
        done = evaluate("lab", *words)
    finally:
        if was_root:
            os.seteuid(0)
    assert (done.code, done.out) == (3, "")
    assert done.err == "error [lab-root] namespaces and mounts need root\n    run it as root\n"
