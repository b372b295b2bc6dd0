"""A DRBD resource must not go on alone while its peer may do the same."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import Resource, resources

FENCE, UNFENCE = "crm-fence-peer", "crm-unfence-peer"


@rule(
    "drbd-divergence-guard",
    rationale="A primary that has lost its peer goes on writing; if the peer is promoted as well, "
    "both hold writes that the other lacks, and one side's acknowledged data are thrown away.",
    remedy="either three peers with options { quorum majority; on-no-quorum io-error; }, or "
    "fencing resource-and-stonith with the handlers crm-fence-peer and crm-unfence-peer (8.4: "
    "after-resync-target, crm-fence-peer.sh; 9: unfence-peer, crm-fence-peer.9.sh)",
    source=("drbd-conf-man", "drbd-users-guide"),
)
def check(drbd: Entry) -> Iterator[Finding]:
    """Every resource has a quorum of three or more, or full fencing with both handlers."""
    for resource in resources(drbd):
        if not _quorum(resource):
            yield from _fencing(resource)


def _quorum(resource: Resource) -> bool:
    wanted, hosts = resource.text("options", "quorum"), len(resource.hosts)
    enough = {"majority", "all", *map(str, range(hosts // 2 + 1, hosts + 1))}
    return hosts > 2 and wanted in enough


def _fencing(resource: Resource) -> Iterator[Finding]:
    policy = resource.text("disk|net", "fencing")
    quorum = resource.option("options", "quorum")
    if policy != "resource-and-stonith":
        said = f"its fencing is {policy!r}" if policy else "it has no fencing"
        if quorum:
            said += f", and quorum {quorum.value!r} of {len(resource.hosts)} hosts guards nothing"
        message = f"resource {resource.name!r}: {said}"
        yield found(message, resource.place("disk|net", "fencing"))
        return
    nine = resource.dialect == "9"
    suffix = ".9.sh" if nine else ".sh"
    wanted = {"fence-peer": FENCE, "unfence-peer" if nine else "after-resync-target": UNFENCE}
    for handler, program in wanted.items():
        command = resource.text("handlers", handler)
        script = command.partition(" ")[0].rpartition("/")[2]
        either = not resource.dialect and script == f"{program}.9.sh"
        if script != f"{program}{suffix}" and not either:
            said = f"runs {command!r}" if command else "is missing"
            message = f"resource {resource.name!r}: handler {handler} {said}"
            remedy = f'{handler} "/usr/lib/drbd/{program}{suffix}";'
            yield found(message, resource.place("handlers", handler), remedy)
