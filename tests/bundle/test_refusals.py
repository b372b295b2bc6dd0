"""What must not become a cluster is refused, all of it at once, with a remedy."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.bundle import Bundle
from evaluator.cluster.check.texts import PATH, PLAIN
from evaluator.cluster.fence_agents import AGENTS, NEEDS, meant
from evaluator.findings import EvaluationError, ExitCode
from evaluator.study.stack import Stack

from .conftest import variables
from .variants import VARIANTS, cards, drbd_9, shared_disk, third_node, together

Words = dict[str, Any]


def put(path: str, value: object) -> Callable[[Words], None]:
    """Change one place, such as ``nodes.0.power``."""

    def change(words: Words) -> None:
        *way, last = [int(k) if k.isdigit() else k for k in path.split(".")]
        place: Any = words
        for key in way:
            place = place[key]
        place[last] = value

    return change


def drop(path: str) -> Callable[[Words], None]:
    """Delete one place."""

    def change(words: Words) -> None:
        *way, last = [int(k) if k.isdigit() else k for k in path.split(".")]
        place: Any = words
        for key in way:
            place = place[key]
        del place[last]

    return change


def twice(path: str) -> Callable[[Words], None]:
    """Repeat the first entry of a list."""
    return lambda words: words[path].append(words[path][0])


def refused(make: Callable[..., Bundle], *arguments: Any) -> EvaluationError:
    with pytest.raises(EvaluationError) as caught:
        make(*arguments)
    assert caught.value.exit_code == ExitCode.INVALID
    assert all(f.remedy and f.where for f in caught.value.findings)
    return caught.value


@pytest.mark.parametrize(
    ("change", "code", "quoted"),
    [
        (drop("networks.3"), "two-links", "1 networks"),
        (put("networks.3.purpose", "service"), "two-links", "1 networks"),
        (put("networks.4.purpose", "ring"), "replication-apart", "0 networks"),
        (put("networks.3.cidr", "192.0.2.0/25"), "networks-overlap", "192.0.2.0/26"),
        (twice("networks"), "duplicate-name", "'service'"),
        (twice("nodes"), "duplicate-name", "'zcs1'"),
        (put("nodes.0.addresses.ring0", "192.0.2.12"), "duplicate-address", "192.0.2.12"),
        (put("virtual_addresses.0.address", "198.51.100.11"), "duplicate-address", "nodes.zcs1"),
        (put("fence_devices.0.address", "198.51.100.141"), "duplicate-address", "nodes.zcs1"),
        (put("nodes.0.addresses.ring0", "192.0.2.99"), "address-outside-network", "192.0.2.0/26"),
        (
            put("virtual_addresses.0.address", "203.0.113.9"),
            "address-outside-network",
            "198.51.100.0/25",
        ),
        (put("nodes.0.addresses.ring0", "192.0.2.63"), "address-not-of-a-host", "192.0.2.63"),
        (put("virtual_addresses.0.network", "servce"), "unknown-network", "did you mean 'service'"),
        (
            put(
                "virtual_addresses.0", {"name": "mail", "address": "192.0.2.9", "network": "ring0"}
            ),
            "vip-not-on-service-network",
            "'ring0'",
        ),
        (drop("nodes.1.addresses.replication"), "address-missing", "'replication'"),
        (drop("nodes.1.addresses.service"), "address-missing", "'service'"),
        (drop("nodes.1"), "two-data-nodes", "1 nodes"),
        (put("nodes.1.role", "witness"), "one-witness", "2 nodes"),
        (put("nodes.2.addresses", {}), "witness-unreachable", "witness"),
        (drop("fence_devices.0"), "fence-device-per-node", "zcs1"),
        (put("fence_devices", []), "fence-device-per-node", "zcs2"),
        (put("fence_devices.0.power", "feed-a"), "fence-device-not-on-own-power", "'feed-a'"),
        (put("fence_devices.0.plugs", {"zcs1": "1", "zsc2": "2"}), "unknown-node", "zcs2"),
        (put("fence_devices.0.agent", "fence_apcc"), "fence-agent-misspelt", "mean 'fence_apc'?"),
        (put("fence_devices.0.agent", "ipmilan"), "fence-agent-misspelt", "'fence_ipmilan'?"),
        (put("fence_devices.0.agent", "fence_ipmi"), "fence-agent-misspelt", "'fence_ipmilan'?"),
        (put("fence_devices.0.options.password", "x"), "secret-in-options", "options.password"),
        (put("services.0.parameters.secret", "x"), "secret-in-options", "parameters.secret"),
        (put("fence_devices.0.options.ip", "192.0.2.1"), "option-is-derived", "options.ip"),
        (put("fence_devices.0.delay_seconds", -1), "negative-time", "-1"),
        (put("services", []), "one-service", "0 given"),
        (twice("volumes"), "one-service", "2 given"),
        (put("services.0.volume", "zsc"), "unknown-volume", "did you mean 'zcs'"),
        (put("services.0.virtual_address", "mial"), "unknown-virtual-address", "'mail'"),
        (put("services.0.endpoints.0.port", 993), "duplicate-port", "993"),
        (put("services.0.endpoints.0.backend_port", 25), "endpoint-port", "both 25"),
        (put("services.0.stop_timeout_seconds", 0), "time-not-positive", "stop_timeout_seconds"),
        (put("timing.token_ms", -5), "time-not-positive", "-5"),
        (put("volumes.0.port", 80), "port-out-of-range", "80"),
        (put("volumes.0.minor", -1), "minor-out-of-range", "-1"),
        (put("operating_system.value", "debian-13"), "operating-system-not-rendered", "debian-13"),
    ],
)
def test_refused(
    make: Callable[..., Bundle], change: Callable[[Words], None], code: str, quoted: str
) -> None:
    found = [f for f in refused(make, change).findings if f.code == code]
    assert found, code
    assert any(quoted in str(f) for f in found), found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("nodes.0.name", "Zcs_1"),
        ("nodes.0.name", "zcs1-"),
        ("domain", "example.net\nevil"),
        ("domain", "{{ lookup('pipe', 'id') }}"),
        ("volumes.0.backing_disk", "/dev/vg0/zcs; reboot"),
        ("volumes.0.backing_disk", "zcs"),
        ("volumes.0.mount", '/opt"'),
        ("volumes.0.mount", "/opt/{{ x }}"),
        ("services.0.agent", "ocf:netnovation"),
        ("services.0.agent", 'ocf:netnovation:zcs"/>'),
        ("services.0.parameters.user", "zimbra root"),
        ("fence_devices.0.username", "fence'"),
        ("fence_devices.0.secret", "vault-fence"),
        ("fence_devices.0.plugs.zcs1", "1;zcs2:2"),
        ("fence_devices.0.options.cipher", "3\n"),
    ],
)
def test_texts_that_a_file_could_misread(
    make: Callable[..., Bundle], path: str, value: str
) -> None:
    found = [f for f in refused(make, put(path, value)).findings if f.code == "unsafe-text"]
    assert len(found) == 1
    assert repr(value) in found[0].message
    assert "allowed:" in found[0].remedy


@given(st.text(min_size=1))
def test_no_text_that_passes_can_end_a_value(value: str) -> None:
    if PLAIN.fullmatch(value) or PATH.fullmatch(value):
        assert not set(value) & set("\"'`\\\n\r\t {}()<>&;#$|*?!~^[]\0")
        assert value.isascii()


STRIP = {"agent": "fence_apc_snmp", "network": "management", "secret": "vault_strip"}


def strips(*levels: int | None) -> Callable[[Words], None]:
    """Feed the first node through two power strips, of the given levels."""

    def change(words: Words) -> None:
        words["fence_devices"][:1] = [
            {**STRIP, "name": f"strip-{n}", "address": f"198.51.100.16{n}", "power": f"strip-{n}",
             "plugs": {"zcs1": "1"}, "level": level}
            for n, level in enumerate(levels)
        ]  # fmt: skip

    return change


def both_strips_one_outlet(words: Words) -> None:
    for device in words["fence_devices"]:
        device |= {"agent": "fence_apc", "address": "198.51.100.151", "options": {}}


def one_card(*names: str) -> Callable[[Words], None]:
    def change(words: Words) -> None:
        for number, network in enumerate(words["networks"]):
            network["interface"] = names[number]

    return change


def apart(words: Words) -> None:
    words["networks"].append({"name": "far", "purpose": "management", "cidr": "10.9.9.0/24"})
    words["fence_devices"][0] |= {"network": "far", "address": "10.9.9.1"}


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (both_strips_one_outlet, "fence-outlet-shared", "fence_devices.bmc-zcs2.plugs.zcs2"),
        (
            put("fence_devices.1.address", "198.51.100.151"),
            "fence-outlet-shared",
            "fence_devices.bmc-zcs2.plugs.zcs2",
        ),
        (
            put("fence_devices.0.options.missing_as_off", "1"),
            "fence-option-unsafe",
            "options.missing_as_off",
        ),
        (put("fence_devices.0.options.method", "cycle"), "fence-option-unsafe", "options.method"),
        (
            put("fence_devices.0.secret", "cluster_name"),
            "secret-not-of-vault",
            "fence_devices.bmc-zcs1.secret",
        ),
        (strips(None, None), "fence-supplies-together", "strip-1"),
        (strips(1, 2), "fence-supplies-together", "strip-1"),
        (strips(1, None), "fence-level", "strip-1"),
        (strips(0, 0), "fence-level", "strip-0"),
        (apart, "fence-device-unreachable", "fence_devices.bmc-zcs1.network"),
        (one_card("a", "b", "c", "c", "d"), "links-share-card", "networks.ring1.interface"),
        (one_card("a", "b", "c.1", "c.2", "d"), "links-share-card", "networks.ring1.interface"),
        (one_card("a", "b", "c", "d", "c.9"), "links-share-card", "networks.replication"),
        (put("networks.2.cidr", "127.0.0.0/8"), "network-not-for-hosts", "loopback"),
        (put("networks.2.cidr", "239.0.0.0/24"), "network-not-for-hosts", "multicast"),
        (put("networks.2.cidr", "fe80::/64"), "network-not-for-hosts", "link-local"),
        (put("networks.2.cidr", "240.0.0.0/24"), "network-not-for-hosts", "reserved"),
        (put("services.0.endpoints", []), "no-endpoints", "services.zcs.endpoints"),
        (put("services.0.endpoints.0.port", 22), "port-taken", "22 is taken by ssh"),
        (put("services.0.endpoints.0.backend_port", 993), "port-taken", "smtp.backend_port"),
        (put("services.0.endpoints.0.backend_port", 7993), "port-taken", "imaps.backend_port"),
        (put("volumes.0.port", 8443), "port-taken", "the replication of 'zcs'"),
        (put("services.0.agent", "systemd:ssh"), "agent-essential-unit", "services.zcs.agent"),
        (put("services.0.agent", "systemd:sshd.service"), "agent-essential-unit", "sshd"),
        (put("services.0.agent", "systemd:multi-user.target"), "agent-essential-unit", "target"),
        (put("services.0.agent", "systemd:haproxy"), "agent-essential-unit", "haproxy"),
        (put("services.0.stop_timeout_seconds", 10**9), "time-too-long", "86400"),
        (put("services.0.monitor_interval_seconds", 100_000), "time-too-long", "3600"),
        (put("timing.token_ms", 600_000), "time-too-long", "timing.token_ms"),
        (
            put("timing.token_retransmits_before_loss_const", 100),
            "token-retransmit-too-short",
            "use 99 or less",
        ),
        *(
            (put("volumes.0.mount", mount), "mount-hides-system", repr(mount))
            for mount in (
                "/etc",
                "/usr",
                "/var",
                "/proc",
                "/run",
                "/opt/../etc",
                "/etc/cluster-secrets",
                "/var/lib",
                "/var/lib/pacemaker/cib",
                "/usr/local",
                "/a//b",
                "/home",
            )
        ),
        *(
            (put("volumes.0.backing_disk", disk), "disk-not-for-data", repr(disk))
            for disk in ("/etc/passwd", "/dev/../etc/passwd", "/dev/null", "/dev", "/dev/drbd0")
        ),
    ],
)
def test_sites_that_would_harm_are_refused(
    make: Callable[..., Bundle], change: Callable[[Words], None], code: str, place: str
) -> None:
    found = [f for f in refused(make, change).findings if f.code == code]
    assert found, code
    assert any(place in str(f) or place in f.remedy for f in found), found


@pytest.mark.parametrize("mount", ["/opt", "/srv/mail", "/var/vmail", "/var/lib/zimbra"])
def test_folders_of_a_service_are_taken(make: Callable[..., Bundle], mount: str) -> None:
    assert mount.encode() in make(put("volumes.0.mount", mount)).files["pacemaker/cib.xml"]


def test_corosync_takes_the_most_retransmissions_that_are_allowed(
    make: Callable[..., Bundle],
) -> None:
    most = put("timing.token_retransmits_before_loss_const", 99)
    assert b"token_retransmits_before_loss_const: 99" in make(most).files["corosync/corosync.conf"]


def test_both_supplies_of_a_node_are_cut_in_one_level(make: Callable[..., Bundle]) -> None:
    cib = make(strips(1, 1)).files["pacemaker/cib.xml"].decode()
    assert 'target="zcs1" index="1" devices="fence-zcs1-1,fence-zcs1-2"' in cib
    assert cib.count("<fencing-level") == 1


def test_a_stack_with_sbd_needs_a_watchdog(make: Callable[..., Bundle], stack: Stack) -> None:
    other = stack.model_copy(update={"components": {**stack.components, "fencing": "sbd"}})
    assert {f.code for f in refused(make, None, other).findings} == {"sbd-not-declared"}


def test_everything_is_told_at_once(make: Callable[..., Bundle]) -> None:
    def change(words: Words) -> None:
        for path, value in (
            ("fence_devices.0.power", "feed-a"),
            ("volumes.0.mount", "/opt x"),
            ("services.0.volume", "nothing"),
            ("timing.token_ms", 0),
        ):
            put(path, value)(words)

    codes = {f.code for f in refused(make, change).findings}
    assert codes == {
        "fence-device-not-on-own-power",
        "unsafe-text",
        "unknown-volume",
        "time-not-positive",
    }


@pytest.mark.parametrize(
    ("role", "component", "quoted"),
    [
        ("storage", "gfs2", "has gfs2"),
        ("messaging", "heartbeat", "lacks corosync and has heartbeat"),
        ("load-balancing", "keepalived", "has keepalived"),
    ],
)
def test_a_stack_that_is_not_rendered(
    make: Callable[..., Bundle], stack: Stack, role: str, component: str, quoted: str
) -> None:
    other = stack.model_copy(update={"components": {**stack.components, role: component}})
    finding = refused(make, None, other).findings[0]
    assert finding.code == "stack-not-rendered"
    assert quoted in finding.message


@pytest.mark.parametrize(
    ("profile", "networks"),
    [("keepalived", ["service"]), ("heartbeat", ["service", "ring0", "ring1"])],
)
def test_a_manager_that_is_not_told_its_cards(
    make: Callable[..., Bundle], stack: Stack, profile: str, networks: list[str]
) -> None:
    other = stack.model_copy(
        update={"profile": profile, "components": {"management": profile, "storage": "drbd"}}
    )
    found = refused(make, None, other).findings
    assert {f.code for f in found} == {"interface-missing"}
    assert [f.message.split(":")[0] for f in found] == [f"networks.{n}.interface" for n in networks]

    def odd(words: Words) -> None:
        cards(words)
        words["networks"][0]["interface"] = "eth0; reboot"

    (finding,) = refused(make, odd, other).findings
    assert finding.code == "unsafe-text"


def test_heartbeat_cannot_outdate_a_copy_of_drbd_9(
    make: Callable[..., Bundle], stack: Stack
) -> None:
    other = stack.model_copy(
        update={"profile": "heartbeat", "components": {"m": "heartbeat", "s": "drbd"}}
    )
    (finding,) = refused(make, together(cards, drbd_9), other).findings
    assert finding.code == "storage-kind"


def test_a_third_data_node_is_told_what_it_could_be(make: Callable[..., Bundle]) -> None:
    (finding,) = refused(make, third_node("data")).findings
    assert finding.code == "two-data-nodes"
    assert "role: voter" in finding.remedy
    assert 'drbd: "9"' in finding.remedy
    words = VARIANTS["three-drbd9"]
    assert make(words.change)


@pytest.mark.parametrize("profile", ["pacemaker", "keepalived", "heartbeat"])
def test_a_shared_disk_is_told_the_way_that_there_is(
    make: Callable[..., Bundle], stack: Stack, profile: str
) -> None:
    components = {"management": profile, "storage": "drbd"}
    if profile == "pacemaker":
        components = stack.components
    other = stack.model_copy(update={"profile": profile, "components": components})
    found = [
        f
        for f in refused(make, together(cards, shared_disk), other).findings
        if f.code == "storage-kind"
    ]
    assert found
    for finding in found:
        assert "Pacemaker without DRBD" in finding.remedy
        assert "--cluster" in finding.remedy
    without = {k: v for k, v in stack.components.items() if v != "drbd"}
    assert make(shared_disk, stack.model_copy(update={"components": without}))


# --- fence agents -------------------------------------------------------------------------------


@pytest.mark.parametrize("agent", ["fence_lab", "fence_own", "fence_rack7", *sorted(AGENTS)])
def test_an_agent_of_debian_or_of_your_own_is_taken(agent: str) -> None:
    assert meant(agent) == ""


@pytest.mark.parametrize("agent", [a for a in sorted(AGENTS) if len(a) > len("fence_") + 3])
def test_a_letter_that_is_lost_doubled_or_swapped_is_found(agent: str) -> None:
    for typed in (agent[:-2] + agent[-1], agent + agent[-1], agent[:-2] + agent[:-3:-1]):
        assert typed in AGENTS or meant(typed), typed


def test_the_agents_are_those_that_debian_ships() -> None:
    if not Path("/usr/share/doc/fence-agents").exists():
        pytest.skip("Debian's package fence-agents is missing")
    shipped = subprocess.run(
        ["dpkg-query", "--listfiles", "fence-agents"], capture_output=True, text=True, check=True
    ).stdout
    there = {Path(path).name for path in shipped.splitlines() if "/sbin/fence_" in path}
    assert there == AGENTS - {"fence_virt", "fence_xvm"}


@pytest.mark.parametrize(
    ("agent", "needed"),
    [
        ("fence_apc_snmp", ["snmp"]),
        ("fence_idrac", ["ipmitool"]),
        ("fence_apc", ["inetutils-telnet", "openssh-client"]),
        ("fence_xvm", ["fence-virt"]),
        ("fence_scsi", ["lvm2", "sg3-utils"]),
        ("fence_rhevm", []),
        ("fence_lab", []),
    ],
)
def test_an_agent_brings_the_packages_of_what_it_calls(
    make: Callable[..., Bundle], agent: str, needed: list[str]
) -> None:
    def change(words: Words) -> None:
        for device in words["fence_devices"]:
            device |= {"agent": agent, "options": {}}

    for host in ("zcs1", "zcs2"):
        there = variables(make(change), f"host_vars/{host}.yml")["cluster_packages"]
        assert [p for p in there if p in NEEDS] == needed
        assert "fence-agents" in there


def test_every_need_is_of_a_known_agent() -> None:
    assert {f"fence_{name}" for names in NEEDS.values() for name in names.split()} <= AGENTS
