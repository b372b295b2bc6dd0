"""Heartbeat does not start with a directive that it does not know."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule

DIRECTIVES = frozenset({
    "apiauth", "auto_failback", "autojoin", "baud", "bcast", "compression",
    "compression_threshold", "conn_logd_time", "coredumps", "crm", "crm_daemon_dir",
    "crmd_spawns_pengine", "deadping", "deadtime", "debug", "debugfile", "env", "hbaping",
    "hbgenmethod", "hopfudge", "initdead", "keepalive", "logfacility", "logfile", "mcast",
    "mcast6", "memreserve", "msgfmt", "nice_failback", "node", "normalpoll", "pacemaker", "ping",
    "ping_group", "quorum_server", "realtime", "respawn", "rtprio", "serial", "stonith",
    "stonith_host", "syslogmsgfmt", "traditional_compression", "ucast", "ucast6", "udpport",
    "log_badpack", "enable_config_writes", "max_rexmit_delay", "record_config_changes",
    "record_pengine_inputs", "ping6", "use_apphbd", "use_logd", "uuidfrom", "warntime",
    "watchdog", "cluster",
})  # fmt: skip


@rule(
    "heartbeat-known-directive",
    rationale="Heartbeat has no checker for its file; with a misspelt directive it refuses to "
    "start at the next boot.",
    remedy="correct the name",
    source="heartbeat-docs",
)
def check(ha_cf: Entry) -> Iterator[Finding]:
    """Every directive is one of ha.cf(5), or of Heartbeat's parser."""
    for entry in ha_cf.children:
        if entry.key not in DIRECTIVES:
            yield found(
                f"no directive {entry.key!r}", entry.where, allowed_values(entry.key, DIRECTIVES)
            )
