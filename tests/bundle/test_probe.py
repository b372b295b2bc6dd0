"""The service is asked where it listens with this stack, by what its endpoints speak."""

from __future__ import annotations

import copy
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import evaluator as ev
from evaluator.bundle import Bundle, render
from evaluator.cluster import declare, probe, written
from evaluator.cluster.check import findings
from evaluator.cluster.model import ZCS_AGENT
from evaluator.deploy.live import overlaid
from evaluator.findings import EvaluationError
from evaluator.study.site import Site
from evaluator.study.stack import Stack

from .conftest import PROVENANCE, text, variables, without_haproxy
from .variants import VARIANTS, cards, together, version_6

AGENT = Path(__file__).parents[2] / "deploy" / "resource-agents" / "zcs"
Words = dict[str, Any]


def given(value: str) -> Callable[[Words], None]:
    """Give a probe by hand."""

    def change(words: Words) -> None:
        words["services"][0]["parameters"]["probe"] = value

    return change


def asked(bundle: Bundle) -> str:
    """The probe as the automation is told it."""
    return str(variables(bundle, "group_vars/all.yml")["cluster_service"]["parameters"]["probe"])


def told(bundle: Bundle) -> set[str]:
    """Each probe that the files of the cluster manager say."""
    if "pacemaker/cib.xml" in bundle.files:
        path = "//nvpair[@name='probe']/@value"
        return {str(v) for v in etree.fromstring(bundle.files["pacemaker/cib.xml"]).xpath(path)}
    lines = text(bundle, "service/cluster-service").splitlines()
    start = "export OCF_RESKEY_probe="
    return {line.removeprefix(start).strip("'") for line in lines if line.startswith(start)}


@pytest.mark.parametrize("name", VARIANTS)
def test_probe_is_where_the_automation_makes_the_service_listen(
    variant: Callable[[str], Bundle], name: str
) -> None:
    bundle = variant(name)
    if bundle.cluster.application.agent != ZCS_AGENT:
        assert told(bundle) == set()
        return
    endpoints = variables(bundle, "group_vars/all.yml")["cluster_service"]["endpoints"]
    here = bundle.cluster.vip.loopback
    expected = [
        f"{e['name']}{'+proxy' if e['proxy_protocol'] else ''}:{here}:{e['port']}"
        for e in endpoints
    ]
    assert asked(bundle).split(",") == expected
    assert told(bundle) == {asked(bundle)}


def test_without_haproxy_the_public_ports_are_asked_and_nobody_sends_the_proxy_protocol(
    make: Callable[..., Bundle], stack: Stack
) -> None:
    assert asked(make()) == (
        "smtp+proxy:127.0.0.1:10025,imaps:127.0.0.1:7993,http:127.0.0.1:8080,https:127.0.0.1:8443"
    )
    assert asked(make(stack=without_haproxy(stack))) == (
        "smtp:127.0.0.1:25,imaps:127.0.0.1:993,http:127.0.0.1:80,https:127.0.0.1:443"
    )


@pytest.mark.parametrize(
    ("name", "port", "protocol"),
    [
        ("submission", 2000, "smtp"),
        ("https", 4443, "https"),
        ("webmail", 443, "https"),
        ("mailboxes", 995, "pop3s"),
        ("sieve", 4190, ""),
    ],
)
def test_the_name_of_an_endpoint_tells_what_it_speaks_else_its_port(
    make: Callable[..., Bundle], name: str, port: int, protocol: str
) -> None:
    def change(words: Words) -> None:
        words["services"][0]["endpoints"] = [
            {"name": name, "port": port, "backend_port": 12345, "mode": "tcp"}
        ]

    parameters = dict(make(change).cluster.application.parameters)
    assert parameters.get("probe", "") == (f"{protocol}:127.0.0.1:12345" if protocol else "")


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("smtp:127.0.0.1:10025", "answers to 'smtp+proxy:127.0.0.1:10025'"),
        ("imap:127.0.0.1:7993", "answers to 'imaps:127.0.0.1:7993'"),
        ("imaps+proxy:127.0.0.1:7993", "answers to 'imaps:127.0.0.1:7993'"),
        ("imaps:198.51.100.20:7993", "answers to 'imaps:127.0.0.1:7993'"),
        ("imaps:127.0.0.1:993", "no endpoint is at 127.0.0.1 port 993"),
        ("lmtp:198.51.100.20:7025", "no endpoint is at 198.51.100.20 port 7025"),
        ("gopher:127.0.0.1:8080", "is not PROTOCOL:ADDRESS:PORT"),
        ("imaps:mail.example.net:7993", "is not PROTOCOL:ADDRESS:PORT"),
        ("imaps:127.0.0.1:7993,", "'' is not PROTOCOL:ADDRESS:PORT"),
    ],
)
def test_a_probe_that_contradicts_the_endpoints_is_refused(
    make: Callable[..., Bundle], value: str, quoted: str
) -> None:
    with pytest.raises(EvaluationError) as caught:
        make(given(value))
    (finding,) = caught.value.findings
    assert finding.code == "probe-contradicts-endpoints"
    assert quoted in finding.message
    assert "smtp+proxy:127.0.0.1:10025,imaps:127.0.0.1:7993" in finding.remedy


@pytest.mark.parametrize(
    "value", ["imaps:127.0.0.1:7993", "lmtp:127.0.0.1:7025,smtp+proxy:127.0.0.1:10025"]
)
def test_a_part_or_the_delivery_port_may_be_asked(make: Callable[..., Bundle], value: str) -> None:
    assert asked(make(given(value))) == value


def test_what_was_right_with_haproxy_is_refused_without(
    make: Callable[..., Bundle], stack: Stack
) -> None:
    with_haproxy = asked(make())
    assert asked(make(given(with_haproxy))) == with_haproxy
    with pytest.raises(EvaluationError) as caught:
        make(given(with_haproxy), without_haproxy(stack))
    assert [f.code for f in caught.value.findings] == ["probe-contradicts-endpoints"] * 4


def test_a_probe_of_another_agent_is_its_own(make: Callable[..., Bundle]) -> None:
    def change(words: Words) -> None:
        words["services"][0]["agent"] = "ocf:heartbeat:anything"
        words["services"][0]["parameters"] = {"probe": "whatever"}

    assert asked(make(change)) == "whatever"


def test_the_refusal_names_file_line_and_column(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "criteria" / "sites" / "netnovation.yml"
    words = shipped.read_text(encoding="utf-8")
    old = "    agent: ocf:netnovation:zcs\n"
    assert words.count(old) == 1
    site = tmp_path / "site.yml"
    new = f'{old}    parameters: {{probe: "smtp+proxy:127.0.0.1:2525"}}\n'
    site.write_text(words.replace(old, new), encoding="utf-8")
    line = words[: words.index(old)].count("\n") + 2
    study = ev.load(site=site).study
    for name, count in (("pacemaker-corosync-drbd-haproxy", 0), ("heartbeat-drbd", 1)):
        declaration = declare(study.site, study.stacks[name], provenance={})
        found = findings(declaration, study.site_places)
        assert len(found) == count
        assert all((f.where.line, f.where.column) == (line, 18 + 7) for f in found if f.where)


@pytest.mark.parametrize("stack_id", ["pacemaker-corosync-drbd-haproxy", "pacemaker-corosync-drbd"])
def test_a_running_cluster_is_read_back_without_what_is_derived(stack_id: str) -> None:
    study = ev.load().study
    assert study.site is not None
    declaration = declare(study.site, study.stacks[stack_id], provenance={})
    cib = render(declaration).files["pacemaker/cib.xml"]
    back, found = overlaid(declaration, {"zcs1": {"cib.xml": cib}})
    assert (written(back), found) == (written(declaration), [])
    _, found = overlaid(declaration, {"zcs1": {"cib.xml": cib.replace(b",imaps:", b",imap:")}})
    assert [f.code for f in found] == ["not-expressible"]
    assert "parameters-probe" in found[0].message


@pytest.mark.parametrize("change", [cards, together(cards, version_6)], ids=["ipv4", "ipv6"])
def test_the_agent_takes_what_is_derived(
    site_words: Words, stack: Stack, change: Callable[[Words], None], tmp_path: Path
) -> None:
    words = copy.deepcopy(site_words)
    change(words)
    declaration = declare(Site.model_validate(words), stack, provenance=PROVENANCE)
    functions = Path("/usr/lib/ocf/lib/heartbeat/ocf-shellfuncs")
    if not functions.exists():
        pytest.skip("the shell functions of OCF agents are missing (package resource-agents)")
    done = subprocess.run(
        ["sh", str(AGENT), "validate-all"],
        env={
            "PATH": os.environ["PATH"],
            "OCF_ROOT": "/usr/lib/ocf",
            "OCF_RESOURCE_INSTANCE": "zcs",
            "OCF_RESKEY_probe": probe.derived(declaration),
            "HA_RSCTMP": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_one_listener_behind_two_public_ports_is_asked_once(make: Callable[..., Bundle]) -> None:
    def submission(words: Words) -> None:
        (smtp,) = (e for e in words["services"][0]["endpoints"] if e["name"] == "smtp")
        words["services"][0]["endpoints"].append({**smtp, "name": "submission", "port": 587})

    assert asked(make(submission)) == asked(make())
