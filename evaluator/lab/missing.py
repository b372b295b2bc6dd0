"""What this machine lacks for a laboratory."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from evaluator.findings import EvaluationError, Finding
from evaluator.lab.command import must
from evaluator.lab.image import NEEDED_MIB, image_path, package_sources
from evaluator.lab.node import group_roots

_TO_RUN = {
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "losetup": "mount",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
_TO_BUILD = {"mmdebstrap": "mmdebstrap", "apt-config": "apt", "unshare": "util-linux"}


def missing(cache: Path, packages: Sequence[str], shared_disk: bool) -> Iterator[Finding]:
    """Everything that is missing, each with its remedy; tried, where it can be, not guessed."""
    if os.geteuid() != 0:
        yield Finding("lab-root", "namespaces and mounts need root", remedy="run it as root")
        return
    sources = package_sources()
    built = image_path(cache, packages, sources).is_dir()
    for program, package in (_TO_RUN if built else _TO_RUN | _TO_BUILD).items():
        if not shutil.which(program):
            remedy = f"apt-get install {package}"
            yield Finding("lab-program", f"{program} is not installed", remedy=remedy)
    if not sources:
        remedy = "the nodes' packages come from this machine's sources: run it on Debian 12"
        yield Finding("lab-sources", "no file below /etc/apt names Debian 12", remedy=remedy)
    if not (roots := group_roots()) or not all(os.access(root, os.W_OK) for root in roots):
        remedy = "in a container: mount /sys/fs/cgroup for writing"
        yield Finding("lab-groups", "no control groups for systemd can be made", remedy=remedy)
    if shared_disk and not Path("/dev/loop-control").exists():
        yield Finding("lab-loop", "the shared disk needs loop devices", remedy="modprobe loop")
    if problem := _overlay_problem(cache):
        remedy = "set EVALUATE_LAB_CACHE to a folder on ext4 or xfs"
        yield Finding("lab-overlay", f"no overlay below {cache}: {problem}", remedy=remedy)
    elif not built and (room := shutil.disk_usage(cache).free >> 20) < NEEDED_MIB:
        problem = f"{cache} has {room} MiB left, the image needs {NEEDED_MIB}"
        yield Finding("lab-room", problem, remedy="make room or set EVALUATE_LAB_CACHE")


def _overlay_problem(cache: Path) -> str:
    """Why layers cannot be mounted over each other, or nothing."""
    trial = cache / f".overlay-{secrets.token_hex(4)}"
    layers = f"lowerdir={trial}/lower,upperdir={trial}/upper,workdir={trial}/work,volatile"
    try:
        for name in ("lower", "upper", "work", "root"):
            (trial / name).mkdir(parents=True)
        must("mount", "-t", "overlay", "-o", layers, "overlay", f"{trial}/root")
        must("umount", f"{trial}/root")
    except EvaluationError as error:
        return error.findings[0].message
    except OSError as error:
        return str(error)
    finally:
        shutil.rmtree(trial, ignore_errors=True)
    return ""
