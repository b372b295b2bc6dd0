"""What kinds of power switches there are, and which of their options make fencing a lie.

Source: the agents' own manual pages and metadata (fence-agents 4.12.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

ONE_SERVER = re.compile(
    r"fence_(ipmilan|ipmilanplus|idrac|drac|imm|ilo[0-9]?|ilo[0-9]_ssh|ilo_(mp|ssh)|redfish|rsa|rsb)"
)
"""Controllers that are part of one server, whatever their outlet is called."""
STRIP = re.compile(
    r"fence_(apc|apc_snmp|cdu|cyberpower_ssh|eaton_snmp|emerson|eps|ipdu|lindypdu|netio"
    r"|raritan|raritan_px3|tripplite_snmp|wti)"
)
"""Switched power strips: a server hangs on one with each of its supplies."""
SEVERAL_SERVERS = ("ipport", "systems_uri")
"""Options that tell servers behind one address apart."""


def outlet(agent: str, address: str, plug: str, options: Mapping[str, str]) -> tuple[str, ...]:
    """What a device really switches, so that two nodes with the same one are a mistake."""
    further = tuple(f"{name}={options[name]}" for name in SEVERAL_SERVERS if name in options)
    return (address, *further) if ONE_SERVER.fullmatch(agent) else (address, *further, plug)


def unsafe_options(options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Options by which a node may count as off that is not, each with the reason."""
    missing = options.get("missing_as_off", "0").strip().lower()
    if missing not in ("", "0", "false", "no", "off"):
        yield "missing_as_off", "a mistyped outlet, which is missing, counts as a node that is off"
    if options.get("method", "").strip().lower() == "cycle":
        yield (
            "method",
            "'cycle' does not see the node off; a reset that was ignored counts as success",
        )
