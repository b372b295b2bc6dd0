"""From files to result: what is changed in a copied study changes the result as it should."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest

import evaluator as ev
from evaluator.content import shipped_snapshot
from evaluator.metrics import all_metrics
from evaluator.pipeline import Run, evaluate, read_study, trials_beside
from evaluator.result import Evaluation

WINNER = "pacemaker-corosync-drbd-haproxy"
SEED = 20150101


def edit(path, old, new, count=1):
    """Replace a text that must stand in the file so many times."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == count, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def again(criteria_copy, shipped, shipped_run):
    """Evaluates the edited copy on the metrics measured already (they see no criteria file)."""

    def run(name="sme.yml", draws=2000):
        path = criteria_copy / name
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"draws: \d+", f"draws: {draws}", text), encoding="utf-8")
        study = read_study(path, trials=trials_beside(shipped_snapshot()))
        return evaluate(study, shipped.snapshot, shipped_run.table, SEED)

    return run


def cell(stack, criterion):
    return next(v for v in stack.values if v.criterion == criterion)


def test_the_thesis_stack_wins(shipped_run):
    evaluation = shipped_run.evaluation
    assert evaluation.winner.id == WINNER
    assert evaluation.winner.first_rank_probability > 0.9
    assert shipped_run.selection.winner == WINNER
    assert shipped_run.ranking.index[0] == WINNER


def test_same_input_same_bytes(shipped, shipped_run):
    again = evaluate(shipped.study, shipped.snapshot, shipped_run.table, SEED)
    assert again.model_dump_json() == shipped_run.evaluation.model_dump_json()


def test_another_seed_is_close(shipped, shipped_run):
    other = evaluate(shipped.study, shipped.snapshot, shipped_run.table, SEED + 1)
    first = shipped_run.evaluation
    assert [s.id for s in other.stacks] == [s.id for s in first.stacks]
    for mine, theirs in zip(other.stacks, first.stacks, strict=True):
        assert mine.score == pytest.approx(theirs.score)
        assert mine.effort.median == pytest.approx(theirs.effort.median, rel=0.02)
        assert mine.effort.median != theirs.effort.median
        if mine.outcome == "ranked":
            assert mine.first_rank_probability == pytest.approx(
                theirs.first_rank_probability, abs=0.02
            )


def test_result_survives_json(shipped_run):
    text = shipped_run.evaluation.model_dump_json()
    assert "NaN" not in text
    assert Evaluation.model_validate_json(text) == shipped_run.evaluation
    assert json.loads(text)["schema_version"] == 1


def test_every_input_is_named_with_its_hash(shipped, shipped_run):
    inputs = shipped_run.evaluation.inputs
    assert inputs["snapshot"] == shipped.snapshot.digest
    assert any(name.endswith("sme.yml") for name in inputs)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in inputs.values())


def test_a_copy_gives_the_same_result(again, shipped_run):
    copied = again(draws=10000)
    assert copied.stacks == shipped_run.evaluation.stacks
    assert copied.selection == shipped_run.evaluation.selection


def test_changing_one_weight(again, criteria_copy, shipped_run):
    """Half of what Age has goes to Commits."""
    path = criteria_copy / "sme.yml"
    edit(
        path, "    metric: age_years\n    weight: 0.12", "    metric: age_years\n    weight: 0.072"
    )
    edit(path, "    metric: commits_12m\n    weight: 0.048",
         "    metric: commits_12m\n    weight: 0.096")  # fmt: skip
    weights = {w.criterion: w for w in again().weights}
    before = {w.criterion: w for w in shipped_run.evaluation.weights}
    ratio = weights["commits"].effective / weights["age"].effective
    was = before["commits"].effective / before["age"].effective
    assert ratio / was == pytest.approx((0.12 / 0.09) / (0.06 / 0.15))
    assert sum(w.effective for w in weights.values()) == pytest.approx(1)


def test_a_weight_moves_the_score_of_who_is_good_at_it(again, criteria_copy, shipped_run):
    """keepalived and HAProxy are busy and provide little: less weight on function raises them."""
    path = criteria_copy / "sme.yml"
    edit(path, "    derived: functional_match\n    components: false\n    weight: 0.16",
         "    derived: functional_match\n    components: false\n    weight: 0.00")  # fmt: skip
    edit(path, "    metric: active_contributors_12m\n    weight: 0.064",
         "    metric: active_contributors_12m\n    weight: 0.224")  # fmt: skip
    after, before = again(), shipped_run.evaluation
    name = "keepalived-haproxy"
    assert after.stack(name).score > before.stack(name).score
    assert after.stack(name).outcome == "removed"  # no weight brings back what a filter removed


def test_changing_one_fact_removes_the_winner_with_that_reason(again, criteria_copy):
    pacemaker = criteria_copy / "candidates" / "pacemaker.yml"
    text = pacemaker.read_text()
    entry = re.search(r"  ordered-start:[^\n]*\n?[^\n]*yes", text)
    assert entry, "pacemaker no longer provides ordered-start"
    pacemaker.write_text(text.replace(entry[0], entry[0].replace("yes", "no")))
    result = again()
    fallen = result.stack(WINNER)
    assert (fallen.outcome, fallen.stage, fallen.rank) == ("removed", "need", None)
    assert fallen.removed_by == fallen.only_by == "ordered-start"
    assert fallen.reasons == ["Ordered start: needed, not provided"]
    assert result.selection.winner is None


def test_a_fact_that_ended_counts_no_more(again, criteria_copy):
    edit(
        criteria_copy / "candidates" / "haproxy.yml",
        "load-balancing: {value: yes, source: haproxy-manual}",
        "load-balancing: {value: yes, source: haproxy-manual, until: 2026-01-01}",
    )
    functions = {f.function: f.value for f in again().stack(WINNER).functions}
    assert functions["load-balancing"] == "no"


def test_a_wish_that_becomes_a_need_removes_who_lacks_it(again, criteria_copy, shipped_run):
    assert shipped_run.evaluation.stack("pacemaker-corosync-drbd").effort_rank == 1
    path = criteria_copy / "sme.yml"
    edit(path, "- function: load-balancing\n    required: false",
         "- function: load-balancing\n    required: true")  # fmt: skip
    result = again()
    fallen = result.stack("pacemaker-corosync-drbd")
    assert (fallen.stage, fallen.only_by) == ("need", "load-balancing")
    assert result.selection.winner == WINNER


def test_the_attitude_changes_weights_and_scores(again, criteria_copy, shipped_run):
    edit(criteria_copy / "sme.yml", "attitude: mission_critical\n", "attitude: research\n")
    result = again()
    assert result.attitude == "research"
    groups = {"survivability": 0.0, "function": 0.0}
    before = dict(groups)
    for row, old in zip(result.weights, shipped_run.evaluation.weights, strict=True):
        assert row.typed == old.typed
        if row.group in groups:
            groups[row.group] += row.effective
            before[row.group] += old.effective
    assert groups["function"] > before["function"]
    assert groups["survivability"] < before["survivability"]
    assert result.stack(WINNER).score != shipped_run.evaluation.stack(WINNER).score


def test_a_site_with_shared_storage_lets_cluster_file_systems_through(
    again, criteria_copy, shipped_run
):
    before = shipped_run.evaluation
    shared = ("pacemaker-corosync-gfs2", "pacemaker-corosync-ocfs2")
    for name in shared:
        assert before.stack(name).removed_by == "shared-storage"
        assert before.stack(name).reasons == ["Shared disk array: required, the site has none"]
    edit(criteria_copy / "sites" / "netnovation.yml", "shared-storage:\n    value: false",
         "shared-storage:\n    value: true")  # fmt: skip
    result = again()
    for name in shared:
        assert result.stack(name).outcome == "ranked"
        assert not any("disk array" in reason for reason in result.stack(name).reasons)
    # the suite still lacks two other things
    assert len(result.stack("red-hat-ha").reasons) == len(before.stack("red-hat-ha").reasons) - 1
    ranked = [s for s in result.stacks if s.outcome == "ranked"]
    assert len(result.winner.rank_acceptability) == len(ranked)


def test_less_cash_removes_what_costs_more(again, criteria_copy):
    site = criteria_copy / "sites" / "netnovation.yml"
    edit(site, "cash-eur-per-year:\n    value: 2000", "cash-eur-per-year:\n    value: 50")
    fallen = again().stack(WINNER)
    assert fallen.removed_by == "cash"
    assert fallen.reasons == ["Cash per year: needs 90 EUR/year, the site has 50"]


def test_a_light_that_must_be_lit_removes(again, criteria_copy):
    """With hours as the limit, every part's latest commit is too old."""
    path = criteria_copy / "sme.yml"
    edit(path, "mandatory: true\n    direction: min\n    green: 6\n    yellow: 24",
         "mandatory: true\n    direction: min\n    green: 0.01\n    yellow: 0.02")  # fmt: skip
    result = again()
    assert result.selection.winner is None
    assert result.winner is None
    fallen = result.stack(WINNER)
    assert (fallen.stage, fallen.removed_by) == ("semaphore", "alive")
    assert any(r.startswith("Latest commit: red for pacemaker (on 2026-") for r in fallen.reasons)
    assert fallen.score is not None
    assert "No stack is left" in result.selection.reason


def test_lazy_user_takes_the_least_effort(again):
    result = again("lazy-user.yml")
    ranked = [s for s in result.stacks if s.outcome == "ranked"]
    assert len(ranked) > 1
    medians = [s.effort.median for s in ranked]
    assert medians == sorted(medians)
    assert result.winner.effort_rank == 1
    assert "least effort" in result.selection.rule
    assert sum(s.effort.least_probability for s in ranked) == pytest.approx(1)


def test_one_stack_only(again, criteria_copy):
    path = criteria_copy / "sme.yml"
    edit(path, "site: netnovation\n", f"site: netnovation\nstacks: [{WINNER}]\n")
    result = again()
    assert [s.id for s in result.stacks] == [WINNER]
    assert result.winner.rank == 1
    assert result.winner.score is None  # nothing to compare with
    assert result.agreement is None
    assert "only one left" in result.selection.reason


def test_as_of_2014_differs_from_today(shipped, shipped_run):
    then = shipped.run(as_of=dt.date(2014, 12, 31))
    now = shipped_run.evaluation
    evaluation = then.evaluation
    assert evaluation.as_of == dt.date(2014, 12, 31)
    assert evaluation.snapshot_date == now.snapshot_date
    # Debian 12 was not out, so the operating system decided nothing
    filters = {s.id: s.removed_by for s in evaluation.stacks}
    assert "operating-system" not in filters.values()
    assert now.stack("suse-ha").removed_by == "operating-system"
    assert evaluation.stack("suse-ha").outcome == "ranked"
    # Heartbeat was still being developed and its light was not red
    alive = {
        lit.candidate: lit.colour
        for stack in evaluation.stacks
        for lit in stack.lights
        if lit.semaphore == "alive"
    }
    assert alive["heartbeat"] in ("green", "yellow")
    today = {lit.candidate: lit.colour for s in now.stacks for lit in s.lights
             if lit.semaphore == "alive"}  # fmt: skip
    assert today["heartbeat"] == today["openais"] == "red"
    # no archive reaches back: what was said on the lists is not known
    mail = {r.outcome for r in evaluation.metrics if all_metrics()[r.metric].needs == "mail"}
    assert mail <= {"not_available", "not_applicable"}
    assert max(row.year for row in evaluation.yearly) == 2014
    assert evaluation.stack(WINNER).outcome == "ranked"


def test_before_all_of_it_nothing_is_left_and_nothing_breaks(shipped):
    run = shipped.run(as_of=dt.date(1995, 1, 1))
    assert run.selection.winner is None
    assert {row.outcome for row in run.evaluation.metrics} <= {"not_available", "not_applicable"}
    assert run.evaluation.yearly == []
    assert run.evaluation.coverage == 0
    assert "NaN" not in run.evaluation.model_dump_json()
    assert run.ranking["rank"].isna().all()


def test_as_of_after_the_snapshot_is_refused(shipped):
    after = shipped.snapshot.as_of + dt.timedelta(days=1)
    with pytest.raises(ev.EvaluationError) as caught:
        shipped.run(as_of=after)
    (finding,) = caught.value.findings
    assert finding.code == "as-of-after-snapshot"
    assert str(after) in finding.message
    assert str(shipped.snapshot.as_of) in finding.remedy
    assert caught.value.exit_code == ev.ExitCode.INVALID


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"criteria": "smee.yml"}, "no-such-file"),
        ({"site": "elsewhere"}, "no-such-file"),
        ({"snapshot": "nowhere"}, "snapshot-missing"),
    ],
)
def test_what_is_not_there_is_refused(arguments, code):
    with pytest.raises(ev.EvaluationError) as caught:
        ev.load(**arguments)
    assert code in {f.code for f in caught.value.findings}


@pytest.mark.parametrize(
    ("stack", "code"), [("pacemaker", "unknown-stack"), ("hp-serviceguard", "not-deployable")]
)
def test_a_stack_without_a_bundle_is_refused(shipped_run, tmp_path, stack, code):
    with pytest.raises(ev.EvaluationError) as caught:
        shipped_run.bundle(tmp_path / "b", stack=stack)
    assert caught.value.findings[0].code == code
    assert WINNER in caught.value.findings[0].remedy
    assert not (tmp_path / "b").exists()


def test_no_winner_no_bundle(shipped, shipped_run, tmp_path):
    selection = shipped_run.selection.model_copy(update={"winner": None})
    evaluation = shipped_run.evaluation.model_copy(update={"selection": selection})
    with pytest.raises(ev.EvaluationError) as caught:
        Run(shipped, shipped_run.table, evaluation).bundle(tmp_path / "b")
    assert caught.value.findings[0].code == "no-winner"


def test_frames_of_a_run(shipped_run):
    frame = shipped_run.ranking
    assert frame.loc[WINNER, "rank"] == 1
    assert frame["rank"].isna().sum() == (frame["outcome"] == "removed").sum()
    assert frame["rank"].dropna().is_monotonic_increasing
    metrics = shipped_run.metrics
    assert not metrics.duplicated(["candidate", "metric"]).any()
    assert {"value", "unit", "n", "window", "outcome", "source"} <= set(metrics.columns)
    assert not shipped_run.yearly.duplicated(["candidate", "year"]).any()


def test_notebook_view_escapes_what_files_say(shipped, shipped_run):
    hostile = shipped_run.evaluation.model_copy(update={"title": "<script>alert(1)</script>"})
    html = Run(shipped, shipped_run.table, hostile)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_components_are_ranked_inside_their_role(shipped, shipped_run):
    components = shipped_run.evaluation.components
    assert components["membership"][0].id == "corosync"
    for role, entries in components.items():
        assert [e.rank for e in entries] == sorted(e.rank for e in entries)
        for entry in entries:
            assert entry.role == role
            assert role in shipped.study.candidates[entry.id].roles
            assert shipped.study.candidates[entry.id].kind == "project"


def test_function_matches_name_who_provides(shipped_run):
    evaluation = shipped_run.evaluation
    for stack in evaluation.stacks:
        points = {"yes": 1, "partial": 0.5, "no": 0}
        share = sum(points[f.value] for f in stack.functions) / len(stack.functions)
        assert stack.functional_match == pytest.approx(share)
        assert cell(stack, "functional-match").value == pytest.approx(share)
        assert all(f.via and f.source for f in stack.functions if f.value != "no")
