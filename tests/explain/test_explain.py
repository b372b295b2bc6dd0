"""An explanation adds up, what it says would turn the order does, and a wrong fact is found."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evaluator as ev
from evaluator import cli
from evaluator.display import Format
from evaluator.display.explaining import explanation
from evaluator.explain import explain
from evaluator.explain.codes import MEANINGS, meaning
from evaluator.explain.replay import panel_of_run, problem_of_run, replay, useful
from evaluator.explain.shapley import shapley
from evaluator.findings import EvaluationError
from evaluator.result import Evaluation
from evaluator.result.stored import read_run

WINNER = "pacemaker-corosync-drbd-haproxy"


@pytest.fixture(scope="module")
def result(shipped_run):
    return shipped_run.evaluation


@pytest.fixture(scope="module", params=["fresh", "stored"])
def either(request, shipped_run, tmp_path_factory):
    """The shipped result as it comes from a run, and as it is read back from the disk."""
    if request.param == "fresh":
        return shipped_run.evaluation
    return read_run(shipped_run.save(tmp_path_factory.mktemp("stored")))


PAIRS = [(WINNER, None), ("suse-ha", None), ("hp-serviceguard", "heartbeat-drbd"),
         ("keepalived", "pacemaker")]  # fmt: skip


def reweighted(result, criterion, typed):
    """The result with one weight typed otherwise, before anything is ranked again."""
    rows = [w.model_copy(update={"typed": typed}) if w.criterion == criterion else w
            for w in result.weights]  # fmt: skip
    factors = {w.criterion: w.effective / w.typed for w in result.weights}
    raw = [w.typed * factors[w.criterion] for w in rows]
    return result.model_copy(
        update={"weights": [w.model_copy(update={"effective": x / sum(raw)})
                            for w, x in zip(rows, raw, strict=True)]}
    )  # fmt: skip


def with_value(result, stack, criterion, value):
    """The result with one cell known to be something else, before anything is ranked again."""
    stacks = []
    for s in result.stacks:
        values = [
            v.model_copy(update={"value": value, "low": value, "high": value, "assumed": False})
            if (s.id, v.criterion) == (stack, criterion) else v
            for v in s.values
        ]  # fmt: skip
        stacks.append(s.model_copy(update={"values": values}))
    return result.model_copy(update={"stacks": stacks})


def ahead(result, mine, other):
    """Places that one is ahead of another in quality, both ranked."""
    found = replay(result)
    places = dict(zip(found.names, found.rank.tolist(), strict=True))
    return places[other] - places[mine]


# --- replay -----------------------------------------------------------------------------------


def test_replay_gives_exactly_the_ranks_and_scores_of_the_run(either):
    found = replay(either)
    assert found.names == [s.id for s in either.stacks if s.outcome == "ranked"]
    assert found.rank.tolist() == [either.stack(n).quality_rank for n in found.names]
    assert found.score == pytest.approx([either.stack(n).score for n in found.names], abs=1e-12)
    for role, entries in either.components.items():
        again = replay(either, role)
        assert again.rank.tolist() == [c.rank for c in entries]
        if entries[0].score is not None:
            assert again.score == pytest.approx([c.score for c in entries], abs=1e-12)


def test_panel_gives_the_scores_of_removed_stacks_too(either):
    table = useful(problem_of_run(either))
    mean, _ = panel_of_run(either).of(table)
    scores = dict(zip(table.alternatives, mean.tolist(), strict=True))
    known = {s.id: s.score for s in either.stacks if s.score is not None}
    assert {key: scores[key] for key in known} == pytest.approx(known, abs=1e-9)


def test_a_method_of_another_version_is_explained(result):
    rows = [result.methods[0].model_copy(update={"id": "topsy"}), *result.methods[1:]]
    with pytest.raises(EvaluationError, match="unknown method 'topsy'"):
        explain(result.model_copy(update={"methods": rows}), WINNER)


# --- Shapley values ---------------------------------------------------------------------------


def test_shapley_values_of_the_glove_game():
    """One left and two right gloves: 2/3, 1/6, 1/6 (Shapley, 1953, by symmetry and marginals)."""
    found = shapley(3, lambda m: (m[:, 0] & (m[:, 1] | m[:, 2])).astype(float))
    assert found == pytest.approx([2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("players", [1, 5, 14])
def test_shapley_values_sum_to_the_total_exact_or_drawn(players):
    weights = np.arange(1.0, players + 1)
    found = shapley(players, lambda m: (m @ weights) ** 2)
    assert found.sum() == pytest.approx(weights.sum() ** 2)
    assert (np.diff(found) > 0).all()


# --- contributions ----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "against"), PAIRS)
def test_contributions_sum_to_the_difference_of_the_scores(either, name, against):
    found = explain(either, name, against)
    mine, other = found.subject.score, found.against.score
    total = sum(c.points for c in found.contributions)
    assert found.difference == pytest.approx(total)
    if mine is not None and other is not None:
        assert total == pytest.approx(mine - other, abs=1e-9)


@pytest.mark.parametrize(("name", "against"), PAIRS[:3])
def test_contributions_to_the_weighted_sum_are_weight_times_difference(result, name, against):
    for c in explain(result, name, against).contributions:
        expected = c.effective * (c.mine.scaled - c.other.scaled)
        assert c.by_method["weighted_sum"] == pytest.approx(expected, abs=1e-9)


def test_what_is_equal_in_both_contributes_nothing(result):
    found = explain(result, WINNER)
    equal = [c for c in found.contributions if c.mine.value == c.other.value]
    assert equal
    assert [c.points for c in equal] == [0.0] * len(equal)


def test_the_other_is_the_winner_and_for_the_winner_the_runner_up(result):
    assert explain(result, "heartbeat-drbd").against.id == WINNER
    assert explain(result, WINNER).against.id == result.selection.runner_up
    assert explain(result, "heartbeat").role in ("membership", "resource-management")


# --- what would turn the order ----------------------------------------------------------------


def test_a_weight_that_is_said_to_turn_the_order_does_and_no_less(result):
    ranked = [s.id for s in result.stacks if s.outcome == "ranked"]
    tried = 0
    for name in ranked[2:]:
        for change in explain(result, name, ranked[0]).weight_changes:
            if change.others_times == 0:
                continue
            tried += 1
            today = ahead(result, name, ranked[0])
            # the others stay as typed here, so the weight moves by as much as they would
            needed = change.typed_needed / change.others_times
            beyond = needed * (1.001 if change.needed > change.effective else 0.999)
            half = (change.typed + needed) / 2
            assert np.sign(ahead(reweighted(result, change.criterion, beyond), name, ranked[0])) \
                == -np.sign(today)  # fmt: skip
            assert np.sign(ahead(reweighted(result, change.criterion, half), name, ranked[0])) \
                != -np.sign(today)  # fmt: skip
    assert tried


def test_weights_typed_as_the_explanation_says_turn_the_order(result, criteria_copy):
    third, second = "pacemaker-corosync-drbd-haproxy-pcs", "pacemaker-corosync-drbd"
    change = explain(result, third, second).weight_changes[0]
    file = criteria_copy / "sme.yml"
    head, begin, criteria = file.read_text("utf-8").partition("\ncriteria:\n")
    places = {}
    for overshoot in (0.99, 1.01):
        to = change.typed + (change.typed_needed - change.typed) * overshoot
        times = (1 - to) / (1 - change.typed)

        def written(found, to=to, times=times):
            mine = found[1] == change.criterion
            return f"{found[0].rpartition(' ')[0]} {to if mine else float(found[2]) * times}"

        each = r"  - id: (\S+)\n(?:    .*\n)*?    weight: ([\d.]+)"
        file.write_text(head + begin + re.sub(each, written, criteria), "utf-8")
        run = ev.load(file).run().evaluation
        places[overshoot] = run.stack(third).quality_rank - run.stack(second).quality_rank
    assert places[0.99] > 0 > places[1.01]


def test_a_value_that_is_said_to_turn_the_order_does(result):
    found = explain(result, WINNER)
    other = found.against.id
    assert found.value_changes
    for change in found.value_changes:
        turned = with_value(result, change.of, change.criterion, change.needed)
        assert ahead(turned, WINNER, other) < 0
        half = with_value(result, change.of, change.criterion, (change.value + change.needed) / 2)
        assert ahead(half, WINNER, other) >= 0


def test_unknowns_name_what_is_missing_and_enclose_todays_lead(result):
    found = explain(result, WINNER)
    missing = {(u.component, u.criterion) for u in found.unknowns if u.missing}
    assert ("corosync", "retention") in missing
    for unknown in found.unknowns:
        low, high = unknown.difference
        assert low - 1e-9 <= found.difference <= high + 1e-9
        assert WINNER in unknown.affects or found.against.id in unknown.affects


# --- a wrong fact is found by following the explanation -----------------------------------------


def planted(folder: Path, file: str, old: str, new: str) -> tuple[Evaluation, str]:
    """A run on a copy of the study with one fact falsified, and the fact's file and line."""
    path = folder / file
    text = path.read_text("utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), "utf-8")
    line = text[: text.index(old)].count("\n") + 1
    return ev.load(folder / "sme.yml").run().evaluation, f"{file}:{line}:"


def test_a_falsified_function_is_followed_from_the_stack_that_fell_to_its_line(
    criteria_copy, capsys
):
    wrong, place = planted(
        criteria_copy,
        "candidates/corosync.yml",
        "quorum:\n    value: yes",
        "quorum:\n    value: no",
    )
    found = explain(wrong, WINNER)
    assert found.subject.outcome == "removed"
    assert "quorum" in [f.filter for f in found.subject.filters]
    explanation(found, Format.table)
    assert place in capsys.readouterr().out


def test_a_falsified_requirement_is_followed_to_both_sides_of_the_filter(criteria_copy, capsys):
    wrong, place = planted(
        criteria_copy,
        f"stacks/{WINNER}.yml",
        "witness-nodes:\n    value: 1",
        "witness-nodes:\n    value: 9",
    )
    found = explain(wrong, WINNER)
    explanation(found, Format.md)
    out = capsys.readouterr().out.replace("\\", "")
    assert place in out
    assert "sites/netnovation.yml:" in out
    assert found.subject.only_by == "witness-nodes"


def test_a_function_that_nobody_has_is_followed_to_who_claims_it(criteria_copy):
    """Load balancing is claimed for Pacemaker, which closes the gap to the runner-up."""
    wrong, place = planted(
        criteria_copy,
        "candidates/pacemaker.yml",
        "load-balancing: {value: no",
        "load-balancing: {value: yes",
    )
    found = explain(wrong, WINNER, "pacemaker-corosync-drbd")
    match = next(c for c in found.contributions if c.criterion == "functional-match")
    claims = [x for x in match.links if x.name == "load-balancing" and x.value == "yes"]
    assert any(place in claim.where for claim in claims)


def test_a_falsified_weight_and_effort_are_followed_to_their_lines(criteria_copy):
    path = criteria_copy / "sme.yml"
    path.write_text(path.read_text("utf-8").replace(
        "derived: functional_match\n    components: false\n    weight: 0.16",
        "derived: functional_match\n    components: false\n    weight: 0.17",
    ), "utf-8")  # fmt: skip
    wrong, place = planted(
        criteria_copy, "sme.yml", "metric: age_years\n    weight: 0.12",
        "metric: age_years\n    weight: 0.11",
    )  # fmt: skip
    found = explain(wrong, WINNER)
    age = next(c for c in found.contributions if c.criterion == "age")
    assert age.typed == 0.11
    text = (criteria_copy / "sme.yml").read_text("utf-8").splitlines()
    at = int(age.where.split(":")[-2])
    assert text[at - 1].strip() == "- id: age"
    assert place.split(":")[0] in age.where
    hours = next(
        s for s in found.subject.statements if s.key.endswith(".effort.run_hours_per_year")
    )
    file, line = hours.where.rsplit(":", 2)[:2]
    assert Path(file).read_text("utf-8").splitlines()[int(line) - 1].strip() == \
        "run_hours_per_year:"  # fmt: skip


def test_tampered_data_are_followed_to_the_repository(shipped):
    """Half of HAProxy's commits are taken out of the snapshot's table."""
    commits = shipped.snapshot.commits
    mine = commits["source"] == "haproxy"
    kept = commits[~(mine & (commits.index % 2 == 0))]
    wrong = ev.Analysis(shipped.study, replace(shipped.snapshot, commits=kept)).run().evaluation
    found = explain(wrong, WINNER, "pacemaker-corosync-drbd")
    row = next(c for c in found.contributions if c.criterion == "commits")
    link = next(x for x in row.links if x.component == "haproxy")
    source = next(s for s in found.sources if s.id in link.sources)
    assert "haproxy" in source.url
    assert link.n < source.items / 2  # the table does not hold what the source is said to have
    assert link.where.startswith("criteria/candidates/haproxy.yml:")


# --- decisions, names and forms -----------------------------------------------------------------


def test_least_effort_is_said_to_have_decided():
    result = ev.load("lazy-user.yml").run().evaluation
    if result.selection.runner_up:
        found = explain(result, result.selection.winner)
        assert found.decided_by == "effort"
        assert "least effort" in found.rule


def test_an_unknown_name_gets_the_names_that_there_are(result):
    with pytest.raises(EvaluationError, match="did you mean 'heartbeat-drbd'"):
        explain(result, "heartbeat-drdb")
    with pytest.raises(EvaluationError, match="did you mean 'two-links'"):
        explain(result, "two-link", also=["two-links"])
    with pytest.raises(EvaluationError, match="nothing to compare is called 'haproxy'"):
        explain(result, "corosync", "haproxy")
    with pytest.raises(EvaluationError, match="stands twice"):
        explain(result, WINNER, WINNER)


def test_one_stack_alone_has_nothing_to_be_compared_with(result):
    alone = result.model_copy(
        update={
            "stacks": [result.stack(WINNER).model_copy(update={"effort": None})],
            "selection": result.selection.model_copy(
                update={"runner_up": None, "indistinguishable": []}
            ),
        }
    )
    found = explain(alone, WINNER)
    assert (found.against, found.difference, found.decided_by) == (None, None, "nothing")


def test_stacks_that_are_equal_in_all_tie(result):
    twins = [result.stack(WINNER), result.stack(WINNER).model_copy(update={"id": "twin"})]
    selection = result.selection.model_copy(
        update={"winner": WINNER, "runner_up": "twin", "indistinguishable": []}
    )
    found = explain(result.model_copy(update={"stacks": twins, "selection": selection}), WINNER)
    assert found.decided_by == "tie"


@pytest.mark.parametrize("format", list(Format))
def test_hostile_names_reach_no_terminal_and_no_page(result, format, capsys):
    bad = "\x1b[31m<script>alert(1)</script>|[bold]=1+1"
    stacks = [s.model_copy(update={"name": bad}) for s in result.stacks]
    metrics = [m.model_copy(update={"note": bad}) for m in result.metrics]
    weights = [w.model_copy(update={"name": bad, "reason": bad}) for w in result.weights]
    changed = result.model_copy(update={"stacks": stacks, "metrics": metrics, "weights": weights})
    explanation(explain(changed, WINNER), format)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    if format is Format.md:
        assert "<script>" not in out
    if format is Format.json:
        assert json.loads(out)["subject"]["name"] == bad


def test_the_command_explains_a_stored_run(shipped_run, tmp_path, monkeypatch, capsys):
    shipped_run.save(tmp_path)
    monkeypatch.setattr(
        sys, "argv",
        ["evaluate", "explain", "corosync", "--run", str(tmp_path), "--format", "json"],
    )  # fmt: skip
    assert cli.run() == 0
    found = json.loads(capsys.readouterr().out)
    assert found["role"] == "membership"
    assert found["contributions"]


# --- codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "validate-crm",
        "secret-missing",
        "no-winner",
        "only-trials",
        "no-reliability",
        "trial-record",
    ],
)
def test_a_code_of_a_command_is_explained(code, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["evaluate", "explain", code])
    assert cli.run() == 0
    assert meaning(code)[:40] in capsys.readouterr().out


@pytest.mark.parametrize("code", ["unknown-parameter", "validate-with-known", "unknown-volume"])
def test_a_rule_or_refusal_is_not_taken_for_one_of_a_family(code, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["evaluate", "explain", code])
    assert cli.run() == 0
    assert meaning(code) not in capsys.readouterr().out


def test_only_codes_that_something_gives_are_explained():
    root = Path(__file__).parents[2]
    files = [p for top in ("evaluator", "deploy") for p in (root / top).rglob("*") if p.is_file()]
    files = [p for p in files if p.suffix != ".pyc" and p.name != "codes.py"]
    given = "\n".join(p.read_text(encoding="utf-8", errors="replace") for p in files)
    assert [c for c in MEANINGS if f'"{c}"' not in given and f"[{c}]" not in given] == []
    assert meaning("validate-") == meaning("two-link") == ""
