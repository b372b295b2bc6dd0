"""The power of the nodes: switched by the laboratory and, out of band, over the network.

Run as ``python -m evaluator.lab.power`` in the namespace of the switches.  It alone starts and
kills nodes.  The laboratory talks to it over its standard input and output, one JSON object a line
each way, and when that input ends, because the laboratory has ended, all power goes off.

Each :class:`~evaluator.lab.spec.Outlet` answers on TCP port :data:`PORT` of its own address, as a
server's management controller does: one JSON object is asked (``username``, ``password``,
``command``, ``plug``), one is answered.  It is not encrypted: this is a laboratory's.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from evaluator.findings import EvaluationError
from evaluator.lab import guest, network
from evaluator.lab.mirror import mirror
from evaluator.lab.node import container, leader, remove_traces
from evaluator.lab.spec import LabSpec, Outlet

PORT = 6230
COMMANDS = ("on", "off", "reboot", "status")
MOODS = ("well", "silent", "refusing", "slow")
"""What a controller can be like; the slow one takes :data:`SLOW_SECONDS` for every answer."""

SLOW_SECONDS = 10

OFF_SECONDS = 20.0
"""Within which the kernel has ended a node that is killed (ours)."""

_REBOOTS = 133  # exit code of systemd-nspawn --keep-unit when the system inside wants to start anew
_LONGEST_REQUEST = 4096


@dataclass
class _Slot:
    """A node's place in the rack."""

    node: str
    supervisor: asyncio.subprocess.Process | None = None
    started: float = 0.0
    monitor: guest.Monitor | None = None
    cut: dict[str, bool] = field(default_factory=dict)
    mirror: asyncio.Task[None] | None = None
    failing: bool = False
    restart: asyncio.Task[None] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Rack:
    """All nodes of a laboratory and what switches them."""

    def __init__(self, prefix: str, spec: LabSpec, disks: Path) -> None:
        self.prefix, self.spec, self.disks = prefix, spec, disks
        self.slots = {node: _Slot(node) for node in spec.nodes}
        self.moods: dict[str, str] = {}
        self._watches: set[asyncio.Task[None]] = set()

    def log(self, source: str, command: str, node: str, result: str, **more: str | float) -> None:
        """Append a line to the log: ``time`` is in seconds since the epoch."""
        entry = {"time": time.time(), "from": source, "command": command, "node": node}
        with (self.disks.parent / "power.log").open("a") as log:
            log.write(json.dumps({**entry, "result": result, **more}) + "\n")

    def state(self, node: str) -> str:
        return "on" if self.slots[node].supervisor else "off"

    def tables(self, node: str) -> str | None:
        """Folder of what a guest's kernel says; None while it boots and has not said anything."""
        slot, folder = self.slots[node], self.disks / node / "proc"
        ended = slot.mirror is not None and slot.mirror.done()
        late = time.monotonic() - slot.started > guest.BOOT_SECONDS
        return str(folder) if folder.exists() or ended or late else None

    async def switch(self, node: str, command: str) -> str:
        """Do one of :data:`COMMANDS` and say the state that the node then has."""
        slot = self.slots[node]
        if command == "status":
            return self.state(node)
        async with slot.lock:
            if slot.restart and slot.restart is not asyncio.current_task():
                slot.restart.cancel()
            slot.restart = None
            if command == "on":
                await self._on(slot)
            else:
                await self._off(slot)
            if command == "reboot":
                self._later(slot)
        return self.state(node)

    async def rewire(self, node: str, on: str, cut: bool | None) -> None:
        """Cut or heal a cable; it stays so when the node starts anew."""
        slot = self.slots[node]
        if cut is None:
            slot.cut.pop(on, None)
        else:
            slot.cut[on] = cut
        if slot.supervisor:
            network.rewire(self.prefix, self.spec, node, on, cut)
            if slot.monitor:
                await slot.monitor.rewire(self.spec, node, [on], slot.cut)

    async def fail_disk(self, node: str, failing: bool) -> None:
        """Make a guest's data disk fail, or heal it; it stays so when the node starts anew."""
        slot = self.slots[node]
        if slot.monitor and slot.failing != failing:
            await slot.monitor.fail_disk(failing)
        slot.failing = failing

    async def _on(self, slot: _Slot) -> None:
        if slot.supervisor:
            return
        network.unplug(self.prefix, self.spec, slot.node)  # what a failed start may have left
        network.plug_in(self.prefix, self.spec, slot.node, slot.cut)
        disk = self.disks / slot.node
        slot.started, slot.mirror = time.monotonic(), None
        with (disk / "console").open("ab") as console:
            slot.supervisor = await asyncio.create_subprocess_exec(
                *(
                    guest.command(self.spec, disk, slot.node)
                    if slot.node in self.spec.guests
                    else container(self.prefix, disk, slot.node)
                ),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        watch = asyncio.create_task(self._watch(slot, slot.supervisor))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        if slot.node in self.spec.guests:
            slot.monitor = monitor = await guest.Monitor.connect(disk / "qmp")
            await monitor.rewire(self.spec, slot.node, list(slot.cut), slot.cut)
            slot.mirror = asyncio.create_task(mirror(disk / "mirror", disk / "proc"))
            if slot.failing:
                await monitor.fail_disk(True)

    async def _off(self, slot: _Slot) -> None:
        supervisor = slot.supervisor
        if not supervisor:
            return
        network.silence(self.prefix, self.spec, slot.node)
        with suppress(ProcessLookupError):
            # without its PID 1 the kernel ends all that is in the container, then its supervisor
            os.kill(leader(supervisor.pid) or supervisor.pid, signal.SIGKILL)
        # off is only who has ended: else one who asks meanwhile, or again, would be told a lie
        await asyncio.wait_for(supervisor.wait(), OFF_SECONDS)
        slot.supervisor = None
        if slot.mirror:
            await slot.mirror
        slot.monitor = slot.mirror = None
        remove_traces(f"{self.prefix}-{slot.node}")
        network.unplug(self.prefix, self.spec, slot.node)

    async def _watch(self, slot: _Slot, supervisor: asyncio.subprocess.Process) -> None:
        """See a node end by itself, and start it anew when that was its wish."""
        code = await supervisor.wait()
        async with slot.lock:
            if slot.supervisor is not supervisor:
                return
            slot.supervisor = None
            if slot.mirror:
                await slot.mirror
            network.unplug(self.prefix, self.spec, slot.node)
            again = code == _REBOOTS
            if slot.monitor:
                await slot.monitor.heard
                again, slot.monitor = slot.monitor.reason == "guest-reset", None
            self.log("node", "reboot" if again else "off", slot.node, f"exit code {code}")
            if again:
                self._later(slot)

    def _later(self, slot: _Slot) -> None:
        async def start() -> None:
            await asyncio.sleep(self.spec.boot_delay)
            await self.switch(slot.node, "on")
            self.log("rack", "on", slot.node, self.state(slot.node))

        slot.restart = asyncio.create_task(start())

    async def all_off(self) -> None:
        await asyncio.gather(*(self.switch(node, "off") for node in self.slots))


async def _answer(
    rack: Rack, outlet: Outlet, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One request of an out-of-band client."""
    async with _closing(writer):
        reply: dict[str, Any] = {"error": "not understood"}
        with suppress(ValueError, TimeoutError):
            request = json.loads(await asyncio.wait_for(reader.readline(), 10))
            asked = time.time()
            mood = rack.moods.get(outlet.device, "well")
            if mood == "silent":
                await reader.read()  # until the asker gives up
                return
            if mood == "slow":
                await asyncio.sleep(SLOW_SECONDS)
            if mood == "refusing":
                reply = {"error": "refused"}
            elif isinstance(request, dict):
                reply = await _serve(rack, outlet, {k: str(v) for k, v in request.items()})
                rack.log(
                    outlet.device,
                    str(request.get("command")),
                    outlet.plugs.get(str(request.get("plug")), ""),
                    reply.get("error") or reply.get("status", "ok"),
                    peer=writer.get_extra_info("peername")[0],
                    seconds=round(time.time() - asked, 3),
                )
        writer.write(json.dumps(reply).encode() + b"\n")
        await writer.drain()


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _serve(rack: Rack, outlet: Outlet, request: Mapping[str, str]) -> dict[str, Any]:
    given = json.dumps([request.get("username"), request.get("password")])
    right = json.dumps([outlet.username, outlet.password])
    if not hmac.compare_digest(given, right):
        return {"error": "login refused"}
    command, plug = request.get("command", ""), request.get("plug", "")
    if command == "monitor":
        return {"status": "ok"}
    if command == "list":
        return {"plugs": {p: rack.state(node) for p, node in outlet.plugs.items()}}
    if command not in COMMANDS:
        return {"error": f"no command {command!r}"}
    if plug not in outlet.plugs:
        return {"error": f"no plug {plug!r}"}
    try:
        return {"status": await rack.switch(outlet.plugs[plug], command)}
    except (EvaluationError, OSError, TimeoutError) as error:
        return {"error": str(error) or type(error).__name__}


async def _obey(rack: Rack, request: Mapping[str, Any]) -> dict[str, Any]:
    """One request of the laboratory."""
    node, command = request["node"], request["command"]
    if command == "temper":
        rack.moods[request["device"]] = request["mood"]
        return {"status": rack.state(node)}
    if command == "rewire":
        await rack.rewire(node, request["network"], request["cut"])
        return {"status": rack.state(node)}
    if command == "fail-disk":
        await rack.fail_disk(node, request["failing"])
        return {"status": rack.state(node)}
    status = await rack.switch(node, command)
    if command != "status":
        rack.log("laboratory", command, node, status)
    supervisor = rack.slots[node].supervisor
    if not supervisor:
        return {"status": status, "pid": None}
    if node in rack.spec.guests:
        return {"status": status, "machine": supervisor.pid, "proc": rack.tables(node)}
    pid = leader(supervisor.pid)
    return {"status": status, "pid": pid, "proc": f"/proc/{pid}" if pid else None}


async def _run() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    first = json.loads(await reader.readline())
    outlets = tuple(Outlet(**outlet) for outlet in first["spec"].pop("outlets"))
    spec = LabSpec(**first["spec"], outlets=outlets)
    rack = Rack(first["prefix"], spec, Path(first["nodes"]))
    servers = [
        await asyncio.start_server(
            partial(_answer, rack, outlet), outlet.address, PORT, limit=_LONGEST_REQUEST
        )
        for outlet in outlets
    ]

    print(json.dumps({"status": "ready"}), flush=True)
    try:
        while line := await reader.readline():
            try:
                answer = await _obey(rack, json.loads(line))
            except (EvaluationError, OSError, TimeoutError) as error:
                answer = {"error": str(error) or type(error).__name__}
            print(json.dumps(answer), flush=True)
    finally:
        for server in servers:
            server.close()
        await rack.all_off()


if __name__ == "__main__":
    asyncio.run(_run())
