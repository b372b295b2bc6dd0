"""A fence device knows where its switch is and how to log in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.fencing import MANAGEMENT_CONTROLLER, Device, devices
from evaluator.lint.registry import found, rule

OUTLETS = re.compile(
    r"fence_(apc|apc_snmp|bladecenter|cisco_ucs|docker|eaton_snmp|emerson|eps|hpblade"
    r"|ilo_moonshot|intelmodular|lpar|netio|ovh|pve|raritan|tripplite_snmp|vbox|virsh|virt|vmware_rest|vmware_soap|wti|xvm)"
)
"""Agents of a device with several outlets, which must be told the outlet of a node."""

ADDRESS = ("ip", "ipaddr", "hostname", "devices")
SECRET = (
    "password", "passwd", "password_script", "passwd_script", "identity_file", "community",
    "snmp_priv_passwd", "snmp_priv_passwd_script",
)  # fmt: skip
SECRETLESS = re.compile(r"fence_(xvm|virt|docker|netio|pve)")
MULTICAST = re.compile(r"fence_(xvm|virt)")


@rule(
    "fence-device-complete",
    rationale="A device without address, login or outlet fails on the day it is needed; Pacemaker "
    "starts it only if the agent can reach the switch.",
    remedy="write the parameters that 'stonith_admin --metadata --agent AGENT' names as required",
    source=("fence-agents-repo", "pacemaker-explained"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """Agents of controllers and of switched outlets have address, login and outlet."""
    for device in devices(cib):
        if device.agent == "fence_sbd" and "devices" not in device.parameters:
            yield found(f"{device.id} (fence_sbd) has no devices", cib.where(device.element))
        outlets = OUTLETS.fullmatch(device.agent) is not None
        if outlets or MANAGEMENT_CONTROLLER.fullmatch(device.agent):
            for lacking in _lacking(device, outlets):
                yield found(f"{device.id} ({device.agent}) has no {lacking}",
                            cib.where(device.element))  # fmt: skip


def _lacking(device: Device, outlets: bool) -> Iterator[str]:
    given = device.parameters.keys()
    if not given & set(ADDRESS) and not MULTICAST.fullmatch(device.agent):
        yield "address (ip)"
    if not given & set(SECRET) and not SECRETLESS.fullmatch(device.agent):
        yield "way to log in (password_script)"
    elif "ipmi" in device.agent and not given & {"username", "login", "userid"}:
        yield "user to log in as (username)"
    if outlets and not given & {"pcmk_host_map", "plug", "port", "pcmk_host_argument"}:
        yield "outlet for its nodes (pcmk_host_map)"
