"""What a killed laboratory leaves is removed, and nothing else."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluator.findings import EvaluationError
from evaluator.lab import Laboratory, clean, in_use, place, removal, supply
from evaluator.lab.command import undisturbed
from evaluator.lab.lock import locked
from evaluator.lab.node import group_roots
from evaluator.lab.removal import claim

from .conftest import CACHE, left_of, wiring

pytestmark = pytest.mark.xdist_group("lab")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="mounts and namespaces are for root")

HOLD = """
import time
from tests.lab.conftest import CACHE, wiring
from evaluator.lab import Laboratory

with Laboratory(wiring("zcs1", shared_disk="/dev/shared0"), cache=CACHE) as laboratory:
    laboratory.start()
    print(laboratory.prefix, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None but one's own."""
    monkeypatch.setattr(removal, "PLACES", tmp_path / "places")


def _daemon_of(prefix: str) -> int:
    inhabitants = subprocess.run(
        ["ip", "netns", "pids", f"{prefix}-switch"], capture_output=True, text=True, check=True
    )
    for pid in inhabitants.stdout.split():
        if "evaluator.lab.power" in Path(f"/proc/{pid}/cmdline").read_text():
            return int(pid)
    raise AssertionError("no power daemon")


@pytest.mark.parametrize("also_the_daemon", [False, True])
def test_after_a_kill_everything_can_be_removed(possible: None, also_the_daemon: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as held:
        assert held.stdout is not None
        prefix = held.stdout.readline().strip()
        assert prefix not in clean(CACHE)  # it lives
        daemon = _daemon_of(prefix)
        if also_the_daemon:
            os.kill(daemon, signal.SIGSTOP)
        held.kill()
        held.wait()
        if also_the_daemon:
            os.kill(daemon, signal.SIGKILL)
    assert any("loop" in line for line in left_of(prefix))
    began = time.monotonic()
    assert prefix in clean(CACHE)
    assert time.monotonic() - began < 10
    assert left_of(prefix) == []
    assert not (CACHE / "run" / prefix).exists()


def test_a_running_laboratory_is_not_cleaned_away(laboratory: Laboratory) -> None:
    assert laboratory.prefix not in clean(CACHE)
    assert laboratory.ssh("zcs1", "true").returncode == 0


@root_only
def test_remains_of_a_laboratory_that_was_hardly_begun_are_removed(
    tmp_path: Path, places: None
) -> None:
    (tmp_path / "run/floss-000000").mkdir(parents=True)
    assert clean(tmp_path) == ["floss-000000"]
    assert not (tmp_path / "run/floss-000000").exists()


LIKE = r"""
import json, os, subprocess, sys, time
from pathlib import Path
from evaluator.lab import clean, host, removal
from evaluator.lab.node import group_roots

cache = Path(sys.argv[1])
do = lambda line: subprocess.run(["bash", "-c", line], stdout=subprocess.DEVNULL, check=True)
# whatever is wrong with it, it reaches no other's
do("mkdir -p /run/netns; mount -t tmpfs none /run/netns")
removal.PLACES = cache / "places"
removal.PLACES.mkdir()
for name in ("floss", "floss-mine", "floss-00000", "floss-0000000", "floss-00000g", "floss-0000",
             "floss-*", "mail-floss-000000"):
    # a folder where laboratories lie, and everything else that one has, by a similar name
    (cache / "run" / name / "nodes/zcs1/root").mkdir(parents=True)
    do(f"mount -t tmpfs '{name}' '{cache}/run/{name}/nodes/zcs1/root'")
for name in ("floss-mine-zcs1", "floss-0000000-zcs1", "floss-00000-zcs1", "zcs1", "floss-000000",
             "my-floss-000000-zcs1", "floss-000000zcs1"):
    do(f"ip netns add {name}")
    do(f"ip netns exec {name} sleep 60 & sleep 0.1")
do("ip link add floss-000000 type bridge")
do(f"exec -a 'floss-000000-zcs1 evaluator.lab.power {cache}/run/floss-000000' sleep 60 &")
group = group_roots()[0] / f"floss-like-{os.getpid()}-{sys.argv[2]}"
group.mkdir()
disk = cache / "run/floss-mine/disk"
do(f"truncate -s 1M '{disk}'; losetup -f '{disk}'")
(cache / "run/floss-000001").write_text("a file")
(cache / "run/floss-000002").symlink_to(cache / "run/floss-mine")
(cache / "run/floss-000000/nodes/zcs1/root").mkdir(parents=True)
before = host.snapshot()
processes = lambda: subprocess.run(["ps", "-wweo", "args"], text=True, capture_output=True).stdout
running = [line for line in processes().splitlines() if line.endswith(" 60")]
own = cache / "run/floss-000000"
files = lambda: {path for path in cache.rglob("*") if own not in (path, *path.parents)}
there = files()
# one that is a laboratory's, and has to go
do("ip netns add floss-000000-zcs1; ip netns exec floss-000000-zcs1 sleep 61 & sleep 0.3")
do(f"mount -t tmpfs own {cache}/run/floss-000000/nodes/zcs1/root")
removed = clean(cache)
print(json.dumps({
    "removed": removed, "changed": [str(f) for f in host.differences(before, host.snapshot())],
    "running": len(running), "left": sum(map(processes().splitlines().count, set(running))),
    "own": own.exists() or "\nsleep 61\n" in processes(),
    "files": [path.name for path in there ^ files() if not path.name.endswith(".lock")],
}))
do(f"losetup -d $(losetup -nO NAME -j '{disk}')")
group.rmdir()
"""


@root_only
def test_what_only_looks_like_a_laboratory_stays(tmp_path: Path) -> None:
    alone = ("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc")
    done = subprocess.run(
        [*alone, sys.executable, "-c", LIKE,
         str(tmp_path), str(os.getpid())],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["removed"] == ["floss-000000"]
    assert not found["own"]
    assert found["changed"] == []
    assert found["running"] == found["left"] == 8
    assert found["files"] == []


@root_only
def test_a_name_that_somebody_has_is_not_taken_and_not_removed(
    possible: None,
) -> None:
    laboratory = Laboratory(wiring("zcs1"), cache=CACHE)
    theirs = f"{laboratory.prefix}-switch"
    subprocess.run(["ip", "netns", "add", theirs], check=True)
    try:
        with pytest.raises(EvaluationError, match="lab-name-taken"), laboratory:
            raise AssertionError("entered")
        assert Path("/run/netns", theirs).exists()
        assert not laboratory.scratch.exists()
    finally:
        subprocess.run(["ip", "netns", "del", theirs], check=True)


@root_only
def test_two_laboratories_are_kept_apart_and_one_that_is_used_stays(
    tmp_path: Path, places: None
) -> None:
    names = ("floss-00000a", "floss-00000b")
    with claim(tmp_path / "run" / names[0]), claim(tmp_path / "run" / names[1]):
        assert in_use(tmp_path) == list(names)
        assert clean(tmp_path) == []
        with pytest.raises(FileExistsError):
            claim(tmp_path / "run" / names[0])
    assert in_use(tmp_path) == []
    assert clean(tmp_path) == list(names)


@root_only
def test_what_has_left_the_namespaces_of_a_laboratory_is_ended_by_its_control_group(
    tmp_path: Path, places: None
) -> None:
    name = f"floss-{secrets.token_hex(3)}"
    (tmp_path / "run" / name).mkdir(parents=True)
    groups = [root / name / "zcs1" for root in group_roots()]
    with subprocess.Popen(["sleep", "60"]) as lost:
        for group in groups:
            group.mkdir(parents=True)
            (group / "cgroup.procs").write_text(str(lost.pid))
        assert clean(tmp_path) == [name]
        assert lost.wait(5) == -signal.SIGKILL
    assert left_of(name) == []


@root_only
def test_a_place_is_for_root_alone_and_removed_when_nobody_has_it(
    tmp_path: Path, places: None
) -> None:
    with place() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "secrets.yml").touch()
        assert clean(tmp_path) == []
        assert in_use(tmp_path) == []
    assert not folder.exists()
    folder.mkdir()
    (folder / "secrets.yml").touch()
    assert clean(tmp_path) == [folder.name]
    assert not folder.exists()


@root_only
def test_a_half_built_image_is_removed_unless_somebody_builds_it(
    tmp_path: Path, places: None
) -> None:
    for name in (".image-0.part", ".guest-0.part", "image-0", ".image-0"):
        (tmp_path / name / "usr").mkdir(parents=True)
    with locked(tmp_path / "image.lock"):
        assert clean(tmp_path) == [".guest-0.part"]
    assert clean(tmp_path) == [".image-0.part"]
    assert {path.name for path in tmp_path.glob("*image-*")} == {"image-0", ".image-0"}


def test_a_power_daemon_that_says_nothing_is_ended_and_all_is_removed(
    possible: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory = Laboratory(wiring("zcs1"), cache=CACHE)
    with laboratory:
        laboratory.start()
        monkeypatch.setattr(supply, "ANSWER_SECONDS", 0.5)
        os.kill(_daemon_of(laboratory.prefix), signal.SIGSTOP)
        with pytest.raises(EvaluationError, match=r"silent for 0\.5 s"):
            laboratory.node("zcs1").kill()
    assert left_of(laboratory.prefix) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_removal_is_not_interrupted_half_way(sent: signal.Signals) -> None:
    came: list[str] = []
    before = signal.signal(sent, lambda *_: came.append("signal"))
    try:
        with undisturbed():
            for _ in range(3):
                signal.raise_signal(sent)
            came.append("removed")
        assert came == ["removed", "signal"]
    finally:
        signal.signal(sent, before)
