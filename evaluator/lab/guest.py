"""A node that is a machine of its own: a QEMU guest with its kernel, its disks and its cards.

What a power cut proves here.  Killing QEMU loses all that the guest had not yet written to its
disk: its page cache, its file systems' and DRBD's unfinished work.  What the guest was told is on
the disk is in a file of this machine, whose kernel lives on.  So it is proven that nothing is
acknowledged before it was *written* to a disk and to its peer's; not that it would survive the
loss of this machine, and not that a disk with a cache of its own that lies about flushes would
keep it (the guest is shown a disk without such a cache).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from evaluator.lab import mirror
from evaluator.lab.command import must
from evaluator.lab.image import ALONE
from evaluator.lab.network import port
from evaluator.lab.node import lay
from evaluator.lab.spec import LabSpec

MEMORY_MIB = 512
"""Of a guest; the emulator itself needs as much again for what it has translated (ours)."""

BOOT_SECONDS = 300
"""Bound for an emulated guest's boot on a busy machine (measured on an idle one: about 30)."""

_COPY = 'mount -o loop "$1" "$2"; cp -r -P --preserve=mode "$3"/. "$2"; umount "$2"'

_UNSAFE = ",cache.no-flush=on"
_BAD = "failing"  # the disk with every operation failing
_DISK = "data"

Cut = Mapping[str, bool]


def furnish(disk: Path, image: Path, spec: LabSpec, node: str, keys: Path) -> None:
    """Make a guest's files in the folder `disk`: kernel, initramfs, system disk and data disk.

    `image` is the folder of :func:`evaluator.lab.guest_image.build`, `keys` as for
    :func:`evaluator.lab.node.furnish`.
    """
    own, point = disk / "own", disk / "root"
    own.mkdir(parents=True)
    point.mkdir()
    links = {
        f"etc/systemd/network/10-{spec.interface(network)}.link": (
            f"[Match]\nMACAddress={spec.hardware_address(node, network)}\n"
            f"[Link]\nName={spec.interface(network)}\n"
        )
        for network in spec.nodes[node]
    }
    files = {
        "etc/systemd/system/lab-mirror.service": mirror.UNIT,
        "usr/local/sbin/lab-mirror": mirror.PROGRAM,
    }
    lay(own, spec, node, keys, links | files)
    wants = own / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir()
    (wants / "lab-mirror.service").symlink_to("../lab-mirror.service")
    for name in ("vmlinuz", "initrd"):
        os.link(image / name, disk / name)  # it stays when the image is forgotten
    system = str(disk / "root.ext4")
    must("cp", "--sparse=always", "--reflink=auto", str(image / "root.ext4"), system, timeout=300)
    must(*ALONE, "sh", "-euc", _COPY, "copy", system, str(point), str(own), timeout=300)
    with (disk / "data").open("wb") as data:
        data.truncate(spec.guest_disk_mib << 20)


def accelerator(kvm: Path = Path("/dev/kvm"), processor: Path = Path("/proc/cpuinfo")) -> str:
    """The fastest way to run guests on this machine: ``kvm`` where it can be used, else ``tcg``.

    A device alone does not tell: a virtual machine may have one whose guests need a kernel that is
    made for it.  So the processor has to have Intel's or AMD's extensions too.  ``kvm`` was not
    tried: no machine with these extensions was at hand.
    """
    words = processor.read_text().split()
    with suppress(OSError):
        if "vmx" in words or "svm" in words:
            os.close(os.open(kvm, os.O_RDWR | os.O_CLOEXEC))
            return "kvm"
    return "tcg"


def command(spec: LabSpec, disk: Path, node: str) -> list[str]:
    """The command line that runs a guest, in the namespace of the switches.

    Its system disk ignores flushes: they would only wait for this machine's disk.  The data disk
    does not, so that a write is answered only when it is in its file.  The processor is the best
    that the accelerator has: with KVM that is this machine's own.
    """
    by = spec.accelerator or accelerator()
    words = [
        *("setpriv", "--pdeathsig", "KILL", "--", "qemu-system-x86_64"),
        *("-accel", f"{by}{',tb-size=128' * (by == 'tcg')}"),
        *("-cpu", "max", "-m", str(MEMORY_MIB), "-smp", "1", "-nodefaults", "-display", "none"),
        # no reset goes on by itself: the rack's boot delay comes first
        *("-action", "reboot=shutdown,shutdown=poweroff", "-serial", "stdio"),
        *("-qmp", f"unix:{disk / 'qmp'},server=on,wait=off"),
        *("-kernel", str(disk / "vmlinuz"), "-initrd", str(disk / "initrd")),
        *("-append", "root=/dev/vda rw console=ttyS0 quiet mitigations=off nokaslr"),
        *("-blockdev", f"driver=file,node-name=system,filename={disk / 'root.ext4'}{_UNSAFE}"),
        *("-device", "virtio-blk-pci,drive=system"),
        *("-blockdev", f"driver=file,node-name=file,filename={disk / 'data'}"),
        *("-blockdev", f"driver=raw,node-name={_DISK},file=file"),
        *("-device", f"virtio-blk-pci,drive={_DISK},write-cache=off,werror=report,rerror=report"),
        *("-device", "virtio-rng-pci", "-device", "virtio-serial-pci"),
        *("-chardev", f"socket,id=mirror,path={disk / 'mirror'},server=on,wait=off"),
        *("-device", f"virtserialport,chardev=mirror,name={mirror.PORT_NAME}"),
    ]
    for number, network in enumerate(spec.nodes[node]):
        tap = port(spec, node, network)
        mac = spec.hardware_address(node, network)
        words += ["-netdev", f"tap,id=n{number},ifname={tap},script=no,downscript=no"]
        words += ["-device", f"virtio-net-pci,netdev=n{number},mac={mac},id={_card(number)}"]
    return words


def _card(number: int) -> str:
    return f"card{number}"


class Monitor:
    """The lines to a running QEMU: asks it, and hears why it ends.

    See the QEMU Machine Protocol, ``interop/qmp-spec``.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.reason = ""
        """Why the guest has ended: ``guest-reset``, ``guest-shutdown`` or nothing, when killed."""
        self.heard = asyncio.create_task(self._hear())

    @classmethod
    async def connect(cls, path: Path, timeout: float = 20) -> Monitor:
        """To the socket of a QEMU that is being started.

        Raises
        ------
        TimeoutError
            When it is not there in time.
        """
        async with asyncio.timeout(timeout):
            while True:
                with suppress(OSError):
                    reader, writer = await asyncio.open_unix_connection(str(path))
                    break
                await asyncio.sleep(0.05)
            monitor = cls(reader, writer)
            await monitor.ask("qmp_capabilities")
        return monitor

    async def ask(self, execute: str, **arguments: object) -> Any:
        """One command and what it returns.

        Raises
        ------
        OSError
            When it is refused, or QEMU ends meanwhile.
        """
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        words = {"execute": execute, "arguments": arguments, "id": number}
        self._writer.write(json.dumps(words).encode() + b"\n")
        reply = await asyncio.wait_for(answer, 20)
        if "error" in reply:
            raise OSError(f"{execute}: {reply['error']['desc']}")
        return reply["return"]

    async def _hear(self) -> None:
        with suppress(OSError, ValueError):
            while line := await self._reader.readline():
                said = json.loads(line)
                if said.get("event") == "SHUTDOWN":
                    self.reason = said["data"]["reason"]
                elif waiting := self._asked.pop(said.get("id", -1), None):
                    waiting.set_result(said)
        self._writer.close()
        for waiting in self._asked.values():
            waiting.set_result({"error": {"desc": "the guest has ended"}})

    async def rewire(self, spec: LabSpec, node: str, networks: Sequence[str], cut: Cut) -> None:
        """Let the guest's cards see whether their cables are in: a tap alone does not tell."""
        for network in networks:
            number = list(spec.nodes[node]).index(network)
            await self.ask("set_link", name=_card(number), up=cut.get(network) is not False)

    async def fail_disk(self, failing: bool) -> None:
        """Make every operation on the data disk fail with an input/output error, or heal it."""
        if failing:
            # not flushes: QEMU makes one itself when the disk is exchanged
            errors = [{"event": "none", "iotype": kind, "errno": 5} for kind in ("read", "write")]
            bad = {"node-name": _BAD, "image": "file", "inject-error": errors}
            await self.ask("blockdev-add", driver="blkdebug", **bad)
        below = _BAD if failing else "file"
        reopened = {"driver": "raw", "node-name": _DISK, "file": below}
        await self.ask("blockdev-reopen", options=[reopened])
        if not failing:
            await self.ask("blockdev-del", **{"node-name": _BAD})
