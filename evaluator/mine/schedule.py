"""Who mines which source: threads of this process, or workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluator.findings import EvaluationError, ExitCode, Finding, file_error
from evaluator.mine.cache import Cache
from evaluator.mine.command import Git, SourceError, shown
from evaluator.mine.shelf import VERSION, Shelf
from evaluator.mine.sources import Harvest, Mining, backend
from evaluator.study.candidate import DataSource

SOURCES_AT_ONCE = 8
"""Threads that ask origins and download; histories are read by ``jobs`` git processes."""

CONNECT_SECONDS = 5
"""For a scheduler to answer."""
WORKER_SECONDS = 30
"""For a first worker to connect, or for another one when none is left."""
LOOK_SECONDS = 2
STOP_SECONDS = 5

Told = Callable[[str, int, int], None]


def _release() -> tuple[str, ...]:
    """What must be the same on a worker for its rows to be the same."""
    python = "Python {}.{}".format(*sys.version_info)
    perceval = f"perceval {version('perceval')}"
    return (f"floss-evaluator {version('floss-evaluator')}", perceval, f"rows {VERSION}", python)


@dataclass(frozen=True)
class Order:
    """What a worker must know to mine a source, wherever it runs."""

    cache: Path
    # A worker's log shows orders, and an address may hold a password.
    parts: str = field(repr=False)
    retrieved: dt.date
    allow_local: bool
    jobs: int | None = None
    marker: str = ""
    """Part of the meeting shelf by which a worker knows that it sees the coordinator's parts."""
    release: tuple[str, ...] = field(default_factory=_release)

    def meeting(self) -> Shelf:
        """The shelf on which coordinator and workers meet."""
        return Shelf(f"{self.parts}/meeting")


@dataclass(frozen=True)
class Outcome:
    """A harvest, or the reason why there is none."""

    harvest: Harvest | None
    reason: str = ""


class UnfitError(Exception):
    """A worker must not mine for this coordinator; the text says why."""


def harvest(source: DataSource, mining: Mining) -> Outcome:
    """Mine one source; whatever a hostile one provokes costs that source only."""
    try:
        return Outcome(backend(source.backend).harvest(source, mining))
    except SourceError as error:
        return Outcome(None, str(error))
    except EvaluationError:
        raise
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return Outcome(None, shown(f"{error.strerror or error}{place}"))
    except Exception as error:
        return Outcome(None, shown(f"unexpected {type(error).__name__}: {error}"))


def in_threads(
    sources: Mapping[str, DataSource], order: Order, told: Told
) -> Generator[tuple[str, Outcome], None, None]:
    """Mine the sources in this process; gives each outcome as it comes.

    Raises
    ------
    EvaluationError
        When the cache or the place of the parts cannot be used.
    """
    Shelf(order.parts).parts("")  # an address that is none, or is dead, is told before any work
    git = Git(order.jobs, allow_local=order.allow_local)
    cache = Cache(order.cache, order.parts)
    mining = Mining(git, cache, order.retrieved, order.allow_local, told)
    pool = ThreadPoolExecutor(SOURCES_AT_ONCE, "source")
    try:
        pending = {pool.submit(harvest, s, mining): name for name, s in sources.items()}
        for future in as_completed(pending):
            yield pending[future], future.result()
    finally:
        # After an interruption nothing that was started may go on alone.
        git.stop()
        pool.shutdown(cancel_futures=True)


def on_cluster(
    sources: Mapping[str, DataSource], order: Order, scheduler: str
) -> Generator[tuple[str, Outcome], None, None]:
    """Mine on the workers of a Dask scheduler, a task for each source.

    A worker that dies has its sources mined by another; what it had read stays on the shelves.  A
    source that takes its workers with it, again and again, is an error of that source only.

    Scheduler and workers need this package in the same release, and reach ``order.parts``.  A
    worker keeps mirrors in a cache of its own (``EVALUATE_CACHE`` there, or the same path as
    here) and reads a history with ``order.jobs`` git processes, one by default: tasks at once are
    the worker's threads.  For ``tls://`` Dask's own configuration names the certificates.

    Raises
    ------
    EvaluationError
        When Dask is not installed, the scheduler does not answer, no worker comes in time, or a
        worker is unfit: of another release, or without sight of the parts.
    """
    try:
        import distributed
    except ImportError:
        remedy = "pip install 'floss-evaluator[distributed]'"
        missing = Finding("dask-missing", "--scheduler needs Dask's distributed", remedy=remedy)
        raise EvaluationError(missing) from None
    dask: Any = distributed  # it ships types for a part of its functions only
    order = _met(order)
    try:
        _ask_scheduler(dask, scheduler)
        with dask.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False) as client:
            _ask_workers(client, order)
            yield from _Tasks(dask, client, order).outcomes(sources)
    finally:
        order.meeting().discard([order.marker])


def _met(order: Order) -> Order:
    """The order as workers get it, with a marker where they should find the parts."""
    cache = Cache(order.cache, order.parts)
    if "://" not in order.parts:  # a worker has another working directory
        order = replace(order, parts=os.path.abspath(os.path.expanduser(order.parts)))
    digest = cache.pseudonyms().digest("meeting", order.parts).hex()[:32]
    try:
        marker = order.meeting().put("cache", digest, pa.table({}))
    except OSError as error:
        problem = f"parts cannot be kept there: {error.strerror or error}"
        finding = file_error("parts-unusable", order.parts, problem, "give another with --parts")
        raise EvaluationError(finding) from error
    return replace(order, cache=order.cache.absolute(), marker=marker)


def _ask_scheduler(dask: Any, address: str) -> None:
    """Whether a scheduler answers in time; Dask's client waits for ever for a silent one."""

    async def ask() -> Any:
        security = dask.Security().get_connection_args("client")
        async with dask.rpc(address, CONNECT_SECONDS, connection_args=security) as other:
            return await other.identity()

    def bounded() -> Any:
        return asyncio.run(asyncio.wait_for(ask(), CONNECT_SECONDS))

    code, exit_code = "scheduler-unreachable", ExitCode.UNAVAILABLE
    remedy = "give an address such as tcp://192.0.2.1:8786, and start 'dask scheduler' there"
    try:
        # A notebook has a running loop in its own thread.
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(bounded).result()
        if answer.get("type") == "Scheduler":
            return
        problem = f"{address!r} is a Dask {answer.get('type')}, no scheduler"
    except (TypeError, ValueError) as error:
        code, exit_code = "scheduler-address", ExitCode.INVALID
        problem = f"{address!r} is no address of a scheduler: {error}"
    except Exception as error:
        said = str(error) or f"no answer in {CONNECT_SECONDS} s"
        problem = f"no Dask scheduler answers at {address!r}: {said}"
    raise EvaluationError(Finding(code, shown(problem), remedy=remedy), exit_code)


def _ask_workers(client: Any, order: Order) -> None:
    """Whether there are workers, and all have this package: sent a task, others would die of it."""
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except TimeoutError:
        raise _no_workers() from None
    found = client.run(importlib.import_module, __name__, on_error="return")
    for worker, answer in found.items():
        if isinstance(answer, Exception):
            raise _unfit(f"{worker}: {answer}", f"install {_listed(order.release)} there")


def _no_workers() -> EvaluationError:
    problem = f"no worker was connected to the scheduler for {WORKER_SECONDS} s"
    remedy = "start 'dask worker ADDRESS' with the address of the scheduler"
    finding = Finding("workers-missing", problem, remedy=remedy)
    return EvaluationError(finding, ExitCode.UNAVAILABLE)


def _unfit(reason: str, remedy: str) -> EvaluationError:
    problem = shown(f"a worker cannot mine: {reason}")
    return EvaluationError(Finding("worker-unfit", problem, remedy=remedy), ExitCode.UNAVAILABLE)


class _Tasks:
    """What one run has submitted to a cluster."""

    def __init__(self, dask: Any, client: Any, order: Order) -> None:
        self._dask, self._client, self._order = dask, client, order
        self._pending: dict[Any, str] = {}

    def outcomes(self, sources: Mapping[str, DataSource]) -> Iterator[tuple[str, Outcome]]:
        """Each outcome as it comes."""
        killers: list[str] = []
        try:
            for name, outcome in self._mined(sources):
                if outcome is None:
                    killers.append(name)
                else:
                    yield name, outcome
            # Whoever shared a worker with a source that kills is under the same suspicion; alone,
            # the innocent are mined.
            for name in killers:
                for _, outcome in self._mined({name: sources[name]}):
                    yield name, outcome or Outcome(None, "the workers that mined it died")
        finally:
            self._stop()

    def _mined(self, sources: Mapping[str, DataSource]) -> Iterator[tuple[str, Outcome | None]]:
        """Outcomes; None where workers died, one after the other."""
        for name, source in sources.items():
            future = self._client.submit(on_worker, source, self._order, pure=False)
            self._pending[future] = name
        vacant = 0
        while self._pending:
            lost = ""
            done: dict[Any, Outcome | None] = {}
            try:
                pending = list(self._pending)
                with self._client.as_current():
                    ended = self._dask.wait(pending, LOOK_SECONDS, "FIRST_COMPLETED").done
                done = {future: self._outcome(future) for future in ended}
            except TimeoutError:
                vacant = 0 if self._workers() else vacant + 1
                if vacant * LOOK_SECONDS >= WORKER_SECONDS:
                    lost = f"all workers left, and none came back in {WORKER_SECONDS} s"
            except (OSError, CancelledError, self._dask.client.FutureCancelledError):
                lost = "the connection to the scheduler was lost"
            while lost and self._pending:
                yield self._pending.popitem()[1], Outcome(None, lost)
            for future, outcome in done.items():
                yield self._pending.pop(future), outcome

    def _workers(self) -> int:
        with suppress(OSError, CancelledError):
            return len(self._client.nthreads())
        return 0

    def _outcome(self, future: Any) -> Outcome | None:
        failure = future.exception()
        if failure is None:
            outcome: Outcome = future.result()
            return outcome
        if isinstance(failure, self._dask.KilledWorker):
            return None
        if isinstance(failure, UnfitError):
            raise _unfit(str(failure), "mend that worker or take it out of the cluster")
        if "deserializ" in str(failure):  # by the scheduler: workers that could not are gone
            remedy = f"install {_listed(self._order.release)} beside the scheduler as well"
            raise _unfit(str(failure), remedy)
        reason = f"unexpected {type(failure).__name__} on the cluster: {failure}"
        return Outcome(None, shown(reason))

    def _stop(self) -> None:
        """End what was submitted and is not done: an interrupted run leaves nothing going on."""
        if not self._pending:
            return
        told = threading.Thread(target=self._tell_workers, daemon=True)
        told.start()
        told.join(STOP_SECONDS)  # a worker that hangs must not keep us

    def _tell_workers(self) -> None:
        with suppress(Exception):  # where the scheduler is gone, nobody can be told
            self._client.cancel(list(self._pending), force=True)
            self._client.run(_stop_worker, self._order.marker, on_error="ignore")


_RUNNING: defaultdict[str, set[Git]] = defaultdict(set)
"""On a worker: what runs for which coordinator."""


def _stop_worker(marker: str) -> None:
    for git in list(_RUNNING[marker]):
        git.stop()


def on_worker(source: DataSource, order: Order) -> Outcome:
    """Mine one source in a process of its own.

    Raises
    ------
    UnfitError
        When this process is of another release, does not see the coordinator's parts, or has no
        folder for a cache.
    """
    from distributed import get_worker

    me = f"{get_worker().address}: "
    if order.release != _release():
        raise UnfitError(f"{me}it has {_listed(_release())}, not {_listed(order.release)}")
    git = Git(order.jobs or 1, allow_local=order.allow_local)
    _RUNNING[order.marker].add(git)
    try:
        cache = Cache(Path(os.environ.get("EVALUATE_CACHE") or order.cache), order.parts)
        if order.meeting().get(order.marker) is None:
            place = Shelf(order.parts).address
            raise UnfitError(f"{me}it does not see the coordinator's parts at {place!r}")
        return harvest(source, Mining(git, cache, order.retrieved, order.allow_local))
    except EvaluationError as error:
        raise UnfitError(me + "; ".join(f.message for f in error.findings)) from None
    finally:
        _RUNNING[order.marker].discard(git)
        git.stop()


def _listed(release: tuple[str, ...]) -> str:
    return ", ".join(release)
