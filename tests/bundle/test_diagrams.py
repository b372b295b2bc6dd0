"""The pictures: everything said is on them, readable, and on top of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import pytest
from lxml import etree

from evaluator.bundle import Bundle
from evaluator.bundle.drawing import CHARACTER, SMALLEST

from .variants import VARIANTS, third_node, together

SVG = "{http://www.w3.org/2000/svg}"
LONG = "a-name-as-long-as-a-host-name-may-be-which-is-sixty-three-chars"


class Words(NamedTuple):
    """A piece of writing and the rectangle that it takes."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def number(element: etree._Element, name: str) -> float:
    return float(element.get(name, "nan"))


def writing(root: etree._Element) -> list[Words]:
    """Every piece of writing; a fixed-width font makes its extent a matter of arithmetic."""
    found = []
    for element in root.iter(f"{SVG}text"):
        size = number(element, "font-size")
        length = len(element.text or "") * CHARACTER * size
        x, y, anchor = number(element, "x"), number(element, "y"), element.get("text-anchor")
        left = x - length / 2 if anchor == "middle" else x
        found.append(
            Words(element.text or "", left, y - 0.75 * size, left + length, y + 0.2 * size)
        )
    return found


def check(picture: bytes) -> list[Words]:
    """Nothing is off the canvas, too small to be read, or on top of other words."""
    root = etree.fromstring(picture)
    width, height = number(root, "width"), number(root, "height")
    for element in root.iter(f"{SVG}rect", f"{SVG}line", f"{SVG}circle"):
        if element.get("width") == "100%":
            continue
        x = number(element, "x") if element.get("x") else 0
        assert x >= 0
        assert x + number(element, "width") <= width or element.tag != f"{SVG}rect"
    for element in root.iter(f"{SVG}text"):
        assert number(element, "font-size") >= SMALLEST
    words = writing(root)
    for one in words:
        assert one.left >= 0, one
        assert one.right <= width, one
        assert 0 <= one.top < one.bottom <= height, one
    for one, other in combinations(words, 2):
        apart = (
            one.right <= other.left
            or other.right <= one.left
            or one.bottom <= other.top
            or other.bottom <= one.top
        )
        assert apart, (one, other)
    return words


@pytest.mark.parametrize("shape", VARIANTS)
def test_copies_are_joined_and_the_line_passes_under_nothing(
    variant: Callable[[str], Bundle], shape: str
) -> None:
    made = variant(shape)
    root = etree.fromstring(made.files["diagrams/stack.svg"])
    lines = [e for e in root.iter(f"{SVG}line") if e.get("class") == "bar orange"]
    assert len(lines) == (len(made.cluster.carriers) - 1 if made.cluster.replicated else 0)
    for line in lines:
        left, right, y = number(line, "x1"), number(line, "x2"), number(line, "y1")
        for box in root.iter(f"{SVG}rect"):
            if box.get("class", "").startswith("box"):
                x, top = number(box, "x"), number(box, "y")
                across = top < y < top + number(box, "height")
                assert not (across and x < right and left < x + number(box, "width"))


@pytest.mark.parametrize("shape", ["shared-disk", "shared-disk-sbd"])
def test_a_shared_disk_is_one_disk_under_all_that_mount_it(
    variant: Callable[[str], Bundle], shape: str
) -> None:
    picture = variant(shape).files["diagrams/stack.svg"]
    (disk,) = [w for w in check(picture) if w.text == "shared disk"]
    frames = [
        number(e, "y") + number(e, "height")
        for e in etree.fromstring(picture).iter(f"{SVG}rect")
        if e.get("class") == "frame"
    ]
    assert disk.top > max(frames)


@pytest.mark.parametrize("shape", VARIANTS)
def test_they_can_be_read(variant: Callable[[str], Bundle], shape: str) -> None:
    made = variant(shape)
    for name in ("stack", "network"):
        check(made.files[f"diagrams/{name}.svg"])


def test_long_names_many_networks_and_devices(make: Callable[..., Bundle]) -> None:
    def change(words: dict[str, Any]) -> None:
        words["volumes"][0]["drbd"] = "9"
        names = {n["name"]: f"{LONG[:62]}{i}" for i, n in enumerate(words["nodes"])}
        for node in words["nodes"]:
            node["name"] = names[node["name"]]
        for number in range(2, 8):
            net = {"name": f"ring{number}", "purpose": "ring", "cidr": f"2001:db8:{number}::/64"}
            words["networks"].append(net)
            for host, node in enumerate(words["nodes"]):
                address = f"2001:db8:{number}::ffff:ffff:ffff:fff{host}"
                node["addresses"][net["name"]] = address
        for device in words["fence_devices"]:
            device["plugs"] = {names[n]: plug for n, plug in device["plugs"].items()}
            device["level"] = 1
        for number in range(5):
            words["fence_devices"].append(
                {
                    **words["fence_devices"][0],
                    "name": f"{LONG}-{number}",
                    "address": f"198.51.100.{170 + number}",
                    "agent": "fence_apc",
                    "level": 2,
                    "plugs": {name: str(i) for i, name in enumerate(names.values())},
                }
            )

    made = make(together(third_node("data"), change))
    for name in ("stack", "network"):
        picture = made.files[f"diagrams/{name}.svg"]
        check(picture)
        # what had to be cut can still be read, as a hint
        assert picture.count(LONG[:62].encode()) >= 3


def test_the_stack_is_numbered_in_the_order_of_start(bundle: Bundle) -> None:
    words = check(bundle.files["diagrams/stack.svg"])
    numbers = [w for w in words if w.text.isdigit()]
    # five steps, four of them drawn on both nodes; the address is above both, and before HAProxy
    assert sorted(w.text for w in numbers) == ["1", "1", "2", "2", "3", "3", "4", "5", "5"]
    heights = {w.text: w.top for w in numbers}
    assert sorted(heights, key=lambda n: -heights[n]) == ["1", "2", "3", "5", "4"]
    told = {w.text for w in words}
    assert {"clients", "HAProxy", "zcs", "ext4", "DRBD 8.4", "disk", "corosync-qnetd"} <= told


@pytest.mark.parametrize(
    ("shape", "last"),
    [("shared-disk-sbd", "3"), ("keepalived-drbd", "5")],
)
def test_no_step_is_left_out(variant: Callable[[str], Bundle], shape: str, last: str) -> None:
    words = check(variant(shape).files["diagrams/stack.svg"])
    numbers = {w.text for w in words if w.text.isdigit()}
    assert numbers == {str(n) for n in range(1, int(last) + 1)}


def test_the_networks_have_every_address_device_and_feed(bundle: Bundle) -> None:
    told = " ".join(w.text for w in check(bundle.files["diagrams/network.svg"]))
    for member in bundle.cluster.members:
        for address in member.addresses.values():
            assert address in told
        assert f"power: {member.power}" in told
    for words in (
        "ring0: link 0, UDP 5405",
        "192.0.2.64/26",
        "clients use 198.51.100.20",
        "198.51.100.151 · switches zcs1",
        "fence_ipmilan · power: standby-b",
        "witness quorum device power: feed-c",
    ):
        assert words in told


def test_they_are_seen_on_light_and_on_dark_ground(bundle: Bundle) -> None:
    for name in ("stack", "network"):
        picture = bundle.files[f"diagrams/{name}.svg"].decode()
        assert "@media (prefers-color-scheme: dark)" in picture
        assert "<title>" in picture
        # nothing is fetched
        assert picture.count("://") == picture.count('xmlns="http://www.w3.org/2000/svg"') == 1
