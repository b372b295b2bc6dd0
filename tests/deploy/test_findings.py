"""The pure parts of what verify looks at, on the words of real programs of a built cluster.

``recorded/`` is from Corosync 3.1.7 of Debian 12 in the laboratory.
"""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from evaluator.bundle import render
from evaluator.content import deploy_folder
from evaluator.deploy.events import results

from .conftest import HERE, declaration, module
from .test_playbooks import program

RECORDED = HERE / "recorded"


@pytest.fixture(scope="module")
def findings() -> ModuleType:
    return module("cluster_findings")


@pytest.fixture(scope="module")
def cib() -> ModuleType:
    return module("cluster_cib")


def test_a_running_transport_has_every_option_of_its_file(findings: ModuleType) -> None:
    wanted = findings.options((RECORDED / "corosync.conf").read_text())
    running = findings.running_options((RECORDED / "corosync-cmapctl.txt").read_text())
    assert wanted["totem.interface.1.mcastport"] == "5406"
    assert wanted["nodelist.node.1.ring0_addr"] == "192.0.2.12"
    assert wanted["quorum.device.net.tls"] == "required"
    assert {name: running.get(name) for name in wanted} == wanted


def configurations() -> tuple[ET.Element, ET.Element]:
    """The configuration of a bundle, twice."""
    text = render(declaration()).files["pacemaker/cib.xml"]
    first, second = (
        ET.fromstring(text).find("configuration")  # noqa: S314 - our own
        for _ in range(2)
    )
    assert first is not None
    assert second is not None
    return first, second


def without(live: ET.Element, kind: str, name: str) -> None:
    for parent in live.iter():
        for child in parent.findall(kind):
            if child.get("id") == name:
                parent.remove(child)


def put(live: ET.Element, name: str, value: str) -> None:
    (found,) = (v for v in live.iter("nvpair") if v.get("name") == name)
    found.set("value", value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda live: put(live, "no-quorum-policy", "ignore"),
            "nvpair cib-bootstrap-options-no-quorum-policy: no-quorum-policy is 'ignore',"
            " not 'stop'",
        ),
        (
            lambda live: without(live, "op", "service-zcs-monitor-10s"),
            "op service-zcs-monitor-10s (monitor) is missing",
        ),
        (
            lambda live: without(live, "rsc_location", "ban-fence-zcs1"),
            "rsc_location ban-fence-zcs1 is missing",
        ),
        # of a resource only the top, not all that it holds
        (
            lambda live: without(live, "primitive", "fence-zcs1"),
            "primitive fence-zcs1 is missing",
        ),
        (
            lambda live: reverse(live.find(".//group")),
            "group group-zcs: its members are in another order",
        ),
    ],
)
def test_each_deviation_of_the_live_configuration_is_one_line(
    cib: ModuleType, change: Any, says: str
) -> None:
    live, wanted = configurations()
    assert cib.deviations(live, wanted) == []
    change(live)
    assert cib.deviations(live, wanted) == [says]
    assert cib.canonical(live) != cib.canonical(wanted)


def reverse(element: ET.Element) -> None:
    element[:] = list(reversed(element))


def test_a_password_that_somebody_put_into_the_cib_is_not_repeated(cib: ModuleType) -> None:
    live, wanted = configurations()
    words = next(v for v in live.iter("instance_attributes") if "fence" in str(v.get("id")))
    ET.SubElement(words, "nvpair", id="by-hand", name="password", value="first-password-7f3a")
    text = cib.difference(cib.canonical(live), cib.canonical(wanted))
    said = cib.deviations(live, wanted)
    assert 'name="password"' in text
    assert said == ["nvpair by-hand (password) is not in the model"]
    assert "7f3a" not in text


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (b"k" * 256, 0o400, ""),
        (b"abc", 0o400, "it has 3 bytes, not 128 to 4096"),
        (b"k" * 4097, 0o400, "it has 4097 bytes, not 128 to 4096"),
        (b"k" * 256, 0o644, "others than root can use it (mode 0644)"),
    ],
)
def test_only_a_key_of_the_right_size_and_mode_is_one(content: bytes, mode: int, says: str) -> None:
    assert module("cluster_secret_key").judged(content, 0, mode, 128, 4096, "") == says


def test_a_failed_program_is_told_with_its_task_and_its_last_words() -> None:
    place = {"event": "failed", "host": "zcs1", "task": "drbd : Bring the resource up"}
    lines = [
        {**place, "cmd": ["drbdadm", "up", "a b"], "msg": "non-zero return code", "stderr": "why"},
        {**place, "msg": "[disk-full] no room"},
        {**place, "msg": "Task failed: The lookup plugin failed: [password-unusable] x is empty"},
        {**place, "censored": True},
        {**place, "event": "item-failed", "msg": "x", "stderr": "the first"},
        {**place, "msg": "One or more items failed"},
        {**place, "msg": "MODULE FAILURE", "module_stderr": "Killed"},
    ]
    messages = [r.message for r in results(map(json.dumps, lines))]
    task = place["task"]
    assert messages == [
        f"{task}: drbdadm up 'a b': non-zero return code: why",
        "[disk-full] no room",
        "[password-unusable] x is empty",
        f"{task}: what it said is hidden, as it works with secrets",
        f"{task}: x: the first",
        f"{task}: MODULE FAILURE: Killed",
    ]


HEAD = "[{hosts: localhost, connection: local, gather_facts: false, tasks: ["
WRITE = """
    {ansible.builtin.copy: {dest: out, content: "{{ lookup('cluster_password', 'vault_x') }}"},
     no_log: true},"""
LOOK = """
    {ansible.builtin.debug: {msg: "{{ lookup('cluster_password', 'vault_x') | length }}"}},
    {ansible.builtin.debug: {msg: "{{ 'none' ~ lookup('cluster_password', 'vault_y') }}"}}]}]"""


def played(folder: Path, play: str, secrets: str) -> str:
    """Everything that ansible-playbook prints."""
    (folder / "play.yml").write_text(play)
    (folder / "secrets.yml").write_text(secrets)
    done = subprocess.run(
        [
            *(program("ansible-playbook"), "-i", "localhost,", "play.yml", "-vv"),
            *("-e", "@secrets.yml"),
        ],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_LOOKUP_PLUGINS": str(deploy_folder() / "lookup_plugins"),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("password", ["p{{ss-7f3a", "{{ 6 * 7 }}-7f3a", "{% x-7f3a", "0123456"])
def test_a_password_is_taken_as_it_was_typed_and_never_printed(
    tmp_path: Path, password: str
) -> None:
    printed = played(tmp_path, HEAD + WRITE + LOOK, f"vault_x: {json.dumps(password)}\n")
    assert (tmp_path / "out").read_text() == password
    assert password not in printed
    assert f'"msg": {len(password)}' in printed
    assert '"msg": "none"' in printed


@pytest.mark.parametrize("typed", ["", "4711", '"a7f3a\\n"'])
def test_what_is_no_password_is_refused_by_name(tmp_path: Path, typed: str) -> None:
    printed = played(tmp_path, HEAD + LOOK, f"vault_x: {typed}\n")
    assert "[password-unusable] vault_x " in printed
    assert "7f3a" not in printed
    assert "4711" not in printed
