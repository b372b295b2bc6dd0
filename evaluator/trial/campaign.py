"""Trials over and over: which, in which order, on which clusters."""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evaluator.cluster import build
from evaluator.evidence.record import Record
from evaluator.findings import EvaluationError, Finding
from evaluator.lab import host, in_use
from evaluator.trial import record
from evaluator.trial.clusters import declaration
from evaluator.trial.perform import perform
from evaluator.trial.rig import Rig
from evaluator.trial.scenario import Trial, trials

PACKAGES = (
    *("corosync", "pacemaker", "corosync-qdevice", "haproxy", "keepalived", "heartbeat"),
    *("postfix", "dovecot-core", "slapd", "nginx-light", "drbd-utils"),
)

SEEDS = 100_000
"""Seeds of trials that a campaign has."""


@dataclass(frozen=True)
class Campaign:
    """What is to be tried.

    ``faults`` are names of fault folders, none for all; each is made ``repeat`` times on each of
    ``clusters``, in an order that only ``seed`` decides.
    """

    clusters: Sequence[str]
    faults: Sequence[str] = ()
    repeat: int = 1
    seed: int = 0
    core: bool = False
    """Only the faults that stand for the others."""

    done: Collection[tuple[str, str, int]] = ()
    """(cluster, fault, repetition) of trials that there are already and that are not made again."""

    def trials(self, cluster: str) -> Iterator[tuple[Trial, int]]:
        """(trial, repetition) on a cluster, in their order."""
        model = build(declaration(cluster))
        fit = [
            t
            for t in trials(tuple(self.faults))
            if not t.why_not(model) and (t.words.core or not self.core)
        ]
        every = [(t, repetition) for repetition in range(1, self.repeat + 1) for t in fit]
        random.Random(f"{self.seed} {cluster}").shuffle(every)  # noqa: S311 - to be repeated
        yield from every

    def own(self, records: Iterable[Record]) -> list[Record]:
        """Those of its trials."""
        planned = {
            (cluster, trial.name, repetition)
            for cluster in self.clusters
            for trial, repetition in self.trials(cluster)
        }
        return [
            record
            for record in records
            if record.seed // SEEDS == self.seed
            and (record.cluster, record.fault, record.repetition) in planned
        ]

    def order(self) -> list[str]:
        """The clusters in the order of their building."""
        names = list(dict.fromkeys(self.clusters))
        random.Random(self.seed).shuffle(names)  # noqa: S311 - to be repeated
        return names


class Watcher(Protocol):
    """Is told what goes on."""

    def building(self, cluster: str) -> None: ...

    def built(self, cluster: str, seconds: float) -> None: ...

    def begins(self, cluster: str, fault: str, number: int, of: int) -> None: ...

    def ended(self, made: Record) -> None: ...

    def failed(self, cluster: str, fault: str, error: EvaluationError) -> None: ...

    def removed(self, cluster: str, changed: Sequence[Finding], others: Sequence[str]) -> None: ...


def run(
    campaign: Campaign,
    watcher: Watcher,
    *,
    folder: Path | None = None,
    keep: Callable[[Record], None] = lambda _: None,
) -> list[Record]:
    """Make every trial; ``keep`` is given each record at once.

    What is kept of failed trials (logs, the CIB, what was seen) is below `folder`.

    Raises
    ------
    EvaluationError
        When a laboratory cannot be made.  A cluster that cannot be built, or mended after a trial,
        is told to `watcher`, and the others go on.
    """
    # everything that can be wrong about the names is said before anything is built
    planned = {cluster: list(campaign.trials(cluster)) for cluster in campaign.order()}
    if not any(planned.values()):
        message = f"none of the faults fits {' or '.join(planned)}"
        remedy = "take another --cluster or --only; 'evaluate lab list' has the faults"
        raise EvaluationError(Finding("nothing-to-try", message, None, remedy))
    found: list[Record] = []
    with tempfile.TemporaryDirectory(prefix="evaluate-lab-") as scratch:
        for cluster, every in planned.items():
            if all((cluster, trial.name, number) in campaign.done for trial, number in every):
                continue
            watcher.building(cluster)
            before = host.snapshot()
            rig = Rig.bare(declaration(cluster), Path(scratch, cluster), failed=folder)
            try:
                with rig.lab:
                    for made in _made(rig, campaign, cluster, watcher):
                        keep(made)
                        found.append(made)
                        watcher.ended(made)
                        if made.findings and not _recovered(rig, cluster, made.fault, watcher):
                            break
            finally:
                others = in_use(rig.lab.cache)
                watcher.removed(cluster, host.differences(before, host.snapshot()), others)
    return found


def _made(rig: Rig, campaign: Campaign, cluster: str, watcher: Watcher) -> Iterator[Record]:
    """Build a cluster and make its trials; ends early where nothing more can be made on it."""
    try:
        watcher.built(cluster, rig.raise_cluster())
    except EvaluationError as error:
        watcher.failed(cluster, "build", error)
        return
    versions = _versions(rig)
    left = [
        (order, trial, repetition)
        for order, (trial, repetition) in enumerate(campaign.trials(cluster), 1)
        if (cluster, trial.name, repetition) not in campaign.done
    ]
    for number, (order, trial, repetition) in enumerate(left, 1):
        watcher.begins(cluster, trial.name, number, len(left))
        try:
            outcome = perform(rig, trial, seed=campaign.seed * SEEDS + order)
        except EvaluationError as error:
            watcher.failed(cluster, trial.name, error)
            if not _recovered(rig, cluster, trial.name, watcher):
                return
            continue
        yield record.of(
            outcome,
            cluster=cluster,
            repetition=repetition,
            order=order,
            date=dt.datetime.now(dt.UTC).date().isoformat(),
            budget=rig.cluster.detection_seconds,
            versions=versions,
        )


def _recovered(rig: Rig, cluster: str, fault: str, watcher: Watcher) -> bool:
    """Whether the cluster is fit for another trial; if not, the others go on without it."""
    try:
        rig.recover()
    except EvaluationError as error:
        watcher.failed(cluster, fault, error)
        return False
    return True


def _versions(rig: Rig) -> dict[str, str]:
    """Versions of what runs on the nodes."""
    words = ("dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *PACKAGES)
    said = rig.run(rig.members[0], *words).stdout
    return dict(line.split() for line in said.splitlines() if len(line.split()) == 2)
