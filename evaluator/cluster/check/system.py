"""What belongs to the system of the nodes and not to the service: folders, disks, ports, units."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration

WHOLE = (
    "/ /home /usr/local /var /var/backups /var/cache /var/lib /var/local /var/log /var/spool "
    "/var/tmp"
)
"""Folders that the system needs as they are; a folder inside may be the service's (ours)."""
WITHIN = (
    "/bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /root /run /sbin /sys /tmp /usr "
    "/var/lib/apt /var/lib/corosync /var/lib/dpkg /var/lib/drbd /var/lib/floss-evaluator "
    "/var/lib/haproxy /var/lib/heartbeat /var/lib/pacemaker /var/lib/pcsd /var/lib/systemd "
    "/var/lock /var/log/journal /var/run"
)
"""Folders in which nothing is the service's, except below ``/usr/local`` (ours)."""
NO_DISKS = re.compile(r"/dev/(null|zero|full|random|urandom|tty.*|pts/.*|shm/.*|fd/.*|drbd.*)")

SSH_PORT = 22
PCSD_PORT = 2224
ESSENTIAL = re.compile(
    r"(ssh|sshd|dbus|dbus-broker|networking|NetworkManager|systemd-.*|init|getty|serial-getty"
    r"|nftables|iptables|firewalld|ufw|chrony|ntp|ntpsec|cron|rsyslog|udev|multipathd|iscsid"
    r"|open-iscsi|lvm2-.*|corosync|corosync-.*|pacemaker|pacemaker_remote|pcsd|sbd|drbd"
    r"|keepalived|heartbeat|watchdog|openipmi)(@.*)?"
)
"""Units that the node or its cluster stands on (ours: what Debian 12 and these stacks run)."""
NOT_SERVICES = re.compile(r".*\.(target|socket|mount|automount|swap|slice|scope|timer|path|device)")


def folders(site: Declaration) -> Iterator[Problem]:
    """A mount hides no folder of the system, and a disk is a disk."""
    for v in site.volumes:
        plain = posixpath.normpath(v.mount)
        within = any(f"{plain}/".startswith(f"{folder}/") for folder in WITHIN.split())
        hidden = within or plain in WHOLE.split()
        if plain != v.mount or (hidden and not plain.startswith("/usr/local/")):
            yield Problem(
                "mount-hides-system",
                f"volumes.{v.name}.mount",
                f"{v.mount!r} is a folder of the system"
                if plain == v.mount
                else f"{v.mount!r} means {plain!r}",
                "use a folder of the service alone, such as /opt or /srv/mail, in its plain form",
            )
        disk = posixpath.normpath(v.backing_disk)
        if disk != v.backing_disk or not disk.startswith("/dev/") or NO_DISKS.fullmatch(disk):
            yield Problem(
                "disk-not-for-data",
                f"volumes.{v.name}.backing_disk",
                f"{v.backing_disk!r} is no disk that can be given away",
                "name a block device below /dev, such as /dev/vg0/mail, in its plain form",
            )


def ports(site: Declaration) -> Iterator[Problem]:
    """Every port of a node has one owner: ssh, pcsd, DRBD, the service, the load balancer."""
    chosen = set(site.stack.components.values())
    owners = {SSH_PORT: "ssh"} | ({PCSD_PORT: "pcsd"} if "pcs" in chosen else {})
    for v in site.volumes:
        if v.kind == "drbd":
            owners.setdefault(v.port, f"the replication of {v.name!r}")
    for s in site.services:
        at = f"services.{s.name}.endpoints"
        if not s.endpoints:
            yield Problem(
                "no-endpoints",
                at,
                "none; the packet filter lets no client in, and a load balancer has no work",
                "list the ports that clients use",
            )
        taken = dict(owners)
        claims = [(e, "port", e.port) for e in s.endpoints]
        if "haproxy" in chosen:
            # what is spoken to alike may be one listener behind several public ports
            behind = {(e.backend_port, e.mode, e.proxy_protocol): e for e in reversed(s.endpoints)}
            claims += [(e, "backend_port", e.backend_port) for e in reversed(behind.values())]
        for endpoint, key, port in claims:
            # endpoint-port and duplicate-port tell of the same number twice in one place
            if key == "backend_port" and port == endpoint.port:
                continue
            mine = f"{key} of endpoint {endpoint.name!r}"
            owner = taken.setdefault(port, mine)
            if owner != mine and not (key == "port" and owner.startswith("port of")):
                yield Problem(
                    "port-taken",
                    f"{at}.{endpoint.name}.{key}",
                    f"{port} is taken by {owner}",
                    "use another port",
                )


def units(site: Declaration) -> Iterator[Problem]:
    """The service is no unit that the node or its cluster stands on."""
    balanced = "haproxy" in site.stack.components.values()
    for s in site.services:
        standard, _, unit = s.agent.partition(":")
        name = unit.removesuffix(".service")
        if standard == "systemd" and (
            ESSENTIAL.fullmatch(name)
            or NOT_SERVICES.fullmatch(name)
            or (balanced and name == "haproxy")
        ):
            yield Problem(
                "agent-essential-unit",
                f"services.{s.name}.agent",
                f"{s.agent!r}: the cluster would stop it on every node but one",
                "name the unit of the service itself",
            )
