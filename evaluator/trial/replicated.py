"""What makes the laboratory's site one with replicated data: two machines with DRBD between them.

The shared disk is replaced by each node's own, there is a network for the replication, and the
timing is what an emulated machine needs.  And how copies are compared.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from evaluator.lab.spec import GUEST_DISK
from evaluator.trial.managers import Run

NODES = ("zcs1", "zcs2")
NETWORK = "replication"

TOKEN_MS = 5000
"""An emulated processor that is shared by two guests may be late by seconds (ours)."""

SLOWNESS = 4
"""With the usual intervals an emulated node is busy with its own checks (measured: an address is
looked at for 1.6 s of the processor, and within 10 s so is all else)."""

_SLOWER = {
    "start_timeout_seconds": 300,
    "stop_timeout_seconds": 180,
    "monitor_interval_seconds": 60,
    "monitor_timeout_seconds": 120,
}


def replicate(words: dict[str, Any]) -> None:
    """Change the words of the laboratory's site."""
    words["networks"].append(
        {
            "name": NETWORK,
            "purpose": "replication",
            "cidr": "192.0.2.128/26",
            "interface": NETWORK,
        }
    )
    for number, node in enumerate(n for n in words["nodes"] if n["name"] in NODES):
        node["addresses"][NETWORK] = f"192.0.2.{139 + number}"
    words["volumes"] = [
        {
            "name": "mail",
            "backing_disk": GUEST_DISK,
            "size_gib": 1,
            "minor": 0,
            "port": 7788,
            "filesystem": "ext4",
            "mount": "/opt",
        }
    ]
    words["services"][0] |= _SLOWER
    words["timing"] |= {"token_ms": TOKEN_MS, "slowness": SLOWNESS}
    words["service_level"]["recovery_time_seconds"] = 900


BAN = "//rsc_location[starts-with(@id,'drbd-fence-by-handler')]"
"""What DRBD's handler puts into the CIB while a copy must not be promoted."""


def why_not_whole(run: Run, name: str, nodes: Sequence[str]) -> str:
    """What is missing to copies that are all good and may all be promoted; '' for nothing."""
    for node in nodes:
        for question, good in (("cstate", "Connected"), ("dstate", "UpToDate/UpToDate")):
            said = run(node, "drbdadm", question, name).stdout.strip()
            if said != good:
                return f"{node} says: {question} of {name} is {said or 'unknown'}"
    if run(nodes[0], "cibadmin", "--query", "--xpath", BAN).returncode == 0:
        return f"a copy of {name} may not be promoted"
    return ""


def difference(run: Run, name: str, node: str, seconds: float) -> str:
    """How the copies differ, compared block by block on their disks while they are used; '' if not.

    That is ``drbdadm verify`` (drbdsetup(8)): both sides read and hash every block, here as fast as
    they can; usually it spares the others who use the disks.
    """
    run(node, "drbdadm", "disk-options", "--c-plan-ahead=0", "--resync-rate=100M", name)
    if said := run(node, "drbdadm", "verify", name).stderr.strip():
        return f"the copies cannot be compared: {said[-200:]}"
    until = time.monotonic() + seconds
    while (state := run(node, "drbdadm", "cstate", name).stdout.strip()) != "Connected":
        if time.monotonic() > until:
            return f"the copies were not compared in {seconds:g} s: {state}"
        time.sleep(1)
    run(node, "drbdadm", "adjust", name)
    found = re.search(r"\boos:(\d+)", run(node, "cat", "/proc/drbd").stdout)
    if not found:
        return "/proc/drbd does not say how the copies compare"
    return "" if found[1] == "0" else f"{found[1]} KiB of the copies differ"
