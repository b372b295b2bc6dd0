"""Words that nobody reads."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from evaluator.findings import Finding, Severity, allowed_values
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.rules.deprecated_option import GONE

LOGGING = (
    "to_stderr to_logfile to_syslog logfile logfile_priority syslog_facility syslog_priority debug "
    "logger_subsys subsys"
)
COROSYNC = {
    "": "totem logging quorum nodelist system resources nozzle uidgid",
    "totem": "version clear_node_high_bit crypto_model crypto_hash crypto_cipher secauth keyfile "
    "key link_mode netmtu transport cluster_name cluster_uuid config_version ip_version ip_dscp "
    "interface nodeid token token_warning token_coefficient token_retransmit "
    "knet_compression_model knet_compression_threshold knet_compression_level hold "
    "token_retransmits_before_loss_const join send_join consensus merge downcheck fail_recv_const "
    "seqno_unchanged_const heartbeat_failures_allowed max_network_delay window_size max_messages "
    "miss_count_const knet_pmtud_interval knet_mtu block_unlisted_ips "
    "cancel_token_hold_on_retransmit",
    "totem.interface": "linknumber knet_link_priority knet_ping_interval knet_ping_timeout "
    "knet_ping_precision knet_pong_count knet_transport bindnetaddr broadcast mcastaddr mcastport "
    "ttl member",
    "totem.interface.member": "memberaddr",
    "logging": f"timestamp fileline function_name blackbox logging_daemon {LOGGING}",
    "logging.logger_subsys": LOGGING,
    "logging.logging_daemon": f"name {LOGGING}",
    "quorum": "provider expected_votes two_node wait_for_all last_man_standing "
    "last_man_standing_window auto_tie_breaker auto_tie_breaker_node expected_votes_tracking "
    "leaving_timeout device",
    "quorum.device": "model timeout sync_timeout votes master_wins net heuristics",
    "quorum.device.net": "tls host port algorithm tie_breaker connect_timeout force_ip_version "
    "keep_active_partition_tie_breaker",
    "quorum.device.heuristics": "timeout sync_timeout interval mode",
    "nodelist": "node",
    "nodelist.node": "nodeid name quorum_votes",
    "system": "qb_ipc_type sched_rr priority move_to_root_cgroup allow_knet_handle_fallback "
    "state_dir",
    "nozzle": "name ipaddr ipprefix macaddr",
    "uidgid": "uid gid",
}
"""Options by section: corosync.conf(5), votequorum(5), corosync-qdevice(8) of corosync 3.1."""
NUMBERED = {
    "nodelist.node": re.compile(r"ring[0-9]+_addr"),
    "quorum.device.heuristics": re.compile(r"exec_\w+"),
}
FREE = ("resources",)
"""Sections whose options depend on how corosync was built."""

PROPERTIES = (
    "batch-limit cluster-delay cluster-infrastructure cluster-ipc-limit cluster-name "
    "cluster-recheck-interval concurrent-fencing dc-deadtime dc-version election-timeout "
    "enable-acl enable-startup-probes fence-reaction fencing-action fencing-enabled "
    "fencing-max-attempts fencing-reaction fencing-timeout fencing-watchdog-timeout have-watchdog "
    "is-managed-default join-finalization-timeout join-integration-timeout last-lrm-refresh "
    "load-threshold maintenance-mode migration-limit no-quorum-policy node-action-limit "
    "node-health-base node-health-green node-health-red node-health-strategy node-health-yellow "
    "node-pending-timeout pe-error-series-max pe-input-series-max pe-warn-series-max "
    "placement-strategy priority-fencing-delay remove-after-stop shutdown-escalation shutdown-lock "
    "shutdown-lock-limit start-failure-is-fatal startup-fencing stonith-action stonith-enabled "
    "stonith-max-attempts stonith-timeout stonith-watchdog-timeout stop-all-resources "
    "stop-orphan-actions stop-orphan-resources symmetric-cluster transition-delay "
    "default-resource-stickiness expected-quorum-votes"
)
SBD = (
    "SBD_DEVICE SBD_PACEMAKER SBD_STARTMODE SBD_DELAY_START SBD_WATCHDOG_DEV SBD_WATCHDOG_TIMEOUT "
    "SBD_TIMEOUT_ACTION SBD_MOVE_TO_ROOT_CGROUP SBD_SYNC_RESOURCE_STARTUP SBD_OPTS SBD_PIDFILE "
    "SBD_WATCHDOG"
)
SIMILAR = 0.8


@rule(
    "unknown-option",
    severity=Severity.WARNING,
    rationale="corosync, Pacemaker and SBD pass over a misspelt option without a word: what was "
    "meant is not in force, and no validator says so.",
    remedy="write the option as its manual page spells it, or delete it",
    source=(
        "corosync-conf-man", "votequorum-man", "corosync-qdevice-man", "pacemaker-explained",
        "sbd-man",
    ),
    formats=("corosync|cib|sbd",),
)  # fmt: skip
def check(configuration: Configuration) -> Iterator[Finding]:
    """Options of corosync.conf and of SBD are known; cluster properties no near miss.

    Agents and tools may keep properties of their own in the CIB, so only likely slips are told.
    """
    if configuration.corosync:
        yield from _unknown(configuration.corosync, "")
    for entry in configuration.sbd.children if configuration.sbd else ():
        if entry.key.startswith("SBD") and entry.key not in SBD.split():
            yield found(f"{entry.key}: {allowed_values(entry.key, SBD.split())}", entry.where)
    if cib := configuration.cib:
        for entry in cib.properties().values():
            yield from _near_miss(entry)


def _near_miss(entry: Entry) -> Iterator[Finding]:
    known = PROPERTIES.split()
    if entry.key not in known:
        for close in difflib.get_close_matches(entry.key, known, n=1, cutoff=SIMILAR):
            yield found(f"{entry.key!r}: did you mean {close!r}?", entry.where)


def _unknown(section: Entry, path: str) -> Iterator[Finding]:
    known = COROSYNC[path].split()
    numbered = NUMBERED.get(path)
    for child in section.children:
        name = f"{path}.{child.key}" if path else child.key
        if name in GONE or name in FREE or (numbered and numbered.fullmatch(child.key)):
            continue
        if child.key not in known:
            place = f"section {path}" if path else "corosync.conf"
            message = f"{place} has no option {child.key!r}; {allowed_values(child.key, known)}"
            yield found(message, child.where)
        elif name in COROSYNC:
            yield from _unknown(child, name)
