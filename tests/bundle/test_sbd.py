"""Self-fencing: the same times in SBD's own file as in the CIB."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lxml import etree

from evaluator.bundle import Bundle

from .conftest import text


def settings(bundle: Bundle) -> dict[str, str]:
    found = re.findall(r'^(SBD_\w+)="?([^"\n]*)"?$', text(bundle, "sbd/sbd"), re.MULTILINE)
    return dict(found)


def test_diskless(variant: Callable[[str], Bundle]) -> None:
    made = variant("witness-sbd")
    found = settings(made)
    assert "SBD_DEVICE" not in found
    assert found["SBD_WATCHDOG_DEV"] == "/dev/watchdog0"
    assert found["SBD_WATCHDOG_TIMEOUT"] == "5"
    assert found["SBD_PACEMAKER"] == found["SBD_DELAY_START"] == "yes"
    cib = etree.fromstring(made.files["pacemaker/cib.xml"])
    assert cib.xpath("//nvpair[@name='stonith-watchdog-timeout']/@value") == ["10s"]


def test_on_disks(variant: Callable[[str], Bundle]) -> None:
    made = variant("shared-disk-sbd")
    devices = [f"/dev/disk/by-id/wwn-{n}" for n in range(3)]
    assert settings(made)["SBD_DEVICE"] == ";".join(devices)
    cib = etree.fromstring(made.files["pacemaker/cib.xml"])
    agent = "//primitive[@type='fence_sbd']//nvpair[@name='devices']/@value"
    assert cib.xpath(agent) == [",".join(devices)]
    # the node's own controller first, a message second
    for node in ("zcs1", "zcs2"):
        levels = cib.xpath("//fencing-level[@target=$n]", n=node)
        assert [(e.get("index"), e.get("devices")) for e in levels] == [
            ("1", f"fence-{node}"),
            ("2", "fence-sbd"),
        ]
    assert f"`sbd -d {devices[0]} -1 10 -4 25 create`" in text(made, "README.md")


@pytest.mark.parametrize("shape", ["witness", "keepalived", "heartbeat"])
def test_without_a_watchdog_there_is_no_file(variant: Callable[[str], Bundle], shape: str) -> None:
    assert "sbd/sbd" not in variant(shape).files
