"""keepalived's and Heartbeat's bundles build and serve on bare nodes of the same kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evaluator.trial.record import of

from .conftest import declaration
from .seat import NODES, Seat, changed, eventually, laboratory, tried

pytestmark = pytest.mark.xdist_group("alternatives")

VIP = "198.51.100.20"


@pytest.fixture(scope="module", params=["keepalived", "heartbeat"])
def seat(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seat]:
    lab = laboratory(declaration(request.param))
    if missing := lab.missing():
        pytest.skip("; ".join(str(finding) for finding in missing))
    with lab:
        lab.start()
        yield Seat(lab, tmp_path_factory.mktemp(request.param), request.param)


def holders(seat: Seat) -> set[str]:
    """The nodes that have the virtual address."""
    return {n for n in NODES if VIP in seat.run(n, "ip", "-o", "address")}


def test_a_full_disk_is_refused_before_anything_is_touched(seat: Seat) -> None:
    bundle = seat.bundle(declaration(seat.manager))
    seat.run("zcs2", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/var")
    done = seat.deploy("plan", bundle)
    seat.run("zcs2", "umount", "/var")
    assert done.returncode == 4
    assert "error [disk-full]" in done.stderr
    assert seat.lab.node("zcs1").run("test", "-e", "/etc/haproxy").returncode == 1


def test_it_is_built_serves_and_changes_nothing_the_second_time(seat: Seat) -> None:
    bundle = seat.bundle(declaration(seat.manager))
    assert changed(seat.built(bundle)) > 0
    eventually(lambda: len(holders(seat)) == 1, 30)
    eventually(lambda: "zcs" in seat.lab.client("curl", "-m", "2", f"http://{VIP}/").stdout, 30)
    done = seat.deploy("apply", bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == 0


def test_the_other_node_serves_when_one_is_lost(seat: Seat) -> None:
    done = tried(seat, "power-cut-active")
    moved = of(done, cluster=seat.manager, repetition=1, order=1, date="", budget=6.6, versions={})
    print(f"{seat.manager}: {done.observation.outage:.2f} s without an answer: {moved.phases}")
    assert moved.moved
    assert done.observation.holders == 1
    assert 0 < done.observation.outage < 30
    assert not done.observation.not_whole


def test_without_fencing_two_nodes_have_the_address_and_the_audit_says_so(seat: Seat) -> None:
    """A laboratory in which nothing can fail proves nothing."""
    done = tried(seat, "isolated-silent")
    assert "two-holders" in {finding.code for finding in done.findings}
    assert done.observation.fenced == []
    assert not done.observation.not_whole
