"""What the kernel's tables say, of this machine, of a process, and of a namespace made here."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluator.findings import EvaluationError, Finding
from evaluator.lab.mirror import HEARD
from evaluator.trial import watch as module
from evaluator.trial.watch import Seen, Watch, has_mounted, holds_address, listens

SELF = Path("/proc/self")
NAMESPACE = f"trial-watch-{os.getpid()}"
VIRTUAL, VIRTUAL6 = "198.51.100.20", "2001:db8::20"

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made by root")
needs_ip = pytest.mark.skipif(
    shutil.which("ip") is None, reason="ip is missing (Debian package iproute2)"
)
needs_ipv6 = pytest.mark.skipif(
    not Path("/proc/net/if_inet6").exists(), reason="this machine's kernel has no IPv6"
)


@contextmanager
def listener(family: socket.AddressFamily = socket.AF_INET) -> Iterator[int]:
    """A port of the loopback that something listens on."""
    with socket.socket(family) as server:
        server.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def until(true: Callable[[], bool], timeout: float = 5) -> None:
    """Wait for it, not longer than allowed."""
    end = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < end, f"not within {timeout:g} s"
        time.sleep(0.01)


# --- one look -------------------------------------------------------------------------------


def test_the_loopbacks_address_is_held() -> None:
    assert holds_address(SELF, "127.0.0.1")


@pytest.mark.parametrize(
    "address", ["203.0.113.254", "127.0.0.0", "127.255.255.255", "27.0.0.1", "127.0.0.", ""]
)  # fmt: skip
def test_networks_broadcasts_and_parts_of_an_address_are_not_held(address: str) -> None:
    assert not holds_address(SELF, address)


@needs_ipv6
def test_an_address_of_version_6_however_it_is_written() -> None:
    assert holds_address(SELF, "::1") == ("::1" in held6())
    assert holds_address(SELF, "0:0:0:0:0:0:0:1") == holds_address(SELF, "::1")
    assert not holds_address(SELF, "2001:db8::1")


def held6() -> set[str]:
    """Addresses of version 6 that are this machine's, as ``::1`` is read from the same table."""
    lines = Path("/proc/net/if_inet6").read_text().splitlines()
    return {socket.inet_ntop(socket.AF_INET6, bytes.fromhex(line.split()[0])) for line in lines}


def test_what_is_mounted_and_what_is_only_a_part_of_its_name() -> None:
    assert has_mounted(SELF, "/proc")
    assert not has_mounted(SELF, "/pro")
    assert not has_mounted(SELF, "/proc/self/nowhere")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_has_a_listener_until_it_is_closed(family: socket.AddressFamily) -> None:
    try:
        with listener(family) as port:
            assert listens(SELF, port)
    except OSError as error:
        pytest.skip(f"no loopback of this family: {error}")
    assert not listens(SELF, port)


def test_a_port_that_is_only_bound_or_connected_has_no_listener() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert not listens(SELF, bound.getsockname()[1])
    with listener() as port, socket.create_connection(("127.0.0.1", port)) as connection:
        assert listens(SELF, port)
        assert not listens(SELF, connection.getsockname()[1])


def test_a_process_that_has_ended_has_no_tables(idle: subprocess.Popen[bytes]) -> None:
    process = Path(f"/proc/{idle.pid}")
    assert holds_address(process, "127.0.0.1")
    idle.kill()
    idle.wait()
    looks: list[Callable[[], bool]] = [
        lambda: holds_address(process, "127.0.0.1"),
        lambda: has_mounted(process, "/proc"),
        lambda: listens(process, 80),
    ]
    for look in looks:
        with pytest.raises(OSError, match=str(idle.pid)):
            look()


@pytest.fixture
def idle() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, in this machine's namespaces; it stands for a node's PID 1."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


# --- looking on -----------------------------------------------------------------------------


def watch(
    leaders: Callable[[str], int | str | None], *nodes: str, port: int, mount: str = ""
) -> Watch:
    return Watch(leaders, nodes, address="127.0.0.1", mount=mount, port=port, every=0.01)


def test_a_look_names_the_nodes_of_which_it_is_true() -> None:
    pids = {"here": os.getpid(), "off": None}
    with listener() as port:
        look = watch(lambda node: pids[node], "here", "off", port=port, mount="/proc").look()
    one = frozenset({"here"})
    assert look[1:] == (one, one, one)
    assert abs(look.time - time.time()) < 5
    without = watch(lambda node: pids[node], "here", port=port).look()
    assert without[1:] == (one, frozenset(), frozenset())


def test_changes_are_seen_in_their_order() -> None:
    here = frozenset({"here"})
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        with watch(lambda _: os.getpid(), "here", port=port) as looking:
            until(lambda: len(looking.seen) == 1)
            began = time.time()
            server.listen()
            until(lambda: len(looking.seen) == 2)
            server.close()
            until(lambda: len(looking.seen) == 3)
    assert [look.service for look in looking.seen] == [frozenset(), here, frozenset()]
    times = [look.time for look in looking.seen]
    assert times == sorted(times)
    assert times[1] >= began
    # since a moment: what was true then, and all that followed
    assert looking.since(times[1]) == looking.seen[1:]
    assert looking.since((times[1] + times[2]) / 2) == looking.seen[1:]
    assert looking.since(times[0] - 1) == looking.seen
    assert looking.since(times[2] + 1) == looking.seen[2:]


def test_a_node_that_dies_has_nothing_and_is_found_again_when_it_is_back(
    idle: subprocess.Popen[bytes],
) -> None:
    pids: dict[str, int | None] = {"node": idle.pid}
    asked: list[str] = []

    def leader(node: str) -> int | None:
        asked.append(node)
        return pids[node]

    with watch(leader, "node", port=1) as looking:
        until(lambda: bool(looking.seen))
        before = len(asked)
        pids["node"] = None
        idle.send_signal(signal.SIGKILL)
        # it is not waited for yet: a zombie has nothing, and another process is the node then
        until(lambda: len(looking.seen) == 2)
        pids["node"] = os.getpid()
        until(lambda: len(looking.seen) == 3)
    held = [look.address for look in looking.seen]
    assert held == [frozenset({"node"}), frozenset(), frozenset({"node"})]
    assert before == 1, "the same process is not asked for twice"


@pytest.fixture(scope="module")
def paused() -> tuple[float, list[tuple[float, float]]]:
    """When a watch began whose first look took long, and the pauses that it noted."""
    late = iter([1.3])

    def leader(node: str) -> None:
        time.sleep(next(late, 0))

    began = time.time()
    with watch(leader, "node", port=1) as looking:
        until(lambda: bool(looking.pauses))
    return began, looking.pauses


def test_a_pause_is_noted(paused: tuple[float, list[tuple[float, float]]]) -> None:
    _, ((moment, seconds),) = paused
    assert 1.3 <= seconds < 4
    assert moment < time.time() - seconds + 1


def test_looks_that_are_no_further_apart_than_asked_for_are_no_pause() -> None:
    with Watch(lambda _: None, ["node"], address="", mount="", port=1, every=0.2) as looking:
        until(lambda: bool(looking.seen))
    assert looking.pauses == []


def test_a_watch_ends_with_its_block() -> None:
    with pytest.raises(KeyboardInterrupt), watch(lambda _: None, "node", port=1) as looking:
        raise KeyboardInterrupt
    count = len(looking.seen)
    time.sleep(0.05)
    assert len(looking.seen) == count


def test_a_pause_begins_where_the_last_look_ended(
    paused: tuple[float, list[tuple[float, float]]],
) -> None:
    began, ((moment, _),) = paused
    assert moment >= began - 0.1


def test_a_look_bears_no_time_before_it_saw_anything() -> None:
    """Else what a fault did is taken for what was true before it."""

    def leader(node: str) -> int:
        time.sleep(0.2)
        return os.getpid()

    began = time.time()
    assert watch(leader, "node", port=1).look().time >= began + 0.2


def test_a_node_that_cannot_be_asked_for_does_not_end_the_watch() -> None:
    answers = iter([EvaluationError(Finding("lab-power", "the daemon is busy"))])

    def leader(node: str) -> int:
        for error in answers:
            raise error
        return os.getpid()

    with watch(leader, "node", port=1) as looking:
        until(lambda: any(look.address for look in looking.seen), 1)


# --- nodes that are silent ------------------------------------------------------------------


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was brought out of a node with this machine's tables, a moment ago."""
    monkeypatch.setattr(module, "SILENT_SECONDS", 1.0)
    folder = tmp_path / "guest"
    (folder / "net").mkdir(parents=True)
    for table in ("net/fib_trie", "net/tcp", "net/tcp6", "mounts"):
        (folder / table).write_text(Path(SELF, table).read_text())
    (folder / HEARD).touch()
    return folder


def test_a_guest_that_fell_silent_is_not_known_from_then_on(guest: Path) -> None:
    heard = (guest / HEARD).stat().st_mtime
    with watch(lambda _: str(guest), "node", port=1) as looking:
        time.sleep(1.6)
    ended = time.time()
    assert [look.address for look in looking.seen] == [{"node"}], "it keeps what it last said"
    ((moment, seconds),) = looking.pauses
    assert moment == heard
    assert moment + seconds == pytest.approx(ended, abs=0.8)


def test_a_guest_that_speaks_again_was_not_known_until_then(guest: Path) -> None:
    with watch(lambda _: str(guest), "node", port=1) as looking:
        time.sleep(1.6)
        (guest / HEARD).touch()
        again = time.time()
        until(lambda: bool(looking.pauses))
    ((moment, seconds),) = looking.pauses
    assert moment + seconds == pytest.approx(again, abs=0.8)


def test_a_guest_that_is_late_by_less_than_counts_is_known(guest: Path) -> None:
    with watch(lambda _: str(guest), "node", port=1) as looking:
        for _ in range(8):
            time.sleep(0.2)
            (guest / HEARD).touch()
    assert looking.pauses == []


def test_a_node_that_should_run_and_cannot_be_read_is_not_known(guest: Path) -> None:
    shutil.rmtree(guest)
    with watch(lambda _: str(guest), "node", port=1) as looking:
        time.sleep(1.6)
    ((_, seconds),) = looking.pauses
    assert seconds == pytest.approx(1.6, abs=0.8)


@pytest.mark.parametrize("silent", [False, True])
def test_a_node_without_power_or_that_boots_is_known_to_have_nothing(
    guest: Path, silent: bool
) -> None:
    """Only what came before, a silence of its own, is not known."""
    told: list[str | None] = [str(guest)]
    with watch(lambda _: told[0], "node", port=1) as looking:
        until(lambda: bool(looking.seen))
        if silent:
            time.sleep(1.6)
        told[0] = None
        shutil.rmtree(guest)
        until(lambda: len(looking.seen) == 2)
        off = time.time()
        time.sleep(1.6)
    assert [look.address for look in looking.seen] == [{"node"}, frozenset()]
    assert [round(moment + seconds - off, 0) for moment, seconds in looking.pauses] == [0] * silent


# --- a namespace of its own -----------------------------------------------------------------


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=10)


@pytest.fixture
def node() -> Iterator[tuple[Path, Callable[..., None]]]:
    """The process of a namespace that is made here, and ``ip`` in it; nothing of it is left."""
    ip("netns", "add", NAMESPACE)
    try:
        with subprocess.Popen(["ip", "netns", "exec", NAMESPACE, "sleep", "60"]) as process:
            try:
                folder = Path(f"/proc/{process.pid}")
                # ip goes over into sleep when it has changed its namespace
                until(lambda: (folder / "comm").read_text() == "sleep\n")
                yield folder, lambda *words: ip("-n", NAMESPACE, *words)
            finally:
                process.kill()
    finally:
        ip("netns", "delete", NAMESPACE)
    assert not Path("/run/netns", NAMESPACE).exists()


@as_root
@needs_ip
def test_an_address_is_held_where_it_is_and_nowhere_else(
    node: tuple[Path, Callable[..., None]],
) -> None:
    process, ip_there = node
    assert not holds_address(process, "127.0.0.1"), "its loopback is down"
    ip_there("link", "set", "lo", "up")
    assert holds_address(process, "127.0.0.1")
    for address in (VIRTUAL, VIRTUAL6):
        if ":" in address and not (process / "net/if_inet6").exists():
            continue
        own = f"{address}/{'128' if ':' in address else '25'}"
        assert not holds_address(process, address)
        ip_there("address", "add", own, "dev", "lo")
        assert holds_address(process, address)
        assert not holds_address(SELF, address)
        assert not holds_address(process, address[:-1])
        ip_there("address", "delete", own, "dev", "lo")
        assert not holds_address(process, address)


@as_root
@needs_ip
def test_an_address_that_goes_from_node_to_node_is_followed(
    node: tuple[Path, Callable[..., None]],
) -> None:
    process, ip_there = node
    ip_there("link", "set", "lo", "up")
    pids = {"there": int(process.name), "here": os.getpid()}
    watching = Watch(pids.get, pids, address=VIRTUAL, mount="", port=1, every=0.01)
    with watching as looking:
        until(lambda: bool(looking.seen))
        ip_there("address", "add", f"{VIRTUAL}/32", "dev", "lo")
        until(lambda: len(looking.seen) == 2)
        process_died(pids["there"])
        until(lambda: len(looking.seen) == 3)
    held = [look.address for look in looking.seen]
    assert held == [frozenset(), frozenset({"there"}), frozenset()]
    assert all(isinstance(look, Seen) for look in looking.seen)


def process_died(pid: int) -> None:
    """Cut the power of a node: without its PID 1 it has nothing."""
    os.kill(pid, signal.SIGKILL)


@as_root
def test_a_volume_is_mounted_where_it_is_and_nowhere_else(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("unshare is missing (Debian package util-linux)")
    script = 'mount -t tmpfs none "$1" && echo mounted && exec sleep 60'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "mounted\n"
            assert has_mounted(Path(f"/proc/{process.pid}"), str(tmp_path))
            assert not has_mounted(SELF, str(tmp_path))
        finally:
            process.kill()
