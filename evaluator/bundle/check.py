"""What a site and a stack must fulfil before a cluster is rendered from them.

Every rule is a generator of findings; all of them run, so that one look shows everything that is
to be mended.  Texts end up in seven file formats, so they are held to one harmless character set
instead of being escaped in seven ways.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from evaluator.bundle.networks import replication_networks, ring_networks, witness_network
from evaluator.findings import EvaluationError, ExitCode, Finding, Where, allowed_values
from evaluator.study.site import Site
from evaluator.study.stack import Stack

NEEDED = frozenset({"corosync", "pacemaker", "drbd"})
RENDERED = NEEDED | {
    "haproxy",
    "pcs",
    "crmsh",
    "fence-agents",
    "resource-agents",
    "corosync-qdevice",
    "sbd",
}
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
VAULT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
AGENT = re.compile(r"ocf:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+|systemd:[A-Za-z0-9_@.-]+")
PATH = re.compile(r"/[A-Za-z0-9][A-Za-z0-9_.+/-]*")
PLAIN = re.compile(r"[A-Za-z0-9_./@%+=,-]+")
SECRET_WORD = re.compile(r"pass|secret|key|token|credential", re.IGNORECASE)
OURS = frozenset({"ip", "ipaddr", "plug", "port", "username", "login", "action", "delay"})


def refuse_unsafe(site: Site, stack: Stack) -> None:
    """Raise all findings about a site and a stack together.

    Raises
    ------
    EvaluationError
        With exit code 2, when there is at least one finding.
    """
    found = findings(site, stack)
    if found:
        raise EvaluationError(found, ExitCode.INVALID)


def findings(site: Site, stack: Stack) -> list[Finding]:
    """Everything that keeps the site and the stack from becoming a safe cluster."""
    rules = (_texts, _names, _networks, _addresses, _members, _fencing, _service, _timing)
    return [*_stack(site, stack), *(f for rule in rules for f in rule(site))]


def _finding(site: Site, code: str, place: str, message: str, remedy: str) -> Finding:
    return Finding(code, f"{place}: {message}", Where(f"site {site.id}"), remedy)


def _stack(site: Site, stack: Stack) -> Iterator[Finding]:
    chosen = set(stack.components.values())
    missing, unknown = sorted(NEEDED - chosen), sorted(chosen - RENDERED)
    if missing or unknown:
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has {', '.join(unknown)}"] if unknown else []
        yield Finding(
            "stack-not-rendered",
            f"no bundle can be rendered for stack {stack.id!r}: it {' and '.join(parts)}",
            Where(f"stack {stack.id}"),
            f"a bundle needs {', '.join(sorted(NEEDED))}; {allowed_values('', RENDERED)}",
        )
    for s in site.services if "haproxy" in chosen else ():
        for e in s.endpoints:
            if e.port == e.backend_port:
                yield _finding(
                    site,
                    "endpoint-port",
                    f"services.{s.name}.endpoints.{e.name}",
                    f"port and backend_port are both {e.port}, but HAProxy takes the public port",
                    "let the service listen on another port",
                )
    system = str(site.operating_system.value)
    if not re.match(r"debian\W*12\b", system, re.IGNORECASE):
        yield _finding(
            site,
            "operating-system-not-rendered",
            "operating_system",
            f"{system!r}; the files are written for the versions that Debian 12 ships",
            "allowed: debian-12",
        )


def _texts(site: Site) -> Iterator[Finding]:
    texts: list[tuple[str, str, re.Pattern[str], str]] = [
        ("domain", site.domain, re.compile(rf"{HOST_NAME.pattern}(\.{HOST_NAME.pattern})*"), "host")
    ]
    for node in site.nodes:
        texts.append((f"nodes.{node.name}.name", node.name, HOST_NAME, "host"))
    for v in site.volumes:
        texts.append((f"volumes.{v.name}.backing_disk", v.backing_disk, PATH, "path"))
        texts.append((f"volumes.{v.name}.mount", v.mount, PATH, "path"))
    for s in site.services:
        texts.append((f"services.{s.name}.agent", s.agent, AGENT, "agent"))
        for key, value in s.parameters.items():
            texts.append((f"services.{s.name}.parameters.{key}", value, PLAIN, "plain"))
    for d in site.fence_devices:
        at = f"fence_devices.{d.name}"
        texts.append((f"{at}.secret", d.secret, VAULT_NAME, "vault"))
        if d.username:
            texts.append((f"{at}.username", d.username, PLAIN, "plain"))
        texts += [(f"{at}.plugs.{k}", v, PLAIN, "plain") for k, v in d.plugs.items()]
        texts += [(f"{at}.options.{k}", v, PLAIN, "plain") for k, v in d.options.items()]
    allowed = {
        "host": "lower-case letters, digits and '-', as in a host name",
        "path": "an absolute path of letters, digits and _ . + - /",
        "agent": "ocf:PROVIDER:NAME or systemd:UNIT",
        "vault": "letters, digits and '_', not starting with a digit, as in an Ansible variable",
        "plain": "letters, digits and _ . / @ % + = , - without spaces, quotes or braces",
    }
    for place, value, pattern, kind in texts:
        if not pattern.fullmatch(value):
            yield _finding(
                site, "unsafe-text", place, f"{value!r} cannot be used", f"allowed: {allowed[kind]}"
            )


def _names(site: Site) -> Iterator[Finding]:
    groups: dict[str, list[str]] = {
        "networks": [n.name for n in site.networks],
        "nodes": [n.name for n in site.nodes],
        "fence_devices": [d.name for d in site.fence_devices],
    }
    for s in site.services:
        groups[f"services.{s.name}.endpoints"] = [e.name for e in s.endpoints]
    for place, names in groups.items():
        for name, count in Counter(names).items():
            if count > 1:
                yield _finding(
                    site, "duplicate-name", place, f"{name!r} stands {count} times", "rename one"
                )


def _networks(site: Site) -> Iterator[Finding]:
    rings, replication = ring_networks(site), replication_networks(site)
    if not 2 <= len(rings) <= 8:
        yield _finding(
            site,
            "two-links",
            "networks",
            f"{len(rings)} networks of purpose 'ring'; one broken link must not split the cluster",
            "give two networks of purpose 'ring' (at most 8)",
        )
    if len(replication) != 1:
        yield _finding(
            site,
            "replication-apart",
            "networks",
            f"{len(replication)} networks of purpose 'replication'; exactly one is needed, so that "
            "a full link cannot delay the cluster transport",
            "give one network of purpose 'replication' of its own",
        )
    nets = [(n.name, ipaddress.ip_network(n.cidr)) for n in site.networks]
    for i, (name, net) in enumerate(nets):
        for other, second in nets[i + 1 :]:
            if net.version == second.version and net.overlaps(second):
                yield _finding(
                    site,
                    "networks-overlap",
                    f"networks.{name}.cidr",
                    f"{net} overlaps {second} of {other!r}; traffic would not stay apart",
                    "give every network a range of its own",
                )


def _addresses(site: Site) -> Iterator[Finding]:
    networks = {n.name: ipaddress.ip_network(n.cidr) for n in site.networks}
    used = [
        (f"nodes.{n.name}.addresses.{net}", net, a)
        for n in site.nodes
        for net, a in n.addresses.items()
    ]
    used += [(f"virtual_addresses.{v.name}", v.network, v.address) for v in site.virtual_addresses]
    used += [(f"fence_devices.{d.name}", d.network, d.address) for d in site.fence_devices]
    taken: dict[ipaddress.IPv4Address | ipaddress.IPv6Address, str] = {}
    for place, network, text in used:
        address = ipaddress.ip_address(text)
        cidr = networks.get(network)
        if cidr is None:
            yield _finding(
                site,
                "unknown-network",
                place,
                f"no network {network!r}",
                allowed_values(network, networks),
            )
        elif address not in cidr:
            yield _finding(
                site,
                "address-outside-network",
                place,
                f"{address} is not in {cidr} of {network!r}",
                f"use an address of {cidr}",
            )
        elif address in (cidr.network_address, cidr.broadcast_address) and cidr.num_addresses > 2:
            yield _finding(
                site,
                "address-not-of-a-host",
                place,
                f"{address} is the network's own or its broadcast address",
                f"use another address of {cidr}",
            )
        first = taken.setdefault(address, place)
        # two fence devices may be outlets of one power switch; nothing else shares an address
        if first != place and {place[:6], first[:6]} != {"fence_"}:
            yield _finding(
                site, "duplicate-address", place, f"{address} is taken by {first}", "change one"
            )


def _members(site: Site) -> Iterator[Finding]:
    data = [n for n in site.nodes if n.role == "data"]
    witnesses = [n for n in site.nodes if n.role == "witness"]
    if len(data) != 2:
        yield _finding(
            site,
            "two-data-nodes",
            "nodes",
            f"{len(data)} nodes of role 'data'; DRBD 8.4 replicates between two",
            "give exactly two",
        )
    if len(witnesses) > 1:
        yield _finding(
            site,
            "one-witness",
            "nodes",
            f"{len(witnesses)} nodes of role 'witness'; a cluster has one quorum device",
            "keep one",
        )
    if witnesses and witness_network(site) is None:
        yield _finding(
            site,
            "witness-unreachable",
            f"nodes.{witnesses[0].name}.addresses",
            "no management, service or ring network joins it with every data node",
            "give the witness and the data nodes addresses on one common network",
        )
    wanted = [n.name for n in site.networks if n.purpose in ("ring", "replication")]
    wanted += [v.network for v in site.virtual_addresses]
    for node in data:
        for network in dict.fromkeys(wanted):
            if network not in node.addresses:
                yield _finding(
                    site,
                    "address-missing",
                    f"nodes.{node.name}.addresses",
                    f"no address on {network!r}",
                    f"add one for {network!r}",
                )


def _fencing(site: Site) -> Iterator[Finding]:
    nodes = {n.name: n for n in site.nodes}
    for node in nodes.values():
        if node.role == "data" and not any(node.name in d.plugs for d in site.fence_devices):
            yield _finding(
                site,
                "fence-device-per-node",
                f"nodes.{node.name}",
                "no fence device can switch it; a cluster without fencing loses data",
                f"add {node.name!r} to the 'plugs' of a fence device",
            )
    for d in site.fence_devices:
        at = f"fence_devices.{d.name}"
        for target in d.plugs:
            if target not in nodes:
                yield _finding(
                    site,
                    "unknown-node",
                    f"{at}.plugs",
                    f"no node {target!r}",
                    allowed_values(target, nodes),
                )
            elif nodes[target].power == d.power:
                yield _finding(
                    site,
                    "fence-device-not-on-own-power",
                    f"{at}.power",
                    f"it hangs on {d.power!r} like {target!r}, which it must be able to switch; "
                    "it would die with the node and the cluster would wait for it for ever",
                    f"feed the device from something other than {d.power!r}",
                )
        for option in d.options:
            if SECRET_WORD.search(option):
                yield _finding(
                    site,
                    "secret-in-options",
                    f"{at}.options.{option}",
                    "secrets do not belong in a site file",
                    "name the vault's variable in 'secret' and delete the option",
                )
            elif option in OURS or option.startswith("pcmk_"):
                yield _finding(
                    site,
                    "option-is-derived",
                    f"{at}.options.{option}",
                    "it follows from the device's other keys",
                    "delete the option",
                )
        if d.delay_seconds < 0:
            yield _finding(
                site, "negative-time", f"{at}.delay_seconds", f"{d.delay_seconds}", "use 0 or more"
            )


def _service(site: Site) -> Iterator[Finding]:
    lists: dict[str, Iterable[object]] = {
        "services": site.services,
        "volumes": site.volumes,
        "virtual_addresses": site.virtual_addresses,
    }
    for place, given in lists.items():
        count = len(list(given))
        if count != 1:
            yield _finding(
                site,
                "one-service",
                place,
                f"{count} given; a bundle carries one service on one volume under one address",
                "give exactly one, and make one site file per service",
            )
    volumes = {v.name for v in site.volumes}
    addresses = {v.name for v in site.virtual_addresses}
    for s in site.services:
        at = f"services.{s.name}"
        if s.volume not in volumes:
            yield _finding(
                site,
                "unknown-volume",
                f"{at}.volume",
                f"no volume {s.volume!r}",
                allowed_values(s.volume, volumes),
            )
        if s.virtual_address not in addresses:
            yield _finding(
                site,
                "unknown-virtual-address",
                f"{at}.virtual_address",
                f"no virtual address {s.virtual_address!r}",
                allowed_values(s.virtual_address, addresses),
            )
        for port, count in Counter(e.port for e in s.endpoints).items():
            if count > 1:
                yield _finding(
                    site,
                    "duplicate-port",
                    f"{at}.endpoints",
                    f"port {port} is offered {count} times",
                    "keep one endpoint per port",
                )
        for name in s.parameters:
            if SECRET_WORD.search(name):
                yield _finding(
                    site,
                    "secret-in-options",
                    f"{at}.parameters.{name}",
                    "secrets do not belong in a site file",
                    "delete the parameter; the service keeps its own secrets",
                )
    for v in site.virtual_addresses:
        if any(n.name == v.network and n.purpose != "service" for n in site.networks):
            yield _finding(
                site,
                "vip-not-on-service-network",
                f"virtual_addresses.{v.name}.network",
                f"{v.network!r} is not a network of purpose 'service'",
                "clients use the service network; move the address there",
            )
    for volume in site.volumes:
        at = f"volumes.{volume.name}"
        if not 1024 <= volume.port <= 65535:
            yield _finding(
                site, "port-out-of-range", f"{at}.port", f"{volume.port}", "use 1024 to 65535"
            )
        if not 0 <= volume.minor < 1_048_576:
            yield _finding(
                site, "minor-out-of-range", f"{at}.minor", f"{volume.minor}", "use 0 or more"
            )


def _timing(site: Site) -> Iterator[Finding]:
    times = {
        "timing.token_ms": site.timing.token_ms,
        "timing.token_retransmits_before_loss_const": (
            site.timing.token_retransmits_before_loss_const
        ),
    }
    for s in site.services:
        for name in ("start_timeout", "stop_timeout", "monitor_interval", "monitor_timeout"):
            times[f"services.{s.name}.{name}_seconds"] = getattr(s, f"{name}_seconds")
    for place, value in times.items():
        if value <= 0:
            yield _finding(site, "time-not-positive", place, f"{value}", "use more than 0")
