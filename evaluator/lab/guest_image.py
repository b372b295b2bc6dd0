"""The guests' disk: the nodes' image with a kernel, as a file system in one file.

It is made of packages that lie in the image, by Debian's own scripts, so that a guest has what a
server has: a stock kernel with its modules, an initramfs, udev.  The cards of each guest are named
by its own files (:mod:`evaluator.lab.guest`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

from evaluator.lab.command import must
from evaluator.lab.image import ALONE, KEPT
from evaluator.lab.lock import locked

PACKAGES = ("linux-image-amd64", "udev", "kmod")
"""What the image must be able to install, beyond the nodes' packages."""

READY = (
    *("corosync", "corosync-qdevice", "pacemaker", "pacemaker-cli-utils", "crmsh", "drbd-utils"),
    *("resource-agents", "fence-agents", "haproxy", "chrony", "nftables", "netbase", "psmisc"),
    *("postfix", "dovecot-imapd", "dovecot-lmtpd", "dovecot-pop3d", "slapd", "ldap-utils"),
    *("nginx-light", "openssl", "sudo", "curl"),
)
"""What a guest has installed and not enabled: an emulated machine would unpack it for more than
8 minutes (measured).  That a deployment installs it from bare is tried with containers."""

_NOT_ENABLED = (
    *("corosync", "corosync-qdevice", "pacemaker", "haproxy", "drbd"),
    *("postfix", "dovecot", "slapd", "nginx"),
)

NEEDED_MIB = 2048
"""Room for building one and for the disks of two guests (measured: 700 MiB each)."""

DISK_MIB = 3072  # sparse

# Hardware that no guest has; it would be most of what the file system holds.
_LEFT_OUT = (
    *("drivers/gpu", "drivers/media", "drivers/infiniband", "drivers/iio", "drivers/staging"),
    *("drivers/net/ethernet", "drivers/net/wireless", "drivers/usb", "drivers/scsi", "sound"),
    *("drivers/isdn", "drivers/hwmon", "drivers/input", "drivers/mtd", "drivers/platform"),
)

# A list instead of "most" modules: the smaller, the sooner an emulated machine has read it.
_MODULES = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic")

_MAKE = """
image=$1 aside=$2 mib=$3
shift 3
mount -t tmpfs tmpfs "$aside/layers"
mkdir "$aside/layers/upper" "$aside/layers/work" "$aside/layers/root"
root=$aside/layers/root
mount -t overlay -o "lowerdir=$image,upperdir=$aside/layers/upper,workdir=$aside/layers/work" \
    overlay "$root"
mount -t proc proc "$root/proc"
mkdir -p "$root/usr/share/initramfs-tools/conf.d" \
    "$root/usr/share/initramfs-tools/modules.d"
printf 'MODULES=list\nCOMPRESS=gzip\nRESUME=none\n' >"$root/usr/share/initramfs-tools/conf.d/guest"
printf '%s\n' $MODULES >"$root/usr/share/initramfs-tools/modules.d/guest"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# its own questions end in an error where nothing has a host name, as here
echo 'postfix postfix/main_mailer_type select No configuration' |
    chroot "$root" debconf-set-selections
chroot "$root" apt-get -qq -y --no-install-recommends "$@" install $PACKAGES
rm "$root/usr/sbin/policy-rc.d"
for unit in $NOT_ENABLED; do chroot "$root" systemctl -q disable "$unit" || true; done
# an emulated machine would compile for minutes, and again in every guest
chroot "$root" python3 -m compileall -q /usr/lib/python3 /usr/lib/python3.11 || true
rm -f "$root"/etc/machine-id
umount "$root/proc"
cp -L "$root"/boot/vmlinuz-* "$aside/vmlinuz"
cp -L "$root"/boot/initrd.img-* "$aside/initrd"
rm -f "$root"/boot/initrd.img-* "$root"/boot/vmlinuz-*
truncate -s "${mib}M" "$aside/root.ext4"
mkfs.ext4 -q -F -L root -d "$root" "$aside/root.ext4"
rmdir "$aside/layers" 2>/dev/null || true
"""


def guest_image_path(cache: Path, image: Path) -> Path:
    """Where the guests' image lies that is made of a nodes' image."""
    content = hashlib.sha256()
    for part in (
        image.name,
        _MAKE,
        *PACKAGES,
        *READY,
        *_NOT_ENABLED,
        *_LEFT_OUT,
        *_MODULES,
        str(DISK_MIB),
    ):
        content.update(part.encode() + b"\0")
    return cache / f"guest-{content.hexdigest()[:16]}"


def build(cache: Path, image: Path) -> Path:
    """The folder with ``root.ext4``, ``vmlinuz`` and ``initrd``, made if it is not there.

    Raises
    ------
    EvaluationError
        ``lab-command`` when the installation fails.
    """
    final = guest_image_path(cache, image)
    with locked(cache / "guest.lock"):
        if not final.is_dir():
            aside = cache / f".{final.name}.part"
            shutil.rmtree(aside, ignore_errors=True)
            (aside / "layers").mkdir(parents=True)
            leave_out = [
                f"-oDPkg::Options::=--path-exclude=/lib/modules/*/kernel/{folder}/*"
                for folder in _LEFT_OUT
            ]
            settings = [
                f"MODULES={' '.join(_MODULES)}",
                f"PACKAGES={' '.join((*PACKAGES, *READY))}",
                f"NOT_ENABLED={' '.join(_NOT_ENABLED)}",
            ]
            make = ["sh", "-euc", _MAKE, "make", str(image), str(aside), str(DISK_MIB)]
            try:
                log = cache / "guest.log"
                must(*ALONE, "env", *settings, *make, *leave_out, timeout=900, log=log)
                shutil.rmtree(aside / "layers")
                os.rename(aside, final)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        os.utime(final)
        for old in cache.glob("guest-*/"):  # running guests have links to their files
            if old.stat().st_mtime < time.time() - KEPT:
                shutil.rmtree(old)
    return final
