"""The algorithm of a quorum device fits the number of nodes, and its votes the algorithm."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.tree import Entry
from evaluator.lint.membership import members, quorum_device
from evaluator.lint.registry import found, rule

ALGORITHMS = ("ffsplit", "lms")


@rule(
    "qdevice-algorithm",
    rationale="ffsplit gives one vote to one half, so it is for an even number of nodes with one "
    "vote each and a device of one vote; lms needs the device's usual votes.  With other numbers "
    "both halves or neither have a majority.",
    remedy="for an even number of nodes write algorithm: ffsplit and votes: 1; for an odd number "
    "leave the device out, or write algorithm: lms without votes",
    source="corosync-qdevice-man",
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Of ``quorum.device``: ``net.algorithm``, ``votes``, and the number of nodes."""
    device = quorum_device(corosync)
    if device is None:
        return
    algorithm = device.text("net", "algorithm", default="ffsplit")
    votes, count = device.get("votes"), len(members(corosync))
    if algorithm not in ALGORITHMS:
        message = f"algorithm is {algorithm!r}; {allowed_values(algorithm, ALGORITHMS)}"
        yield found(message, device.place("net", "algorithm"))
    if algorithm == "ffsplit":
        if device.number("votes") != 1:
            typed = f"votes is {votes.value!r}" if votes else "votes is not written"
            usual = "" if votes else f" and means {count - 1}"
            yield found(f"{typed}{usual}; ffsplit needs 1", device.place("votes"))
        if count % 2:
            where = device.place("net", "algorithm")
            yield found(f"ffsplit with {count} nodes, an odd number", where)
    if algorithm == "lms" and votes:
        yield found(f"votes is {votes.value!r}; lms needs it left out", votes.where)
    for node in members(corosync):
        own = node.get("quorum_votes")
        if algorithm == "ffsplit" and own and node.number("quorum_votes") != 1:
            yield found(f"quorum_votes is {own.value!r}; ffsplit needs 1", own.where)
