"""Nodes that are machines with a kernel of their own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evaluator.findings import EvaluationError
from evaluator.lab import Laboratory, LabSpec, guest, guest_image
from evaluator.lab.mirror import HEARD, PORT_NAME, PROGRAM, mirror
from evaluator.trial.watch import SILENT_SECONDS

from .conftest import CACHE, PASSWORD, left_of, until, wiring

pytestmark = pytest.mark.xdist_group("lab")

ASKED = os.environ.get("EVALUATE_LAB_GUESTS") == "1"
slow = pytest.mark.skipif(not ASKED, reason="guests are slow to boot: EVALUATE_LAB_GUESTS=1")


def mixed() -> LabSpec:
    return replace(wiring("zcs1", "zcs2"), guests=("zcs1",))


# --- without a machine ---------------------------------------------------------------------------


def test_a_guest_has_to_be_one_of_the_nodes() -> None:
    with pytest.raises(EvaluationError, match="no node 'other'"):
        replace(wiring("zcs1"), guests=("other",))


def test_a_guest_has_to_be_within_the_operators_reach() -> None:
    spec = wiring("zcs1")
    with pytest.raises(EvaluationError, match="out of the operator's reach"):
        replace(
            spec,
            operator={"ring0": "192.0.2.60"},
            guests=("zcs1",),
            nodes={"zcs1": {"management": "198.51.100.141"}},
        )


def test_guests_do_not_see_a_shared_disk() -> None:
    with pytest.raises(EvaluationError, match="shared disk"):
        replace(wiring("zcs1", shared_disk="/dev/shared0"), guests=("zcs1",))


def test_the_command_line_has_a_card_for_each_network_and_no_lying_data_disk() -> None:
    spec = replace(mixed(), accelerator="tcg")
    words = guest.command(spec, Path("/scratch"), "zcs1")
    cards = [word for word in words if word.startswith("virtio-net-pci")]
    assert [card.split(",mac=")[1].split(",")[0] for card in cards] == [
        spec.hardware_address("zcs1", network) for network in spec.nodes["zcs1"]
    ]
    disks = [word for word in words if word.startswith("driver=")]
    assert ["no-flush" in disk for disk in disks] == [True, False, False]
    assert any("drive=data" in word and "write-cache=off" in word for word in words)
    assert words[words.index("-accel") + 1].startswith("tcg,")
    words = guest.command(replace(spec, accelerator="kvm"), Path("/scratch"), "zcs1")
    assert words[words.index("-accel") + 1] == "kvm", "what it has translated is the emulator's"


@pytest.mark.parametrize(
    ("flags", "device", "best"),
    [
        ("fpu vmx sse", True, "kvm"),
        ("fpu svm sse", True, "kvm"),
        ("fpu vmx sse", False, "tcg"),
        ("fpu hypervisor", True, "tcg"),
    ],
)
def test_guests_run_by_kvm_where_the_processor_and_the_kernel_can(
    tmp_path: Path, flags: str, device: bool, best: str
) -> None:
    kvm, processor = tmp_path / "kvm", tmp_path / "cpuinfo"
    processor.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    if device:
        kvm.touch()
    assert guest.accelerator(kvm, processor) == best


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("mode", [0o444, 0o222])
def test_kvm_has_to_be_readable_and_writable(mode: int) -> None:
    # the folders above tmp_path are for nobody but root
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        kvm, processor = folder / "kvm", folder / "cpuinfo"
        processor.write_text("flags : vmx\n")
        kvm.touch()
        kvm.chmod(mode)
        os.seteuid(65534)
        try:
            assert guest.accelerator(kvm, processor) == "tcg"
        finally:
            os.seteuid(0)


def test_a_specification_that_leaves_it_open_gets_what_this_machine_can() -> None:
    words = guest.command(mixed(), Path("/scratch"), "zcs1")
    assert words[words.index("-accel") + 1].partition(",")[0] == guest.accelerator()


def test_the_image_has_a_name_by_what_it_is_made_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = guest_image.guest_image_path(tmp_path, tmp_path / "image-1")
    assert one == guest_image.guest_image_path(tmp_path, tmp_path / "image-1")
    assert one != guest_image.guest_image_path(tmp_path, tmp_path / "image-2")
    monkeypatch.setattr(guest_image, "PACKAGES", ("other",))
    assert one != guest_image.guest_image_path(tmp_path, tmp_path / "image-1")


def test_the_guests_tables_are_laid_out_as_they_come(tmp_path: Path) -> None:
    folder = tmp_path / "proc"

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for said in ({"net/tcp": "one", "mounts": "a"}, {"mounts": "b"}):
            writer.write(json.dumps(said).encode() + b"\n")
            await writer.drain()
        while not (folder / "mounts").exists() or (folder / "mounts").read_text() != "b":
            await asyncio.sleep(0.01)
        seen.append((folder / "net/tcp").read_text())
        writer.close()

    async def both() -> None:
        async with await asyncio.start_unix_server(tell, str(tmp_path / "socket")):
            await asyncio.wait_for(mirror(tmp_path / "socket", folder), 10)

    seen: list[str] = []
    asyncio.run(both())
    assert seen == ["one"]
    assert not os.path.lexists(folder)


def test_it_is_known_when_a_guest_was_heard_last(tmp_path: Path) -> None:
    folder = tmp_path / "proc"

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"mounts": "a"}\n')
        while not folder.exists():
            await asyncio.sleep(0.01)
        first = (folder / HEARD).stat().st_mtime
        await asyncio.sleep(0.3)
        again = time.time()
        writer.write(b"{}\n")
        while (heard := (folder / HEARD).stat().st_mtime) == first:
            await asyncio.sleep(0.01)
        times.append((first, again, heard))
        writer.close()

    async def both() -> None:
        async with await asyncio.start_unix_server(tell, str(tmp_path / "socket")):
            await asyncio.wait_for(mirror(tmp_path / "socket", folder), 10)

    times: list[tuple[float, float, float]] = []
    asyncio.run(both())
    ((first, again, heard),) = times
    assert first < again
    assert heard >= again - 0.1, "the clock of files is coarse"


def test_a_guest_of_which_nothing_changes_says_so_every_second(tmp_path: Path) -> None:
    line = tmp_path / "line"
    line.touch()
    program = PROGRAM.replace(f"/dev/virtio-ports/{PORT_NAME}", str(line))

    def said() -> list[dict[str, str]]:
        return [json.loads(each) for each in line.read_text().splitlines()]

    with subprocess.Popen([sys.executable, "-c", program]) as process:
        try:
            until(lambda: bool(said()), timeout=30)
            began = time.monotonic()
            # others may mount something meanwhile, which is said at once
            until(lambda: said().count({}) >= 3, timeout=30)
        finally:
            process.kill()
    assert time.monotonic() - began > 2
    assert " / " in said()[0]["mounts"]


def test_the_monitor_tells_what_is_refused_and_why_it_ended(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked = json.loads(line)
            reply: dict[str, object] = {"id": asked["id"], "return": {}}
            if asked["execute"] == "set_link":
                reply = {"id": asked["id"], "error": {"desc": "no card"}}
            if asked["execute"] == "quit":
                said = {"event": "SHUTDOWN", "data": {"guest": True, "reason": "guest-reset"}}
                writer.write(json.dumps(said).encode() + b"\n")
                break
            writer.write(json.dumps(reply).encode() + b"\n")
        writer.close()

    async def talk() -> str:
        async with await asyncio.start_unix_server(answer, str(tmp_path / "qmp")):
            monitor = await guest.Monitor.connect(tmp_path / "qmp")
            with pytest.raises(OSError, match="no card"):
                await monitor.ask("set_link", name="card9", up=True)
            with pytest.raises(OSError, match="the guest has ended"):
                await monitor.ask("quit")
            await monitor.heard
            return monitor.reason

    assert asyncio.run(talk()) == "guest-reset"


# --- with one ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guests(possible: None) -> Iterator[Laboratory]:
    laboratory = Laboratory(mixed(), cache=CACHE)
    if findings := laboratory.missing():
        pytest.skip("; ".join(f"{finding.message} ({finding.remedy})" for finding in findings))
    with laboratory as running:
        running.start()
        yield running
    assert left_of(running.prefix) == []


@slow
def test_a_guest_has_debians_kernel_with_drbd(guests: Laboratory) -> None:
    node = guests.node("zcs1")
    assert "Debian" in node.run("uname", "-v").stdout
    assert node.run("modprobe", "drbd").returncode == 0
    assert node.run("cat", "/sys/module/drbd/version").stdout.startswith("8.4")
    assert node.run("lsblk", "-bdno", "SIZE", "/dev/vdb").stdout.strip() == str(160 << 20)
    assert node.run("cat", input="as it is; $HOME 'x'").stdout == "as it is; $HOME 'x'"
    assert node.run("echo", "a  b", "$HOME").stdout == "a  b $HOME\n"


@slow
@pytest.mark.parametrize("carrier", [False, True])
def test_a_cable_is_cut_and_healed(guests: Laboratory, carrier: bool) -> None:
    node, ping = guests.node("zcs1"), ("ping", "-c1", "-W2", "192.0.2.12")
    guests.cut("zcs1", "ring0", carrier=carrier)
    try:
        assert node.run(*ping).returncode != 0
        assert node.run("cat", "/sys/class/net/ring0/carrier").stdout == f"{carrier:d}\n"
    finally:
        guests.heal("zcs1", "ring0")
    until(lambda: node.run(*ping).returncode == 0, 20)


@slow
def test_its_tables_can_be_read_from_here(guests: Laboratory) -> None:
    folder = Path(guests.power.ask(command="status", node="zcs1")["proc"])
    assert "198.51.100.141" in (folder / "net/fib_trie").read_text()
    guests.node("zcs1").run("mount", "-t", "tmpfs", "tmpfs", "/opt")
    until(lambda: " /opt " in (folder / "mounts").read_text())
    guests.node("zcs1").run("umount", "/opt")
    until(lambda: " /opt " not in (folder / "mounts").read_text())


@slow
def test_a_guest_is_heard_also_when_nothing_changes_and_it_is_busy(guests: Laboratory) -> None:
    node = guests.node("zcs1")
    heard = Path(guests.power.ask(command="status", node="zcs1")["proc"], HEARD)
    busy = "timeout 20 sh -c 'while :; do :; done' </dev/null >/dev/null 2>&1 &"
    node.run("sh", "-c", f"for n in 1 2 3 4; do {busy} done")
    late, end = 0.0, time.monotonic() + 15
    while time.monotonic() < end:
        late = max(late, time.time() - heard.stat().st_mtime)
        time.sleep(0.1)
    assert late < SILENT_SECONDS / 2


@slow
def test_what_a_guest_does_while_it_shuts_down_is_seen(guests: Laboratory) -> None:
    node = guests.node("zcs1")
    mounts = Path(guests.power.ask(command="status", node="zcs1")["proc"], "mounts")
    node.run("mount", "-t", "tmpfs", "tmpfs", "/opt")
    until(lambda: " /opt " in mounts.read_text())
    stop = "ExecStop=/bin/sh -c 'sleep 3; umount /opt; sleep 5'"
    unit = ("-p", "RemainAfterExit=yes", "-p", "After=opt.mount", "-p", stop)
    assert node.run("systemd-run", "--unit=slow", *unit, "true").returncode == 0
    node.run("systemctl", "reboot")
    until(lambda: " /opt " not in mounts.read_text(), 60)
    until(lambda: node.state() == "off", 60)
    until(lambda: node.state() == "on", 60)
    node.wait_for_ssh(guest.BOOT_SECONDS)


@slow
def test_the_disk_fails_and_heals(guests: Laboratory) -> None:
    write = ("dd", "if=/dev/zero", "of=/dev/vdb", "bs=4k", "count=1", "oflag=direct")
    node = guests.node("zcs1")
    assert node.run(*write).returncode == 0
    guests.fail_disk("zcs1")
    assert "Input/output error" in node.run(*write).stderr
    guests.fail_disk("zcs1", failing=False)
    assert node.run(*write).returncode == 0


@slow
def test_a_fenced_guest_loses_what_it_had_not_written(guests: Laboratory) -> None:
    node = guests.node("zcs1")
    node.run("sh", "-c", "echo kept >/var/kept; sync; echo lost >/var/lost")
    lines = {"ip": "198.51.100.151", "username": "fence", "password": PASSWORD, "plug": "1"}
    given = "".join(f"{k}={v}\n" for k, v in {**lines, "action": "reboot"}.items())
    assert guests.node("zcs2").run("fence_lab", input=given).returncode == 0
    assert node.state() == "off"
    with pytest.raises(EvaluationError, match="is not running"):
        node.run("true")
    until(lambda: node.state() == "on")
    node.wait_for_ssh(guest.BOOT_SECONDS)
    assert node.run("cat", "/var/kept").stdout == "kept\n"
    assert node.run("cat", "/var/lost").stdout == ""


@slow
def test_a_reboot_from_within_comes_back_after_the_boot_delay(guests: Laboratory) -> None:
    node = guests.node("zcs1")
    node.run("systemctl", "reboot")
    until(lambda: node.state() == "off", 60)
    went = time.monotonic()
    until(lambda: node.state() == "on", 60)
    assert time.monotonic() - went >= 0.5 * guests.spec.boot_delay
    node.wait_for_ssh(guest.BOOT_SECONDS)
    assert subprocess.run(["pgrep", "-fc", f"{guests.prefix}.*qmp"], check=False).returncode == 0
