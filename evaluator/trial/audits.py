"""What must hold after every fault; each audit is a function that finds where it did not.

The invariants are those of every cluster with one writer (ours, after the ClusterLabs documents:
*Pacemaker Explained*, fencing and quorum).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluator.findings import Finding
from evaluator.trial.ledger import Held, Ledger
from evaluator.trial.scenario import Scenario
from evaluator.trial.watch import Seen

NOTICED_SECONDS = 1.0
"""A gap that a client notices (ours): twice the patience of one request."""

IN_FLIGHT_SECONDS = 10.0
"""Within which the service has put away what it has acknowledged (ours)."""


@dataclass(frozen=True)
class Observation:
    """Everything that was seen of one trial; times are seconds since the epoch."""

    words: Scenario
    roles: Mapping[str, str]
    began: float
    """Of the first fault."""
    injected: float
    """When the last one was done."""
    undone: float
    """When undoing them began."""
    ended: float
    seen: Sequence[Seen]
    """What was true at the first fault, and every change since."""
    pauses: Sequence[tuple[float, float]]
    ledger: Ledger
    held: Held
    power: Sequence[Mapping[str, Any]]
    """Lines of the power log since the first fault."""
    not_whole: str
    """What was missing to full redundancy in the end; '' for nothing."""
    cores: Sequence[str]
    """Programs that crashed, as the nodes' journals say."""
    everywhere: bool
    """Whether the service runs on all nodes at once by design."""
    fences: bool
    """Whether the cluster fences at all; what is expected is expected of those only."""
    rhythm: Mapping[str, float]
    """For how many seconds each kind of question that clients have may go unasked."""
    client: str = ""
    """How the clients ended, if not as they should."""
    pace: float = 1.0
    """How many times as long as elsewhere everything takes on these nodes."""
    unheard: Sequence[str] = ()
    """Nodes whose journals could not be read in the end."""
    difference: str = ""
    """How the copies of a replicated volume differ in the end; '' when they do not."""
    unread: str = ""
    """Why the mailbox could not be read in the end; '' when it could."""

    @property
    def outage(self) -> float:
        """Longest time in seconds that the web front gave no answer, from the first fault on."""
        return self.ledger.outage("http", self.began)

    def unasked(self, kind: str) -> float:
        """Seconds for which clients did not ask that should have; 0 where they always did."""
        seconds = self.ledger.unasked(kind, self.began, self.ended)
        return seconds if seconds > self.rhythm.get(kind, math.inf) else 0.0

    @property
    def holders(self) -> int:
        """The most nodes that had the virtual address at one time."""
        return max((len(s.address) for s in self.seen), default=0)

    @property
    def fenced(self) -> list[str]:
        """Nodes that a fence device switched off, in order."""
        return fenced(self.power, self.began)


def fenced(power: Iterable[Mapping[str, Any]], since: float) -> list[str]:
    """Nodes that a fence device has switched off since a moment, in order."""
    return [str(e["node"]) for e in power if _fences(e) and e["time"] >= since]


def _fences(entry: Mapping[str, Any]) -> bool:
    return (
        "peer" in entry
        and bool(entry["node"])
        and entry["command"] in ("off", "reboot")
        and entry["result"] == "off"
    )


def fencing(o: Observation) -> list[tuple[float, float]]:
    """(asked, off) of each time that a fence device switched a node off, in order.

    A controller logs when it has done it; what it was asked before is the time that it took.
    """
    return [(e["time"] - float(e.get("seconds", 0)), e["time"]) for e in o.power if _fences(e)]


Audit = Callable[[Observation], Iterator[Finding]]
AUDITS: list[Audit] = []


def audit(function: Audit) -> Audit:
    """Register an audit."""
    AUDITS.append(function)
    return function


def findings(observation: Observation) -> list[Finding]:
    """Everything that did not hold."""
    return [finding for check in AUDITS for finding in check(observation)]


def _together(seen: Iterable[Seen], what: str, end: float) -> Iterator[tuple[float, float, str]]:
    """(start, seconds, names) of each time that two nodes had the same thing."""
    began, names = 0.0, ""
    for look in seen:
        nodes = getattr(look, what)
        if len(nodes) > 1 and not names:
            began, names = look.time, " and ".join(sorted(nodes))
        elif len(nodes) < 2 and names:
            yield began, look.time - began, names
            names = ""
    if names:
        yield began, end - began, names


@audit
def one_holder(o: Observation) -> Iterator[Finding]:
    """Never two nodes with the virtual address."""
    for start, seconds, names in _together(o.seen, "address", o.ended):
        at = start - o.began
        yield Finding(
            "two-holders", f"{names} had the address for {seconds:.1f} s, from {at:.1f} s"
        )


@audit
def one_writer(o: Observation) -> Iterator[Finding]:
    """Never two nodes with the volume; this is how data are destroyed."""
    for start, seconds, names in _together(o.seen, "volume", o.ended):
        at = start - o.began
        yield Finding("two-writers", f"{names} had the volume for {seconds:.1f} s, from {at:.1f} s")


@audit
def one_service(o: Observation) -> Iterator[Finding]:
    """Never the service on two nodes, unless that is its design."""
    for start, seconds, names in [] if o.everywhere else _together(o.seen, "service", o.ended):
        at = start - o.began
        yield Finding("two-services", f"{names} served for {seconds:.1f} s, from {at:.1f} s")


@audit
def fenced_first(o: Observation) -> Iterator[Finding]:
    """Who takes the volume from a node that died has seen it switched off before.

    Without a volume, who takes the address has.
    """
    if not o.fences:
        return
    what = "volume" if any(look.volume for look in o.seen) else "address"
    had = [(look.time, getattr(look, what)) for look in o.seen]
    for number, (moment, nodes) in enumerate(had[1:], 1):
        taken = nodes - had[number - 1][1]
        owners = [each for _, each in had[:number] if each]
        if not taken or not owners:
            continue
        for lost in owners[-1] - taken:
            told = [e for e in o.power if e["node"] == lost and e["time"] <= moment]
            own = [e for e in told if "peer" not in e]
            # who has come back by itself since is known to be well
            if not own or own[-1]["command"] == "on":
                continue
            if not any(_fences(e) and e["time"] >= own[-1]["time"] for e in told):
                where = ", ".join(sorted(taken))
                yield Finding("not-fenced-first", f"{where} took the {what} of {lost} unconfirmed")


@audit
def mail_kept(o: Observation) -> Iterator[Finding]:
    """Every acknowledged mail is there, once, as it was sent.

    A server that dies between the delivery of a mail and its own note of that delivers it again;
    SMTP prefers this to a loss (RFC 1047).  So only mails of after the faults must not be doubled;
    the record counts all of them.
    """
    if o.unread:
        yield Finding("mail-unread", f"the mailbox cannot be read: {o.unread}")
        return
    late = {a.number for a in o.ledger.answers if a.kind == "smtp" and a.time >= o.injected}
    for code, what, numbers in (
        ("mail-lost", "acknowledged and not there", o.held.lost),
        ("mail-twice", "there more than once", [n for n in o.held.doubled if n in late]),
        ("mail-altered", "not what was sent", o.held.altered),
    ):
        if numbers:
            listed = ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")
            total = o.held.acknowledged
            yield Finding(code, f"{len(numbers)} mails of {total} are {what}: {listed}")


@audit
def served(o: Observation) -> Iterator[Finding]:
    """Clients are served again as promised."""
    if not o.fences:
        return
    words = o.words
    bound = words.bound_seconds
    gaps = o.ledger.gaps("http", o.began)
    if words.answers == "throughout":
        if o.outage > o.pace * NOTICED_SECONDS:
            yield Finding("not-served", f"{o.outage:.1f} s without an answer; none was expected")
        return
    since = o.undone if words.answers == "once undone" else o.injected
    last = max((start + seconds for start, seconds in gaps), default=0.0)
    web = [a for a in o.ledger.answers if a.kind == "http"]
    if gaps and not web[-1].ok and gaps[-1][1] > o.pace * NOTICED_SECONDS:
        yield Finding("not-served", f"http has no answer in the end: {web[-1].what}")
        return
    if last > since + bound:
        yield Finding(
            "not-served", f"served again {last - since:.1f} s after it could be, not in {bound:g} s"
        )
    spans = any(start < o.undone < start + seconds for start, seconds in gaps)
    if words.answers == "again" and spans:
        yield Finding("not-served", "it served again only when the faults were undone")
    if later := [s for start, s in gaps if start >= o.undone and s > o.pace * NOTICED_SECONDS]:
        yield Finding("not-served", f"{max(later):.1f} s without an answer once all was undone")


@audit
def asked(o: Observation) -> Iterator[Finding]:
    """Clients were well before it, never stop asking, and are well in the end."""
    if o.client:
        yield Finding("not-asked", f"the clients {o.client}")
        return
    for kind in ("http", "smtp"):
        if not any(a.kind == kind and a.ok and a.time < o.began for a in o.ledger.answers):
            yield Finding("not-asked", f"{kind} had no good answer before the fault")
    last = {a.kind: a for a in o.ledger.answers if a.end > o.undone}
    for kind in o.rhythm:
        if seconds := o.unasked(kind):
            yield Finding("not-asked", f"nobody asked for {kind} for {seconds:.1f} s")
        elif kind not in last:
            yield Finding("not-asked", f"{kind} has no answer after the faults")
        elif kind != "http" and o.fences and not last[kind].ok:
            yield Finding("not-served", f"{kind} has no answer in the end: {last[kind].what}")


@audit
def in_its_place(o: Observation) -> Iterator[Finding]:
    """The service ends on the node that it should."""
    if not o.fences or o.words.service == "either" or not o.seen:
        return
    before, after = o.roles["active"], o.seen[-1].address
    right = after == {before} if o.words.service == "stays" else after and before not in after
    if not right:
        where = ", ".join(sorted(after)) or "no node"
        yield Finding("wrong-place", f"it was on {before} and is on {where}")


@audit
def fenced_as_expected(o: Observation) -> Iterator[Finding]:
    """Who is lost is switched off, and nobody else."""
    if not o.fences or o.words.fenced == ["any"]:
        return
    off, words = set(o.fenced), o.words.fenced
    pair = {o.roles["active"], o.roles["passive"]}
    wanted = {o.roles.get(role, role) for role in words}
    right = len(off) == 1 and off <= pair if words == ["one"] else off == wanted
    if not right:
        done = ", ".join(sorted(off)) or "nobody"
        due = " or ".join(sorted(pair)) if words == ["one"] else ", ".join(sorted(wanted))
        yield Finding("wrongly-fenced", f"{done} was switched off, expected: {due or 'nobody'}")


@audit
def redundant_again(o: Observation) -> Iterator[Finding]:
    """In the end nothing is missing, failed or unmanaged."""
    if o.not_whole:
        yield Finding("not-redundant", o.not_whole)


@audit
def copies_alike(o: Observation) -> Iterator[Finding]:
    """In the end a replicated volume has the same content everywhere."""
    if o.difference:
        yield Finding("copies-differ", o.difference)


@audit
def nothing_crashed(o: Observation) -> Iterator[Finding]:
    """No program of the cluster has dumped core."""
    for line in o.cores:
        yield Finding("crashed", line)


@audit
def watched(o: Observation) -> Iterator[Finding]:
    """The audits saw all of it: a machine too busy to look proves nothing."""
    if not o.seen:
        yield Finding("not-watched", "nothing was seen at all")
    for moment, seconds in o.pauses:
        if moment + seconds > o.began:
            yield Finding(
                "not-watched", f"{seconds:.1f} s from {moment - o.began:.1f} s were not seen"
            )
    # a node that does not come back is a finding about the cluster, and that one counts
    for node in o.unheard if not o.not_whole else ():
        yield Finding("not-watched", f"{node} does not tell whether anything crashed")
