#!/usr/bin/python3
"""Files of the bundle, byte for byte, each judged by its own program before it is in place.

The builtin ``copy`` does not ask the validator in check mode, and goes to the node five times for
each file.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_files
short_description: Install files as they are given
options:
  files:
    type: list
    elements: dict
    required: true
    options:
      path: {type: path, required: true}
      content: {type: str, required: true}
      mode: {type: str, default: '0644'}
      role: {type: str}
      source: {type: str}
"""

VALIDATORS = {
    "/etc/nftables.conf": ("nft", "--check", "--file"),
    "/etc/haproxy/haproxy.cfg": ("haproxy", "-c", "-f"),
}


def read(path):
    try:
        return path.read_text(errors="surrogateescape")
    except FileNotFoundError:
        return None


def owned(path, mode):
    found = path.stat()
    return (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 0, mode)


def refuse_invalid(module, path, content):
    program, *arguments = VALIDATORS.get(str(path), ("",))
    # before its package is there nothing can judge the file, and nothing reads it either
    if not program or not module.get_bin_path(program):
        return
    candidate = Path(module.tmpdir, path.name)
    candidate.write_text(content)
    code, out, error = module.run_command([program, *arguments, str(candidate)])
    if code:
        module.fail_json(msg=f"[file-invalid] {program} refuses {path}: {(error or out).strip()}")


def write(path, content, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(content)
    aside.chmod(mode)
    os.chown(aside, 0, 0)
    try:
        aside.rename(path)
    except OSError:  # a container's hosts file is mounted and cannot be replaced
        path.write_text(content)
        aside.unlink()


def main():
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str", "required": True},
                    "mode": {"type": "str", "default": "0644"},
                    "role": {"type": "str"},
                    "source": {"type": "str"},
                },
            }
        },
        supports_check_mode=True,
    )
    changed, diffs = [], []
    for file in module.params["files"]:
        path, mode = Path(file["path"]), int(file["mode"], 8)
        before = read(path)
        if before == file["content"]:
            if owned(path, mode):
                continue
            changed.append(str(path))
            diffs.append({"prepared": f"owner or mode of {path}\n"})
            if not module.check_mode:
                os.chown(path, 0, 0)
                path.chmod(mode)
            continue
        refuse_invalid(module, path, file["content"])
        changed.append(str(path))
        diffs.append(
            {
                "before_header": str(path),
                "before": before or "",
                "after_header": str(path),
                "after": file["content"],
            }
        )
        if not module.check_mode:
            write(path, file["content"], mode)
    module.exit_json(changed=bool(changed), paths=changed, diff=diffs)


if __name__ == "__main__":
    main()
