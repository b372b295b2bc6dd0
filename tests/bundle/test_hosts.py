"""Names: the same machine under each name, wherever it is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evaluator.bundle import Bundle

from .conftest import text
from .variants import VARIANTS

HEAD = (
    "127.0.0.1 localhost\n"
    "::1 localhost ip6-localhost ip6-loopback\n"
    "ff02::1 ip6-allnodes\n"
    "ff02::2 ip6-allrouters\n"
)


def test_a_data_node(bundle: Bundle) -> None:
    assert text(bundle, "hosts/zcs2") == HEAD + (
        "192.0.2.11 zcs1.example.net zcs1\n"
        "192.0.2.12 zcs2.example.net zcs2\n"
        "198.51.100.143 witness.example.net witness\n"
        "198.51.100.12 mail.example.net mail\n"
    )


def test_the_witness_is_on_no_ring(bundle: Bundle) -> None:
    assert text(bundle, "hosts/witness") == HEAD + (
        "198.51.100.141 zcs1.example.net zcs1\n"
        "198.51.100.142 zcs2.example.net zcs2\n"
        "198.51.100.143 witness.example.net witness\n"
    )


@pytest.mark.parametrize("shape", VARIANTS)
def test_every_machine_knows_every_member_once(
    variant: Callable[[str], Bundle], shape: str
) -> None:
    made = variant(shape)
    machines = [f for f in made.files if f.startswith("hosts/")]
    assert len(machines) == len(made.cluster.members) + bool(made.cluster.quorum.witness)
    for name in machines:
        lines = text(made, name).removeprefix(HEAD).splitlines()
        names = [word for line in lines for word in line.split()[1:]]
        assert len(names) == len(set(names))
        assert {m.name for m in made.cluster.members} < set(names)
        # a name on loopback is a node that forms a cluster of one
        assert not [line for line in lines if line.startswith("127.")]
