"""Values that a running cluster's configuration states, laid over its declaration."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from evaluator.bundle import render
from evaluator.cluster import Declaration
from evaluator.cluster.model import ZCS_AGENT
from evaluator.cluster.probe import PARAMETER
from evaluator.findings import Finding, Severity, Where
from evaluator.formats import cib as cib_format
from evaluator.formats import corosync, haproxy
from evaluator.formats.cib import Cib
from evaluator.formats.units import seconds

Live = Mapping[str, Mapping[str, bytes]]
Words = dict[str, Any]
THEIRS = ("drbd-fence-by-handler-", "cli-ban-", "cli-prefer-")
"""Beginnings of constraints that DRBD's handler and an operator's command leave, not the bundle."""


def overlaid(declaration: Declaration, live: Live) -> tuple[Declaration, list[Finding]]:
    """The declaration with every value that the running configuration states.

    Returns
    -------
    tuple
        The declaration, and a warning for each part of the live CIB that it cannot express.
    """
    words = declaration.model_dump(mode="json")
    first = next(iter(live.values()), {})
    found: list[Finding] = []
    for name, take in READERS.items():
        if name in first:
            found += take(words, first[name])
    return Declaration.model_validate_json(json.dumps(words)), found


def _corosync(words: Words, content: bytes) -> list[Finding]:
    tree, found = corosync.read("corosync.conf", content.decode(errors="replace"))
    timing = words["timing"]
    for key, option in (
        ("token_ms", "token"),
        ("token_retransmits_before_loss_const", "token_retransmits_before_loss_const"),
    ):
        if (number := tree.number("totem", option)) is not None:
            timing[key] = int(number)
    rings = [n["name"] for n in words["networks"] if n["purpose"] == "ring"]
    nodes = {n["name"]: n for n in words["nodes"]}
    for entry in tree.all("nodelist", "node"):
        if node := nodes.get(entry.text("name")):
            for number, ring in enumerate(rings):
                if address := entry.text(f"ring{number}_addr"):
                    node["addresses"][ring] = address
    return found


def _cib(words: Words, content: bytes) -> list[Finding]:
    cib, found = cib_format.read("cib.xml", content)
    if cib is None:
        return found
    if (deadtime := _seconds(cib.property("dc-deadtime"))) is not None:
        words["timing"]["dc_deadtime_seconds"] = deadtime
    for device in words["fence_devices"]:
        for target in device["plugs"]:
            _fence_device(cib, device, target)
    for service in words["services"]:
        _service(cib, service)
    for vip in words["virtual_addresses"]:
        if (resource := cib.resource(f"vip-{vip['name']}")) is not None:
            vip["address"] = _parameter(cib, resource, "ip") or vip["address"]
    declared = Declaration.model_validate_json(json.dumps(words))
    rendered, _ = cib_format.read("cib.xml", render(declared).files["pacemaker/cib.xml"])
    return found + (_beyond(rendered, cib) if rendered else [])


def _fence_device(cib: Cib, device: Words, target: str) -> None:
    for resource in cib.fence_devices():
        parameters = {key: entry.value for key, entry in cib.parameters(resource).items()}
        script = parameters.get("password_script", "")
        if parameters.get("pcmk_host_list") != target or not script.endswith(f"/{device['name']}"):
            continue
        device["agent"] = str(resource.get("type"))
        device["address"] = parameters.get("ip", device["address"])
        device["username"] = parameters.get("username", device["username"])
        if host_map := parameters.get("pcmk_host_map"):
            device["plugs"][target] = host_map.partition(":")[2]
        delay = seconds(parameters.get("pcmk_delay_base", ""))
        if delay is not None:
            device["delay_seconds"] = int(delay)
        ours = {"ip", "username", "password_script"}
        device["options"] = {
            key: value
            for key, value in parameters.items()
            if key not in ours and not key.startswith("pcmk_")
        }


def _service(cib: Cib, service: Words) -> None:
    resource = cib.resource(f"service-{service['name']}")
    if resource is None:
        return
    service["agent"] = cib.agent(resource)
    live = {k: e.value for k, e in sorted(cib.parameters(resource).items())}
    if service["agent"] == ZCS_AGENT and PARAMETER not in service["parameters"]:
        live.pop(PARAMETER, None)  # follows from the endpoints; another one is told as beyond them
    service["parameters"] = live
    for operation in cib.operations(resource):
        if operation.timeout is not None and operation.name in ("start", "stop", "monitor"):
            service[f"{operation.name}_timeout_seconds"] = int(operation.timeout)
        if operation.name == "monitor":
            service["monitor_interval_seconds"] = int(operation.interval)


def _haproxy(words: Words, content: bytes) -> list[Finding]:
    tree, found = haproxy.read("haproxy.cfg", content.decode(errors="replace"))
    fronts = {e.value.removeprefix("public-"): e for e in tree.all("frontend")}
    backs = {e.value.removeprefix("service-"): e for e in tree.all("backend")}
    for service in words["services"]:
        for endpoint in service["endpoints"]:
            front, back = fronts.get(endpoint["name"]), backs.get(endpoint["name"])
            if front and (port := _port(front.text("bind"))):
                endpoint["port"] = port
                endpoint["mode"] = front.text("mode") or endpoint["mode"]
            server = back.get("server") if back else None
            if server and len(server.values) > 1 and (port := _port(server.values[1])):
                endpoint["backend_port"] = port
                endpoint["proxy_protocol"] = "send-proxy-v2" in server.values
    return found


READERS: dict[str, Callable[[Words, bytes], list[Finding]]] = {
    "corosync.conf": _corosync,
    "haproxy.cfg": _haproxy,
    "cib.xml": _cib,
}


def _beyond(rendered: Cib, live: Cib) -> list[Finding]:
    """Elements of the live CIB that rendering the declaration does not give, and the reverse."""
    ours, theirs = _elements(rendered), _elements(live)
    found = []
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) == theirs.get(key) or key[1].startswith(THEIRS):
            continue
        what = f"{key[0]} {key[1]!r}"
        message = {
            (True, False): f"{what} is not in the running cluster",
            (False, True): f"{what} of the running cluster has no words in a declaration",
        }.get((key in ours, key in theirs), f"{what} runs with other values than can be declared")
        found.append(
            Finding(
                "not-expressible",
                message,
                Where("cib.xml"),
                "'evaluate deploy plan' shows the difference, 'apply' takes it away",
                Severity.WARNING,
            )
        )
    return found


RUNTIME_NAMES = ("dc-version", "cluster-infrastructure", "have-watchdog", "last-lrm-refresh")
"""Properties that Pacemaker itself writes."""


def _elements(cib: Cib) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """Attributes of every element of the configuration that has an id, but the nodes'."""
    found = {}
    for element in cib.root.iterfind("configuration//*[@id]"):
        within = {ancestor.tag for ancestor in element.iterancestors()}
        if "nodes" in within or element.get("name") in RUNTIME_NAMES:
            continue
        attributes = tuple(sorted((str(k), str(v)) for k, v in element.attrib.items()))
        found[etree.QName(element).localname, str(element.get("id"))] = attributes
    return found


def _parameter(cib: Cib, resource: etree._Element, name: str) -> str:
    entry = cib.parameters(resource).get(name)
    return entry.value if entry else ""


def _seconds(entry: Any) -> int | None:
    found = seconds(entry.value) if entry else None
    return None if found is None else int(found)


def _port(text: str) -> int | None:
    tail = text.rpartition(":")[2]
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) < 6 else None
