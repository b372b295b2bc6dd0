"""Drop every statement of every bundle: a rule must notice, or a reason must stand here.

What no rule notices is harmless only for a reason in ``HARMLESS``.  Where the reason is that the
program's default is the same, the pattern holds for that value alone.  A statement that nobody
listed counts as safety.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from evaluator.bundle import Bundle
from evaluator.lint import Configuration, lint, of

from .mutations import mutations
from .variants import VARIANTS

FIELDS = {
    "corosync": "corosync",
    "pacemaker": "cib",
    "drbd": "drbd",
    "haproxy": "haproxy",
    "keepalived": "keepalived",
    "sbd": "sbd",
    "heartbeat/ha.cf": "ha_cf",
    "heartbeat/haresources": "haresources",
}
"""Files of a bundle that are mutated, by path or folder, and where their reading is kept."""

HARMLESS = {
    # --- corosync.conf: corosync.conf(5), votequorum(5), corosync-qdevice(8) of 3.1.7
    r"corosync: logging( / .*)?": "logging",
    r"corosync: totem / transport: knet": "the default",
    r"corosync: totem / link_mode: passive": "the default",
    r"corosync: totem / token: 3000": "the default, in ms",
    r"corosync: totem / keyfile: /etc/corosync/authkey": "the default",
    r"corosync: totem / interface": "knet makes its links from the node list, ports by default",
    r"corosync: totem / interface / linknumber: 0": "the default",
    r"corosync: totem / interface / mcastport: 540[56]": "the default, 5405 and the link's number",
    r"corosync: quorum / wait_for_all: 1": "two_node switches it on",
    r"corosync: quorum / expected_votes: 3": "corosync adds up the node list",
    r"corosync: quorum / device / timeout: \d+": "10 s is the default: the vote comes later",
    r"corosync: quorum / device / net / algorithm: ffsplit": "the default",
    r"corosync: quorum / device / net / tie_breaker: lowest": "the default",
    r"corosync: system( / allow_knet_handle_fallback: yes)?": "needed in a container only",
    # --- CIB: Pacemaker Explained and the daemons' manual pages, 2.1.5
    r"cib: nodes": "Pacemaker enters the members of the node list by itself",
    r"cib: crm_config / cluster_property_set / cluster-name=.*": "for people to read",
    r"cib: crm_config / cluster_property_set / (stonith-enabled|symmetric-cluster)=true": (
        "the default"
    ),
    r"cib: crm_config / cluster_property_set / stonith-action=reboot": "the default",
    r"cib: crm_config / cluster_property_set / no-quorum-policy=stop": "the default",
    r"cib: .*clone / meta_attributes / clone-max=[23]": "the default, as many as nodes",
    r"cib: .*clone / meta_attributes / (clone-node-max|promoted-max|promoted-node-max)=1": (
        "the default"
    ),
    r"cib: .*ocf:linbit:drbd / instance_attributes / adjust_master_score=0 10 1000 10000": (
        "the agent's default"
    ),
    r"cib: .*ocf:linbit:drbd / operations / op monitor recurring \w+ @ timeout=40s": (
        "20 s is the default and what the agent advises; ours is generous"
    ),
    r"cib: .*ocf:linbit:drbd / operations / op monitor recurring Unpromoted @ role=Unpromoted": (
        "without role it is for instances that are not promoted"
    ),
    r"cib: .*Filesystem / instance_attributes / options=noatime": "for speed",
    r"cib: .*IPaddr2 / instance_attributes / cidr_netmask=\d+": (
        "the agent takes it from the routing table"
    ),
    r"cib: .*IPaddr2 / operations / op (start|stop|monitor recurring)( @ timeout=20s)?": (
        "20 s is the default and what the agent advises"
    ),
    r"cib: .*ocf:netnovation:zcs / instance_attributes( / user=zimbra)?": "the agent's default",
    r"cib: .*/ meta_attributes / migration-threshold=2": "3 of rsc_defaults is in force",
    r"cib: .*ethmonitor / instance_attributes / link_status_only=true": (
        "the agent also waits for packets and asks its neighbours: slower, not blind"
    ),
    r"cib: .*ethmonitor / instance_attributes / repeat_(count=3|interval=1)": (
        "5 times in 10 s are the defaults: slower, not blind"
    ),
    r"cib: .*ethmonitor / operations / op stop( @ timeout=20s)?": (
        "20 s is the default and what the agent advises"
    ),
    r"cib: .*systemd:\w+ / operations / op monitor recurring @ timeout=\d+s": (
        "systemd answers at once; 20 s is the default"
    ),
    r"cib: constraints / rsc_order @ kind=Mandatory": "the default",
    r"cib: constraints / rsc_location of \w+ @ resource-discovery=never": "saves probes",
    r"cib: constraints / rsc_location of group( @ .*)?": (
        "the group follows the promoted instance, which is banned from there"
    ),
    r"cib: .*stonith:\w+ / instance_attributes / pcmk_host_check=static-list": (
        "the default where pcmk_host_list is written"
    ),
    r"cib: .*stonith:fence_apc_snmp / instance_attributes / pcmk_host_list=zcs1": (
        "pcmk_host_map names the node too"
    ),
    r"cib: .*stonith:fence_ipmilan / instance_attributes / power_timeout=20": (
        "the agent's default"
    ),
    r"cib: .*stonith:fence_sbd / instance_attributes / pcmk_host_list=.*": (
        "its disks are those of every node"
    ),
    r"cib: .*stonith:\w+ / operations / op (start|stop|monitor recurring)( @ timeout=\d+s)": (
        "a fence device is used whether it is started or not"
    ),
    r"cib: .*stonith:\w+ / operations / op (start|stop)": (
        "a fence device is used whether it is started or not"
    ),
    r"cib: .*stonith:fence_sbd / operations( / op monitor recurring( @ interval=300s)?)?": (
        "SBD watches its disks by itself"
    ),
    r"cib: fencing-topology": "the devices are tried one after another in any order",
    # --- DRBD: drbd.conf(5) of 8.4 and of 9
    r"drbd: global( / (udev-always-use-vnr|usage-count no);)?": "names of links, statistics",
    r"drbd: resource \w+ / net / protocol C;": "the default",
    r"drbd: resource \w+ / net / allow-two-primaries no;": "the default",
    r"drbd: resource \w+ / net / after-sb-[12]pri disconnect;": "the default",
    r"drbd: resource \w+ / net / after-sb-0pri discard-zero-changes;": (
        "the default, disconnect, asks a person even where nothing can be lost"
    ),
    r"drbd: resource \w+ / disk( / on-io-error detach;)?": "the default, and the only statement",
    r"drbd: resource \w+ / connection-mesh": "two hosts are connected without saying so",
    r"drbd: resource \w+ / options( / on-no-data-accessible io-error;)?": (
        "io-error is the default; fencing with both handlers guards as quorum does"
    ),
    # --- HAProxy 2.6: configuration manual
    r"haproxy: (global|defaults|frontend \S+) / (log .*|option (dontlognull|httplog|tcplog))": (
        "logging"
    ),
    r"haproxy: global / stats (socket .*|timeout .*)": "for people to look at",
    r"haproxy: .* / mode tcp": "the default",
    r"haproxy: defaults / retries 3": "the default",
    r"haproxy: defaults / timeout check 10s": "timeout connect is in force, 5 s",
    r"haproxy: defaults / timeout http-keep-alive 10s": "timeout http-request is in force, 10 s",
    r"haproxy: backend \S+ / balance roundrobin": "the default",
    # --- keepalived 2.2: keepalived.conf(5)
    r"keepalived: global_defs / router_id \S+": "the host name is the default",
    r"keepalived: vrrp_instance \S+ / priority 100": "the default",
    r"keepalived: vrrp_instance \S+ / state BACKUP": "the default",
    r"keepalived: vrrp_script \S+ / interval \d+": "1 s is the default: looks more often",
    r"keepalived: vrrp_script \S+ / rise 1": "the default",
    # --- Heartbeat 3: ha.cf(5)
    r"ha_cf: logfacility daemon": "logging",
    r"ha_cf: autojoin none": "the default",
    r"ha_cf: crm off": "the default",
    r"ha_cf: udpport 694": "the default",
    # --- SBD 1.5: sbd(8)
    r"sbd: SBD_PACEMAKER=yes": "the default",
    r"sbd: SBD_STARTMODE=always": "the default",
    r"sbd: SBD_WATCHDOG_DEV=/dev/watchdog": "the default",
    r"sbd: SBD_WATCHDOG_TIMEOUT=5": "the default",
    r"sbd: SBD_TIMEOUT_ACTION=flush,reboot": "the default",
    r"sbd: SBD_(MOVE_TO_ROOT_CGROUP=auto|SYNC_RESOURCE_STARTUP=yes|OPTS=\"\")": "the default",
}


class Outcome(NamedTuple):
    """What became of one dropped statement."""

    field: str
    statement: str
    caught: bool


@pytest.fixture(scope="session")
def outcomes(variant: Callable[[str], Bundle]) -> Callable[[str], list[Outcome]]:
    """Drop every statement of those files of a variant that no earlier variant has alike."""

    def _outcomes(name: str) -> list[Outcome]:
        earlier = list(VARIANTS)[: list(VARIANTS).index(name)]
        known = {file for other in earlier for file in variant(other).files.items()}
        return list(_dropped(variant(name), known))

    return _outcomes


def _files(bundle: Bundle) -> Iterator[tuple[str, str, bytes]]:
    """Field, path and content of every file that is mutated."""
    for path, content in bundle.files.items():
        field = FIELDS.get(path) or FIELDS.get(path.split("/")[0])
        if field:
            yield field, path, content


def _dropped(bundle: Bundle, known: set[tuple[str, bytes]]) -> Iterator[Outcome]:
    # the manifest names every file's hash: with it any change at all could be seen
    whole = of({path: c for path, c in bundle.files.items() if path != "manifest.json"})
    before = _said(whole)
    for field, path, content in _files(bundle):
        if (path, content) in known:
            continue
        folder = path.split("/")[0]
        beside = {p: c for p, c in bundle.files.items() if p.startswith(f"{folder}/")}
        for statement, text in mutations(path, content):
            read: Any = getattr(of({**beside, path: text}), field)
            after = _said(replace(whole, **{field: read}))
            assert not {code for code, _ in after} & {"rule-failed", "syntax"}, statement
            yield Outcome(field, f"{field}: {statement}", bool(after - before))


def _said(configuration: Configuration) -> Counter[tuple[str, str]]:
    """Findings without their places, which move when a line goes."""
    return Counter((finding.code, finding.message) for finding in lint(configuration))


def _reason(statement: str) -> str | None:
    return next((p for p in HARMLESS if re.fullmatch(p, statement)), None)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_rule_notices_when_a_safety_line_is_dropped(
    name: str,
    outcomes: Callable[[str], list[Outcome]],
    record_property: Callable[[str, object], None],
) -> None:
    every = outcomes(name)
    safety = [o for o in every if o.caught or _reason(o.statement) is None]
    dropped = Counter(o.field for o in safety)
    caught = Counter(o.field for o in safety if o.caught)
    figure = ", ".join(f"{field} {caught[field]}/{dropped[field]}" for field in sorted(dropped))
    figure += f"; harmless {len(every) - len(safety)} of {len(every)}"
    record_property("caught", figure)
    assert not [o.statement for o in safety if not o.caught], f"{name}: caught {figure}"


def test_every_reason_is_of_a_statement_that_is_there(variant: Callable[[str], Bundle]) -> None:
    files = {file for name in VARIANTS for file in _files(variant(name))}
    statements = {f"{kind}: {m.statement}" for kind, p, c in files for m in mutations(p, c)}
    unused = [p for p in HARMLESS if not any(re.fullmatch(p, s) for s in statements)]
    assert not unused
