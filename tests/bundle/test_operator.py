"""What the operator and the automation are told: variables and README."""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluator.bundle import Bundle

from .conftest import text, variables, without_witness


def test_the_inventory_reaches_every_host(bundle: Bundle) -> None:
    children = variables(bundle, "inventory.yml")["all"]["children"]
    hosts = {h: v for c in children.values() for h, v in c["hosts"].items()}
    assert hosts["zcs1"] == {"ansible_host": "198.51.100.141"}
    assert set(children["cluster_witness"]["hosts"]) == {"witness"}
    assert variables(bundle, "host_vars/zcs2.yml")["cluster_node_id"] == 2
    shared = variables(bundle, "group_vars/all.yml")
    assert set(shared["cluster_files"]) < set(bundle.files)
    assert {"corosync-qdevice", "ipmitool", "haproxy"} < set(shared["cluster_packages"])
    named = {n for e in shared["cluster_hosts_entries"] for n in e["names"]}
    assert {"zcs1", "zcs2", "witness"} <= named


def test_the_public_name_is_each_nodes_own_address(bundle: Bundle) -> None:
    """Storage and service start before the virtual address: it cannot be what they talk to."""
    for node, address in (("zcs1", "198.51.100.11"), ("zcs2", "198.51.100.12")):
        own = variables(bundle, f"host_vars/{node}.yml")["cluster_own_hosts_entries"]
        assert own == [{"address": address, "names": ["mail.example.net", "mail"]}]
        assert f"{node}: `{address}`" in text(bundle, "README.md")
    shared = variables(bundle, "group_vars/all.yml")["cluster_hosts_entries"]
    assert not [e for e in shared if "mail.example.net" in e["names"]]
    assert "198.51.100.20" not in [e["address"] for e in shared]


@pytest.mark.parametrize("witness", [True, False], ids=["witness", "two-node"])
def test_the_firewall_lets_in_what_the_cluster_needs(
    make: Callable[..., Bundle], witness: bool
) -> None:
    made = make(None if witness else without_witness)
    shared = variables(made, "group_vars/all.yml")
    rules = {
        (r["group"], r["protocol"], r["port"]): r["sources"] for r in shared["cluster_firewall"]
    }
    ports = re.findall(r"mcastport: (\d+)", text(made, "corosync/corosync.conf"))
    wanted: dict[tuple[str, str, int], list[str]] = {
        ("cluster_data", "udp", int(ports[0])): ["192.0.2.11", "192.0.2.12"],
        ("cluster_data", "udp", int(ports[1])): ["192.0.2.75", "192.0.2.76"],
        ("cluster_data", "tcp", 7789): ["192.0.2.139", "192.0.2.140"],
    }
    wanted |= {("cluster_data", "tcp", port): ["0.0.0.0/0"] for port in (25, 80, 443, 993)}
    if witness:
        wanted["cluster_witness", "tcp", 5403] = ["198.51.100.141", "198.51.100.142"]
    assert rules == wanted
    assert shared["cluster_time"] == {"package": "chrony", "unit": "chrony"}


def test_another_service_is_not_taken_for_zcs(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        words["services"][0] |= {"agent": "systemd:postfix", "parameters": {}}

    made = make(change)
    shared = variables(made, "group_vars/all.yml")
    assert shared["cluster_units_disabled_at_boot"] == ["drbd", "haproxy", "postfix"]
    for words in ("zimbra", "ZCS", "zmprov"):
        assert words not in text(made, "README.md")


def test_cron_jobs_of_the_readme_rest_while_the_volume_is_elsewhere(
    bundle: Bundle, tmp_path: Path
) -> None:
    found = re.search(r"```sh\n( +#!/bin/sh\n.*?)```", text(bundle, "README.md"), re.DOTALL)
    assert found
    program, shell = tmp_path / "zmcontrol", tmp_path / "zcs-cron"
    script = textwrap.dedent(found[1])
    assert "/opt/zimbra/bin/zmcontrol" in script
    shell.write_text(script.replace("/opt/zimbra/bin/zmcontrol", str(program)))
    shell.chmod(0o755)

    def job() -> str:
        command = [shell, "-c", "echo worked"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert job() == ""
    program.touch(0o755)
    assert job() == "worked\n"


def test_the_readme_speaks_of_this_cluster(bundle: Bundle) -> None:
    readme = text(bundle, "README.md")
    for words in (
        "Ajcody-Clustering",
        "drbdadm -c drbd/zcs.res sh-nop",
        "-u zcs1 -u zcs2",
        "**Split brain**",
        "**Fencing failed.**",
        "**Quorum lost.**",
        "ip_nonlocal_bind",
        "!198.51.100.20",
        "On `zcs2`: nothing is mounted. Install into an empty, local `/opt`",
        "`getent passwd zimbra postfix`",
        "**On a new node only**",
        "count three votes",
        "**Only one node comes back after both were down.**",
        "nothing recovers by itself until a human has looked",
        "**Not watched:** a dead link on the service network",
        "playbooks are not part of this bundle",
        "not for Debian 12",
        "smtpd_upstream_proxy_protocol=haproxy",
        "zimbraHttpThrottleSafeIPs 198.51.100.20",
        "zimbraMtaLmtpHostLookup native",
    ):
        assert words in readme
    assert "{{" not in readme
    assert "{%" not in readme
