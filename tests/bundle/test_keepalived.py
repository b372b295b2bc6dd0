"""keepalived: who has the address, and how soon a silent node is missed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.bundle import Bundle
from evaluator.bundle.keepalived import advert_seconds

from .conftest import text


@given(st.integers(500, 140_000), st.sampled_from([50, 100, 150]))
def test_a_silent_master_is_missed_within_the_token(token_ms: int, priority: int) -> None:
    """RFC 5798, 6.1: three adverts and a skew; a hundredth of a second longer would be too late."""
    adverts = 3 + (256 - priority) / 256
    advert = advert_seconds(token_ms, priority)
    assert advert * adverts * 1000 <= token_ms + 1e-6
    assert (advert + 0.0101) * adverts * 1000 > token_ms


def test_an_advert_stays_within_its_field() -> None:
    assert advert_seconds(600_000, 100) == 40.95


def test_two_nodes_differ_only_where_they_must(variant: Callable[[str], Bundle]) -> None:
    made = variant("keepalived-drbd")
    one, two = (text(made, f"keepalived/{n}.conf").splitlines() for n in ("zcs1", "zcs2"))
    assert [pair for pair in zip(one, two, strict=True) if pair[0] != pair[1]] == [
        ("    router_id zcs1", "    router_id zcs2"),
        ("    priority 150", "    priority 100"),
        ("    unicast_src_ip 198.51.100.11", "    unicast_src_ip 198.51.100.12"),
        ("        198.51.100.12", "        198.51.100.11"),
    ]


def test_the_holder_keeps_the_address_and_only_a_healthy_node_takes_it(
    variant: Callable[[str], Bundle],
) -> None:
    conf = text(variant("keepalived-drbd"), "keepalived/zcs1.conf")
    for line in (
        "state BACKUP",
        "nopreempt",
        "interface service",
        "virtual_router_id 115",
        "advert_int 0.83",
        "garp_master_refresh 5",
        "198.51.100.20/25 dev service",
        "enable_script_security",
        "vrrp_check_unicast_src",
        'notify_master "/usr/local/sbin/cluster-service acquire"',
        'notify_backup "/usr/local/sbin/cluster-service release"',
        'notify_fault "/usr/local/sbin/cluster-service release"',
    ):
        assert re.search(rf"^ +{re.escape(line)}$", conf, re.MULTILINE), line
    assert conf.count("init_fail") == 2
    # two failures within the declared 60 s
    assert "    interval 30\n    timeout 240\n    fall 2\n" in conf


def test_a_stop_of_keepalived_ends_when_the_node_has_let_go(
    variant: Callable[[str], Bundle],
) -> None:
    """By Debian's unit, systemd would kill the script and the service that another one started."""
    assert text(variant("keepalived-drbd"), "service/unit.conf") == (
        "[Unit]\n"
        "After=drbd.service\n"
        "\n"
        "[Service]\n"
        "KillMode=process\n"
        "ExecStopPost=/usr/local/sbin/cluster-service release\n"
        "TimeoutStopSec=660\n"
    )
    assert "service/unit.conf" not in variant("keepalived").files


def test_what_runs_everywhere_is_not_moved(variant: Callable[[str], Bundle]) -> None:
    made = variant("keepalived")
    assert "notify" not in text(made, "keepalived/zcs1.conf")
    cfg = text(made, "haproxy/haproxy.cfg")
    assert "    server zcs1 198.51.100.11:8080 check" in cfg
    assert "    server zcs2 198.51.100.12:8080 check" in cfg
    assert "    source " not in cfg
    assert cfg.count("balance roundrobin") == 2


@pytest.mark.parametrize("shape", ["keepalived-drbd", "keepalived-drbd9"])
def test_drbd_asks_before_it_promotes_alone(variant: Callable[[str], Bundle], shape: str) -> None:
    resource = text(variant(shape), "drbd/zcs.res")
    assert 'fence-peer "/usr/local/sbin/cluster-service fence-peer";' in resource
    assert "fencing resource-only;" in resource
    assert "crm-fence" not in resource
    # a boot must not wait for ever for a peer that is gone
    assert "    startup {\n        wfc-timeout 60;\n" in resource


def test_the_readme_says_what_it_cannot_do(variant: Callable[[str], Bundle]) -> None:
    readme = text(variant("keepalived-drbd"), "README.md")
    for words in (
        "**No fencing, no quorum.**",
        "acknowledged writes are lost",
        "`drbd-divergence-guard`, `keepalived-split-brain`",
        "Two answers mean a partition",
        "**Split brain**",
    ):
        assert words in readme
    for words in ("stonith", "crm_", "corosync"):
        assert words not in readme
