"""Network interfaces that a file names, made in a namespace for the time of a check."""

from __future__ import annotations

import re

MAKE = """
ip link set lo up
for interface in $INTERFACES; do
    ip link show "$interface" >/dev/null 2>&1 || ip link add name "$interface" type veth
    ip link set "$interface" up
done
"""
"""Start of a shell script: makes the interfaces that the variable lists."""

HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
MOST = 64


def named(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """The variable for :data:`MAKE`: what the pattern's first group finds, if it is a name."""
    words = (w.strip('"') for match in pattern.findall(text) for w in match.split())
    names = [w for w in dict.fromkeys(words) if HARMLESS.fullmatch(w) and w != "lo"]
    return {"INTERFACES": " ".join(names[:MOST])}
