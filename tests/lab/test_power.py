"""The rack: with processes in the place of nodes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from evaluator.lab import guest, network, power
from evaluator.lab.power import Rack

from .conftest import wiring


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rack:
    """A node that is a machine; without switches, and patient for a moment only."""
    for name in ("plug_in", "unplug", "silence"):
        monkeypatch.setattr(network, name, lambda *_: None)
    monkeypatch.setattr(power, "OFF_SECONDS", 0.2)
    (tmp_path / "nodes/zcs1").mkdir(parents=True)
    return Rack("lab", replace(wiring("zcs1"), guests=("zcs1",)), tmp_path / "nodes")


class Stuck:
    """A supervisor that the kernel ends late, as one that waits for a disk."""

    def __init__(self, pid: int) -> None:
        self.pid, self.gone = pid, asyncio.Event()

    async def wait(self) -> int:
        await self.gone.wait()
        return -9


@pytest.mark.parametrize("command", ["off", "reboot"])
def test_a_node_is_off_only_when_it_has_ended(rack: Rack, command: str) -> None:
    """Else a fencing that is asked for again is confirmed while the node still writes."""

    async def fence(pid: int) -> None:
        stuck = Stuck(pid)
        rack.slots["zcs1"].supervisor = stuck  # type: ignore[assignment]
        asking = asyncio.create_task(rack.switch("zcs1", command))
        await asyncio.sleep(0.05)
        assert rack.state("zcs1") == "on"
        with pytest.raises(TimeoutError):
            await asking
        with pytest.raises(TimeoutError):
            await rack.switch("zcs1", command)
        assert await rack.switch("zcs1", "status") == "on"
        stuck.gone.set()
        assert await rack.switch("zcs1", "off") == "off"

    with subprocess.Popen(["sleep", "60"]) as process:
        asyncio.run(fence(process.pid))
        assert process.wait(5) == -9


MACHINE = """
import socket, sys, threading, time
def server(name):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(name)
    listening.listen()
    return listening
def monitor(listening):
    with listening.accept()[0].makefile("rwb", buffering=0) as line:
        while line.readline():
            line.write(b'{"id": 0, "return": {}}\\n')
tables = server("mirror")
threading.Thread(target=monitor, args=[server("qmp")], daemon=True).start()
telling = tables.accept()[0]
with open("say") as say:
    while True:
        telling.sendall(say.read().encode())
        time.sleep(0.01)
"""


@asynccontextmanager
async def machine(rack: Rack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """The node is on; what is written to the file it says."""
    say = rack.disks / "zcs1/say"
    say.touch()
    monkeypatch.chdir(say.parent)
    monkeypatch.setattr(guest, "command", lambda *_: [sys.executable, "-c", MACHINE])
    await rack.switch("zcs1", "on")
    try:
        yield say
    finally:
        await rack.switch("zcs1", "off")


async def told(rack: Rack, want: str | None) -> bool:
    for _ in range(1000):
        if rack.tables("zcs1") == want:
            return True
        await asyncio.sleep(0.02)
    return False


def test_a_machine_that_boots_has_no_tables_until_it_speaks(
    rack: Rack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def boot() -> None:
        async with machine(rack, monkeypatch) as say:
            assert rack.tables("zcs1") is None
            say.write_text('{"mounts": "a"}\n')
            assert await told(rack, str(rack.disks / "zcs1/proc"))

    asyncio.run(boot())


@pytest.mark.parametrize("line_ends", [False, True])
def test_a_machine_is_not_booting_when_its_line_has_ended_or_its_time_is_over(
    rack: Rack, monkeypatch: pytest.MonkeyPatch, line_ends: bool
) -> None:
    """It is one that cannot be read."""
    folder = rack.disks / "zcs1/proc"

    async def boot() -> None:
        async with machine(rack, monkeypatch) as say:
            if line_ends:
                say.write_text("{\n")
            else:
                monkeypatch.setattr(guest, "BOOT_SECONDS", 0)
            assert await told(rack, str(folder))
            assert not folder.exists()

    asyncio.run(boot())
