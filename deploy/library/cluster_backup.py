#!/usr/bin/python3
"""What a node was before a build: saved, dropped when the build changed nothing, restored.

A backup is a folder of its own, mode 0700: ``state.json`` (files, units) and the files' contents.
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
  action: {type: str, required: true, choices: [saved, settled, found, restored, consumed]}
  folder: {type: path, required: true}
  run: {type: str, default: ''}
  files: {type: list, elements: path, default: []}
  units: {type: list, elements: str, default: []}
"""

CIB = "cib-configuration.xml"


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


def newest(folder):
    numbers = [int(p.name) for p in folder.glob("*") if p.name.isdigit()] if folder.is_dir() else []
    return folder / str(max(numbers)) if numbers else None


def save(folder, run, files, units):
    last = newest(folder)
    place = folder / str(int(last.name) + 1 if last else 1)
    aside = folder / f".{place.name}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, parents=True)
    state = {"run": run, **snapshot(files, units)}
    for number, path in enumerate(files):
        if state["files"][path]:
            shutil.copy2(path, aside / str(number))
            os.chmod(aside / str(number), 0o600)
    (aside / CIB).write_text(cib())
    (aside / "state.json").write_text(json.dumps(state, indent=1))
    aside.rename(place)
    return place


def restore(module, place, state):
    """Put the files back; gives the paths that were not as they are to be."""
    changed = []
    for number, (path, before) in enumerate(state["files"].items()):
        if looks(Path(path)) == before:
            continue
        changed.append(path)
        if module.check_mode:
            continue
        if before is None:
            Path(path).unlink(missing_ok=True)
            continue
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        aside = Path(f"{path}.restored")
        shutil.copyfile(place / str(number), aside)
        os.chown(aside, *before["owner"])
        aside.chmod(before["mode"])
        aside.rename(path)
    return changed


def main():
    module = AnsibleModule(
        argument_spec={
            "action": {
                "type": "str",
                "required": True,
                "choices": ["saved", "settled", "found", "restored", "consumed"],
            },
            "folder": {"type": "path", "required": True},
            "run": {"type": "str", "default": ""},
            "files": {"type": "list", "elements": "path", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    p = module.params
    action, folder = p["action"], Path(p["folder"])
    if action == "saved":
        if not module.check_mode:
            save(folder, p["run"], p["files"], p["units"])
        module.exit_json(changed=False)
    place = newest(folder)
    if place is None:
        module.exit_json(changed=False, number=None, paths=[], units={}, cib="")
    state = json.loads((place / "state.json").read_text())
    before = (place / CIB).read_text()
    if action == "settled":
        now = snapshot(state["files"], state["units"])
        same = now == {k: state[k] for k in now} and cib() == before
        if same and state["run"] == p["run"] and not module.check_mode:
            shutil.rmtree(place)
        module.exit_json(changed=False, kept=not same)
    result = {"number": int(place.name), "units": state["units"], "cib": before}
    if action == "consumed":
        if not module.check_mode:
            shutil.rmtree(place)
        module.exit_json(changed=False, **result)
    if action == "restored":
        files = restore(module, place, state)
        names = "".join(f"{f}\n" for f in files)
        module.exit_json(
            changed=bool(files), paths=files, diff={"before": "", "after": names}, **result
        )
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
