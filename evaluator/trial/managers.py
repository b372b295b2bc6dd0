"""What the managers of a cluster have in common, as an operator sees it: one class for each."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from subprocess import CompletedProcess
from typing import Protocol

from evaluator.findings import EvaluationError, Finding, Where

Run = Callable[..., CompletedProcess[str]]
"""Runs a program on a node: ``run(node, *argv)``."""


class Manager(Protocol):
    """How a cluster manager is asked and told."""

    @property
    def daemon(self) -> str:
        """Name of the process by which the nodes know of each other."""

    @property
    def units(self) -> Sequence[str]:
        """Units of a member, in the order of their start."""

    def why_not_whole(self, run: Run, members: Sequence[str], *, forgiving: bool = False) -> str:
        """What is missing to full redundancy; '' when nothing is.

        A `forgiving` answer leaves out what is missing where it failed before: the manager
        remembers that, until :meth:`tidy`.
        """

    def leave(self, run: Run, node: str) -> None:
        """Take a node out of service, as before maintenance."""

    def join(self, run: Run, node: str) -> None:
        """Take it back."""

    def tidy(self, run: Run, node: str) -> None:
        """Forget failures that were looked at, as an operator does after the repair."""

    def reunite(self, run: Run, members: Sequence[str]) -> None:
        """Have daemons that lost their parent belong to one again; the service may move."""


def _must(run: Run, node: str, *argv: str) -> str:
    done = run(node, *argv)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-500:]
        raise EvaluationError(Finding("manager", f"{' '.join(argv)}: {said}", Where(node)))
    return done.stdout


class Pacemaker:
    """Pacemaker over Corosync."""

    daemon = "corosync"
    units = ("corosync", "corosync-qdevice", "pacemaker")

    def why_not_whole(self, run: Run, members: Sequence[str], *, forgiving: bool = False) -> str:
        for asked in members:
            done = run(asked, "crm_mon", "-1", "--output-as=xml")
            if done.returncode:
                return f"{asked}: Pacemaker does not answer"
            seen = ET.fromstring(done.stdout)  # noqa: S314 - our own node
            if reason := _pacemaker(seen, members, forgiving):
                return f"{asked} says: {reason}"
        quorum = run(members[0], "corosync-quorumtool", "-s").stdout
        votes = dict(re.findall(r"^(Expected|Total) votes:\s+(\d+)", quorum, re.MULTILINE))
        if not votes:
            return f"{members[0]}: corosync-quorumtool does not answer"
        if votes.get("Total") != votes.get("Expected"):
            return f"{votes.get('Total')} of {votes.get('Expected')} votes"
        return ""

    def leave(self, run: Run, node: str) -> None:
        _must(run, node, "crm_standby", "-N", node, "-v", "on")

    def join(self, run: Run, node: str) -> None:
        # before it has joined, its own copy of the CIB takes the change and is then replaced
        seen = ET.fromstring(_must(run, node, "crm_mon", "-1", "--output-as=xml"))  # noqa: S314
        own = seen.find(f"nodes/node[@name='{node}']")
        if own is None or own.get("online") != "true" or own.get("pending") == "true":
            raise EvaluationError(Finding("manager", "it has not joined yet", Where(node)))
        _must(run, node, "crm_standby", "-N", node, "-D")

    def tidy(self, run: Run, node: str) -> None:
        _must(run, node, "crm_resource", "--cleanup")

    def reunite(self, run: Run, members: Sequence[str]) -> None:
        # a pacemakerd that was started anew takes over the daemons that it finds, but is not told
        # when one of them ends: it asks each in turn, which takes seconds, and a peer may fence
        # meanwhile.  So for an operator, too, the repair ends with a restart, out of service
        for node, peer in zip(members, (*members[1:], members[0]), strict=True):
            if run(node, "pgrep", "-x", "-P", "1", "pacemaker-.*").returncode == 0:
                # the peer tells it, whose CIB is the one that holds
                _must(run, peer, "crm_standby", "-N", node, "-v", "on")
                _must(run, peer, "crm_resource", "--wait")
                _must(run, node, "systemctl", "restart", "pacemaker")
                _must(run, peer, "crm_standby", "-N", node, "-D")


_RUNS = ("Started", "Promoted", "Unpromoted")
_INFINITY = 1_000_000
"""What Pacemaker counts at once where it is not to try again, as when a start failed."""


def _banned(seen: ET.Element, members: Sequence[str]) -> dict[tuple[str, str], int]:
    """How often a resource failed on a node that is not trusted with it any more.

    At ``migration-threshold`` failures Pacemaker bans it from there (*Pacemaker Explained*, failure
    handling), until they are forgotten; 0 stands for never.
    """
    found = {}
    for node in seen.iterfind("node_history/node"):
        for each in node.iterfind("resource_history"):
            failed, most = (int(each.get(a, "0")) for a in ("fail-count", "migration-threshold"))
            if node.get("name") in members and failed >= most > 0:
                found[str(each.get("id")), str(node.get("name"))] = failed
    return found


def _pacemaker(seen: ET.Element, members: Sequence[str], forgiving: bool) -> str:
    banned = _banned(seen, members)
    forgiven = {resource for resource, _ in banned} if forgiving else set()
    nodes = {str(n.get("name")): n for n in seen.findall("nodes/node")}
    for name in members:
        node = nodes.get(name)
        if node is None or node.get("online") != "true":
            return f"{name} is not online"
        for state in ("pending", "unclean", "standby", "maintenance"):
            if node.get(state) == "true":
                return f"{name} is {state}"
    for each in seen.iterfind(".//resources//resource"):
        resource = str(each.get("id"))
        if each.get("managed") != "true":
            return f"{resource} is unmanaged"
        if each.get("failed") == "true" or each.get("blocked") == "true":
            return f"{resource} has failed"
        if each.get("role") not in _RUNS and resource not in forgiven:
            return f"{resource} is {each.get('role')}"
    for clone in seen.iterfind("resources/clone"):
        copies = clone.findall("resource")
        running = sum(each.get("role") in _RUNS for each in copies)
        if running != len(members) and not forgiven & {each.get("id") for each in copies}:
            return f"{clone.get('id')} runs on {running} nodes of {len(members)}"
    for event in seen.findall("fence_history/fence_event"):
        if event.get("status") == "pending":
            return f"{event.get('target')} is being fenced"
    for (resource, name), failed in banned.items():
        if not forgiving:
            count = "INFINITY" if failed >= _INFINITY else failed
            return f"{name} may not have {resource}, whose fail-count there is {count}"
    return ""


class Unit:
    """A manager that is one unit, and shows nothing of its state but the address."""

    def __init__(self, name: str) -> None:
        self.daemon = name
        self.units = (name,)

    def why_not_whole(self, run: Run, members: Sequence[str], *, forgiving: bool = False) -> str:
        for node in members:
            state = run(node, "systemctl", "is-active", *self.units).stdout.split()
            if state != ["active"] * len(self.units):
                return f"{node}: {', '.join(self.units)} is {' '.join(state)}"
        return ""

    def leave(self, run: Run, node: str) -> None:
        _must(run, node, "systemctl", "stop", *self.units)

    def join(self, run: Run, node: str) -> None:
        _must(run, node, "systemctl", "start", *self.units)

    def tidy(self, run: Run, node: str) -> None:
        """It forgets by itself."""

    def reunite(self, run: Run, members: Sequence[str]) -> None:
        """It is one family, and ends as one."""


class Heartbeat(Unit):
    """Heartbeat, which tells of the other node by ``cl_status``."""

    def __init__(self) -> None:
        super().__init__("heartbeat")

    def why_not_whole(self, run: Run, members: Sequence[str], *, forgiving: bool = False) -> str:
        if reason := super().why_not_whole(run, members):
            return reason
        for node in members:
            for other in members:
                state = run(node, "cl_status", "nodestatus", other).stdout.strip()
                if state != "active":
                    return f"{node} says: {other} is {state or 'unknown'}"
        return ""


MANAGERS: Mapping[str, Manager] = {
    "pacemaker": Pacemaker(),
    "keepalived": Unit("keepalived"),
    "heartbeat": Heartbeat(),
}
