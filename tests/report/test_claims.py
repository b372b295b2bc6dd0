"""No claim without its condition: what would change the answer, risks, recovery, the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evaluator.report.build import build_document
from evaluator.report.case import Case
from evaluator.report.chapters.comparison import plain_unit, plain_value
from evaluator.report.chapters.conclusions import conclusions
from evaluator.report.chapters.counterfactual import shared_parts, what_would_change, wide_field
from evaluator.report.chapters.implementation import implementation
from evaluator.report.chapters.methodology import methodology
from evaluator.report.chapters.opening import scope
from evaluator.report.chapters.recovery import failed_service, lost_node
from evaluator.report.chapters.results import results
from evaluator.report.chapters.risks import risks
from evaluator.report.document import Chapter, Document, Verdict, as_tree
from evaluator.report.figures import ranking, schemes
from evaluator.result import Evaluation, MetricRow
from evaluator.study.model import Study

Make = Callable[[str | None], Evaluation]


def words(value: Any) -> str:
    """Everything that a reader would read, drawings left out."""
    if isinstance(value, dict):
        return "".join(words(v) for k, v in value.items() if k not in ("svg", "kind", "label"))
    if isinstance(value, list):
        return "".join(words(v) for v in value)
    return str(value)


def read(*chapters: Chapter) -> str:
    tree = as_tree(Document("", "", (2021, 1, 1), (), Verdict("", (), (), True), chapters))
    return words(tree["chapters"])


def blocks(found: list[Any]) -> str:
    return read(Chapter("only", "Only", tuple(found)))


def changed(evaluation: Evaluation, at: int, **fields: Any) -> Evaluation:
    stacks = list(evaluation.stacks)
    stacks[at] = stacks[at].model_copy(update=fields)
    return evaluation.model_copy(update={"stacks": stacks})


def with_metric(evaluation: Evaluation, metric: str, values: dict[str, float]) -> Evaluation:
    kept = [r for r in evaluation.metrics if r.metric != metric or r.candidate not in values]
    rows = [
        MetricRow(
            candidate=c,
            metric=metric,
            value=v,
            low=v,
            high=v + 1,
            unit="",
            n=1234,
            window="24 months",
            outcome="ok",
            source="",
            note="",
        )
        for c, v in values.items()
    ]
    return evaluation.model_copy(update={"metrics": kept + rows})


# --- what would change the answer -----------------------------------------------------------


def test_a_filter_that_decided_alone_is_named(study: Study, evaluation: Evaluation) -> None:
    text = blocks(what_would_change(Case(evaluation, study)))
    assert "Third stack: without the need for failover (a filter of ours)" in text
    assert "reference score is 0.200" in text
    assert "0.610" in text, "the winner's score stands beside"


def test_without_such_a_filter_the_report_says_so(study: Study, evaluation: Evaluation) -> None:
    text = blocks(what_would_change(Case(changed(evaluation, 2, only_by=""), study)))
    assert "No single filter decides" in text
    assert "Third stack" not in text


def test_a_reference_score_that_means_nothing_is_not_printed(
    study: Study, evaluation: Evaluation
) -> None:
    case = Case(changed(evaluation, 2, score=None), study)
    assert "its quality cannot be given" in blocks(what_would_change(case))
    assert "mostly assumed" in read(results(case))


def test_two_contenders_that_share_parts_are_compared_by_the_others(
    study: Study, evaluation: Evaluation
) -> None:
    text = shared_parts(Case(evaluation, study))
    assert text.startswith("The comparison is Beta against Alpha and Gamma against none: 1 of 3")


def test_robustness_needs_many_unlike_contenders(study: Study, evaluation: Evaluation) -> None:
    first = evaluation.stacks[0].model_copy(update={"first_rank_probability": 0.97})

    def field(size: int, *, alike: bool) -> Case:
        stacks = [
            first.model_copy(
                update={
                    "id": "first" if n == 0 else f"other{n}",
                    "components": dict.fromkeys(("a", "b"), "beta" if alike else f"c{n}"),
                }
            )
            for n in range(size)
        ]
        return Case(evaluation.model_copy(update={"stacks": stacks}), study)

    assert wide_field(field(4, alike=False))
    assert not wide_field(field(3, alike=False))
    assert not wide_field(field(4, alike=True))


# --- risks ----------------------------------------------------------------------------------


def test_risks_name_what_rests_on_one_person_with_n(study: Study, evaluation: Evaluation) -> None:
    thin = with_metric(evaluation, "contributor_absence_factor", {"beta": 1.0, "gamma": 2.0})
    text = read(conclusions(Case(thin, study)))
    assert "One person makes at least half of the commits for Beta (n = 1\u202f234)" in text
    assert "the parts to watch" in text
    assert "least of all for Beta" in text


def test_risks_are_silent_where_nothing_speaks_against(
    study: Study, evaluation: Evaluation
) -> None:
    fine = with_metric(evaluation, "elephant_factor", dict.fromkeys(("beta", "gamma", "delta"), 2))
    lit = [x.model_copy(update={"colour": "green"}) for x in fine.stacks[0].lights]
    best = [v.model_copy(update={"value": 99.0}) for v in fine.stacks[0].values]
    text = blocks(risks(Case(changed(fine, 0, lights=lit, values=best), study)))
    assert "No light, count or criterion speaks against First stack" in text
    assert "that is no promise" in text


def test_worst_of_all_stacks_is_said(study: Study, evaluation: Evaluation) -> None:
    values = [v.model_copy(update={"value": 1.0}) for v in evaluation.stacks[0].values[:1]]
    worst = changed(evaluation, 0, values=[*values, *evaluation.stacks[0].values[1:]])
    said = "Worst of all stacks on two criteria: Activity and Functional match (with 1 other)."
    assert said in blocks(risks(Case(worst, study)))


def test_no_winner_no_risks(study: Study, evaluate: Make) -> None:
    assert risks(Case(evaluate(None), study)) == []


# --- recovery -------------------------------------------------------------------------------


def test_recovery_adds_up_the_bounds_of_the_site(study: Study) -> None:
    service = study.site.services[0]
    assert sum(s for _, s in failed_service(service)) == 60 + 120 + 600 + 600
    assert sum(s for _, s in lost_node(study.site, service)) == 6.6 + 120 + 600
    alone = [n for n in study.site.nodes if n.role == "data"]
    race = study.site.model_copy(update={"nodes": alone})
    assert sum(s for _, s in lost_node(race, service)) == 6.6 + 5 + 2 * 5 + 120 + 600


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(900, "does not fit when the service fails"), (1380, "both fit"), (60, "neither fits")],
)
def test_the_verdict_follows_the_objective(
    seconds: int, verdict: str, study: Study, evaluation: Evaluation
) -> None:
    level = study.site.service_level.model_copy(update={"recovery_time_seconds": seconds})
    site = study.site.model_copy(update={"service_level": level})
    case = Case(evaluation, study.model_copy(update={"site": site}))
    assert verdict in read(implementation(case))


# --- inputs ---------------------------------------------------------------------------------


def test_appendices_print_needs_functions_and_efforts(study: Study, evaluation: Evaluation) -> None:
    tree = as_tree(build_document(Case(evaluation, study)))
    tables = {b["label"]: b for c in tree["chapters"] for b in c["blocks"] if b["kind"] == "table"}
    assert len(tables["table-needs"]["rows"]) == len(study.criteria.need)
    cells = [words(c["content"]) for c in tables["table-functions"]["rows"][0]]
    assert cells == ["Failover (required)", "yes", "yes", "no"]
    assert len(tables["table-effort-inputs"]["rows"]) == 6 * len(study.stacks)
    assert words(tables["table-effort-inputs"]["rows"][0][2]["content"]) == "15 to 30"
    assert "synthetic" in words(tables["table-effort-inputs"]["rows"][0][4]["content"])
    assert {words(r[0]["content"]) for r in tables["table-effort-rule"]["rows"]} >= {"Horizon"}


def test_notes_of_the_run_and_the_dates_of_the_data_are_printed(
    study: Study, evaluation: Evaluation
) -> None:
    text = read(scope(Case(evaluation, study)))
    assert "A synthetic note of the run." in text
    assert "data up to 2021-07-01, retrieved 2021-07-01" in text
    details = build_document(Case(evaluation, study)).details
    assert ("Note", "A synthetic note of the run.") in details


def test_a_light_that_is_grey_everywhere_is_named(study: Study, evaluation: Evaluation) -> None:
    dark = evaluation
    for at, stack in enumerate(evaluation.stacks):
        lights = [
            x.model_copy(update={"colour": "grey"}) if x.semaphore == "release" else x
            for x in stack.lights
        ]
        dark = changed(dark, at, lights=lights)
    said = "Last release could not be lit for any of 4 components"
    assert said in read(methodology(Case(dark, study)))
    assert said in read(results(Case(dark, study)))
    assert "could not be lit for any" not in read(results(Case(evaluation, study)))


def test_the_pipeline_counts_each_light_once(study: Study, evaluation: Evaluation) -> None:
    steps = dict(schemes.pipeline_steps(Case(evaluation, study)))
    assert steps["score"].startswith("8 lights")
    assert sum(len(s.lights) for s in evaluation.stacks) > 8


def test_certain_ranks_are_not_drawn(study: Study, evaluation: Evaluation) -> None:
    sure = changed(evaluation, 0, rank_acceptability=[1.0, 0.0])
    sure = changed(sure, 1, rank_acceptability=[0.0, 1.0])
    assert ranking.acceptability(Case(evaluation, study))
    assert ranking.acceptability(Case(sure, study)) == ""


def test_logarithms_are_turned_back() -> None:
    assert plain_unit("log10(1 + commits)") == "commits"
    assert plain_value(2.0, "log10(1 + commits)") == 99
    assert (plain_unit("share"), plain_value(0.5, "share")) == ("share", 0.5)
