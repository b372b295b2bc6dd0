"""What the operator and the automation are told: variables and README."""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from evaluator.bundle import Bundle
from evaluator.study.stack import Stack

from .conftest import second_fence_device, text, variables
from .test_validators import needs, run
from .variants import VARIANTS, without_witness


def test_the_inventory_reaches_every_host(bundle: Bundle) -> None:
    children = variables(bundle, "inventory.yml")["all"]["children"]
    members = children["cluster_members"]["children"]
    assert members["cluster_data"]["hosts"]["zcs1"] == {"ansible_host": "198.51.100.141"}
    assert set(children["cluster_witness"]["hosts"]) == {"witness"}
    assert variables(bundle, "host_vars/zcs2.yml")["cluster_node_id"] == 2
    wanted = {"corosync-qdevice", "fence-agents", "ipmitool", "haproxy"}
    assert wanted < set(variables(bundle, "host_vars/zcs1.yml")["cluster_packages"])


def test_markup_in_a_stacks_name_is_shown_and_not_obeyed(
    make: Callable[..., Bundle], stack: Stack
) -> None:
    made = make(None, stack.model_copy(update={"name": "<script>x</script> [a](b) `c` _d_"}))
    shown = r"\<script\>x\</script\> \[a\](b) \`c\` \_d\_"
    assert f"\n{shown}: configuration for 2 nodes" in text(made, "README.md")


def test_the_public_name_is_each_nodes_own_address(bundle: Bundle) -> None:
    """Storage and service start before the virtual address: it cannot be what they talk to."""
    for node, address in (("zcs1", "198.51.100.11"), ("zcs2", "198.51.100.12")):
        lines = text(bundle, f"hosts/{node}").splitlines()
        assert f"{address} mail.example.net mail" in lines
        assert f"{node}: `{address}`" in text(bundle, "README.md")
        assert not [line for line in lines if line.startswith("198.51.100.20 ")]


def test_every_host_is_told_its_files_and_no_file_is_left_over(
    variant: Callable[[str], Bundle],
) -> None:
    """What no host installs is read where it is: by people, by the automation, by the loader."""
    for name in VARIANTS:
        made = variant(name)
        hosts = [f for f in made.files if f.startswith("ansible/host_vars/")]
        given = {
            f["source"]
            for host in hosts
            for f in variables(made, host.removeprefix("ansible/"))["cluster_files"]
        }
        assert given < set(made.files)
        left = {f for f in set(made.files) - given if not f.startswith(("ansible/", "diagrams/"))}
        unread = {"README.md", "cluster.yml", "manifest.json"}
        loaded = {"pacemaker/cib.xml", "system-roles/ha_cluster.yml"}
        assert left == unread | (loaded if "pacemaker/cib.xml" in made.files else set()), name


def test_what_moves_is_not_started_by_the_system(variant: Callable[[str], Bundle]) -> None:
    units = {
        name: variables(variant(name), "host_vars/zcs1.yml")
        for name in ("keepalived", "keepalived-drbd", "heartbeat")
    }
    assert units["keepalived"]["cluster_units_disabled"] == []
    assert {"haproxy", "nginx"} < set(units["keepalived"]["cluster_units_enabled"])
    assert units["keepalived-drbd"]["cluster_units_disabled"] == ["haproxy", "zimbra"]
    assert "drbd" in units["keepalived-drbd"]["cluster_units_enabled"]
    assert units["heartbeat"]["cluster_units_disabled"] == ["haproxy", "nginx"]


def test_another_service_is_not_taken_for_zcs(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        words["services"][0] |= {"agent": "systemd:postfix", "parameters": {}}

    made = make(change)
    host = variables(made, "host_vars/zcs1.yml")
    assert host["cluster_units_disabled"] == ["drbd", "haproxy", "postfix"]
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


@pytest.mark.parametrize("shape", VARIANTS)
def test_every_readme_is_whole(variant: Callable[[str], Bundle], shape: str) -> None:
    made = variant(shape)
    readme = text(made, "README.md")
    for words in ("{{", "{%", "\n\n\n", "|\n\n|", "|---|\n\n", "None", "..."):
        assert words not in readme, words
    for words in ("## Order of work", "## What it cannot do", "**Not watched:**", "## First aid"):
        assert words in readme
    assert ("**Split brain**" in readme) == bool(made.cluster.replicated)
    for risk in made.cluster.declaration.accepted:
        assert f"`{risk}`" in readme
    # every file that it names is here
    named = set(re.findall(r"^\| `([a-z]+/[\w.-]+)`", readme, re.MULTILINE))
    assert {n for n in named if "NODE" not in n} <= set(made.files)
    assert max(map(len, readme.splitlines())) <= 170


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
        "count 3 votes",
        "**Only one node comes back after both were down.**",
        "nothing recovers by itself until a human has looked",
        "**Not watched:** a dead link on the service network",
        "`evaluate deploy plan BUNDLE`",
        "`evaluate deploy apply BUNDLE`",
        "`evaluate deploy verify BUNDLE`",
        "not for Debian 12",
        "smtpd_upstream_proxy_protocol=haproxy",
        "zimbraHttpThrottleSafeIPs 198.51.100.20",
        "zimbraMtaLmtpHostLookup native",
    ):
        assert words in readme
    assert "{{" not in readme
    assert "{%" not in readme


def first_aid(bundle: Bundle) -> str:
    """The chapter to be read at night."""
    return text(bundle, "README.md").split("## First aid")[1].split("## Notes")[0]


def in_order(words: str, *wanted: str) -> None:
    """Each of them is there, after the one before."""
    for one in wanted:
        assert one in words
        words = words.split(one, 1)[1]


def test_the_readme_asks_for_every_password_once(make: Callable[..., Bundle]) -> None:
    made = make(second_fence_device)
    readme = text(made, "README.md")
    devices = variables(made, "group_vars/all.yml")["cluster_fence_devices"]
    for device in devices:
        assert readme.count(f"`{device['password_script']}` | 0700") == 1
    example = re.search(r"```yaml\n(.*?)```", readme, re.DOTALL)
    assert example
    asked = YAML(typ="safe").load(example[1])
    assert set(asked) == {d["secret"] for d in devices} > {"vault_pdu"}
    for words in ("`ansible-vault encrypt secrets.yml`", "--secrets", "--vault-password-file"):
        assert words in readme
    assert "the second level (pdu)" in readme
    assert "Have a second" not in readme


def test_two_supplies_cut_together_are_no_second_level(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        second_fence_device(words)
        (strip,) = (d for d in words["fence_devices"] if d["name"] == "pdu")
        other = {"name": "pdu-b", "address": "198.51.100.161", "power": "standby-b"}
        words["fence_devices"] = [{**strip, "level": 1}, {**strip, **other, "level": 1}]

    readme = text(make(change), "README.md")
    assert "Have a second\nlevel: " in readme
    assert "the second level (" not in readme


def test_sbd_with_a_disk_is_a_second_level(variant: Callable[[str], Bundle]) -> None:
    readme = text(variant("shared-disk-sbd"), "README.md")
    assert "the second level (fence-sbd)" in readme
    assert "Have a second" not in readme


def test_who_needs_no_password_is_not_asked_for_one(variant: Callable[[str], Bundle]) -> None:
    for shape in ("keepalived-drbd", "heartbeat"):
        assert "--secrets" not in text(variant(shape), "README.md")


def test_names_are_known_before_they_are_used(bundle: Bundle) -> None:
    in_order(text(bundle, "README.md"), "### By hand", "Copy the files", "certutil -Q", "Storage.")


@pytest.mark.parametrize("shape", VARIANTS)
def test_only_installed_programs_are_named(variant: Callable[[str], Bundle], shape: str) -> None:
    made = variant(shape)
    readme, packages = text(made, "README.md"), variables(made, "host_vars/zcs1.yml")
    for shell, package in (("`crm ", "crmsh"), ("`pcs ", "pcs")):
        assert shell not in readme or package in packages["cluster_packages"]


CANCEL = "`corosync-cmapctl -s quorum.cancel_wait_for_all u8 1`"
LOWER = "`corosync-quorumtool -e 1`"


@pytest.mark.parametrize(
    ("shape", "way"),
    [
        ("two-node", CANCEL),
        ("voter", LOWER),
        ("three-stateless", LOWER),
        # one copy of three takes no writes, whatever corosync is told
        ("three-drbd9", None),
        ("witness", CANCEL),
        # nobody tried it together with SBD
        ("witness-sbd", None),
        ("shared-disk-sbd", None),
    ],
)
def test_one_node_alone_is_helped_after_a_look_at_the_power_of_the_others(
    variant: Callable[[str], Bundle], shape: str, way: str | None
) -> None:
    told = first_aid(variant(shape))
    assert "**Only one node comes back after " in told
    if way:
        in_order(told, "**only after you have seen that", "no power**", "stonith_admin --con", way)
    if shape == "witness":
        in_order(told, "no power**", "`two_node: 1`", "stonith_admin", CANCEL, "device pacemaker`")
    assert {w for w in (CANCEL, LOWER) if w in told} == ({way} if way else set())


def test_pcs_does_both_steps_at_once(make: Callable[..., Bundle], stack: Stack) -> None:
    pcs = stack.model_copy(update={"components": stack.components | {"shell": "pcs"}})
    in_order(first_aid(make(without_witness, pcs)), "no power**", CANCEL, "`pcs quorum unblock`")
    assert "pcs" not in first_aid(make(without_witness))


@pytest.mark.parametrize(
    ("shape", "before", "after"),
    [
        ("two-node", "crm_standby -v on -N LOSES", "crm_standby -v off -N LOSES"),
        ("keepalived-drbd", "systemctl stop keepalived", "systemctl start keepalived"),
        ("heartbeat-drbd", "systemctl stop heartbeat", "systemctl start heartbeat"),
    ],
)
def test_split_brain_in_the_order_in_which_it_works(
    variant: Callable[[str], Bundle], shape: str, before: str, after: str
) -> None:
    told = first_aid(variant(shape)).split("**Split brain**")[1]
    save, discard = "dd if=/dev/vg0/zcs", "connect --discard-my-data"
    # under Pacemaker DRBD is down until its node is back
    in_order(told, before, save, *((after, discard) if shape == "two-node" else (discard, after)))


@pytest.mark.parametrize(
    ("shape", "enter", "leave"),
    [
        ("two-node", "maintenance-mode --update true", "maintenance-mode --update false"),
        ("two-node", "crm_standby -v on -N NODE", "crm_standby -v off -N NODE"),
        ("keepalived", "systemctl stop keepalived", "systemctl start keepalived"),
        ("heartbeat", "systemctl stop heartbeat", "systemctl start heartbeat"),
    ],
)
def test_maintenance_has_an_end(
    variant: Callable[[str], Bundle], shape: str, enter: str, leave: str
) -> None:
    in_order(first_aid(variant(shape)), "**Maintenance", enter, leave)


@needs("drbdadm", "drbd-utils")
@pytest.mark.parametrize(
    "shape", [name for name in VARIANTS if "drbd" in VARIANTS[name].components.values()]
)
def test_drbdadm_knows_every_command_of_the_readme(
    variant: Callable[[str], Bundle], tmp_path: Path, shape: str
) -> None:
    made = variant(shape)
    storage = made.cluster.replicated
    assert storage
    configuration = tmp_path / "zcs.res"
    configuration.write_bytes(made.files["drbd/zcs.res"])
    extra = {"DRBD_DRIVER_VERSION_OVERRIDE": storage.module, "__DRBD_NODE__": "zcs1"}
    commands = set(re.findall(r"`drbdadm ([a-z-]+[^`]*)`", text(made, "README.md")))
    assert {"connect --discard-my-data zcs", "disconnect zcs", "status zcs"} <= commands
    for command in commands:
        done = run("drbdadm", "-c", configuration, "-d", *command.split(), extra=extra)
        assert done.returncode == 0, (command, done.stderr)
        assert "drbdsetup" in done.stdout or "drbdmeta" in done.stdout
