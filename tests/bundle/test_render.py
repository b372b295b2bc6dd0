"""What is rendered, and that it is the same every time and holds no secret."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from evaluator.bundle import Bundle, render
from evaluator.bundle.corosync import corosync_conf
from evaluator.cluster import declare
from evaluator.study.site import Site
from evaluator.study.stack import Stack

from .conftest import (
    HERE,
    PROVENANCE,
    load,
    second_fence_device,
    text,
    variables,
    without_haproxy,
)
from .variants import VARIANTS, stateless, without_witness

CRITERIA = HERE.parents[1] / "criteria"


def cib(bundle: Bundle) -> etree._Element:
    return etree.fromstring(bundle.files["pacemaker/cib.xml"])


def option(bundle: Bundle, name: str) -> str | None:
    values = cib(bundle).xpath(f"//crm_config//nvpair[@name='{name}']/@value")
    return str(values[0]) if values else None


def values(bundle: Bundle, name: str) -> dict[str, str]:
    """Parameters and meta attributes of a primitive."""
    path = "//primitive[@id=$name]/*[self::instance_attributes or self::meta_attributes]/nvpair"
    return {p.get("name"): p.get("value") for p in cib(bundle).xpath(path, name=name)}


def operation(bundle: Bundle, name: str, action: str) -> etree._Element:
    """The only operation of that name of a primitive."""
    (op,) = cib(bundle).xpath("//primitive[@id=$id]//op[@name=$op]", id=name, op=action)
    return op


def block(conf: str, name: str) -> str:
    """Content of the first block of that name, in corosync's syntax."""
    found = re.search(rf"^( *){name} {{\n(.*?)^\1}}", conf, re.DOTALL | re.MULTILINE)
    return found.group(2) if found else ""


def test_files(bundle: Bundle) -> None:
    assert sorted(bundle.files) == [
        "README.md",
        "ansible/group_vars/all.yml",
        "ansible/host_vars/witness.yml",
        "ansible/host_vars/zcs1.yml",
        "ansible/host_vars/zcs2.yml",
        "ansible/inventory.yml",
        "cluster.yml",
        "corosync/corosync.conf",
        "diagrams/network.svg",
        "diagrams/stack.svg",
        "drbd/global_common.conf",
        "drbd/zcs.res",
        "haproxy/haproxy.cfg",
        "hosts/witness",
        "hosts/zcs1",
        "hosts/zcs2",
        "manifest.json",
        "nftables/witness.nft",
        "nftables/zcs1.nft",
        "nftables/zcs2.nft",
        "pacemaker/cib.xml",
        "qnetd/corosync-qnetd",
        "system-roles/ha_cluster.yml",
    ]


def test_the_manifest_names_origin_and_every_file(bundle: Bundle) -> None:
    manifest = json.loads(bundle.files["manifest.json"])
    assert manifest["provenance"] == PROVENANCE
    assert {e["path"] for e in manifest["files"]} == bundle.files.keys() - {"manifest.json"}
    for entry in manifest["files"]:
        content = bundle.files[entry["path"]]
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["size"] == len(content)
        assert entry["mode"] == "0644"


def test_same_input_same_bytes_whatever_the_hash_seed(bundle: Bundle) -> None:
    program = (
        "import hashlib;"
        "from tests.bundle.conftest import HERE, PROVENANCE, Site, Stack, declare, load, render;"
        "b=render(declare(Site.model_validate(load(HERE/'site.yml')),"
        "Stack.model_validate(load(HERE/'stack.yml')),provenance=PROVENANCE));"
        "print(hashlib.sha256(repr(sorted(b.files.items())).encode()).hexdigest())"
    )
    here = hashlib.sha256(repr(sorted(bundle.files.items())).encode()).hexdigest()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=HERE.parents[1],
            env={"PYTHONHASHSEED": seed, "TZ": "Pacific/Auckland", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.strip() == here


def test_no_secret_in_any_file(variant: Callable[[str], Bundle]) -> None:
    """Only names of the vault's variables, and files that are made when the cluster is built."""
    assigned = re.compile(
        r"""(?ix) \b(?:password|passwd|shared-secret|authkey|secret|token)\b
            (?:"\s+value=|\s*[:=]\s*) ["']? (?P<value>[^\s"'<>]+)"""
    )
    allowed = re.compile(r"\{+|3000|/etc/corosync/authkey|vault_[a-z0-9_]+")
    for shape in VARIANTS:
        for name, content in variant(shape).files.items():
            assert b"PRIVATE KEY" not in content
            for match in assigned.finditer(content.decode()):
                assert allowed.fullmatch(match["value"]), (shape, name, match[0])


def test_corosync_has_two_encrypted_links_and_a_quorum_device(bundle: Bundle) -> None:
    conf = text(bundle, "corosync/corosync.conf")
    for line in ("transport: knet", "crypto_cipher: aes256", "crypto_hash: sha256", "token: 3000"):
        assert f"    {line}\n" in block(conf, "totem")
    assert re.findall(r"ring\d_addr: (\S+)", conf) == [
        "192.0.2.11",
        "192.0.2.75",
        "192.0.2.12",
        "192.0.2.76",
    ]
    assert re.findall(r"nodeid: (\d)", conf) == ["1", "2"]
    assert "192.0.2.139" not in conf
    device = block(conf, "device")
    assert "host: 198.51.100.143" in device
    assert "algorithm: ffsplit" in device
    assert "two_node" not in conf


def test_without_a_witness_the_two_node_rules_apply(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        without_witness(words)
        words["fence_devices"][0]["delay_seconds"] = 8

    made = make(change)
    conf = text(made, "corosync/corosync.conf")
    assert "two_node: 1\n    wait_for_all: 1" in block(conf, "quorum")
    assert "device {" not in conf
    assert option(made, "priority-fencing-delay") == "16s"
    assert values(made, "fence-zcs1")["pcmk_delay_base"] == "8s"
    assert values(made, "service-zcs")["priority"] == "10"
    assert "cluster_witness" not in variables(made, "inventory.yml")["all"]["children"]


def test_with_a_witness_nothing_delays_fencing(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        words["fence_devices"][0]["delay_seconds"] = 8

    made = make(change)
    assert option(made, "priority-fencing-delay") is None
    text = made.files["pacemaker/cib.xml"]
    assert b"pcmk_delay" not in text
    assert b'name="priority"' not in text


def test_the_cluster_is_safe_by_its_properties(bundle: Bundle) -> None:
    assert option(bundle, "stonith-enabled") == "true"
    assert option(bundle, "no-quorum-policy") == "stop"
    assert option(bundle, "priority-fencing-delay") is None
    defaults = {p.get("name"): p.get("value") for p in cib(bundle).xpath("//rsc_defaults//nvpair")}
    assert int(defaults["resource-stickiness"]) > 0
    assert defaults["migration-threshold"] == "3"


def test_every_primitive_is_monitored_and_timed(bundle: Bundle) -> None:
    for primitive in cib(bundle).iter("primitive"):
        ops = primitive.findall("operations/op")
        assert any(o.get("name") == "monitor" and o.get("interval") != "0s" for o in ops)
        assert all(o.get("timeout") for o in ops)
    monitors = cib(bundle).xpath("//primitive[@id='drbd-zcs']//op[@name='monitor']")
    assert {m.get("role") for m in monitors} == {"Promoted", "Unpromoted"}
    assert len({m.get("interval") for m in monitors}) == 2
    assert operation(bundle, "service-zcs", "stop").get("timeout") == "600s"
    assert operation(bundle, "service-zcs", "monitor").get("timeout") == "240s"
    assert operation(bundle, "fence-zcs1", "monitor").get("interval") == "300s"


def test_a_promotion_outwaits_the_handler_that_it_calls(bundle: Bundle) -> None:
    handler = re.search(r"--dc-timeout (\d+)", text(bundle, "drbd/zcs.res"))
    assert handler
    timeout = operation(bundle, "drbd-zcs", "promote").get("timeout")
    assert timeout == f"{int(handler[1]) + 30}s" == "210s"
    assert values(bundle, "drbd-zcs")["adjust_master_score"] == "0 10 1000 10000"


def test_the_mount_is_also_written_to(bundle: Bundle) -> None:
    levels = {
        op.get("interval"): op.xpath("string(.//nvpair[@name='OCF_CHECK_LEVEL']/@value)")
        for op in cib(bundle).xpath("//primitive[@id='fs-zcs']//op[@name='monitor']")
    }
    assert levels == {"20s": "", "120s": "20"}


@pytest.mark.parametrize(
    ("start", "stop", "interval", "monitor", "forgotten"),
    # twice the threshold of 2 times the sum, in whole hours
    [(600, 600, 60, 240, 7200), (300, 300, 60, 240, 3600), (301, 300, 60, 240, 7200)],
)
def test_failures_of_the_service_are_not_forgotten_too_soon(
    make: Callable[..., Bundle], start: int, stop: int, interval: int, monitor: int, forgotten: int
) -> None:
    def change(words: dict[str, Any]) -> None:
        words["services"][0] |= {
            "start_timeout_seconds": start,
            "stop_timeout_seconds": stop,
            "monitor_interval_seconds": interval,
            "monitor_timeout_seconds": monitor,
        }

    made = make(change)
    meta = values(made, "service-zcs")
    assert meta["migration-threshold"] == "2"
    assert meta["failure-timeout"] == f"{forgotten}s"
    readme = text(made, "README.md")
    assert f"forgotten after {forgotten // 3600} h" in readme.replace("\n", " ")
    assert f"Up to {start + stop + interval + monitor} s until it runs again" in readme


def test_each_node_is_fenced_from_elsewhere(make: Callable[..., Bundle]) -> None:
    root = cib(make(second_fence_device))
    for node in ("zcs1", "zcs2"):
        devices = root.xpath(
            "//primitive[@class='stonith'][.//nvpair[@name='pcmk_host_list' and @value=$n]]/@id",
            n=node,
        )
        banned = root.xpath("//rsc_location[@node=$n and @score='-INFINITY']/@rsc", n=node)
        levels = root.xpath("//fencing-level[@target=$n]/@devices", n=node)
        assert devices == banned == levels == [f"fence-{node}-1", f"fence-{node}-2"]
    # a management controller has no outlets, a power switch has
    assert root.xpath("//nvpair[@name='pcmk_host_map']/@value") == ["zcs1:3", "zcs2:4"]


def test_drbd_guards_against_divergence(bundle: Bundle) -> None:
    lines = [line.strip() for line in text(bundle, "drbd/zcs.res").splitlines()]
    for line in (
        "protocol C;",
        "allow-two-primaries no;",
        "fencing resource-and-stonith;",
        'fence-peer "/usr/lib/drbd/crm-fence-peer.sh --timeout 150 --dc-timeout 180";',
        'after-resync-target "/usr/lib/drbd/crm-unfence-peer.sh";',
        "address ipv4 192.0.2.139:7789;",
    ):
        assert lines.count(line) == 1, line
    # fencing < handler < its search for a coordinator
    assert option(bundle, "stonith-timeout") == "120s"
    assert not [x for x in lines if "discard-" in x and "discard-zero-changes" not in x]


def test_every_endpoint_has_a_front_and_a_back(bundle: Bundle) -> None:
    cfg = text(bundle, "haproxy/haproxy.cfg")
    for name, port, backend in (("smtp", 25, 10025), ("imaps", 993, 7993), ("https", 443, 8443)):
        assert f"frontend public-{name}\n    bind 198.51.100.20:{port}\n" in cfg
        assert re.search(rf"server zcs 127.0.0.1:{backend}( send-proxy-v2 \S+)? check inter", cfg)
    # who is told the client's address needs no other sign of not being loopback
    assert cfg.count("    source 198.51.100.20\n") == 3
    assert re.findall(r"server zcs 127.0.0.1:(\d+) send-proxy-v2 check-send-proxy ", cfg) == [
        "10025"
    ]
    assert cfg.count("send-proxy-v2") == 1
    assert cfg.count("redirect scheme https") == 1
    shared = variables(bundle, "group_vars/all.yml")
    assert shared["cluster_sysctl"] == {"net.ipv4.ip_nonlocal_bind": 1}


def test_a_stack_without_load_balancer(make: Callable[..., Bundle], stack: Stack) -> None:
    made = make(None, without_haproxy(stack))
    assert "haproxy/haproxy.cfg" not in made.files
    assert [what for _, what in made.cluster.chain] == [
        "promote",
        "mount",
        "service",
        "virtual address",
    ]
    for name, content in made.files.items():
        assert b"haproxy" not in content.lower(), name
    assert "- smtp: 25\n" in text(made, "README.md")


def test_what_keeps_nothing_runs_everywhere_and_only_the_address_moves(
    variant: Callable[[str], Bundle],
) -> None:
    made = variant("three-stateless")
    tree = cib(made)
    assert tree.xpath("//clone/primitive/@id") == ["service-zcs", "haproxy-zcs"]
    assert tree.xpath("//group/primitive/@id") == ["vip-mail"]
    assert tree.xpath("//rsc_colocation/@with-rsc") == ["haproxy-zcs-clone"]
    assert tree.xpath("//rsc_order/@first") == ["haproxy-zcs-clone"]
    shared = variables(made, "group_vars/all.yml")
    assert shared["cluster_resources"] == {
        "service-zcs": 3, "haproxy-zcs": 3, "vip-mail": 1,
        **{f"fence-zcs{n}": 1 for n in (1, 2, 3)},
    }  # fmt: skip
    own = variables(made, "host_vars/zcs1.yml")
    # Pacemaker starts them, so systemd must not
    assert {"nginx", "haproxy"} <= set(own["cluster_units_disabled"])
    assert "option redispatch" in text(made, "haproxy/haproxy.cfg")
    assert "- service, on all: `service-zcs-clone`" in text(made, "README.md")


def test_without_haproxy_the_address_is_where_the_service_is(
    make: Callable[..., Bundle], stack: Stack
) -> None:
    tree = cib(make(stateless, without_haproxy(stack)))
    assert tree.xpath("//rsc_colocation/@with-rsc") == ["service-zcs-clone"]


def test_a_card_that_has_a_name_is_watched(variant: Callable[[str], Bundle]) -> None:
    made = variant("witness-watched")
    assert values(made, "link-service")["interface"] == "service"
    (rule,) = cib(made).xpath("//rsc_location[@rsc='group-zcs']/rule")
    assert dict(rule[0].attrib) == {
        "id": "link-group-zcs-expression", "attribute": "ethmonitor-service",
        "operation": "lt", "value": "1", "type": "number",
    }  # fmt: skip
    # more than all that keeps the service, less than data that are the only good ones
    assert -10000 < int(rule.get("score")) < -4 * 200
    assert {"bc", "iputils-arping"} <= set(
        variables(made, "host_vars/zcs1.yml")["cluster_packages"]
    )
    roles = text(made, "system-roles/ha_cluster.yml")
    assert "rule: ethmonitor-service lt number 1" in roles
    assert "ethmonitor" not in text(variant("witness"), "pacemaker/cib.xml")


def test_the_head_start_is_as_long_as_the_slowest_device_needs(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        without_witness(words)
        words["fence_devices"][0]["switch_seconds"] = 2
        words["fence_devices"][1]["switch_seconds"] = 12

    assert option(make(change), "priority-fencing-delay") == "24s"


@pytest.mark.parametrize(
    ("token", "members", "timeout"),
    [(3000, 2, 4900), (1000, 2, 1600), (400, 2, 1300), (10000, 2, 10000), (3000, 4, 7000)],
)
def test_the_quorum_device_misses_a_node_before_the_members_do(
    bundle: Bundle, token: int, members: int, timeout: int
) -> None:
    model = replace(bundle.cluster, token_ms=token, members=(bundle.cluster.members * 2)[:members])
    assert model.device_timeout_ms == timeout
    assert f"        timeout: {timeout}\n" in corosync_conf(model).decode()
    # 1.5 heartbeats of 0.8 timeouts, where the floor and the default let it
    if 1300 < timeout < 10000:
        assert 1.2 * timeout / 1000 < model.detection_seconds


def test_addresses_of_version_6(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        for network in words["networks"]:
            if network["name"] in ("replication", "service"):
                number = {"replication": 1, "service": 2}[network["name"]]
                network["cidr"] = f"2001:db8:{number}::/64"
                for i, node in enumerate(words["nodes"][:2], start=1):
                    node["addresses"][network["name"]] = f"2001:db8:{number}::{i}"
        words["virtual_addresses"][0]["address"] = "2001:db8:2::20"

    made = make(change)
    assert "address ipv6 [2001:db8:1::1]:7789;" in text(made, "drbd/zcs.res")
    assert "bind [2001:db8:2::20]:25" in text(made, "haproxy/haproxy.cfg")
    assert "server zcs [::1]:10025" in text(made, "haproxy/haproxy.cfg")
    shared = variables(made, "group_vars/all.yml")
    assert shared["cluster_sysctl"] == {"net.ipv6.ip_nonlocal_bind": 1}


@pytest.mark.parametrize("name", ["pacemaker-corosync-drbd", "pacemaker-corosync-drbd-haproxy"])
def test_the_shipped_site_takes_every_shipped_stack_with_this_profile(name: str) -> None:
    site = Site.model_validate(load(CRITERIA / "sites/netnovation.yml"))
    stack = Stack.model_validate(load(CRITERIA / f"stacks/{name}.yml"))
    made = render(declare(site, stack, provenance=PROVENANCE))
    assert made.cluster.quorum.witness is not None
    assert {f.target for f in made.cluster.fencing} == {"zcs1", "zcs2"}
    proxied = [e.name for e in site.services[0].endpoints if e.proxy_protocol]
    assert proxied == ["smtp", "submission"]
    assert all(d.delay_seconds == 0 for d in site.fence_devices)
    assert made.cluster.load_balancer == name.endswith("haproxy")
