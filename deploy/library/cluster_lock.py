#!/usr/bin/python3
"""One run at a time: a record on every node of who works on it.

A record of the same seat is dead as soon as its process is; one of another seat after an hour, and
at a restart of the node, as ``/run`` is empty then.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_lock
short_description: Take or leave a node for one run
description: Bookkeeping, so nothing is ever reported as changed. Check mode only looks.
options:
  action: {type: str, required: true, choices: [taken, left]}
  run: {type: str, required: true}
  seat: {type: str, default: '', description: the operator's machine}
  process: {type: int, default: 0, description: the run's process there}
  processes: {type: list, elements: int, default: [], description: every such process there}
"""

RECORD = Path("/run/floss-evaluator/lock")
STALE_SECONDS = 3600
"""Ours: longer than a build of bare nodes, shorter than a working day."""


def holder(p):
    """The record of another run that still goes on, or None."""
    try:
        found = json.loads(RECORD.read_text())
    except (FileNotFoundError, ValueError):
        return None
    if found["run"] == p["run"]:
        return None
    if found["seat"] == p["seat"]:
        return found if found["process"] in p["processes"] else None
    return found if 0 <= time.time() - found["time"] < STALE_SECONDS else None


def main():
    module = AnsibleModule(
        argument_spec={
            "action": {"type": "str", "required": True, "choices": ["taken", "left"]},
            "run": {"type": "str", "required": True},
            "seat": {"type": "str", "default": ""},
            "process": {"type": "int", "default": 0},
            "processes": {"type": "list", "elements": "int", "default": []},
        },
        supports_check_mode=True,
    )
    p = module.params
    if module.check_mode:
        module.exit_json(changed=False, holder=holder(p))
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    with open(RECORD.with_name("lock.guard"), "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if p["action"] == "left":
            if RECORD.exists() and json.loads(RECORD.read_text())["run"] == p["run"]:
                RECORD.unlink()
            module.exit_json(changed=False, holder=None)
        other = holder(p)
        if other is None:
            mine = {name: p[name] for name in ("run", "seat", "process")}
            aside = RECORD.with_name(f"lock.{os.getpid()}")
            aside.write_text(json.dumps({**mine, "time": time.time()}))
            aside.rename(RECORD)
    module.exit_json(changed=False, holder=other)


if __name__ == "__main__":
    main()
