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


@pytest.mark.parametrize(
    ("host", "known"),
    [
        # the service's own name is this node; the witness is on no ring
        ("zcs2", "192.0.2.11 zcs1, 192.0.2.12 zcs2, 198.51.100.143 witness, 198.51.100.12 mail"),
        ("witness", "198.51.100.141 zcs1, 198.51.100.142 zcs2, 198.51.100.143 witness"),
    ],
)
def test_every_machine_is_known_by_the_address_that_is_reached(
    bundle: Bundle, host: str, known: str
) -> None:
    pairs = (pair.split() for pair in known.split(", "))
    lines = [f"{address} {name}.example.net {name}\n" for address, name in pairs]
    assert text(bundle, f"hosts/{host}") == HEAD + "".join(lines)


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
