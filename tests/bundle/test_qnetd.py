"""The quorum device's server: one address, and TLS."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from evaluator.bundle import Bundle

from .conftest import text


@pytest.mark.parametrize(
    ("shape", "address"), [("witness", "198.51.100.143"), ("witness-ipv6", "2001:db8:2::3")]
)
def test_it_listens_where_the_members_ask(
    variant: Callable[[str], Bundle], shape: str, address: str
) -> None:
    made = variant(shape)
    options = re.search(
        r'^COROSYNC_QNETD_OPTIONS="(.*)"$', text(made, "qnetd/corosync-qnetd"), re.M
    )
    assert options
    assert options[1] == f"-l {address} -p 5403 -s req -c on"
    conf = text(made, "corosync/corosync.conf")
    assert f"host: {address}" in conf
    assert "tls: required" in conf


@pytest.mark.parametrize("shape", ["two-node", "voter", "keepalived", "heartbeat"])
def test_without_a_quorum_device_there_is_no_file(
    variant: Callable[[str], Bundle], shape: str
) -> None:
    assert "qnetd/corosync-qnetd" not in variant(shape).files
