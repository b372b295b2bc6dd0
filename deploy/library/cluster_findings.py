#!/usr/bin/python3
"""The running cluster beside its model, as one node sees it: every deviation is a finding."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import socket
import stat
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_findings
short_description: Compare a node and its cluster with the model
description: Changes nothing. A finding is a line '[code] host: message'.
options:
  host: {type: str, required: true}
  checks: {type: list, elements: str, required: true}
  wanted: {type: dict, required: true}
"""

ON, OFF = 0, 2
GREETERS = ("smtp", "submission", "imap", "pop3")


def run(*command, words=None, timeout=30):
    """Exit code and output; 127 when it cannot be run or takes too long."""
    try:
        done = subprocess.run(
            command, input=words, capture_output=True, text=True, timeout=timeout, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    return done.returncode, done.stdout + done.stderr


def files(wanted):
    for path, sha256 in wanted["files"].items():
        if not Path(path).is_file():
            yield "file-missing", f"{path} is not there"
        elif hashlib.sha256(Path(path).read_bytes()).hexdigest() != sha256:
            yield "file-differs", f"{path} is not the bundle's"
    folder = Path(wanted["secrets_folder"])
    if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) != 0o700:
        yield "secrets-mode", f"{folder} is not of mode 0700"
    for path, mode in wanted["secrets"].items():
        try:
            found = os.stat(path)
        except OSError:
            yield "secret-missing", f"{path} is not there"
            continue
        if (found.st_uid, stat.S_IMODE(found.st_mode)) != (0, int(mode, 8)):
            yield "secrets-mode", f"{path} is not root's alone with mode {mode}"


def packets(wanted):
    """The rules that are loaded beside those that the file makes in a network of its own."""
    listing = "nft -s list table inet cluster"
    code, now = run(*listing.split())
    if code:
        yield "packet-filter", "the table 'inet cluster' is not loaded: nothing is filtered"
        return
    code, due = run("unshare", "--net", "sh", "-c", f"nft -f /etc/nftables.conf && {listing}")
    if code:
        yield "packet-filter", f"what /etc/nftables.conf makes cannot be told: {due.strip()[-200:]}"
    elif now != due:
        now, due = ([line.strip() for line in text.splitlines()] for text in (now, due))
        less = [f"without '{line}'" for line in due if line not in now]
        more = [f"with '{line}'" for line in now if line not in due]
        what = "; ".join(less + more) or "in another order"
        yield "packet-filter", f"other rules are loaded than /etc/nftables.conf has: {what}"


def options(conf):
    """Options of a corosync.conf under the names that the running one gives them."""
    found, path, links, nodes = {}, [], {}, -1
    for line in conf.splitlines():
        line = line.partition("#")[0].strip()
        key, colon, value = (word.strip() for word in line.partition(":"))
        if line.endswith("{"):
            path.append(line[:-1].strip())
            nodes += path == ["nodelist", "node"]
        elif line == "}":
            if path == ["totem", "interface"]:
                number = links.pop("linknumber", links.pop("ringnumber", "0"))
                found |= {f"totem.interface.{number}.{k}": v for k, v in links.items()}
                links = {}
            path = path[:-1]
        elif colon and path == ["totem", "interface"]:
            links[key] = value
        elif colon and path[:2] == ["nodelist", "node"]:
            found[f"nodelist.node.{nodes}.{key}"] = value
        elif colon and path[:1] in (["totem"], ["quorum"]):
            found[".".join((*path, key))] = value
    return found


def running_options(text):
    """Options in the words of corosync-cmapctl."""
    return dict(re.findall(r"^(\S+) \(\w+\) = (.*)$", text, re.MULTILINE))


def transport(wanted):
    """The transport that runs beside its file, which it may not have taken over."""
    code, out = run("corosync-cmapctl")
    try:
        conf = Path("/etc/corosync/corosync.conf").read_text(errors="replace")
    except OSError:
        return  # the check of the files says it
    if code:
        yield "transport-silent", "corosync does not answer"
        return
    now = running_options(out)
    for name, value in options(conf).items():
        if now.get(name) != value:
            yield (
                "transport-stale",
                f"corosync runs with {name} {now.get(name, 'unset')}, its file says {value}",
            )


def units(wanted):
    names = wanted["enabled"] + wanted["disabled"]
    _, out = run("systemctl", "is-enabled", *names)
    states = [line for line in out.splitlines() if not line.startswith(("Synchronizing", "Exec"))]
    for name, state in zip(names, states, strict=False):
        if name in wanted["enabled"] and state != "enabled":
            yield "unit-disabled", f"{name} does not start at boot ({state})"
        if name in wanted["disabled"] and state == "enabled":
            yield "unit-enabled", f"{name} starts at boot, but only the cluster may start it"
    for name in wanted["enabled"]:
        _, out = run(
            "systemctl", "show", "--property=ActiveState,ConditionResult", f"{name}.service"
        )
        state = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        # its own condition may keep a unit away: a clock in a container
        if state.get("ActiveState") != "active" and state.get("ConditionResult") != "no":
            yield "unit-not-running", f"{name} is {state.get('ActiveState')}"


def quorum(wanted):
    _, out = run("corosync-quorumtool", "-s")
    words = dict(re.findall(r"^([A-Za-z ]+):\s+(.*)$", out, re.MULTILINE))
    if words.get("Quorate") != "Yes":
        yield "not-quorate", "it has no quorum"
        return
    if words.get("Total votes") != str(wanted["votes"]):
        yield "votes-missing", f"{words.get('Total votes')} of {wanted['votes']} votes are counted"
    if words.get("Expected votes") != str(wanted["votes"]):
        yield (
            "votes-expected",
            f"{words.get('Expected votes')} votes are expected, not {wanted['votes']}",
        )
    if wanted["qnetd"]:
        _, out = run("corosync-qdevice-tool", "-s")
        if not re.search(r"^State:\s+Connected$", out, re.MULTILINE):
            yield "quorum-device", f"the quorum device at {wanted['qnetd']} is not connected"


def links(wanted):
    code, out = run("corosync-cfgtool", "-n")
    lines = re.findall(r"^\s+LINK: (\d+).*\((.*?)\)\s+(.*)$", out, re.MULTILINE)
    expected = wanted["links"] * (len(wanted["nodes"]) - 1)
    if code or len(lines) != expected:
        yield "link-missing", f"{len(lines)} links to the other nodes, {expected} are declared"
    for number, addresses, state in lines:
        if not re.search(r"\bconnected\b", state):
            yield "link-down", f"link {number} ({addresses}) is {state.strip()}"


def status():
    code, out = run("crm_mon", "-1", "--output-as=xml")
    try:
        return ET.fromstring(out) if code == 0 else None  # noqa: S314 - the cluster's own words
    except ET.ParseError:
        return None


def nodes(wanted):
    seen = status()
    if seen is None:
        yield "cluster-down", "Pacemaker does not answer"
        return
    found = {n.get("name"): n for n in seen.findall("nodes/node")}
    for name in wanted["nodes"]:
        node = found.get(name)
        if node is None or node.get("online") != "true" or node.get("pending") == "true":
            yield "node-offline", f"{name} is not online"
            continue
        for state in ("standby", "maintenance", "unclean"):
            if node.get(state) == "true":
                yield f"node-{state}", f"{name} is in state {state}"
    dc = seen.find("summary/current_dc")
    if dc is None or dc.get("present") != "true":
        yield "no-coordinator", "no node coordinates"


def resources(wanted):
    seen = status()
    if seen is None:
        yield "cluster-down", "Pacemaker does not answer"
        return
    by_id = {}
    for each in seen.iterfind(".//resources//resource"):
        by_id.setdefault(each.get("id"), []).append(each)
    for name, nodes in wanted["resources"].items():
        found = by_id.get(name.removesuffix("-clone"), [])
        here = [
            r
            for r in found
            if r.get("active") == "true" and r.get("role") in ("Started", "Promoted")
        ]
        if len(here) != nodes:
            yield "resource-not-started", f"{name} is started on {len(here)} nodes, not on {nodes}"
        for each in found:
            for flag in ("failed", "blocked", "orphaned", "failure_ignored"):
                if each.get(flag) == "true":
                    yield f"resource-{flag.replace('_', '-')}", f"{name} is {flag}"
            if each.get("managed") == "false":
                yield "resource-unmanaged", f"{name} is not managed"
    for failure in seen.findall("failures/failure"):
        what = failure.get("op_key") or failure.get("id")
        why = failure.get("exitreason") or failure.get("exitstatus")
        yield "failed-action", f"{what} on {failure.get('node')}: {why}"
    for event in seen.findall("fence_history/fence_event"):
        if event.get("status") == "pending":
            yield "fencing-pending", f"{event.get('target')} is being fenced"
    properties = {v.get("name"): v.get("value") for v in cib("//cluster_property_set/nvpair")}
    if properties.get("maintenance-mode") == "true":
        yield "maintenance-mode", "the cluster is in maintenance mode: nothing is watched"


def cib(xpath):
    code, out = run("cibadmin", "--query", "--xpath", xpath)
    if code:
        return []
    found = ET.fromstring(out)  # noqa: S314 - the cluster's own words
    return list(found) if found.tag == "xpath-query" else [found]


def fencing(wanted):
    """Each device that this node may have to use answers it, with the password from its file."""
    primitives = {p.get("id"): p for p in cib("//primitive[@class='stonith']")}
    for device in wanted["fencing"]:
        if device["target"] == wanted["host"]:
            continue
        primitive = primitives.get(device["id"])
        if primitive is None:
            yield "fence-device-missing", f"{device['id']} is not in the CIB"
            continue
        pairs = {
            v.get("name"): v.get("value") for v in primitive.iterfind("instance_attributes/nvpair")
        }
        plug = dict(
            word.split(":", 1)
            for word in re.split(r"[;\s]+", pairs.get("pcmk_host_map", ""))
            if word
        ).get(device["target"])
        words = {k: v for k, v in pairs.items() if not k.startswith("pcmk_")}
        words |= {"action": "status", **({"plug": plug} if plug else {})}
        code, out = run(
            device["agent"], words="".join(f"{k}={v}\n" for k, v in words.items()), timeout=60
        )
        if code not in (ON, OFF):
            yield "fence-device-silent", f"{device['id']} does not answer: {out.strip()[-200:]}"


def replication(wanted):
    name = wanted["drbd"]
    for question, good in (("dstate", {"UpToDate/UpToDate"}), ("cstate", {"Connected"})):
        code, out = run("drbdadm", question, name)
        if code or not set(out.split()) <= good:
            yield "replication", f"{name}: {question} is {out.strip()[-100:]}"


def service(wanted):
    """The address answers at every public port; a greeting is waited for where one is due."""
    for endpoint in wanted["endpoints"]:
        name, port = endpoint["name"], endpoint["public_port"]
        place = f"{wanted['vip']}:{port}"
        try:
            with socket.create_connection((wanted["vip"], port), timeout=5) as client:
                if endpoint["mode"] == "http":
                    client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                # where the client speaks first, silence is right and an end is not
                client.settimeout(5 if name in GREETERS or endpoint["mode"] == "http" else 1)
                try:
                    words = client.recv(64)
                except TimeoutError:
                    words = b"" if name in GREETERS or endpoint["mode"] == "http" else b"-"
        except OSError as error:
            yield "service-silent", f"{name} does not answer at {place}: {error}"
            continue
        # a load balancer with no service behind it accepts, and closes at once
        if not words:
            yield "service-silent", f"{name} says nothing at {place}"


def fingerprints(wanted):
    """Of each key, what tells whether two nodes have the same and nothing else about it.

    Keys are long and random; passwords, which could be guessed from it, get none.
    """
    name = wanted["cluster"].encode()
    return {
        path: hmac.new(Path(path).read_bytes(), name, hashlib.sha256).hexdigest()
        for path in wanted["keys"]
        if os.path.isfile(path)
    }


def holds(address):
    _, out = run("ip", "-oneline", "address", "show")
    return bool(re.search(rf"\s{re.escape(address)}/", out))


CHECKS = {
    f.__name__: f
    for f in (
        *(files, packets, units, transport, quorum, links),
        *(nodes, resources, fencing, replication, service),
    )
}


def main():
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "checks": {
                "type": "list",
                "elements": "str",
                "required": True,
                "choices": list(CHECKS),
            },
            "wanted": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    p = module.params
    wanted = {**p["wanted"], "host": p["host"]}
    found = [
        f"[{code}] {p['host']}: {message}"
        for check in p["checks"]
        for code, message in CHECKS[check](wanted)
    ]
    vip = wanted.get("vip")
    module.exit_json(
        changed=False,
        findings=list(dict.fromkeys(found)),
        holds_vip=bool(vip) and holds(vip),
        keys=fingerprints(wanted),
    )


if __name__ == "__main__":
    main()
