"""What a guest's kernel says of itself, brought out beside its networks.

A container's tables can be read below ``/proc/PID`` of this machine.  A guest has a unit that sends
the same tables by a serial line of their own, and here they are laid into a folder that looks like
that one.  What is read there is as old as the line is slow: the unit looks five times a second, and
an emulated processor that is busy may be late.  A guest that is silent keeps what it last said; it
says something every second, and the file :data:`HEARD` tells when it did.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from contextlib import closing, suppress
from pathlib import Path

PORT_NAME = "laboratory.mirror"

HEARD = "heard"
"""A file beside the tables, modified whenever the guest says something."""

UNIT = """\
[Unit]
Description=What the laboratory sees of this machine
# by default it would be stopped first of all, and the rest of a shutdown not be seen
DefaultDependencies=no
After=basic.target
[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/lab-mirror
Restart=always
RestartSec=1
Nice=-5
[Install]
WantedBy=multi-user.target
"""

PROGRAM = f"""\
import json, os, time
TABLES = ("net/fib_trie", "net/if_inet6", "net/tcp", "net/tcp6", "mounts")
opened = {{name: os.open("/proc/self/" + name, os.O_RDONLY) for name in TABLES}}
def table(name):
    text, part = b"", b"?"
    while part:
        part = os.pread(opened[name], 1 << 16, len(text))
        text += part
    if not name.startswith("net/tcp"):
        return text.decode()
    # listeners only: connections come and go
    lines = [line.split() for line in text.decode().splitlines()]
    return "".join(" ".join(words[:4]) + " \\n" for words in lines if words[3] == "0A")
last, said = {{}}, 0
with open("/dev/virtio-ports/{PORT_NAME}", "w") as out:
    while True:
        now = {{name: table(name) for name in TABLES}}
        changed = {{name: text for name, text in now.items() if last.get(name) != text}}
        if changed or time.monotonic() - said >= 1:
            out.write(json.dumps(changed) + "\\n")
            out.flush()
            said = time.monotonic()
        last = now
        time.sleep(0.2)
"""


async def mirror(socket: Path, folder: Path) -> None:
    """Keep the folder as the guest's tables are, until the guest ends; then remove it."""
    folder.unlink(missing_ok=True)
    aside = folder.with_suffix(".part")
    (aside / "net").mkdir(parents=True, exist_ok=True)
    try:
        with suppress(OSError, ValueError):
            reader, writer = await asyncio.open_unix_connection(str(socket), limit=1 << 20)
            with closing(writer):
                while line := await reader.readline():
                    for name, text in json.loads(line).items():
                        (aside / f"{name}.new").write_text(text)
                        os.rename(aside / f"{name}.new", aside / name)
                    (aside / HEARD).touch()
                    if not folder.exists():  # whole from the first
                        folder.symlink_to(aside.name)
    finally:
        folder.unlink(missing_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
