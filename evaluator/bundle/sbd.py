"""``/etc/default/sbd`` for SBD 1.5: self-fencing by a watchdog, with or without shared devices.

Names of the variables: sbd(8), "Configuration via environment".
"""

from __future__ import annotations

from evaluator.cluster.model import Watchdog


def sbd_default(watchdog: Watchdog) -> bytes:
    """Render ``/etc/default/sbd``; the same on every member.

    The times on a device are written into the device when it is initialised
    (``sbd -d DEVICE -1 TIMEOUT -4 MSGWAIT create``); there they win over this file.
    """
    lines = [
        "# Node fences itself when it loses its peers, its devices or its Pacemaker.",
    ]
    if watchdog.devices:
        lines.append(f'SBD_DEVICE="{";".join(watchdog.devices)}"')
    lines += [
        "SBD_PACEMAKER=yes",
        "SBD_STARTMODE=always",
        "# a node that is back before its fencing is known would be taken for the old one",
        "SBD_DELAY_START=yes",
        f"SBD_WATCHDOG_DEV={watchdog.device}",
        f"SBD_WATCHDOG_TIMEOUT={watchdog.timeout}",
        "SBD_TIMEOUT_ACTION=flush,reboot",
        "SBD_MOVE_TO_ROOT_CGROUP=auto",
        "SBD_SYNC_RESOURCE_STARTUP=yes",
        'SBD_OPTS=""',
    ]
    return ("\n".join(lines) + "\n").encode()
