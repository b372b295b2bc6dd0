"""What this machine lacks for a laboratory."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from evaluator.findings import EvaluationError, Finding
from evaluator.lab.command import must
from evaluator.lab.guest import MEMORY_MIB
from evaluator.lab.guest_image import NEEDED_MIB as GUESTS_NEED_MIB
from evaluator.lab.image import ALONE, NEEDED_MIB, image_path, package_sources
from evaluator.lab.lock import locked
from evaluator.lab.node import group_roots
from evaluator.lab.removal import ROOT

_TO_RUN = {
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    **dict.fromkeys(("setpriv", "unshare"), "util-linux"),
    **dict.fromkeys(("mount", "umount", "losetup"), "mount"),
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
NODE_MIB = 300
"""Memory of a node under load with its share of the page cache (ours, measured: about 150)."""

NODE_DISK_MIB = 300
"""What a node writes over the image (ours, measured: 250 once a cluster is installed)."""

_FOR_GUESTS = {"qemu-system-x86_64": "qemu-system-x86", "mkfs.ext4": "e2fsprogs"}

_TO_BUILD = {"mmdebstrap": "mmdebstrap", "apt-config": "apt"}


def missing(
    cache: Path, packages: Sequence[str], shared_disk: bool, nodes: int, guests: int = 0
) -> Iterator[Finding]:
    """Everything that is missing, each with its remedy; tried, where it can be, not guessed."""
    if os.geteuid() != 0:
        yield ROOT
        return
    sources = package_sources()
    built = image_path(cache, packages, sources).is_dir()
    needed_programs = _TO_RUN | ({} if built else _TO_BUILD) | (_FOR_GUESTS if guests else {})
    for program, package in needed_programs.items():
        if not shutil.which(program):
            remedy = f"apt-get install {package}"
            yield Finding("lab-program", f"{program} is not installed", remedy=remedy)
    if not sources:
        remedy = "the nodes' packages come from this machine's sources: run it on Debian 12"
        yield Finding("lab-sources", "no file below /etc/apt names Debian 12", remedy=remedy)
    if not (roots := group_roots()) or not all(os.access(root, os.W_OK) for root in roots):
        remedy = "in a container: mount /sys/fs/cgroup for writing"
        yield Finding("lab-groups", "no control groups for systemd can be made", remedy=remedy)
    if (shared_disk or guests) and not Path("/dev/loop-control").exists():
        yield Finding("lab-loop", "disks need loop devices", remedy="modprobe loop")
    needed = (nodes - guests) * NODE_MIB + guests * 2 * MEMORY_MIB
    if (free := _available_mib()) < needed:
        problem = f"{free} MiB of memory are available, {nodes} nodes need {needed}"
        yield Finding("lab-memory", problem, remedy="end other programs, or take fewer nodes")
    if problem := _overlay_problem(cache):
        remedy = "set EVALUATE_LAB_CACHE to a folder on ext4 or xfs"
        yield Finding("lab-overlay", f"no overlay below {cache}: {problem}", remedy=remedy)
        return
    need = (nodes - guests) * NODE_DISK_MIB + (GUESTS_NEED_MIB if guests else 0)
    need += 0 if built else NEEDED_MIB
    if (room := shutil.disk_usage(cache).free >> 20) < need:
        problem = f"{cache} has {room} MiB left, the disks need {need}"
        yield Finding("lab-room", problem, remedy="make room or set EVALUATE_LAB_CACHE")


def _available_mib() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    words = dict(line.split(":", 1) for line in lines)
    return int(words["MemAvailable"].split()[0]) >> 10


def _overlay_problem(cache: Path) -> str:
    """Why layers cannot be mounted over each other, or nothing."""
    trial = cache / f".overlay-{secrets.token_hex(4)}"
    layers = f"lowerdir={trial}/lower,upperdir={trial}/upper,workdir={trial}/work,volatile"
    try:
        with locked(trial / "lock"):  # nobody cleans it away meanwhile
            for name in ("lower", "upper", "work", "root"):
                (trial / name).mkdir(parents=True)
            # who is killed here leaves no mount
            must(*ALONE, "mount", "-t", "overlay", "-o", layers, "overlay", f"{trial}/root")
    except EvaluationError as error:
        return error.findings[0].message
    except OSError as error:
        return str(error)
    finally:
        shutil.rmtree(trial, ignore_errors=True)
    return ""
