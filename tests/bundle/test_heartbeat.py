"""Heartbeat: its times, its links, and the line of what the active node starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluator.bundle import Bundle

from .conftest import text


def directives(bundle: Bundle) -> list[list[str]]:
    return [line.split() for line in text(bundle, "heartbeat/ha.cf").splitlines()]


def test_ha_cf(variant: Callable[[str], Bundle]) -> None:
    assert text(variant("heartbeat-drbd"), "heartbeat/ha.cf") == (
        "logfacility daemon\n"
        "autojoin none\n"
        "crm off\n"
        "keepalive 500ms\n"
        "warntime 1500ms\n"
        "deadtime 3000ms\n"
        "initdead 30000ms\n"
        "udpport 694\n"
        "ucast ring0 192.0.2.11\n"
        "ucast ring0 192.0.2.12\n"
        "ucast ring1 192.0.2.75\n"
        "ucast ring1 192.0.2.76\n"
        "auto_failback off\n"
        "node zcs1 zcs2\n"
        "respawn root /usr/libexec/heartbeat/dopd\n"
        "apiauth dopd uid=root gid=haclient\n"
    )


@pytest.mark.parametrize("shape", ["heartbeat", "heartbeat-drbd", "heartbeat-drbd-ipv6"])
def test_times_and_port_stand_before_the_links_that_they_are_for(
    variant: Callable[[str], Bundle], shape: str
) -> None:
    found = directives(variant(shape))
    names = [words[0] for words in found]
    links = [i for i, name in enumerate(names) if name.startswith("ucast")]
    assert len(links) == 4
    assert max(names.index(n) for n in ("udpport", "deadtime", "initdead")) < min(links)
    times = {w[0]: int(w[1].removesuffix("ms")) for w in found if w[-1].endswith("ms")}
    assert times["keepalive"] < times["warntime"] < times["deadtime"]
    assert times["initdead"] >= 2 * times["deadtime"]


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ("heartbeat", "zcs1 cluster-service IPaddr2::198.51.100.20/25/service\n"),
        (
            "heartbeat-drbd",
            "zcs1 drbddisk::zcs Filesystem::/dev/drbd0::/opt::ext4::noatime cluster-service "
            "IPaddr2::198.51.100.20/25/service\n",
        ),
        (
            "heartbeat-drbd-ipv6",
            "zcs1 drbddisk::zcs Filesystem::/dev/drbd0::/opt::ext4::noatime cluster-service "
            "IPaddr2::2001:0db8:0001:0000:0000:0000:0000:0020/64/service\n",
        ),
    ],
)
def test_the_address_comes_last(variant: Callable[[str], Bundle], shape: str, line: str) -> None:
    made = variant(shape)
    assert text(made, "heartbeat/haresources") == line
    # "::" parts the arguments of a resource; an address must not have one
    address = line.split()[-1].removeprefix("IPaddr2::")
    assert "::" not in address


def test_drbd_lets_dopd_outdate_the_peer(variant: Callable[[str], Bundle]) -> None:
    resource = text(variant("heartbeat-drbd"), "drbd/zcs.res")
    assert 'fence-peer "/usr/libexec/heartbeat/drbd-peer-outdater -t 5";' in resource
    assert "fencing resource-only;" in resource


@pytest.mark.skipif(
    not Path("/etc/ha.d/harc").exists(), reason="Debian package heartbeat is missing"
)
def test_the_programs_are_where_debian_puts_them(variant: Callable[[str], Bundle]) -> None:
    named = [w for words in directives(variant("heartbeat-drbd")) for w in words if "/" in w]
    assert named
    assert all(Path(p).exists() for p in [*named, "/usr/libexec/heartbeat/drbd-peer-outdater"])


def test_the_readme_says_what_it_cannot_do(variant: Callable[[str], Bundle]) -> None:
    readme = text(variant("heartbeat-drbd"), "README.md")
    for words in (
        "**No fencing, no quorum, and nobody watches the service.**",
        "/etc/ha.d/authkeys",
        "Its history ends in 2016",
        "**Split brain**",
    ):
        assert words in readme
    for words in ("stonith_admin", "crm_", "corosync-"):
        assert words not in readme
