"""The nodes' disk: a bare Debian 12 and, beside it, every package that a deployment may install.

The packages lie in the image as a small repository of their own, so that ``apt-get update`` and
``apt-get install`` work in a node as they do in a data centre, and nothing else is reached.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from debian.debfile import DebFile

from evaluator.lab.command import must
from evaluator.lab.lock import locked

SUITE = "bookworm"

BASE = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "python3-apt"),
    *("iproute2", "iputils-ping", "procps", "ifupdown"),
)
"""What the nodes have from the start: as Debian's installer leaves a server, only smaller."""

PACKAGES = (
    *("corosync", "corosync-qdevice", "corosync-qnetd", "pacemaker", "pacemaker-cli-utils"),
    *("crmsh", "pcs", "resource-agents", "fence-agents", "sbd", "drbd-utils", "ipmitool"),
    *("haproxy", "keepalived", "heartbeat", "chrony", "nftables", "rsyslog", "psmisc", "curl"),
    *("postfix", "dovecot-imapd", "dovecot-lmtpd", "dovecot-pop3d", "slapd", "ldap-utils"),
    *("nginx-light", "clamav-daemon", "clamav-milter", "openssl", "sudo", "libxml2-utils"),
    *("kmod", "netbase", "xfsprogs", "bc", "iputils-arping"),
)
"""What can be installed in the nodes, with everything that it depends on."""

NEEDED_MIB = 1024
"""Room for building: the image has some 450 MiB, and as much again passes through."""

KEPT = 7 * 86400  # seconds that an image is kept for, should its packages be wanted again

_REPOSITORY = Path("srv/packages")

_SOURCE = f"""\
Types: deb
URIs: file:/{_REPOSITORY}
Suites: ./
Trusted: yes
"""

# installed over a terminal or not: questions get their packages' own answers
_ANSWERS = "debconf debconf/frontend select Noninteractive\n"

# Mounts and processes of its own that end with us: mmdebstrap mounts /proc, /sys and /dev below the
# new root, and if a killed one left them, to remove its root would be to remove this machine's.
ALONE = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--mount", "--propagation", "private"),
    *("--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"),
)

_BUILD = (
    "--mode=root",
    "--variant=minbase",
    '--aptopt=Apt::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=force-unsafe-io",
    "--skip=cleanup/apt",
    f"--include={','.join(BASE)}",
)


def default_cache(environment: Mapping[str, str]) -> Path:
    """Where images and running laboratories lie: ``EVALUATE_LAB_CACHE`` or below /var/cache."""
    return Path(environment.get("EVALUATE_LAB_CACHE") or "/var/cache/floss-evaluator/lab")


def package_sources(etc: Path = Path("/etc/apt")) -> list[Path]:
    """The package sources of this machine that name Debian 12."""
    found = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    return [
        path
        for path in found
        if path.suffix in (".list", ".sources") and path.is_file() and SUITE in path.read_text()
    ]


def image_path(cache: Path, packages: Sequence[str], sources: Sequence[Path]) -> Path:
    """Where the image lies that these packages and sources make."""
    content = hashlib.sha256()
    steps = (inspect.getsource(step) for step in (_install, _make_repository))
    for part in (*_BUILD, *sorted(packages), _SOURCE, _ANSWERS, *steps):
        content.update(part.encode() + b"\0")
    for path in sources:
        content.update(path.read_bytes() + b"\0")
    return cache / f"image-{content.hexdigest()[:16]}"


def build(cache: Path, packages: Sequence[str] = PACKAGES) -> Path:
    """The folder with the image's root, built if it is not there; other builders wait.

    Raises
    ------
    EvaluationError
        ``lab-command`` when the installation fails.
    """
    sources = package_sources()
    final = image_path(cache, packages, sources)
    with locked(cache / "image.lock"):
        if not final.is_dir():
            aside = cache / f".{final.name}.part"
            shutil.rmtree(aside, ignore_errors=True)
            try:
                _install(aside, packages, sources)
                os.rename(aside, final)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        os.utime(final)
        forget(cache, time.time() - KEPT)
    return final


def forget(cache: Path, before: float) -> None:
    """Remove the images that nobody has asked for since then and that no node runs on."""
    mounts = Path("/proc/mounts").read_text()
    for old in cache.glob("image-*/"):
        if old.stat().st_mtime < before and f"lowerdir={old}," not in mounts:
            shutil.rmtree(old)


def _install(root: Path, packages: Sequence[str], sources: Sequence[Path]) -> None:
    download = (
        "APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq -y --no-install-recommends --download-only"
        f" install {' '.join(packages)}"
    )
    must(
        *ALONE,
        "mmdebstrap",
        *_BUILD,
        *_host_options(),
        f"--customize-hook={download}",
        SUITE,
        str(root),
        *map(str, sources),
        timeout=1800,
        log=root.with_name("image.log"),
    )
    _make_repository(root)
    must("chroot", str(root), "debconf-set-selections", input=_ANSWERS)
    # byte code ahead of its first use is most of the time that an installation takes
    (root / "usr/bin/py3compile").write_text("#!/bin/sh\n")
    for key in root.glob("etc/ssh/ssh_host_*"):
        key.unlink()  # each node gets its own
    for name in ("etc/machine-id", "etc/hostname", "etc/resolv.conf"):
        (root / name).unlink(missing_ok=True)


def _host_options() -> Iterator[str]:
    """How this machine reaches its package sources: proxies, certificates, old indexes."""
    for line in must("apt-config", "dump", "Acquire").splitlines():
        key = line.split(" ", 1)[0].lower()
        if key.startswith(("acquire::http", "acquire::check-", "acquire::retries")):
            yield f"--aptopt={line.rstrip(';')}"


def _make_repository(root: Path) -> None:
    repository = root / _REPOSITORY
    repository.mkdir(parents=True)
    stanzas = []
    for archive in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        # an epoch's colon is escaped in the cache's file names, which a repository would undo
        package = archive.rename(repository / archive.name.replace("%3a", "."))
        with DebFile(filename=str(package)) as deb:
            control = deb.debcontrol()
        control["Filename"] = f"./{package.name}"
        control["Size"] = str(package.stat().st_size)
        control["SHA256"] = hashlib.sha256(package.read_bytes()).hexdigest()
        stanzas.append(control.dump())
    (repository / "Packages").write_text("\n".join(stanzas))
    for left in (*root.glob("etc/apt/sources.list*"), root / "var/lib/apt/lists"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    (root / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)
    (root / "etc/apt/sources.list.d").mkdir()
    (root / "etc/apt/sources.list.d/laboratory.sources").write_text(_SOURCE)
    (root / "var/lib/apt/lists/partial").mkdir(parents=True)
    must("chroot", str(root), "apt-get", "-qq", "update")
