"""Options that corosync no longer heeds, or that have a newer form."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.membership import members, transport
from evaluator.lint.registry import found, rule

GONE = {
    "compatibility": "corosync 1 only",
    "aisexec": "OpenAIS only",
    "amf": "OpenAIS only",
    "service": "corosync 1 started Pacemaker by it; now Pacemaker has a unit of its own",
    "totem.rrp_mode": "redundant rings are links of knet now (link_mode)",
    "totem.rrp_problem_count_timeout": "redundant rings are links of knet now",
    "totem.rrp_problem_count_threshold": "redundant rings are links of knet now",
    "totem.rrp_problem_count_mcast_threshold": "redundant rings are links of knet now",
    "totem.rrp_token_expired_timeout": "redundant rings are links of knet now",
    "totem.rrp_autorecovery_check_timeout": "redundant rings are links of knet now",
    "totem.vsftype": "corosync 1 only",
    "totem.threads": "without effect",
    "logging.logger_subsys.tags": "corosync 1 only",
    "totem.crypto_compat": "without effect since corosync 3",
    "totem.crypto_type": "write crypto_cipher",
    "totem.interface.ringnumber": "write linknumber",
    "quorum.votes": "write quorum_votes in the node",
    "quorum.allow_downscale": "incomplete and not supported, says votequorum(5)",
}
KNET_IGNORES = ("bindnetaddr", "mcastaddr", "broadcast", "ttl")


@rule(
    "deprecated-option",
    severity=Severity.INFO,
    rationale="An option of an older corosync is read without a word and does nothing: what was "
    "meant by it, such as a second ring, is not there.",
    remedy="delete it, or write its newer form",
    source=("corosync-conf-man", "votequorum-man", "corosync-repo"),
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Options of corosync 1 and 2, and those of multicast where there is a node list."""
    yield from _gone(corosync, "")
    if not members(corosync) or transport(corosync) == "udp":
        return
    for interface in corosync.all("totem", "interface"):
        for name in KNET_IGNORES:
            if entry := interface.get(name):
                message = f"{name} is without effect with {transport(corosync)} and a node list"
                yield found(message, entry.where)


def _gone(entry: Entry, path: str) -> Iterator[Finding]:
    for child in entry.children:
        name = f"{path}{child.key}"
        if name in GONE:
            yield found(f"{name}: {GONE[name]}", child.where)
        else:
            yield from _gone(child, f"{name}.")
