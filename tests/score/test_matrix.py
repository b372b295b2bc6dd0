"""Cells of the decision matrix: how components make a stack, and what a missing one means."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.score.matrix import MISSING, Cell, column_span, combine, component_cells
from evaluator.study.criteria import Criterion
from evaluator.study.fact import Fact

SPAN = (1.0, 9.0)


def criterion(**more):
    fields = {"id": "c", "name": "C", "group": "g", "weight": 1.0, "direction": "max",
              "source": ["x"], **more}  # fmt: skip
    if not {"fact", "derived"} & more.keys():
        fields.setdefault("metric", "commits_12m")
    return Criterion(**fields)


def cell(value, low=None, high=None, note=""):
    return Cell(value, value if low is None else low, value if high is None else high, "ok", note)


@pytest.mark.parametrize(
    ("aggregate", "direction", "expected"),
    [
        ("worst", "max", 2), ("worst", "min", 6), ("best", "max", 6), ("best", "min", 2),
        ("mean", "max", 4), ("mean", "min", 4),
    ],
)  # fmt: skip
def test_aggregates_in_both_directions(aggregate, direction, expected):
    cells = {"a": cell(2.0), "b": cell(4.0), "c": cell(6.0)}
    made = combine(criterion(aggregate=aggregate, direction=direction), "u", cells, SPAN)
    assert (made.value, made.low, made.high) == (expected, expected, expected)
    assert not made.assumed
    names = {2: ["a"], 6: ["c"], 4: ["a", "b", "c"]}
    assert made.via == names[expected]


def test_a_missing_component_takes_the_range_of_the_column_and_never_zero():
    cells = {"a": cell(4.0), "b": MISSING}
    worst = combine(criterion(), "u", cells, SPAN)
    assert (worst.value, worst.low, worst.high, worst.assumed) == (4, 1, 4, True)
    assert worst.note == "missing for b"
    mean = combine(criterion(aggregate="mean"), "u", cells, SPAN)
    assert (mean.value, mean.low, mean.high) == (4, 2.5, 6.5)
    least = combine(criterion(direction="min"), "u", cells, SPAN)
    assert (least.value, least.low, least.high) == (4, 4, 9)


def test_nothing_known_is_the_whole_column():
    made = combine(criterion(), "u", {"a": MISSING, "b": MISSING}, SPAN)
    assert (made.value, made.low, made.high) == (None, 1, 9)
    assert made.outcome == "not_available"
    assert made.assumed
    assert combine(criterion(), "u", {}, SPAN).assumed


def test_intervals_of_components_carry_over():
    cells = {"a": cell(2.0, 1.5, 5.0), "b": cell(3.0, 2.0, 4.0)}
    made = combine(criterion(), "u", cells, SPAN)
    assert (made.value, made.low, made.high) == (2, 1.5, 4)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.tuples(st.floats(0, 5), st.floats(0, 3), st.floats(0, 3)),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["worst", "mean", "best"]),
    st.sampled_from(["max", "min"]),
)
def test_the_value_lies_inside_its_interval(entries, aggregate, direction):
    cells = {
        str(i): MISSING if e is None else cell(e[0], e[0] - e[1], e[0] + e[2])
        for i, e in enumerate(entries)
    }
    span = column_span(list(cells.values()))
    made = combine(criterion(aggregate=aggregate, direction=direction), "u", cells, span)
    assert made.low <= made.high + 1e-12
    if made.value is not None:
        assert made.low - 1e-12 <= made.value <= made.high + 1e-12


def test_column_span():
    assert column_span([cell(3.0, 2.0, 4.0), cell(5.0), MISSING]) == (2, 5)
    assert column_span([MISSING]) == (0, 0)


def test_log_is_of_one_more_and_leaves_missing_missing(shipped, shipped_run):
    table, names = shipped_run.table, ["corosync", "heartbeat", "hp-serviceguard"]
    cells = component_cells(shipped.study, table, {}, criterion(log=True), names)
    commits = table.get("corosync", "commits_12m").value
    assert cells["corosync"].value == pytest.approx(math.log10(1 + commits))
    assert cells["heartbeat"].value == 0
    assert cells["hp-serviceguard"].value is None
    assert math.isnan(cells["hp-serviceguard"].low)


def test_facts_as_criteria(shipped, shipped_run):
    study = shipped.study
    facts = {
        "corosync": Fact(value=3, source=["x"]),
        "pacemaker": Fact(value=True, source=["x"]),
        "drbd": Fact(value="many", source=["x"]),
    }
    candidates = {
        **study.candidates,
        **{k: study.candidates[k].model_copy(update={"facts": {"f": v}}) for k, v in facts.items()},
    }
    made_up = study.model_copy(update={"candidates": candidates})
    names = [*facts, "haproxy"]
    cells = component_cells(made_up, shipped_run.table, {}, criterion(fact="f"), names)
    assert [cells[n].value for n in names] == [3, 1, None, None]
    assert cells["drbd"].outcome == "error"
    assert "many" in cells["drbd"].note
    assert cells["haproxy"].outcome == "not_available"


def test_functional_match_is_of_stacks_only(shipped, shipped_run):
    assert component_cells(
        shipped.study, shipped_run.table, {}, criterion(derived="functional_match"), ["drbd"]
    ) == {}  # fmt: skip
    for entries in shipped_run.evaluation.components.values():
        for entry in entries:
            assert "functional-match" not in {v.criterion for v in entry.values}


def test_shipped_cells_have_intervals_and_say_what_is_missing(shipped, shipped_run):
    for stack in shipped_run.evaluation.stacks:
        assert len(stack.values) == len(shipped.study.criteria.criteria)
        for value in stack.values:
            assert value.low <= value.high
            assert value.value is None or value.low <= value.value + 1e-12
            assert value.value is None or value.value <= value.high + 1e-12
            why = ("missing for", "no cluster of the laboratory stands for it")
            assert value.assumed == any(each in value.note for each in why)


def test_a_suite_is_judged_by_its_parts(shipped_run):
    suite = shipped_run.evaluation.stack("red-hat-ha")
    assert {lit.candidate for lit in suite.lights} >= {"pacemaker", "corosync"}
    commits = next(v for v in suite.values if v.criterion == "commits")
    assert "pacemaker" in commits.via
    assert "red-hat-cluster-suite" not in commits.via
    closed = shipped_run.evaluation.stack("hp-serviceguard")
    assert {v.value for v in closed.values if v.criterion != "functional-match"} == {None}
