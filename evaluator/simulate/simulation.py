"""A cluster that exists only in ``crm_simulate``: a CIB with a status, moved on by events.

DRBD's own voice is ours: its agent sets a promotion score on every node whose copy is up to date
(10000, its default for that), and none on one that is not.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from lxml import etree

from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.programs import SYSTEM_PATH, installed, run
from evaluator.simulate.plan import Plan, Status, read_plan, read_status

PACKAGE = "pacemaker-cli-utils"
FEATURE_SET = "3.16.1"
"""Of Pacemaker 2.1.5 as Debian 12 has it.  A CIB without one is taken for one of Pacemaker 1, which
counted failures in another way; at a newer one crm_simulate aborts."""
UP_TO_DATE = "10000"
MOST_ROUNDS = 8
"""Transitions after one event before it counts as never settling (ours)."""


class NotSimulatedError(EvaluationError):
    """Raised when ``crm_simulate`` gives no answer; one finding, ``not-simulated``."""


@dataclass(frozen=True)
class State:
    """A cluster at one moment."""

    cib: bytes
    quorum: bool = True
    broken: frozenset[str] = frozenset()
    """Actions that fail whenever they are tried, as ``start zcs on a1``; ``fence`` is every one."""
    outdated: frozenset[str] = frozenset()
    """Nodes whose copy of the data is not up to date."""
    copies: frozenset[str] = frozenset()
    """Nodes where the replicated resource runs."""


@dataclass(frozen=True)
class Transition:
    """What the scheduler plans in a state, and the state after that."""

    before: Status
    plan: Plan
    after: Status
    quorum: bool
    known: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """(resource, node) of which the state on the node is known."""


class Simulator:
    """Runs ``crm_simulate`` in a folder of its own; what was asked before is remembered."""

    def __init__(self, folder: Path, data: str, watchdog: bool, path: str = SYSTEM_PATH) -> None:
        self.folder, self.data, self.watchdog, self.path = folder, data, watchdog, path
        self._injected: dict[tuple[State, tuple[str, ...]], State] = {}
        self._reactions: dict[State, tuple[State, Transition]] = {}

    def inject(self, state: State, *arguments: str) -> State:
        """The state after something happened and before anybody reacts."""
        if (state, arguments) not in self._injected:
            self._run(state, "-R", "-Q", "-I", "injected.xml", *arguments)
            cib = (self.folder / "injected.xml").read_bytes()
            self._injected[state, arguments] = replace(state, cib=cib)
        return self._injected[state, arguments]

    def react(self, state: State) -> tuple[State, Transition]:
        """One transition: planned and carried out."""
        if state not in self._reactions:
            self._reactions[state] = self._react(self._scored(state))
        return self._reactions[state]

    def _react(self, state: State) -> tuple[State, Transition]:
        words = [f"--op-fail={_operation(action)}" for action in sorted(state.broken - {"fence"})]
        output = self._run(
            state, "-S", "-G", "graph.xml", "-O", "after.xml", "--output-as=xml", *words
        )
        answer = etree.fromstring(output.encode())
        before, after = answer.find("cluster_status"), answer.find("revised_cluster_status")
        if before is None or after is None:
            raise _failed("its answer has no status")
        transition = Transition(
            read_status(before),
            read_plan((self.folder / "graph.xml").read_bytes(), state.broken),
            read_status(after),
            state.quorum,
            frozenset(_known(state.cib)),
        )
        cib = (self.folder / "after.xml").read_bytes()
        copies = frozenset(transition.after.nodes(self.data))
        return replace(state, cib=cib, copies=copies), transition

    def look(self, state: State) -> Status:
        """How a state looks to the cluster."""
        answer = etree.fromstring(self._run(state, "--output-as=xml").encode())
        found = answer.find("cluster_status")
        if found is None:
            raise _failed("its answer has no status")
        return read_status(found)

    def settle(self, state: State) -> tuple[State, list[Transition]]:
        """Transitions until nothing is left to do, at most :data:`MOST_ROUNDS`."""
        made = []
        for _ in range(MOST_ROUNDS):
            state, transition = self.react(state)
            made.append(transition)
            if transition.plan.idle:
                break
        return state, made

    def _scored(self, state: State) -> State:
        """Give every running copy its promotion score."""
        if not self.data:
            return state
        root = etree.fromstring(state.cib)
        for node in root.iterfind("status/node_state"):
            current = node.get("uname") in state.copies - state.outdated
            set_transient(node, f"master-{self.data}", UP_TO_DATE if current else None)
        return replace(state, cib=etree.tostring(root))

    def _run(self, state: State, *arguments: str) -> str:
        root = etree.fromstring(state.cib)
        quorum = "true" if state.quorum else "false"
        root.set("have-quorum", quorum)  # --quorum alone counts only with another injection
        (self.folder / "state.xml").write_bytes(etree.tostring(root))
        words = ["crm_simulate", "-x", "state.xml", f"--quorum={quorum}"]
        if self.watchdog:
            words.append("--watchdog=true")
        try:
            done = run(
                [*words, *arguments],
                folder=self.folder,
                path=self.path,
                extra={"CIB_shadow_dir": str(self.folder)},
            )
        except OSError as error:
            raise _failed(f"cannot be run: {error.strerror}") from error
        if done.code != 0:
            said = " ".join(re.sub(r"<[^>]*>", " ", done.output).split())[-200:]
            raise _failed(done.trouble or f"ended with {done.code}: {said}")
        return done.output


@contextmanager
def simulator(data: str, watchdog: bool, path: str = SYSTEM_PATH) -> Iterator[Simulator]:
    """A simulator in a temporary folder.

    Raises
    ------
    EvaluationError
        ``simulator-missing`` when ``crm_simulate`` is not installed, exit code 3.
    """
    if installed("crm_simulate", path) is None:
        remedy = f"install it (Debian package {PACKAGE})"
        finding = Finding("simulator-missing", "crm_simulate is not installed", remedy=remedy)
        raise EvaluationError(finding, ExitCode.UNAVAILABLE)
    with tempfile.TemporaryDirectory(prefix="simulate-") as folder:
        yield Simulator(Path(folder), data, watchdog, path)


def prepared(cib: bytes) -> bytes:
    """A configuration without any status, marked as the target's Pacemaker marks it."""
    root = etree.fromstring(cib)
    root.set("crm_feature_set", FEATURE_SET)
    for status in root.findall("status"):
        root.remove(status)
    etree.SubElement(root, "status")
    return etree.tostring(root)


def set_transient(node: etree._Element, name: str, value: str | None) -> None:
    """Set a node's transient attribute in its ``node_state``, or take it away."""
    number = node.get("id", "")
    for pair in node.findall("transient_attributes/instance_attributes/nvpair"):
        parent = pair.getparent()
        if pair.get("name") == name and parent is not None:
            parent.remove(pair)
    if value is None:
        return
    holder = _child(node, "transient_attributes", number)
    block = _child(holder, "instance_attributes", f"status-{number}")
    etree.SubElement(
        block, "nvpair", {"id": f"status-{number}-{name}", "name": name, "value": value}
    )


def set_pair(parent: etree._Element, block: str, identity: str, name: str, value: str) -> None:
    """Set a name and value in a set of its own below an element."""
    for old in parent.findall(block):
        if old.get("id") == identity:
            parent.remove(old)
    holder = etree.SubElement(parent, block, {"id": identity})
    pair = {"id": f"{identity}-{name}", "name": name, "value": value}
    etree.SubElement(holder, "nvpair", pair)


def _child(parent: etree._Element, tag: str, identity: str) -> etree._Element:
    found = parent.find(tag)
    return etree.SubElement(parent, tag, {"id": identity}) if found is None else found


def _operation(action: str) -> str:
    """An action as ``--op-fail`` takes it."""
    verb, resource, _, node = action.split(" ")
    return f"{resource}_{verb}_0@{node}=1"


def _known(cib: bytes) -> Iterable[tuple[str, str]]:
    for node in etree.fromstring(cib).iterfind("status/node_state"):
        for resource in node.iterfind("lrm/lrm_resources/lrm_resource"):
            yield resource.get("id", "").partition(":")[0], node.get("uname", "")


def _failed(why: str) -> NotSimulatedError:
    remedy = "run 'evaluate validate' on the bundle: a CIB that Pacemaker refuses is not simulated"
    return NotSimulatedError(Finding("not-simulated", f"crm_simulate {why}", remedy=remedy))
