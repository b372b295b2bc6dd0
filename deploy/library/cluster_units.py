#!/usr/bin/python3
"""Units of systemd: which start at boot, which run now.

The builtin module fails in check mode on a unit whose package is not installed yet, and reports a
change for ever where a unit's own condition keeps it from running (a clock in a container).
"""

from __future__ import annotations

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
"""

PROPERTIES = "Id,LoadState,UnitFileState,ActiveState,ConditionResult,ConditionTimestampMonotonic"
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


def main():
    lists = ("enabled", "disabled", "started", "stopped", "reloaded")
    module = AnsibleModule(
        argument_spec={name: {"type": "list", "elements": "str", "default": []} for name in lists},
        supports_check_mode=True,
    )
    p = module.params
    every = list(dict.fromkeys(u for name in lists for u in p[name]))
    states = look(module, every)
    done = [("disable", u) for u in p["disabled"] if enabled(states[u])]
    done += [("stop", u) for u in p["stopped"] if running(states[u])]
    done += [("enable", u) for u in p["enabled"] if not enabled(states[u])]
    done += [
        ("start", u) for u in p["started"] if not running(states[u]) and not kept_away(states[u])
    ]
    done += [("reload-or-restart", u) for u in p["reloaded"] if running(states[u])]
    words = [f"{verb} {unit}" for verb, unit in done]
    if not module.check_mode:
        for verb, unit in done:
            if absent(states[unit]):
                module.fail_json(msg=f"[unit-missing] there is no unit {unit}: is it installed?")
            code, _, error = module.run_command(["systemctl", verb, unit])
            if code:
                module.fail_json(
                    msg=f"[unit-failed] systemctl {verb} {unit}: {error.strip()};"
                    f" journalctl -u {unit} says why",
                    done=words,
                )
    diff = {"before": "", "after": "".join(f"{w}\n" for w in words)}
    module.exit_json(changed=bool(done), done=words, diff=diff)


if __name__ == "__main__":
    main()
