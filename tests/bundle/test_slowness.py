"""Machines that are too slow for the usual checks are given longer, and are asked more rarely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from evaluator.bundle import Bundle

from .conftest import text

Times = dict[tuple[str, str], tuple[int, int]]


def slow(factor: int) -> Callable[[dict[str, Any]], None]:
    def change(words: dict[str, Any]) -> None:
        words["timing"]["slowness"] = factor

    return change


def times(bundle: Bundle) -> Times:
    """(interval, timeout) in seconds of each operation, by the ids of its resource and its own."""
    root = etree.fromstring(bundle.files["pacemaker/cib.xml"])
    return {
        (str(primitive.get("id")), str(op.get("id"))): (
            int(op.attrib["interval"].rstrip("s")),
            int(op.attrib["timeout"].rstrip("s")),
        )
        for primitive in root.iter("primitive")
        for op in primitive.iter("op")
    }


def test_all_but_the_service_take_longer(
    make: Callable[..., Bundle],
) -> None:
    usual, slower = times(make(None)), times(make(slow(3)))
    assert usual.keys() == slower.keys()
    for key, (interval, timeout) in usual.items():
        factor = 1 if key[0].startswith("service-") else 3
        assert slower[key] == (factor * interval, factor * timeout), key
    assert any(key[0].startswith("drbd-") for key in usual)


def test_its_failures_are_remembered_as_much_longer(make: Callable[..., Bundle]) -> None:
    assert 'name="failure-timeout" value="600s"' in text(make(None), "pacemaker/cib.xml")
    assert 'name="failure-timeout" value="1800s"' in text(make(slow(3)), "pacemaker/cib.xml")


def test_the_load_balancer_asks_more_rarely(make: Callable[..., Bundle]) -> None:
    assert " check inter 2s downinter 500ms " in text(make(None), "haproxy/haproxy.cfg")
    assert " check inter 6s downinter 1500ms " in text(make(slow(3)), "haproxy/haproxy.cfg")


@pytest.mark.parametrize("factor", [0, -1, 11])
def test_it_has_bounds(make: Callable[..., Bundle], factor: int) -> None:
    with pytest.raises(ValueError, match="slowness"):
        make(slow(factor))
