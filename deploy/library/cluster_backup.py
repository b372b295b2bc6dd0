#!/usr/bin/python3
"""What a node was before a build: saved, dropped when the build changed nothing, restored.

A backup is a folder, named by its run and the same on all nodes, that only root reads:
``state.json`` (files, units), the files' contents and the CIB.  It is ``begun`` on every node
before it is ``agreed`` on any, so that no node is left out when another cannot save.  A run that
does not end is continued by the next: what is restored is what there was before both.
Bookkeeping is not a change of the node; only ``restored`` reports one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_backup
short_description: Save and restore what a build is about to change
options:
  action:
    type: str
    required: true
    choices: [begun, agreed, compared, settled, found, restored, consumed]
  folder: {type: path, required: true}
  run: {type: str, default: ''}
  files: {type: list, elements: path, default: []}
  secrets: {type: list, elements: path, default: [], description: those of them that are secret}
  changed: {type: bool, default: true, description: settled - whether the run changed any node}
  units: {type: list, elements: str, default: []}
"""

CIB = "cib-configuration.xml"
STATE = "state.json"
KEPT = 5
"""How many builds can be undone, one after the other."""


def snapshot(files, units):
    """What there is now, comparable."""
    return {"files": {f: looks(Path(f)) for f in files}, "units": {u: unit(u) for u in units}}


def looks(path):
    if not path.is_file():
        return None
    found = path.stat()
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "mode": stat.S_IMODE(found.st_mode),
        "owner": [found.st_uid, found.st_gid],
    }


def unit(name):
    return {
        "enabled": answer("systemctl", "is-enabled", name) == "enabled",
        "active": answer("systemctl", "is-active", name) == "active",
    }


def answer(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def cib():
    return answer("cibadmin", "--query", "--scope", "configuration")


def runs(folder):
    """The backups that all nodes have agreed on, the oldest first."""
    found = folder.glob("*") if folder.is_dir() else []
    return sorted(p for p in found if not p.name.startswith(".") and (p / STATE).is_file())


def read(place):
    return json.loads((place / STATE).read_text())


def write(path, content, mode=0o600, owner=(0, 0)):
    """A file that nobody else can read for a moment."""
    aside = path.with_name(f".{path.name}.new")
    aside.unlink(missing_ok=True)
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fchown(out.fileno(), *owner)
        os.fchmod(out.fileno(), mode)
        os.fsync(out.fileno())
    aside.rename(path)


def begin(folder, run, files, secrets, units):
    """Save aside what there is; of a run that did not end, what there was before that."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for left in folder.glob(".*"):
        shutil.rmtree(left)
    aside = folder / f".{run}"
    last = (runs(folder) or [None])[-1]
    if last and not read(last)["ended"]:
        shutil.copytree(last, aside)
        state = {**read(last), "run": run}
    else:
        aside.mkdir(mode=0o700)
        state = {"run": run, "ended": False, "files": {}, "units": {}}
        write(aside / CIB, cib().encode())
    now = snapshot(
        [f for f in files if f not in state["files"]],
        [u for u in units if u not in state["units"]],
    )
    for path, found in now["files"].items():
        if found:
            write(aside / copy_of(path), Path(path).read_bytes())
    state["files"].update(now["files"])
    state["units"].update(now["units"])
    state["secrets"] = sorted({*state.get("secrets", []), *secrets})
    write(aside / STATE, json.dumps(state, indent=1).encode())


def copy_of(path):
    return path.strip("/").replace("/", "--")


def agree(folder, run):
    """Keep what was begun, and no more backups than are stated."""
    aside = folder / f".{run}"
    if aside.is_dir():
        for last in runs(folder)[-1:]:
            if not read(last)["ended"]:
                shutil.rmtree(last)
        aside.rename(folder / run)
    for old in runs(folder)[:-KEPT]:
        shutil.rmtree(old)


def differs(place, state):
    """Whether the node is not what it was."""
    now = snapshot(state["files"], state["units"])
    return now != {k: state[k] for k in now} or cib() != (place / CIB).read_text()


def settle(place, state, changed):
    """End a run: drop its backup if no node changed, else the secrets that are still the same."""
    if not changed:
        shutil.rmtree(place)
        return
    for path in state["secrets"]:
        if looks(Path(path)) == state["files"].get(path):
            (place / copy_of(path)).unlink(missing_ok=True)
    write(place / STATE, json.dumps({**state, "ended": True}, indent=1).encode())


def restore(module, place, state):
    """Put the files back; gives the paths that were not as they are to be."""
    changed = []
    for path, before in state["files"].items():
        target, copy = Path(path), place / copy_of(path)
        if looks(target) == before:
            continue
        if before and not copy.is_file():
            module.warn(f"{path} stays as it is: the build had not changed it, so it was not kept")
            continue
        changed.append(path)
        if module.check_mode:
            continue
        if before is None:
            target.unlink(missing_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        content = copy.read_bytes()
        try:
            write(target, content, before["mode"], before["owner"])
        except OSError:  # a container's hosts file is mounted and cannot be replaced
            target.with_name(f".{target.name}.new").unlink(missing_ok=True)
            target.write_bytes(content)
    return changed


def main():
    module = AnsibleModule(
        argument_spec={
            "action": {
                "type": "str",
                "required": True,
                "choices": [
                    *("begun", "agreed", "compared", "settled"),
                    *("found", "restored", "consumed"),
                ],
            },
            "folder": {"type": "path", "required": True},
            "run": {"type": "str", "default": ""},
            "files": {"type": "list", "elements": "path", "default": []},
            "secrets": {"type": "list", "elements": "path", "default": [], "no_log": False},
            "changed": {"type": "bool", "default": True},
            "units": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    p = module.params
    action, folder, run = p["action"], Path(p["folder"]), p["run"]
    if action == "found":
        found = {
            place.name: {"units": read(place)["units"], "cib": (place / CIB).read_text()}
            for place in runs(folder)
        }
        module.exit_json(changed=False, runs=found)
    place = folder / run
    state = read(place) if (place / STATE).is_file() else None
    if action == "compared":
        module.exit_json(changed=False, differs=bool(state) and differs(place, state))
    if action == "restored":
        files = restore(module, place, state) if state else []
        names = "".join(f"{f}\n" for f in files)
        module.exit_json(changed=bool(files), paths=files, diff={"before": "", "after": names})
    if not module.check_mode:
        if action == "begun":
            begin(folder, run, p["files"], p["secrets"], p["units"])
        elif action == "agreed":
            agree(folder, run)
        elif state and action == "settled":
            settle(place, state, p["changed"])
        elif state:
            shutil.rmtree(place)
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
