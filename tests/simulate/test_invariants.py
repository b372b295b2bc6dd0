"""A check that cannot fail proves nothing: each invariant is broken here by a damaged CIB."""

from __future__ import annotations

import pytest
from lxml import etree

from evaluator.simulate.invariants import INVARIANTS

from .conftest import Mutation, changed, codes, needs_simulator, rehearse

pytestmark = needs_simulator


def those(root: etree._Element, path: str) -> list[etree._Element]:
    """Elements at a path; there is at least one."""
    found = root.xpath(path)
    assert isinstance(found, list)
    assert found, path
    return [element for element in found if isinstance(element, etree._Element)]


def drop(path: str) -> Mutation:
    """Take elements away."""

    def mutate(root: etree._Element) -> None:
        for element in those(root, path):
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)

    return mutate


def put(path: str, **attributes: str) -> Mutation:
    """Set attributes of elements."""

    def mutate(root: etree._Element) -> None:
        for element in those(root, path):
            for name, value in attributes.items():
                element.set(name.replace("_", "-"), value)

    return mutate


def add(path: str, tag: str, **attributes: str) -> Mutation:
    """Add an element to each place."""

    def mutate(root: etree._Element) -> None:
        for number, element in enumerate(those(root, path)):
            words = {name.replace("_", "-"): value for name, value in attributes.items()}
            etree.SubElement(element, tag, {"id": f"added-{number}", **words})

    return mutate


def address_first(root: etree._Element) -> None:
    """Start the address before all else."""
    group = root.find(".//group")
    assert group is not None
    group.insert(0, group[-1])


def both(first: Mutation, second: Mutation) -> Mutation:
    """One change and then another."""

    def mutate(root: etree._Element) -> None:
        first(root)
        second(root)

    return mutate


SLIGHT_WISH = add("//constraints", "rsc_location", rsc="group-zcs", node="zcs1", score="100")

DAMAGES: dict[str, tuple[Mutation, str, str]] = {
    "fencing-off": (
        put("//nvpair[@name='stonith-enabled']", value="false"),
        "node-lost-first", "lost-node-is-fenced",
    ),
    "startup-fencing-off": (
        add("//cluster_property_set", "nvpair", name="startup-fencing", value="false"),
        "peer-absent-at-start", "fence-before-recovery",
    ),
    "order-dropped": (drop("//rsc_order"), "node-lost-first", "start-in-order"),
    "order-one-way": (
        put("//rsc_order", symmetrical="false"), "standby-first", "stop-in-order",
    ),
    "order-of-start-instead-of-promote": (
        put("//rsc_order", first_action="start"), "node-lost-first", "start-in-order",
    ),
    "address-first": (address_first, "node-lost-first", "start-in-order"),
    "colocation-dropped": (drop("//rsc_colocation"), "service-fails-twice", "together"),
    "colocation-with-any-copy": (
        lambda root: root.find(".//rsc_colocation").attrib.pop("with-rsc-role"),
        "service-fails-twice", "start-in-order",
    ),
    "no-stickiness-and-a-slight-wish": (
        both(SLIGHT_WISH, put("//nvpair[@name='resource-stickiness']", value="0")),
        "node-lost-and-back", "service-stays",
    ),
    "a-home-node": (
        add("//constraints", "rsc_location", rsc="group-zcs", node="zcs1", score="5000"),
        "node-lost-and-back", "service-stays",
    ),
    "quorum-ignored": (
        put("//nvpair[@name='no-quorum-policy']", value="ignore"),
        "partition-seen-from-the-other-side", "nothing-without-quorum",
    ),
    "quorum-frozen": (
        put("//nvpair[@name='no-quorum-policy']", value="freeze"),
        "partition-seen-from-the-service", "nothing-without-quorum",
    ),
    "two-promoted": (
        put("//nvpair[@name='promoted-max']", value="2"), "node-lost-and-back", "never-two",
    ),
    "device-on-its-target": (
        drop("//rsc_location[starts-with(@rsc, 'fence-')]"),
        "node-lost-and-back", "device-off-its-target",
    ),
    "never-moves": (
        drop("//primitive[@id='service-zcs']//nvpair[@name='migration-threshold']"),
        "service-fails-twice", "unexpected",
    ),
    "failed-stop-ignored": (
        put("//op[@id='service-zcs-stop-0s']", on_fail="ignore"),
        "service-does-not-stop", "unexpected",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed(damage: str) -> None:
    mutation, scenario, code = DAMAGES[damage]
    found = codes(rehearse(changed("witness", mutation), scenario))
    assert code in found, found


def test_stickiness_outweighs_a_slight_wish() -> None:
    assert codes(rehearse(changed("witness", SLIGHT_WISH), "node-lost-and-back")) == set()


def test_which_invariants_the_damages_break() -> None:
    """The rest would take a fault of Pacemaker itself."""
    broken = {code for _, _, code in DAMAGES.values()} - {"unexpected"}
    assert set(INVARIANTS) - broken == {
        "nothing-on-a-lost-node", "maintenance-rests", "cluster-rests",
    }  # fmt: skip
