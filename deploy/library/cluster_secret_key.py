#!/usr/bin/python3
"""A key that is already on a node: whether it can be used, and what it is.

The builtin ``slurp`` does not tell a key that is not there from one that cannot be read.
"""

from __future__ import annotations

import base64
import re
import stat
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_secret_key
short_description: Read a key and judge it
description: Changes nothing. Fails only when the key cannot be read though it is there.
options:
  path: {type: path, required: true}
  shortest: {type: int, required: true, description: bytes}
  longest: {type: int, required: true, description: bytes}
  pattern: {type: str, default: '', description: what its text holds}
  supplied: {type: bool, default: false, description: the operator's, who may own it}
"""


def judged(content, owner, mode, shortest, longest, pattern):
    """Why a key cannot be used, '' if it can."""
    if not shortest <= len(content) <= longest:
        return f"it has {len(content)} bytes, not {shortest} to {longest}"
    if pattern and not re.search(pattern, content.decode(errors="replace"), re.MULTILINE):
        return "its text is not that of a key"
    if owner != 0 or mode & 0o077:
        return f"others than root can use it (mode {mode:04o})"
    return ""


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True, "no_log": False},
            "shortest": {"type": "int", "required": True},
            "longest": {"type": "int", "required": True},
            "pattern": {"type": "str", "default": ""},
            "supplied": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    p = module.params
    path = Path(p["path"])
    try:
        content, found = path.read_bytes(), path.stat()
    except (FileNotFoundError, NotADirectoryError):
        module.exit_json(changed=False, there=False, content="", fault="", error="")
    except OSError as error:
        module.exit_json(changed=False, there=True, content="", fault="", error=error.strerror)
    owner, mode = (0, 0o400) if p["supplied"] else (found.st_uid, stat.S_IMODE(found.st_mode))
    fault = judged(content, owner, mode, p["shortest"], p["longest"], p["pattern"])
    module.exit_json(
        changed=False,
        there=True,
        content="" if fault else base64.b64encode(content).decode(),
        fault=fault,
        error="",
    )


if __name__ == "__main__":
    main()
