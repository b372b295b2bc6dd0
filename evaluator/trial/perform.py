"""One trial on a rig: load, fault, look, undo, whole again, audit."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from evaluator.findings import EvaluationError, Finding
from evaluator.trial.audits import Observation, fenced, findings
from evaluator.trial.client import Settings
from evaluator.trial.faults import Fault, Undo
from evaluator.trial.ledger import Held, Ledger
from evaluator.trial.rig import WHOLE_SECONDS, Rig
from evaluator.trial.scenario import Trial
from evaluator.trial.watch import Watch

WARM_UP_SECONDS = 2.0
CALM_SECONDS = 2.0
"""How long clients must be served without a gap before that counts."""

MAIL_SECONDS = 60.0
"""Within which what was acknowledged is delivered once the cluster is whole (ours)."""

LOOK_SECONDS = 1.0
"""For which is looked whether failures are remembered (ours)."""

TIDY_SECONDS = 30.0
"""Within which a cluster uses again what it was told to forget the failures of (ours)."""

JOURNAL_SECONDS = 30.0
"""Within which a node that runs tells its journal (ours)."""

LATE_SECONDS = 1.0
"""By which a client may be late on a busy machine (ours; the watch may be as late)."""


@dataclass(frozen=True)
class Outcome:
    """A trial that was made: what was seen, what did not hold, how long redundancy was gone."""

    trial: Trial
    seed: int
    observation: Observation
    findings: tuple[Finding, ...]
    redundant_seconds: float
    """From the moment that undoing the faults began; the boot of a node is a part of it."""


def perform(rig: Rig, trial: Trial, seed: int) -> Outcome:
    """Make one trial; the cluster is whole before it, and after it unless that is a finding.

    Raises
    ------
    EvaluationError
        ``trial-not-whole`` when the cluster is not fit to begin, ``fault-failed`` when the first
        fault could not be made.  What goes wrong later is a finding.
    """
    trial = trial.at(rig.pace)
    reason, _ = rig.wait_until_whole(rig.pace * WHOLE_SECONDS, forgiving=True)
    if not reason:
        # a node on which the service failed twice is not trusted with it again for hours, unless
        # an operator, who has looked into it, clears that
        rig.reunite()
        rig.tidy()
        reason, _ = rig.wait_until_whole(rig.pace * WHOLE_SECONDS)
    if reason:
        raise EvaluationError(Finding("trial-not-whole", f"before {trial.name}: {reason}"))
    rig.roles = rig.cast()
    settings = rig.settings(seed)
    rig.clear(settings)
    broken: list[Finding] = []
    with rig.watch() as watch, rig.load(settings) as clients:
        lines = clients.lines
        time.sleep(WARM_UP_SECONDS)
        began = time.time()
        # all of them are undone, in reverse, even when one of them cannot be
        with ExitStack() as undo:
            for number, fault in enumerate(trial.faults):
                try:
                    undo.callback(_undo, fault, fault.make(rig), broken)
                except EvaluationError as error:
                    if number == 0:
                        raise
                    broken.append(Finding("trial-broken", f"{fault}: {_words(error)}"))
                    break
            injected = time.time()
            if not broken:
                happened = partial(_happened, rig, trial, watch)
                _wait_for_clients(trial, lines, seed, injected, happened)
            undone = time.time()
        mended = time.time()
        missing, still, whole = _wait_until_redundant(rig)
        redundant = whole - undone
        _wait_for_every_kind(settings, lines, mended)
        time.sleep(CALM_SECONDS)
        ended = time.time()
    ledger = Ledger.of(seed, lines.read_text().splitlines())
    held, unread = _held(rig, ledger, settings)
    cores, unheard = _cores(rig, began)
    observation = Observation(
        words=trial.words,
        roles=rig.roles,
        began=began,
        injected=injected,
        undone=undone,
        ended=ended,
        seen=watch.since(began),
        pauses=watch.pauses,
        ledger=ledger,
        held=held,
        unread=unread,
        power=[e for e in rig.lab.power_log() if e["time"] >= began],
        not_whole=missing,
        cores=cores,
        unheard=unheard,
        everywhere=rig.cluster.everywhere,
        fences=bool(rig.cluster.fencing),
        rhythm={
            kind: settings.every[kind] + settings.patience[kind] + LATE_SECONDS
            for kind in settings.ports
        },
        client=clients.ended,
        pace=rig.pace,
        difference="" if still else _difference(rig),
    )
    found = (*broken, *findings(observation))
    outcome = Outcome(trial, seed, observation, found, redundant)
    if not found:
        return outcome
    try:
        keep(rig, outcome, rig.failed)
    except OSError as error:
        # what was found is worth more than its logs
        lost = Finding("logs-not-kept", str(error))
        outcome = replace(outcome, findings=(*found, lost))
    return outcome


def _undo(fault: Fault, undo: Undo, broken: list[Finding]) -> None:
    try:
        undo()
    except EvaluationError as error:
        broken.append(Finding("not-undone", f"{fault}: {_words(error)}"))


def _words(error: EvaluationError) -> str:
    """What it says, without its code."""
    return "; ".join(f"{f.where}: {f.message}" if f.where else f.message for f in error.findings)


def _wait_until_redundant(rig: Rig) -> tuple[str, str, float]:
    """What was not whole within the bound, what is not in the end ('' for nothing), and since when.

    Failures that are remembered do not count as long as to clear them helps: the trial caused
    them, and an operator clears what was looked into.
    """
    bound = rig.pace * WHOLE_SECONDS
    missing, _ = rig.wait_until_whole(bound, forgiving=True)
    whole = time.time()
    still, _ = rig.wait_until_whole(rig.pace * LOOK_SECONDS)
    if still:
        with suppress(EvaluationError):
            rig.tidy()
        still, _ = rig.wait_until_whole(rig.pace * TIDY_SECONDS)
    return f"{missing}, after {bound:g} s" if missing else still, still, whole


def _difference(rig: Rig) -> str:
    try:
        return rig.difference()
    except EvaluationError as error:
        return f"the copies cannot be compared: {_words(error)}"


def _wait_for_clients(
    trial: Trial, lines: Path, seed: int, since: float, happened: Callable[[], bool]
) -> None:
    """Until what is expected has happened and clients are served, or the bound is over."""
    words = trial.words
    least = since + words.watch_seconds
    until = least if words.answers == "once undone" else max(least, since + words.bound_seconds)
    while time.time() < until:
        time.sleep(0.25)
        if time.time() >= least and happened():
            ledger = Ledger.of(seed, lines.read_text().splitlines())
            if _served(ledger, since):
                return


def _happened(rig: Rig, trial: Trial, watch: Watch) -> bool:
    """Whether the cluster has done what is expected of it; one that cannot fence, what it can."""
    words, now = trial.words, watch.seen[-1]
    if words.service == "moves" and not now.address - {rig.roles["active"]}:
        return False
    waits = bool(rig.cluster.fencing) and bool(words.fenced) and words.fenced != ["any"]
    return not waits or len(fenced(rig.lab.power_log(), watch.seen[0].time)) >= len(words.fenced)


def _wait_for_every_kind(settings: Settings, lines: Path, since: float) -> None:
    """Until every kind of request that was begun since has had an answer; a slow one is slow."""
    until = time.time() + 2 * max(settings.patience.values()) + CALM_SECONDS
    while time.time() < until:
        ledger = Ledger.of(settings.seed, lines.read_text().splitlines())
        if set(settings.ports) <= {a.kind for a in ledger.answers if a.ok and a.time >= since}:
            return
        time.sleep(0.25)


def _served(ledger: Ledger, since: float) -> bool:
    """Whether the last answers were all good, for as long as counts."""
    asked = [a for a in ledger.answers if a.kind == "http" and a.time >= since]
    last = asked[-1].time if asked else since
    recent = [a for a in asked if a.time >= last - CALM_SECONDS]
    return last - since >= CALM_SECONDS and bool(recent) and all(a.ok for a in recent)


def _held(rig: Rig, ledger: Ledger, settings: Settings) -> tuple[Held, str]:
    """What became of the mails, and why that is not known; '' when it is."""
    until = time.monotonic() + rig.pace * MAIL_SECONDS
    while True:
        held, unread, waiting = ledger.hold([]), "", True
        try:
            rig.flush()
            waiting = rig.undelivered()
            held = ledger.hold(rig.mailbox(settings))
        except EvaluationError as error:
            unread = str(error)
        missing = unread or (held.lost and waiting)
        if not missing or time.monotonic() > until:
            return held, unread
        time.sleep(1)


def _cores(rig: Rig, since: float) -> tuple[list[str], list[str]]:
    """Programs that crashed, and the nodes of which that is not known."""
    words = ("journalctl", "-q", "--no-pager", "-o", "cat", f"--since=@{since:.0f}")
    found, unheard = [], []
    for node in rig.lab.spec.nodes:
        ask = partial(rig.run, node, *words, "--grep", "code=dumped|dumped core|segfault")
        until = time.monotonic() + rig.pace * JOURNAL_SECONDS
        # 1 is for no line that matches
        while (said := ask()).returncode not in (0, 1):
            if time.monotonic() > until:
                unheard.append(node)
                break
            time.sleep(1)
        else:
            found += [f"{node}: {line}" for line in said.stdout.splitlines()]
    return found, unheard


def _fresh(folder: Path) -> Path:
    """Make it; where there is one already, with the next number at the end of its name."""
    new, number = folder, 1
    while new.exists():
        number += 1
        new = folder.with_name(f"{folder.name}-{number}")
    new.mkdir(parents=True)
    return new


def keep(rig: Rig, outcome: Outcome, below: Path) -> None:
    """Keep what a failed trial can be understood from, as ``crm_report`` does."""
    folder = _fresh(below / f"{rig.cluster.name}-{outcome.trial.name}-{outcome.seed}")
    (folder / "findings").write_text("".join(f"{finding}\n" for finding in outcome.findings))
    seen = outcome.observation.seen
    (folder / "seen").write_text("".join(f"{look}\n" for look in seen))
    for name in ("client.jsonl", "client.err"):
        shutil.copy(rig.folder / name, folder / name)
    (folder / "power.log").write_text("".join(f"{entry}\n" for entry in outcome.observation.power))
    since = f"--since=@{outcome.observation.began - 30:.0f}"
    for node in rig.lab.spec.nodes:
        journal = rig.run(node, "journalctl", "-q", "--no-pager", "-o", "short-iso-precise", since)
        (folder / f"{node}.journal").write_text(journal.stdout)
        if rig.cluster.manager == "pacemaker" and node in rig.members:
            (folder / f"{node}.cib.xml").write_text(rig.run(node, "cibadmin", "--query").stdout)
            log = rig.run(node, "tail", "-n", "3000", "/var/log/pacemaker/pacemaker.log")
            (folder / f"{node}.pacemaker.log").write_text(log.stdout)
