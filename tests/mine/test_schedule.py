"""Mining on workers; the schedulers and workers here are processes on loopback."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dask
import pytest

from evaluator.findings import EvaluationError
from evaluator.mine import schedule
from evaluator.mine.schedule import Order, Outcome, on_cluster
from evaluator.study.candidate import DataSource
from tests.mine.conftest import ANN, EPOCH, TODAY, commit, fast_import, source

# Timing matters here: all of it in one process, one after the other.
pytestmark = [
    pytest.mark.xdist_group("cluster"),
    # distributed's own, from threads and sockets that it does not wait for
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
SECONDS = 40


class Cluster:
    """A Dask scheduler and workers, each a process."""

    def __init__(self, folder: Path, deaths: int = 3, **variables: str) -> None:
        self._folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        place = ("--host", "127.0.0.1", "--port", "0")
        self.scheduler = self._start(
            "scheduler",
            *place,
            DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=str(deaths),
            **variables,
        )
        self.address = self._said(r"Scheduler at: +(t(?:cp|ls)://\S+)")

    def _start(self, kind: str, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        self._log = self._folder / f"{kind}-{len(self.processes)}.log"
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *options]
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, env=os.environ | variables
            )
        self.processes.append(process)
        return process

    def _said(self, pattern: str) -> str:
        for _ in range(SECONDS * 20):
            if found := re.search(pattern, self._log.read_text()):
                return found[1]
            time.sleep(0.05)
        raise AssertionError(self._log.read_text())

    def worker(self, **variables: str) -> subprocess.Popen[bytes]:
        options = ("--no-nanny", "--nthreads", "1", "--local-directory", str(self._folder))
        process = self._start("worker", self.address, *options, **variables)
        self._said(r"(Registered to)")
        return process

    def logs(self) -> str:
        return "".join(p.read_text() for p in self._folder.glob("*.log"))

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """By default a source may cost three workers; a parameter says how many."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder, getattr(request, "param", 3))
    yield made
    made.end()


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(tmp_path / "cache", str(tmp_path / "parts"), TODAY, allow_local=True)


@pytest.fixture
def three(tmp_path: Path, built: Path) -> list[DataSource]:
    stream = b"".join(
        commit(n, ANN, EPOCH + n * 3600, {b"f": b"%d\n" % n}, parents=(n - 1,) if n > 1 else ())
        for n in range(1, 1500)
    )
    long = fast_import(tmp_path / "long.git", stream)
    short = fast_import(tmp_path / "short.git", commit(1, ANN, EPOCH, {b"f": b"1\n"}))
    places = {"built": built, "long": long, "short": short}
    return [source(place, id=name) for name, place in places.items()]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


Run = Callable[..., object]


class HeldServer:
    """Serves repositories by git's own protocol; its first connections hang until they are cut."""

    def __init__(self, folder: Path, held: int) -> None:
        self._left, self._folder = held, folder
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.caught = threading.Semaphore(0)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        command = ["git", "daemon", "--inetd", "--export-all", f"--base-path={self._folder}"]
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            if self._left:
                self._left -= 1
                self._open.append(stream)
                self.caught.release()
                continue
            with stream:
                subprocess.run(
                    [*command, str(self._folder)], stdin=stream, stdout=stream, check=False
                )

    def close(self) -> None:
        for stream in (self._listener, *self._open):
            stream.close()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Callable[[int], HeldServer]]:
    made: list[HeldServer] = []

    def make(count: int) -> HeldServer:
        made.append(HeldServer(tmp_path, count))
        return made[-1]

    yield make
    for server in made:
        server.close()


def test_two_workers_give_the_bytes_that_threads_give_and_read_nothing_twice(
    three: list[DataSource], run: Run, cluster: Cluster, tmp_path: Path
) -> None:
    for n in (1, 2):  # as on other machines: mirrors of their own
        cluster.worker(EVALUATE_CACHE=str(tmp_path / f"worker-{n}"))
    parts = str(tmp_path / "parts")
    there = run(*three, scheduler=cluster.address, parts=parts, out=tmp_path / "there")
    run(*three, out=tmp_path / "here")
    again = run(*three, scheduler=cluster.address, parts=parts, out=tmp_path / "there")

    assert snapshot(tmp_path / "there") == snapshot(tmp_path / "here")
    assert there.new == {"built": 6, "long": 1499, "short": 1}
    assert again.new == {"built": 0, "long": 0, "short": 0}
    mirrors = [len(list((tmp_path / f"worker-{n}/mirrors").glob("*.git"))) for n in (1, 2)]
    assert sum(mirrors) >= 3
    assert all(mirrors)
    assert not list((tmp_path / "parts" / "meeting").iterdir())


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(
    three: list[DataSource],
    run: Run,
    cluster: Cluster,
    held: Callable[[int], HeldServer],
    tmp_path: Path,
) -> None:
    server = held(1)
    address = f"git://127.0.0.1:{server.port}/long.git"
    sources = [replace_url(s, address) if s.id == "long" else s for s in three]
    first = cluster.worker()

    def kill() -> None:
        assert server.caught.acquire(timeout=SECONDS)
        cluster.worker()
        first.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    there = run(*sources, scheduler=cluster.address, out=tmp_path / "there")
    killer.join()
    run(*sources, out=tmp_path / "here")

    assert first.wait() == -signal.SIGKILL
    assert there.failed == {}
    assert snapshot(tmp_path / "there") == snapshot(tmp_path / "here")


def replace_url(given: DataSource, url: str) -> DataSource:
    return given.model_copy(update={"url": url})


@pytest.mark.parametrize("cluster", [0], indirect=True)
def test_a_source_that_kills_its_workers_fails_alone(
    three: list[DataSource], run: Run, cluster: Cluster, tmp_path: Path
) -> None:
    # A git of the test's own: what it finds in one repository ends the worker that reads it.
    tool = tmp_path / "bin" / "git"
    tool.parent.mkdir()
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout
    tool.write_text(
        '#!/bin/sh\ncase "$*" in *ls-remote*long.git*) kill -9 $PPID; sleep 9;; esac\n'
        f'exec {real.strip()} "$@"\n'
    )
    tool.chmod(0o755)
    path = f"{tool.parent}:{os.environ['PATH']}"
    for _ in range(2):
        cluster.worker(PATH=path)
    stop = threading.Event()

    def restart() -> None:
        while not stop.wait(0.1):
            if sum(p.poll() is None for p in cluster.processes[1:]) < 2:
                cluster.worker(PATH=path)

    keeper = threading.Thread(target=restart)
    keeper.start()
    try:
        done = run(*three, scheduler=cluster.address)
    finally:
        stop.set()
        keeper.join()
    assert done.failed == {"long": "the workers that mined it died"}
    # A worker that died with a finished harvest has it asked for again: then nothing is new.
    assert done.new.keys() == {"built", "short"}
    items = {row.id: (row.outcome, row.items) for row in done.rows}
    assert items == {"built": ("ok", 6), "long": ("error", 0), "short": ("ok", 1)}


def error(sources: list[DataSource], order: Order, scheduler: str) -> EvaluationError:
    begin = time.monotonic()
    with pytest.raises(EvaluationError) as caught:
        list(on_cluster({s.id: s for s in sources}, order, scheduler))
    assert time.monotonic() - begin < 20
    assert not list((Path(order.parts) / "meeting").iterdir())
    return caught.value


def test_a_worker_that_sees_other_parts_or_is_of_another_release_ends_the_run(
    three: list[DataSource], order: Order, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.worker()
    other = replace(order, release=("floss-evaluator 0.0.1", *order.release[1:]))
    (skew,) = error(three, other, cluster.address).findings
    assert skew.code == "worker-unfit"
    assert "0.0.1" in skew.message
    assert "tcp://127.0.0.1" in skew.message

    # memory:// is a place of each process's own, as a plain path is of each machine's
    unseen = replace(order, parts="memory://u:not-a-secret@x/parts")
    with pytest.raises(EvaluationError, match="does not see the coordinator's parts") as caught:
        list(on_cluster({s.id: s for s in three}, unseen, cluster.address))
    assert caught.value.exit_code == 3
    assert "not-a-secret" not in str(caught.value) + cluster.logs()


def test_a_worker_without_the_package_ends_the_run(
    three: list[DataSource], order: Order, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "empty" / "evaluator").mkdir(parents=True)
    (tmp_path / "empty" / "evaluator" / "__init__.py").write_text("raise ImportError('not here')")
    cluster.worker(PYTHONPATH=str(tmp_path / "empty"))
    (finding,) = error(three, order, cluster.address).findings
    assert finding.code == "worker-unfit"
    assert "floss-evaluator" in finding.remedy


def test_without_workers_the_wait_is_bounded(
    three: list[DataSource], order: Order, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "WORKER_SECONDS", 2)
    failed = error(three, order, cluster.address)
    assert (failed.findings[0].code, failed.exit_code) == ("workers-missing", 3)


def test_a_scheduler_that_dies_ends_the_wait(
    three: list[DataSource], order: Order, cluster: Cluster, held: Callable[[int], HeldServer]
) -> None:
    server = held(9)
    cluster.worker()

    def kill() -> None:
        assert server.caught.acquire(timeout=SECONDS)
        cluster.scheduler.kill()

    threading.Thread(target=kill).start()
    hung = [replace_url(three[0], f"git://127.0.0.1:{server.port}/long.git")]
    ((_, outcome),) = on_cluster({"built": hung[0]}, order, cluster.address)
    assert outcome == Outcome(None, "the connection to the scheduler was lost")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "nonsense", "tls://127.0.0.1:1"])
def test_an_address_of_no_scheduler_is_invalid(address: str, order: Order) -> None:
    failed = error([], order, address)
    assert (failed.findings[0].code, failed.exit_code) == ("scheduler-address", 2)


def test_a_port_that_is_closed_or_silent_is_told_in_time(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        failed = error([], order, f"tcp://127.0.0.1:{port}")
        assert (failed.findings[0].code, failed.exit_code) == ("scheduler-unreachable", 3)
    failed = error([], order, f"tcp://127.0.0.1:{port}")
    assert (failed.findings[0].code, failed.exit_code) == ("scheduler-unreachable", 3)


def test_a_cluster_under_tls_is_reached_with_dasks_own_configuration(
    three: list[DataSource], run: Run, tmp_path: Path
) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=example.net")
    subprocess.run(
        [*made, "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL
    )
    both = {"key": key, "cert": certificate}
    tls = {"distributed.comm.tls.ca-file": certificate, "distributed.comm.tls.client": both}
    prefix = "DASK_DISTRIBUTED__COMM__"
    variables = {f"{prefix}DEFAULT_SCHEME": "tls", f"{prefix}TLS__CA_FILE": certificate}
    for role in ("SCHEDULER", "WORKER"):
        variables |= {f"{prefix}TLS__{role}__{k.upper()}": v for k, v in both.items()}
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder, **variables)
    try:
        assert cluster.address.startswith("tls://")
        cluster.worker(**variables)
        with dask.config.set(tls):
            done = run(three[0], scheduler=cluster.address)
    finally:
        cluster.end()
    assert done.new == {"built": 6}


def test_without_dask_the_extra_is_named(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EvaluationError, match=r"floss-evaluator\[distributed\]"):
        list(on_cluster({}, order, "tcp://127.0.0.1:1"))


def test_an_interrupt_ends_what_workers_do(
    three: list[DataSource], order: Order, cluster: Cluster, held: Callable[[int], HeldServer]
) -> None:
    server = held(9)
    cluster.worker()
    sources = {s.id: s for s in three}
    sources["long"] = replace_url(sources["long"], f"git://127.0.0.1:{server.port}/long.git")

    def interrupt() -> None:
        assert server.caught.acquire(timeout=SECONDS)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        list(on_cluster(sources, order, cluster.address))
    for _ in range(100):
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        if f"127.0.0.1:{server.port}" not in listed.stdout:
            break
        time.sleep(0.1)
    assert f"127.0.0.1:{server.port}" not in listed.stdout


def test_mining_imports_no_dask_unless_asked() -> None:
    code = (
        "import sys, evaluator.cli, evaluator.mine\nprint({'dask', 'distributed'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
