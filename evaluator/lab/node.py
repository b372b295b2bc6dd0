"""A node's machine: its disk over the shared image, its container, and a way in without ssh."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from evaluator.content import content_root
from evaluator.lab.command import must
from evaluator.lab.spec import LabSpec

FENCE_AGENT = "deploy/lab/fence_lab"

_GUEST = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}

# Beyond what a container may do by default: a cluster engine locks its memory and moves addresses.
# Not the clock and not the kernel's modules: those are the host's.
_CAPABILITIES = "CAP_NET_ADMIN,CAP_IPC_LOCK"

_JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'


_DISK_UNIT = """\
[Unit]
Description=The laboratory's shared disk
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mkdir -p {folder}
ExecStart=/bin/mknod -m 0600 {path} b {major} {minor}
"""
# A device that is bound into a container is a mount, which a resource agent that unmounts a file
# system by the name of its device takes away with it.  So each node makes the device itself.


def furnish(
    disk: Path, image: Path, spec: LabSpec, node: str, keys: Path, shared: str = ""
) -> None:
    """Lay a node's own files over the image and mount the two together at ``disk/root``.

    What the node writes stays in ``disk/upper`` over power cuts.  The folder `keys` has the
    operator's public key, ``operator.pub``; the node's host key is made there.  `shared` is the
    block device of this machine that is the nodes' shared disk, if any.
    """
    upper = disk / "upper"
    for folder in (upper, disk / "work", disk / "root"):
        folder.mkdir(parents=True)
    files = {}
    if shared and spec.shared_disk:
        number = Path(shared).stat().st_rdev
        files["etc/systemd/system/lab-disk.service"] = _DISK_UNIT.format(
            folder=Path(spec.shared_disk).parent,
            path=spec.shared_disk,
            major=os.major(number),
            minor=os.minor(number),
        )
    lay(upper, spec, node, keys, files)
    if shared and spec.shared_disk:
        wants = upper / "etc/systemd/system/sysinit.target.wants"
        wants.mkdir()
        (wants / "lab-disk.service").symlink_to("../lab-disk.service")
    # without "volatile" every package would be flushed to the host's disk; a node's power cut
    # loses nothing that the host's kernel has, with or without it
    layers = f"lowerdir={image},upperdir={upper},workdir={disk / 'work'},volatile"
    must("mount", "-t", "overlay", "-o", layers, "overlay", str(disk / "root"))


def lay(root: Path, spec: LabSpec, node: str, keys: Path, more: Mapping[str, str]) -> None:
    """Write a node's own files, and `more` of them by path, below its root.

    The folder `keys` is as for :func:`furnish`.
    """
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", node, "-f", str(keys / node))
    files = {
        "etc/machine-id": f"{hashlib.sha256(str(root).encode()).hexdigest()[:32]}\n",
        "etc/hostname": f"{node}\n",
        "etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{node}\n",
        "etc/network/interfaces": _interfaces(spec, node),
        "etc/ssh/ssh_host_ed25519_key": (keys / node).read_text(),
        "etc/ssh/ssh_host_ed25519_key.pub": (keys / f"{node}.pub").read_text(),
        "root/.ssh/authorized_keys": (keys / "operator.pub").read_text(),
        "usr/sbin/fence_lab": (content_root() / FENCE_AGENT).read_text(),
        **more,
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    for name in ("root", "root/.ssh"):
        (root / name).chmod(0o700)
    (root / "etc/ssh/ssh_host_ed25519_key").chmod(0o600)
    (root / "usr/sbin/fence_lab").chmod(0o755)


def _interfaces(spec: LabSpec, node: str) -> str:
    stanzas = ["auto lo\niface lo inet loopback\n"]
    for network, address in spec.nodes[node].items():
        card, family = spec.interface(network), "inet6" if ":" in address else "inet"
        stanzas.append(
            f"auto {card}\niface {card} {family} static\n"
            f"    address {spec.with_length(network, address)}\n"
        )
    return "\n".join(stanzas)


def container(prefix: str, disk: Path, node: str) -> list[str]:
    """The command line that boots a node's container in its namespace and its control group."""
    groups = [str(folder) for folder in _make_groups(prefix, node)]
    return [
        *("sh", "-c", _JOIN, "sh", *groups, "--"),
        *("setpriv", "--pdeathsig", "KILL", "--"),
        *("env", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network", "systemd-nspawn"),
        *("--quiet", "--register=no", "--keep-unit", "--settings=no", "--console=pipe"),
        *("--link-journal=no", "--resolv-conf=off", "--timezone=off"),
        *(f"--machine={prefix}-{node}", f"--hostname={node}", f"--capability={_CAPABILITIES}"),
        *(f"--directory={disk / 'root'}", f"--network-namespace-path=/run/netns/{prefix}-{node}"),
        "--boot",
    ]


def leader(supervisor: int) -> int | None:
    """The process that is PID 1 in the container of a ``systemd-nspawn``, when it is there."""
    with suppress(OSError):
        for pid in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("NSpid:") and line.split()[-1] == "1":
                    return int(pid)
    return None


def inside(pid: int, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` in the container whose PID 1 is `pid`."""
    clean = [f"{name}={value}" for name, value in _GUEST.items()]
    return ["nsenter", f"--target={pid}", "--all", "env", "-i", *clean, *argv]


def group_roots() -> list[Path]:
    """Where control groups for systemd are made: version 2's root, or its place beside version 1.

    Two containers in one group would see and stop each other's services.
    """
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options):
            found.append(Path(before.split()[4]))
    return found


def _make_groups(prefix: str, node: str) -> list[Path]:
    folders = [root / prefix / node for root in group_roots()]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def remove_groups(prefix: str, timeout: float = 10) -> bool:
    """End what runs in the control groups of a laboratory and remove them; whether they are gone.

    The kernel's own list of a group's processes cannot mistake another program for ours.
    """
    until = time.monotonic() + timeout
    groups = [root / prefix for root in group_roots()]
    while any(group.exists() for group in groups):
        if time.monotonic() > until:
            return False
        for group in groups:
            for folder, _, _ in os.walk(group, topdown=False):
                with suppress(OSError):
                    for pid in Path(folder, "cgroup.procs").read_text().split():
                        if pid != "0":  # that is one whom this process cannot see
                            os.kill(int(pid), signal.SIGKILL)
                with suppress(OSError):
                    Path(folder).rmdir()
        time.sleep(0.02)
    return True


def remove_traces(container: str) -> None:
    """Remove what a ``systemd-nspawn`` that was killed leaves of containers, by their names."""
    for left in Path("/run/systemd/nspawn/propagate").glob(container):
        with suppress(OSError):
            left.rmdir()
