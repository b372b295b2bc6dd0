#!/usr/bin/python3
"""A file with a secret: never in a log, never in a difference, never readable for a moment.

The builtin ``copy`` cannot take bytes that are no text (a transport key) from memory.
"""

from __future__ import annotations

import base64
import hmac
import os
import stat
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_secret
short_description: Write a secret to a file that only root reads
options:
  files:
    type: list
    elements: dict
    required: true
    description: path, content (its bytes in base64) and mode of each
"""


def write(path, content, mode):
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.unlink(missing_ok=True)
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        os.fchmod(out.fileno(), mode)
        out.flush()
        os.fsync(out.fileno())
    aside.rename(path)


def main():
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True, "no_log": True}
        },
        supports_check_mode=True,
    )
    changed = []
    for file in module.params["files"]:
        path, mode = Path(file["path"]), int(file["mode"], 8)
        content = base64.b64decode(file["content"])
        same = path.is_file() and hmac.compare_digest(path.read_bytes(), content)
        found = path.stat() if path.exists() else None
        owned = found and (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 0, mode)
        if same and owned:
            continue
        changed.append(str(path))
        if module.check_mode:
            continue
        if not same:
            write(path, content, mode)
        else:
            os.chown(path, 0, 0)
            path.chmod(mode)
    module.exit_json(changed=bool(changed), paths=changed)


if __name__ == "__main__":
    main()
