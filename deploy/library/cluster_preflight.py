#!/usr/bin/python3
"""Look at a node before anything on it is touched: findings, and what it is now."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import stat
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_preflight
short_description: Look at a node before anything on it is touched
description: Changes nothing. Each finding is a line that begins with its code.
options:
  name: {type: str, required: true}
  cluster: {type: str, required: true}
  manager: {type: str, required: true}
  state_folder: {type: path, required: true}
  addresses: {type: dict, default: {}}
  need_mib: {type: int, default: 1024}
  disk: {type: path, default: ''}
  disk_label: {type: str, default: ''}
  replicated: {type: bool, default: false}
  corosync_conf: {type: str, default: ''}
  secrets: {type: list, elements: dict, default: []}
  packages: {type: list, elements: str, default: []}
  drbd: {type: str, default: '', description: the version that the resource is written for}
  rules: {type: str, default: '', description: the packet filter's file}
"""

RELEASE = ("debian", "12")
MANAGER_UNITS = {
    "pacemaker": ("corosync", "pacemaker"),
    "keepalived": ("keepalived",),
    "heartbeat": ("heartbeat",),
}
COROSYNC_CONF = Path("/etc/corosync/corosync.conf")
UPDATING = Path("/run/floss-evaluator/updating")
"""There while a rolling update keeps the node in standby."""
AT_A_FULL_STOP = ("transport", "crypto_model", "cluster_name", "mcastport", "nodeid", "name")
"""Options that a running corosync does not take over, and that all nodes must share."""


def text(path):
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def release(found):
    words = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', text("/etc/os-release"), re.MULTILINE))
    here = (words.get("ID", ""), words.get("VERSION_ID", ""))
    if here != RELEASE:
        found.append(
            f"[operating-system] it runs {' '.join(here).strip() or 'an unknown system'}; the files"
            f" are written for {' '.join(RELEASE)}: install that"
        )


def room(found, need_mib):
    for folder in ("/etc", "/usr", "/var"):
        place = os.statvfs(folder)
        free = place.f_bavail * place.f_frsize // 2**20
        if free < need_mib or (place.f_files and place.f_favail < 4096):
            found.append(
                f"[disk-full] {folder} has {free} MiB and {place.f_favail} inodes left,"
                f" {need_mib} MiB and 4096 are needed: make room"
            )
            return


def names(found, name, addresses, module):
    here = os.uname().nodename
    if here != name:
        found.append(
            f"[host-name] it calls itself {here!r}, the inventory {name!r}:"
            f" hostnamectl set-hostname {name}"
        )
    code, out, _ = module.run_command(["ip", "-json", "address", "show"])
    if code:
        found.append("[address-missing] 'ip' does not answer: install the package iproute2")
        return
    present = {a["local"] for card in json.loads(out) for a in card.get("addr_info", [])}
    for network, address in sorted(addresses.items()):
        if address not in present:
            found.append(
                f"[address-missing] no interface has {address} ({network}): configure it there"
            )


def default_of_debian(conf):
    """Whether it is the configuration of one node that Debian's package brings."""
    rings = re.findall(r"^\s*ring\d_addr:\s*(\S+)", conf, re.MULTILINE)
    return bool(re.search(r"^\s*cluster_name:\s*debian\s*$", conf, re.MULTILINE)) and all(
        address.startswith("127.") for address in rings
    )


def cluster(found, module):
    """Which cluster the node is in.

    Gives whether it is ours, the units of a manager that are active, and whether the node only has
    the cluster of one that Debian makes when it installs Corosync.
    """
    wanted, manager = module.params["cluster"], module.params["manager"]
    conf = text(COROSYNC_CONF)
    name = re.search(r"^\s*cluster_name:\s*(\S+)", conf, re.MULTILINE)
    marker = re.search(
        r"^id: (\S+)$", text(Path(module.params["state_folder"], "cluster.yml")), re.MULTILINE
    )
    leftover = default_of_debian(conf)
    others = {m[1] for m in (None if leftover else name, marker) if m and m[1] != wanted}
    units = [u for group in MANAGER_UNITS.values() for u in group]
    _, out, _ = module.run_command(["systemctl", "is-active", *units])
    active = [
        u for u, state in zip(units, out.split(), strict=False) if state in ("active", "activating")
    ]
    if leftover:  # Debian has started them, in a cluster of one
        active = [u for u in active if u not in MANAGER_UNITS["pacemaker"]]
    foreign = [u for u in active if u not in MANAGER_UNITS[manager]]
    ours = not others and bool(marker or (name and name[1] == wanted and not leftover))
    if others or foreign:
        what = f"it belongs to cluster {', '.join(sorted(others))!r}" if others else "it runs"
        found.append(
            f"[node-in-another-cluster] {what}{' and runs' if others and foreign else ''}"
            f" {', '.join(foreign)}".rstrip()
            + "; take it out of that cluster first"
            " (teardown.yml of its bundle), or choose another node"
        )
    return ours, active, leftover


def disk(found, module, ours):
    path, label = module.params["disk"], module.params["disk_label"]
    if not path:
        return
    try:
        mode = os.stat(path).st_mode
    except OSError:
        mode = 0
    if not stat.S_ISBLK(mode):
        found.append(
            f"[backing-disk-missing] {path} is no block device: create it (size as declared)"
        )
        return
    code, out, error = module.run_command(["wipefs", "--no-act", "--json", path])
    if code:
        found.append(f"[backing-disk-missing] {path} cannot be read: {error.strip()}")
        return
    signatures = json.loads(out)["signatures"] if out.strip() else []
    kinds = {s["type"] for s in signatures}
    known = (
        "drbd" in kinds
        if module.params["replicated"]
        else label in {s.get("label") for s in signatures}
    )
    if kinds and not known and not ours:
        found.append(
            f"[disk-not-empty] {path} has data ({', '.join(sorted(kinds))}) that this cluster did"
            f" not write: name another disk, or, if nobody needs it, wipefs --all {path}"
        )


def values(conf, option):
    return re.findall(rf"^\s*{option}:\s*(\S+)", conf, re.MULTILINE)


def section(conf, name):
    match = re.search(rf"^{name}\s*{{(.*?)^}}", conf, re.MULTILINE | re.DOTALL)
    return match[1].split() if match else []


def running_values(module):
    """What the running corosync works with, by option; its file may be newer, or gone."""
    code, out, _ = module.run_command(["corosync-cmapctl"])
    pairs = re.findall(r"^(\S+) \(\w+\) = (.*)$", out, re.MULTILINE) if code == 0 else []
    found = {}
    for key, value in pairs:
        if key.startswith(("totem.", "nodelist.node.", "system.")):
            found.setdefault(key.rpartition(".")[2], []).append(value.strip())
    own = [k.removeprefix("system.") + ": " + v for k, v in pairs if k.startswith("system.")]
    return found, sorted(" ".join(own).split())


def corosync_change(found, wanted, active, module):
    """Whether a running corosync needs a 'restart' for the file; less than that is a reload."""
    if not wanted or "corosync" not in active:
        return ""
    now, system = running_values(module)
    if not now:
        return ""
    for option in AT_A_FULL_STOP:
        before, after = now.get(option, []), values(wanted, option)
        # a node that comes or goes is reloaded; one that changes its name or number is not
        shared = option in ("name", "nodeid", "mcastport")
        if before != after and not (
            shared and (set(before) < set(after) or set(after) < set(before))
        ):
            found.append(
                f"[corosync-full-stop] '{option}' of the running cluster is {', '.join(before)},"
                f" wanted is {', '.join(after)}; nodes with different ones do not meet: run"
                " teardown.yml with the old bundle, then build.yml with this one"
            )
    return "restart" if system != sorted(section(wanted, "system")) else ""


def drbd(found, wanted, module):
    if not wanted.startswith("9"):
        return
    module_info = module.get_bin_path("modinfo")
    here = text("/sys/module/drbd/version").strip()
    if not here and module_info:
        here = module.run_command([module_info, "-F", "version", "drbd"])[1].strip()
    if not here.startswith("9"):
        found.append(
            f"[drbd-module] the resource is written for DRBD 9, the kernel's module is"
            f' {here or "not there"}: install LINBIT\'s drbd-dkms, or declare drbd: "8.4"'
        )


def lets_in(rules, client, server, port):
    """Whether a rule for ssh accepts the connection."""

    def fits(line, what, value):
        match = re.search(rf"{what} (?:{{([^}}]*)}}|(\S+))", line)
        return not match or value in re.split(r"[,\s]+", (match[1] or match[2]).strip())

    return any(
        fits(line, "ip6? saddr", client)
        and fits(line, "ip6? daddr", server)
        and fits(line, "tcp dport", port)
        for line in rules.splitlines()
        if "tcp dport" in line and "accept" in line
    )


def way_in(found, rules):
    """The filter must not close the way by which it is installed; by sudo it is not known."""
    words = os.environ.get("SSH_CONNECTION", "").split()
    if not rules or len(words) != 4:
        return
    client, server = (plain(words[i].partition("%")[0]) for i in (0, 2))
    if ipaddress.ip_address(server).is_loopback or lets_in(rules, client, server, words[3]):
        return
    open_to = re.findall(r"daddr (\S+) tcp dport 22 ", rules)
    found.append(
        f"[ssh-filtered] it was reached at {server} port {words[3]}, which its packet filter"
        f" would close: reach it at {' or '.join(open_to) or 'its addresses'} port 22"
    )


def plain(address):
    parsed = ipaddress.ip_address(address)
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def secrets(found, wanted):
    for secret in wanted:
        if not secret["supplied"] and not os.path.exists(secret["path"]):
            found.append(
                f"[secret-missing] {secret['name']} is not given and {secret['path']} is not there:"
                " give it in the file of --secrets (ansible-playbook: -e @FILE)"
            )


def missing(module):
    """The packages that are not installed; asking apt itself takes seconds."""
    wanted = module.params["packages"]
    command = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n", *wanted]
    _, out, _ = module.run_command(command)
    there = {line.split()[0] for line in out.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if name not in there]


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "cluster": {"type": "str", "required": True},
            "manager": {"type": "str", "required": True, "choices": list(MANAGER_UNITS)},
            "state_folder": {"type": "path", "required": True},
            "addresses": {"type": "dict", "default": {}},
            "need_mib": {"type": "int", "default": 1024},
            "disk": {"type": "path", "default": ""},
            "disk_label": {"type": "str", "default": ""},
            "replicated": {"type": "bool", "default": False},
            "corosync_conf": {"type": "str", "default": ""},
            "packages": {"type": "list", "elements": "str", "default": []},
            "drbd": {"type": "str", "default": ""},
            "rules": {"type": "str", "default": ""},
            "secrets": {"type": "list", "elements": "dict", "default": [], "no_log": False},
        },
        supports_check_mode=True,
    )
    p, found = module.params, []
    release(found)
    names(found, p["name"], p["addresses"], module)
    ours, active, leftover = cluster(found, module)
    room(found, 64 if ours else p["need_mib"])
    disk(found, module, ours)
    secrets(found, p["secrets"])
    change = corosync_change(found, p["corosync_conf"], active, module)
    drbd(found, p["drbd"], module)
    way_in(found, p["rules"])
    result = {
        "ours": ours,
        "active": active,
        "leftover": leftover,
        "updating": UPDATING.exists(),
        "missing": missing(module),
        "corosync_change": change,
        "now": time.time(),
        "findings": found,
    }
    if found:
        module.fail_json(msg="\n".join(found), **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
