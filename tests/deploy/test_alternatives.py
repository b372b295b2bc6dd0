"""keepalived's and Heartbeat's bundles build and serve on bare nodes of the same kind."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from .conftest import declaration, stateless
from .seat import NODES, Seat, changed, eventually, laboratory, longest_gap

pytestmark = pytest.mark.xdist_group("alternatives")

VIP = "198.51.100.20"


@pytest.fixture(scope="module", params=["keepalived", "heartbeat"])
def seat(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seat]:
    lab = laboratory(declaration(request.param, stateless))
    if missing := lab.missing():
        pytest.skip("; ".join(str(finding) for finding in missing))
    with lab:
        lab.start()
        yield Seat(lab, tmp_path_factory.mktemp(request.param), request.param)


def holders(seat: Seat) -> set[str]:
    """The nodes that have the virtual address."""
    return {n for n in NODES if VIP in seat.run(n, "ip", "-o", "address")}


def test_a_full_disk_is_refused_before_anything_is_touched(seat: Seat) -> None:
    bundle = seat.bundle(declaration(seat.manager, stateless))
    seat.run("zcs2", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/var")
    done = seat.deploy("plan", bundle)
    seat.run("zcs2", "umount", "/var")
    assert done.returncode == 4
    assert "error [disk-full]" in done.stderr
    assert seat.lab.node("zcs1").run("test", "-e", "/etc/haproxy").returncode == 1


def test_it_is_built_serves_moves_and_changes_nothing_the_second_time(seat: Seat) -> None:
    bundle = seat.bundle(declaration(seat.manager, stateless))
    assert changed(seat.built(bundle)) > 0
    eventually(lambda: len(holders(seat)) == 1, 30)
    eventually(lambda: "zcs" in seat.lab.client("curl", "-m", "2", f"http://{VIP}/").stdout, 30)
    done = seat.deploy("apply", bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == 0
    first = holders(seat).pop()
    with seat.probing(VIP, 80) as answers:
        time.sleep(1)
        seat.lab.node(first).kill()
        other = next(node for node in NODES if node != first)
        eventually(lambda: VIP in seat.run(other, "ip", "-o", "address"), 30)
        eventually(lambda: "zcs" in seat.lab.client("curl", "-m", "2", f"http://{VIP}/").stdout, 30)
        time.sleep(1)
    print(f"{seat.manager}: {longest_gap(answers):.2f} s without an answer")
    assert longest_gap(answers) < 20
    assert {node for _, good, node in answers if good} <= set(NODES)
