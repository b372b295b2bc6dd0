#!/usr/bin/python3
"""Units of systemd: which start at boot, which run now.

The builtin module fails in check mode on a unit whose package is not installed yet, and reports a
change for ever where a unit's own condition keeps it from running (a clock in a container).

What a service has not taken over yet is seen from the times of its files and of its last start or
reload, not from what this run changed: a run that stopped half-way leaves it to the next.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_units
short_description: Units that are enabled, disabled, started, stopped
description: One look at all of them, and only the changes that are needed.
options:
  enabled: {type: list, elements: str, default: []}
  disabled: {type: list, elements: str, default: []}
  started: {type: list, elements: str, default: []}
  stopped: {type: list, elements: str, default: []}
  reloaded: {type: list, elements: str, default: [], description: those of them that run}
  current:
    type: list
    elements: dict
    default: []
    description: Those that run with older files than there are take the new ones over.
    options:
      unit: {type: str, required: true, description: also the name of a thing that is no unit}
      is_unit: {type: bool, default: true}
      files: {type: list, elements: path, required: true}
      reload: {type: list, elements: str, default: [], description: without it systemctl's}
      same: {type: str, default: '', description: shell words that fail if it runs with others}
  changing: {type: list, elements: path, default: [], description: files that this run changes}
  ask: {type: bool, default: false, description: only tell what is not current}
  loaded: {type: list, elements: str, default: [], description: remember that these are current}
"""

PROPERTIES = (
    "Id,LoadState,UnitFileState,ActiveState,ConditionResult,ConditionTimestampMonotonic,"
    "InactiveExitTimestampMonotonic,NeedDaemonReload"
)
LOADED = Path("/run/floss-evaluator/loaded")
"""A file for each service, as old as its last reload; a reboot takes them away."""
ENABLED = ("enabled", "enabled-runtime", "alias", "static", "indirect")


def look(module, units):
    if not units:
        return {}
    names = [u if "." in u else f"{u}.service" for u in units]
    _, out, _ = module.run_command(["systemctl", "show", f"--property={PROPERTIES}", *names])
    states = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in out.strip().split("\n\n")
    ]
    found = dict(zip(units, states, strict=False))
    for unit, state in found.items():
        if state.get("UnitFileState") == "generated":  # a script of init.d
            _, out, _ = module.run_command(["systemctl", "is-enabled", unit])
            state["UnitFileState"] = out.strip().splitlines()[-1] if out.strip() else ""
    return found


def absent(state):
    return state.get("LoadState") in (None, "not-found")


def enabled(state):
    return state.get("UnitFileState") in ENABLED


def running(state):
    return state.get("ActiveState") in ("active", "activating", "reloading")


def kept_away(state):
    """Whether its own condition has kept it from starting here since boot."""
    return (
        state.get("ConditionTimestampMonotonic", "0") != "0"
        and state.get("ConditionResult") == "no"
    )


def loaded(unit, state):
    """When it read its files last, in seconds since the epoch."""
    up = time.clock_gettime(time.CLOCK_MONOTONIC)
    started = int(state.get("InactiveExitTimestampMonotonic") or 0) / 1e6
    noted = LOADED / unit
    return max(time.time() - up + started, noted.stat().st_mtime if noted.exists() else 0.0)


def note(unit, moment):
    LOADED.mkdir(parents=True, exist_ok=True)
    (LOADED / unit).touch()
    os.utime(LOADED / unit, (moment, moment))


def behind(module, item, state):
    """Whether it runs with other files than there are, or, in check mode, than there would be."""
    if item["is_unit"] and not running(state):
        return False
    if set(item["files"]) & set(module.params["changing"]):
        return True
    # a rename, a copy with its old times and a change of mode all show in ctime
    times = [Path(f).stat().st_ctime for f in item["files"] if Path(f).exists()]
    if times and max(times) > loaded(item["unit"], state):
        return True
    return bool(item["same"]) and module.run_command(["sh", "-c", item["same"]])[0] != 0


def main():
    lists = ("enabled", "disabled", "started", "stopped", "reloaded")
    strings = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            **dict.fromkeys((*lists, "changing", "loaded"), strings),
            "ask": {"type": "bool", "default": False},
            "current": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "unit": {"type": "str", "required": True},
                    "is_unit": {"type": "bool", "default": True},
                    "files": {"type": "list", "elements": "path", "required": True},
                    "reload": strings,
                    "same": {"type": "str", "default": ""},
                },
            },
        },
        supports_check_mode=True,
    )
    p = module.params
    every = [u for name in lists for u in p[name]]
    every += [item["unit"] for item in p["current"] if item["is_unit"]]
    states = look(module, list(dict.fromkeys(every)))
    stale = {i["unit"]: i for i in p["current"] if behind(module, i, states.get(i["unit"], {}))}
    if p["ask"]:
        module.exit_json(changed=False, stale=list(stale))
    moment = time.time()
    done = [("disable", u) for u in p["disabled"] if enabled(states[u])]
    done += [("stop", u) for u in p["stopped"] if running(states[u])]
    done += [("enable", u) for u in p["enabled"] if not enabled(states[u])]
    done += [
        ("start", u) for u in p["started"] if not running(states[u]) and not kept_away(states[u])
    ]
    done += [("reload-or-restart", u) for u in p["reloaded"] if running(states[u])]
    commands = [(unit, ["systemctl", verb, unit]) for verb, unit in done]
    commands += [
        (u, i["reload"] or ["systemctl", "reload-or-restart", u]) for u, i in stale.items()
    ]
    if any(state.get("NeedDaemonReload") == "yes" for state in states.values()):
        commands.insert(0, ("", ["systemctl", "daemon-reload"]))
    words = [" ".join(command).removeprefix("systemctl ") for _, command in commands]
    if not module.check_mode:
        for unit, command in commands:
            if unit in every and absent(states.get(unit, {})) and unit not in stale:
                module.fail_json(msg=f"[unit-missing] there is no unit {unit}: is it installed?")
            code, _, error = module.run_command(command)
            if code:
                module.fail_json(
                    msg=f"[unit-failed] {' '.join(command)}: {error.strip()};"
                    f" journalctl -u {unit} says why",
                    done=words,
                )
        for unit in (*stale, *p["loaded"]):
            note(unit, moment)
    diff = {"before": "", "after": "".join(f"{w}\n" for w in words)}
    module.exit_json(changed=bool(words), done=words, diff=diff)


if __name__ == "__main__":
    main()
