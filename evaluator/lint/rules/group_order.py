"""Inside a group storage comes before what uses it."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.agents import BLOCK_DEVICES, STORAGE, serves
from evaluator.lint.placement import flag, name
from evaluator.lint.registry import found, rule


@rule(
    "group-order",
    rationale="A service that starts before its file system is mounted writes into the empty "
    "directory below; what it writes there is hidden by the mount and lost in a failover.",
    remedy="put block devices first, then file systems, then services; leave `ordered` on",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Block devices, then file systems, then services; the group keeps its order and place."""
    for group in cib.groups():
        for option in ("ordered", "collocated"):
            if not flag(cib, group, option, default=True):
                where = cib.meta(group)[option].where
                yield found(f"group {name(group)!r}: {option} is off", where)
        members = [(p, cib.agent(p)) for p in group.iterfind("primitive")]
        for number, (member, agent) in enumerate(members):
            for late, storage in members[number + 1 :]:
                above_block = agent in STORAGE - BLOCK_DEVICES and storage in BLOCK_DEVICES
                if storage in STORAGE and (serves(agent) or above_block):
                    message = f"{name(member)!r} starts before its storage {name(late)!r}"
                    yield found(message, cib.where(member))
                    break
