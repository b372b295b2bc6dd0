"""The gate: each rule passes and fails, and stops a pipeline only after everything is written."""

from __future__ import annotations

import sys

import pytest

from evaluator import cli
from evaluator.findings import EvaluationError
from evaluator.gate import read_gate

WINNER = "pacemaker-corosync-drbd-haproxy"


@pytest.fixture
def result(shipped_run):
    return shipped_run.evaluation


def codes(result, *rules):
    return [finding.code for finding in read_gate(rules).findings(result)]


def lit(result, stack, colour):
    """The result with one mandatory light of a stack in another colour."""
    stacks = []
    for s in result.stacks:
        lights = [x.model_copy(update={"colour": colour}) if x.mandatory and i < 10 else x
                  for i, x in enumerate(s.lights)] if s.id == stack else s.lights  # fmt: skip
        stacks.append(s.model_copy(update={"lights": lights}))
    return result.model_copy(update={"stacks": stacks})


def test_a_red_or_black_mandatory_light_of_the_winner_fails(result):
    assert codes(result, "red-light") == []
    assert set(codes(lit(result, WINNER, "red"), "red-light")) == {"red-light"}
    assert set(codes(lit(result, WINNER, "black"), "red-light")) == {"red-light"}
    assert codes(lit(result, WINNER, "yellow"), "red-light") == []
    assert codes(lit(result, "pacemaker-corosync-drbd", "red"), "red-light") == []


def test_a_light_that_fails_on_yellow_fails(result):
    yellow = lit(result, WINNER, "yellow")
    strict = [
        s.model_copy(
            update={"lights": [x.model_copy(update={"fails": x.colour == "yellow" and x.mandatory})
                               for x in s.lights]}
        )
        for s in yellow.stacks
    ]  # fmt: skip
    found = yellow.model_copy(update={"stacks": strict})
    assert set(codes(found, "red-light")) == {"red-light"}


def test_the_stack_that_runs_today_can_be_named(result):
    assert codes(result, "red-light=heartbeat-drbd") == ["red-light"]
    assert codes(result, f"red-light={WINNER}") == []
    with pytest.raises(EvaluationError, match="did you mean 'heartbeat-drbd'"):
        codes(result, "red-light=heartbeat-drb")


def test_nothing_left_fails_as_red_light(result):
    selection = result.selection.model_copy(update={"winner": None, "runner_up": None})
    stacks = [s for s in result.stacks if s.outcome == "removed"]
    none = result.model_copy(update={"stacks": stacks, "selection": selection})
    assert codes(none, "red-light") == ["nothing-left"]
    assert codes(none, "tie", "coverage=0.1") == []


def test_coverage_below_a_floor_fails(result):
    assert codes(result, f"coverage={result.coverage}") == []
    assert codes(result, "coverage=1") == ["low-coverage"]
    assert codes(result, "coverage=100%") == ["low-coverage"]
    assert codes(result, "coverage=0") == []


def test_a_winner_that_changed_since_a_stored_run_fails(result, shipped_run, tmp_path):
    shipped_run.save(tmp_path)
    rule = f"winner-changed={tmp_path}"
    assert codes(result, rule) == []
    selection = result.selection.model_copy(update={"winner": "pacemaker-corosync-drbd"})
    other = result.model_copy(update={"selection": selection})
    assert codes(other, rule) == ["winner-changed"]
    assert codes(other, f"winner-changed={tmp_path / 'run.json'}") == ["winner-changed"]


def test_a_tie_fails(result):
    alone = result.selection.model_copy(update={"indistinguishable": []})
    assert codes(result.model_copy(update={"selection": alone}), "tie") == []
    close = result.selection.model_copy(
        update={"indistinguishable": [WINNER, "pacemaker-corosync-drbd"]}
    )
    assert codes(result.model_copy(update={"selection": close}), "tie") == ["tie"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("red-lihgt", "did you mean 'red-light'"),
        ("red-light=", "is no rule"),
        ("tie=1", "is no rule"),
        ("", "is no rule"),
        ("coverage", "is no rule"),
        ("coverage=much", "'much' is no share"),
        ("coverage=nan", "'nan' is no share"),
        ("coverage=1.2", "'1.2' is no share"),
        ("winner-changed=/nowhere", "no such stored run"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_what_is_allowed(rule, message):
    with pytest.raises(EvaluationError, match=message):
        read_gate([rule])


def test_all_wrong_rules_are_said_at_once():
    with pytest.raises(EvaluationError) as error:
        read_gate(["a", "coverage=2", "b"])
    assert [f.code for f in error.value.findings] == ["unknown-rule", "bad-share", "unknown-rule"]


@pytest.fixture
def command(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["evaluate", *arguments])
        code = cli.run()
        return code, capsys.readouterr()

    return call


def test_the_output_is_whole_before_the_command_fails(command):
    code, streams = command("rank", "--format", "json", "--fail-on", "coverage=1",
                            "--fail-on", "red-light=heartbeat-drbd")  # fmt: skip
    assert code == 1
    assert streams.out.rstrip().endswith("}")
    assert "[low-coverage]" in streams.err
    assert "[red-light]" in streams.err


def test_rules_stand_before_the_command_or_in_the_environment(command, monkeypatch):
    assert command("--fail-on", "coverage=1", "--fail-on", "red-light", "rank")[0] == 1
    assert command("--fail-on", "red-light", "rank")[0] == 0
    monkeypatch.setenv("EVALUATE_FAIL_ON", "red-light coverage=1")
    assert command("rank")[0] == 1
    monkeypatch.setenv("EVALUATE_FAIL_ON", "nonsense")
    assert command("rank")[0] == 2
