"""The elimination trail and the smallest relaxations."""

from __future__ import annotations

import pytest

from evaluator.result.lazy_user import FilterCheck, TrailRow
from evaluator.score.relaxation import MOST, relaxations


def check(name, outcome="failed", stage="state", needed=None, has=None, relaxed=None):
    return FilterCheck(
        stage=stage, filter=name, name=name, outcome=outcome, text=f"{name}: {outcome}",
        source=["book"], needed=needed, has=has,
        relaxed=f"{name} set aside" if relaxed is None and outcome == "failed" else relaxed or "",
    )  # fmt: skip


def row(stack, *checks):
    return TrailRow(stack=stack, checks=list(checks))


def nodes(needed, has=0):
    text = f"witness-nodes from {has:g} to {needed:g}"
    return check("witness-nodes", needed=needed, has=has, relaxed=text)


def first(readmitted):
    return readmitted[0]


def asked(found):
    return [[f.text for f in r.filters] for r in found.smallest]


def test_the_number_that_it_would_take():
    found = relaxations([row("a", nodes(3)), row("b", nodes(1)), row("c", nodes(2))], first)
    assert asked(found) == [["witness-nodes from 0 to 1"]]
    assert found.smallest[0].readmits == ["b"]
    assert (found.smallest[0].filters[0].has, found.smallest[0].filters[0].needed) == (0, 1)


def test_fewest_filters_first_and_supersets_left_out():
    trail = [
        row("both", check("os"), check("cash", needed=9, has=1)),
        row("more", check("os"), check("disk"), nodes(1)),
        row("one", check("disk")),
        row("twin", check("disk")),
    ]
    found = relaxations(trail, first)
    assert asked(found) == [["disk set aside"], ["os set aside", "cash set aside"]]
    assert found.smallest[0].readmits == ["one", "twin"]
    assert found.smallest[0].winner == "one"
    assert found.by_stack["more"][0].filter == "os"


def test_smaller_number_with_another_filter_is_a_choice_of_its_own():
    """Two nodes and an exception, or four nodes without one: neither holds the other."""
    found = relaxations([row("a", nodes(4)), row("b", nodes(2), check("os"))], first)
    assert asked(found) == [
        ["witness-nodes from 0 to 4"],
        ["witness-nodes from 0 to 2", "os set aside"],
    ]
    assert [r.readmits for r in found.smallest] == [["a"], ["b"]]


def test_what_needs_more_of_the_same_number_comes_in_with_it():
    found = relaxations([row("a", nodes(2)), row("b", nodes(2)), row("c", nodes(1))], first)
    assert [r.readmits for r in found.smallest] == [["c"]]


def test_a_date_cannot_be_relaxed():
    gone = check("available", relaxed="")
    found = relaxations([row("old", gone, check("os")), row("older", gone)], first)
    assert found.smallest == []
    assert found.beyond == {"old": "available: failed", "older": "available: failed"}
    assert found.by_stack == {}


def test_nothing_was_removed():
    found = relaxations(
        [row("a", check("os", "passed")), row("b", check("os", "not_asked"))], first
    )
    assert (found.smallest, found.beyond, found.more) == ([], {}, 0)


def test_two_lights_of_one_kind_are_one_filter():
    lights = [check("alive", stage="semaphore"), check("alive", stage="semaphore")]
    found = relaxations([row("a", *lights)], first)
    assert len(found.smallest[0].filters) == 1


def test_of_many_the_first_are_played_through_and_the_rest_counted():
    played = []

    def winner(readmitted):
        played.append(readmitted)
        return None

    found = relaxations([row(f"s{i}", check(f"f{i}")) for i in range(MOST + 3)], winner)
    assert len(found.smallest) == len(played) == MOST
    assert found.more == 3


# --- in the whole run -----------------------------------------------------------------------


def test_the_trail_asks_every_filter_of_every_stack(shipped, shipped_run):
    criteria, result = shipped.study.criteria, shipped_run.evaluation
    required = [n.function for n in criteria.need if n.required]
    states = ["available", *(s.id for s in criteria.state)]
    mandatory = {s.id for s in criteria.semaphores if s.mandatory}
    assert [r.stack for r in result.lazy_user.trail] == list(shipped.study.stacks)
    for found in result.lazy_user.trail:
        asked = [c.filter for c in found.checks if c.stage != "semaphore"]
        assert asked == required + states
        assert {c.filter for c in found.checks if c.stage == "semaphore"} <= mandatory
        for entry in found.checks:
            assert entry.text
            # what was never stated of a function has no evidence but its absence
            assert entry.source or entry.outcome != "passed"


def test_the_trail_and_the_removals_agree(shipped_run):
    result = shipped_run.evaluation
    trail = {r.stack: r for r in result.lazy_user.trail}
    for stack in result.stacks:
        failed = trail[stack.id].failed
        assert bool(failed) == (stack.outcome == "removed")
        assert [c.text for c in failed if c.stage == stack.stage] == (
            stack.reasons if failed else []
        )


@pytest.fixture
def nothing_left(shipped):
    """The shipped study in which nobody gives a third machine and every stack is asked for it."""
    study = shipped.study
    site = study.site
    none = site.state["witness-nodes"].model_copy(update={"value": 0})
    state = {**site.state, "witness-nodes": none}
    return type(shipped)(
        study.model_copy(update={"site": site.model_copy(update={"state": state})}),
        shipped.snapshot,
    )


def test_smallest_relaxation_when_nothing_is_left(nothing_left):
    result = nothing_left.run().evaluation
    assert result.selection.winner is None
    found = result.lazy_user
    smallest = found.relaxations.smallest[0]
    assert [f.text for f in smallest.filters] == ["Number of witness nodes from 0 to 1"]
    assert smallest.winner == "pacemaker-corosync-drbd-haproxy"
    assert "pacemaker-corosync-drbd" in smallest.readmits
    assert found.break_evens is None


def test_what_a_relaxation_lets_in_is_what_then_is_ranked(nothing_left, shipped_run):
    """With the number that it names, the site gets the very result that it names."""
    named = nothing_left.run().evaluation.lazy_user.relaxations.smallest[0]
    assert named.winner == shipped_run.evaluation.selection.winner
