"""Faults of disks and of the copies on them."""

from __future__ import annotations

import time

from evaluator.findings import EvaluationError, Finding, Where
from evaluator.trial.faults import Stage, Undo, must, power_on, verb


@verb("fail-disk", "NODE")
def fail_disk(stage: Stage, arguments: list[str]) -> Undo:
    """Every operation on a guest's own disk is an error; undone, it is replaced and attached."""
    node = stage.roles[arguments[0]]
    stage.lab.fail_disk(node)

    def replace() -> None:
        stage.lab.fail_disk(node, failing=False)
        power_on(stage, node)
        # DRBD has detached a disk with errors and takes it back when it is told to
        stage.run(node, "drbdadm", "attach", "all", timeout=120)

    return replace


@verb("slow-resync", "NODE")
def slow_resync(stage: Stage, arguments: list[str]) -> Undo:
    """What a copy has missed is made up for so slowly that it can be interrupted."""
    node = stage.roles[arguments[0]]
    slowly = ("--c-plan-ahead=0", "--resync-rate=100K")
    must(stage, node, "drbdadm", "disk-options", *slowly, "all")

    def adjust() -> None:
        stage.run(node, "drbdadm", "adjust", "all")

    return adjust


@verb("await-resync", "NODE")
def await_resync(stage: Stage, arguments: list[str]) -> Undo:
    """Nothing, until a copy is being brought up to date."""
    node, end = stage.roles[arguments[0]], time.monotonic() + 120
    while (state := stage.run(node, "drbdadm", "cstate", "all").stdout.strip()) != "SyncTarget":
        if time.monotonic() > end:
            raise EvaluationError(Finding("fault-failed", f"no resync, but {state}", Where(node)))
        time.sleep(0.5)
    return lambda: None


@verb("diverge", "NODE")
def diverge(stage: Stage, arguments: list[str]) -> Undo:
    """The operator forces a cut-off copy to be primary and writes: it is no copy any more.

    The node must have left the cluster and its replication must be cut.  Undone, what it wrote is
    thrown away, by the operator too: which side is right no machine can know.
    """
    node = stage.roles[arguments[0]]
    others = [n for n in stage.lab.spec.guests if n != node]
    # the kernel asks a helper before it promotes; who forces it does not wait for an answer
    helper = "/sys/module/drbd/parameters/usermode_helper"
    script = (
        # the cluster may still be about to take it down
        'for i in $(seq 120); do [ -n "$(drbdadm cstate all 2>&-)" ] || break; sleep 1; done;'
        " for i in $(seq 20); do drbdadm up all && break; sleep 1; done;"
        f" was=$(cat {helper}); echo /bin/true >{helper};"
        " drbdadm primary --force all && for d in /dev/drbd[0-9]*; do"
        " dd if=$d of=$d bs=4k count=16 conv=notrunc,fsync; done; drbdadm secondary all;"
        f" result=$?; echo $was >{helper}; exit $result"
    )
    must(stage, node, "sh", "-c", script, timeout=240)

    def agree() -> None:
        states = [stage.run(n, "drbdadm", "cstate", "all").stdout.strip() for n in (node, *others)]
        stage.run(node, "drbdadm", "disconnect", "all")
        stage.run(node, "drbdadm", "connect", "--discard-my-data", "all")
        for other in others:
            stage.run(other, "drbdadm", "connect", "all")
        if "StandAlone" not in states:
            what = f"nobody noticed that the copies had diverged: {' and '.join(states)}"
            raise EvaluationError(Finding("fault-failed", what, Where(node)))

    return agree


BALLAST = "ballast-of-a-trial"


@verb("fill", "NODE")
def fill(stage: Stage, arguments: list[str]) -> Undo:
    """The volume of the service is full to the last block, root's reserve included."""
    node = stage.roles[arguments[0]]
    path = f"{stage.store}/{BALLAST}"

    def empty() -> None:
        for name in dict.fromkeys(stage.roles.values()):
            if name in stage.lab.spec.nodes and stage.lab.node(name).state() == "on":
                stage.run(name, "rm", "-f", path)

    done = stage.run(node, "dd", "if=/dev/zero", f"of={path}", "bs=1M", timeout=120)
    if "No space left" not in done.stderr:
        empty()
        what = f"the volume is not full: {done.stderr.strip()[-500:]}"
        raise EvaluationError(Finding("fault-failed", what, Where(node)))
    return empty
