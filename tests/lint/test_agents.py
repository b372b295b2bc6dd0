"""The table of advised timeouts against the agents themselves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lxml import etree

from evaluator.formats.units import seconds
from evaluator.lint.agents import ADVISED, PARAMETERS
from evaluator.lint.fencing import misspelt

OCF = Path("/usr/lib/ocf")
AGENTS = [
    "ocf:heartbeat:Filesystem", "ocf:heartbeat:IPaddr2", "ocf:heartbeat:LVM-activate",
    "ocf:heartbeat:apache", "ocf:heartbeat:dovecot", "ocf:heartbeat:exportfs",
    "ocf:heartbeat:mysql", "ocf:heartbeat:named", "ocf:heartbeat:nginx", "ocf:heartbeat:postfix",
    "ocf:heartbeat:slapd", "ocf:linbit:drbd", "ocf:pacemaker:ping", "ocf:netnovation:zcs",
]  # fmt: skip


def program(agent: str) -> Path:
    _, provider, kind = agent.split(":")
    if provider == "netnovation":
        return Path(__file__).parents[2] / "deploy/resource-agents" / kind
    return OCF / "resource.d" / provider / kind


def metadata(agent: str) -> etree._Element:
    """What an agent says of itself; the test is left out where it is not installed."""
    path = program(agent)
    if not path.exists() or not OCF.exists():
        pytest.skip(f"{path} is not here (Debian: resource-agents, drbd-utils, pacemaker)")
    environment = {"OCF_ROOT": str(OCF), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    answer = subprocess.run(
        [path, "meta-data"], env=environment, capture_output=True, check=True, timeout=20
    )
    return etree.fromstring(answer.stdout)


@pytest.mark.parametrize("agent", AGENTS)
def test_timeouts_are_those_of_the_agent(agent: str) -> None:
    actions = [
        (action.get("name"), seconds(action.get("timeout", "")))
        for action in metadata(agent).iter("action")
    ]
    advised = {name: [t for n, t in actions if n == name and t] for name in ADVISED[agent]._fields}
    assert ADVISED[agent]._asdict() == {name: min(times) for name, times in advised.items()}


@pytest.mark.parametrize("agent", PARAMETERS)
def test_parameters_are_those_of_the_agent(agent: str) -> None:
    names = {parameter.get("name", "") for parameter in metadata(agent).iter("parameter")}
    assert names == {*PARAMETERS[agent]}


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("fence_apcc", "fence_apc"), ("fence_ipmlian", "fence_ipmilan"),
        ("fence_vmware_sope", "fence_vmware_soap"), ("fence_virhs", "fence_virsh"),
        # known, of another generation, one's own, of cluster-glue, and nothing at all
        ("fence_apc", ""), ("fence_ilo7", ""), ("fence_lab", ""), ("fence_acme", ""),
        ("external/ipmi", ""), ("ipmilan", ""), ("", ""), ("fence_" + "a" * 10_000, ""),
    ],
)  # fmt: skip
def test_only_a_slip_of_a_known_fence_agent_is_one(typed: str, known: str) -> None:
    assert misspelt(typed) == known
