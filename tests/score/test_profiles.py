"""The shipped files of published selection models: each runs on the shipped study and says why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

import evaluator as ev
from evaluator.content import criteria_folder
from evaluator.findings import EvaluationError
from evaluator.metrics import all_metrics
from evaluator.mine.sources import backends
from evaluator.study import load_study


class Expected(NamedTuple):
    """What a model publishes, how much of it is asked, and what it takes and says."""

    published: int
    asked: int
    winner: str | None
    says: str


WITH_PCS = "pacemaker-corosync-drbd-haproxy-pcs"
PROFILES: Mapping[str, Expected] = {
    "qsos": Expected(16, 7, WITH_PCS, "must not be quoted"),
    "openbrr": Expected(12, 5, WITH_PCS, "only 40 can be had by API"),
    "osspal": Expected(8, 4, None, "finished software needs few commits"),
    "criticality-score": Expected(10, 7, "pacemaker-corosync-drbd-haproxy", "without the mentions"),
    "chaoss-starter-health": Expected(
        4, 4, WITH_PCS,
        "'Because every project is different, we do not compare projects against each other'",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def runs() -> dict[str, ev.Run]:
    return {name: ev.load(f"{name}.yml").run() for name in PROFILES}


def test_every_shipped_criteria_file_is_looked_at():
    shipped = {path.stem for path in criteria_folder().glob("*.yml")} - {"catalogue"}
    assert shipped == {*PROFILES, "sme", "lazy-user"}


@pytest.mark.parametrize("name", PROFILES)
def test_it_ranks_what_is_left_and_explains_every_removal(runs, name):
    result = runs[name].evaluation
    assert result.selection.winner == PROFILES[name].winner
    assert {s.id for s in result.stacks} == {p.stem for p in criteria_folder().glob("stacks/*.yml")}
    for stack in result.stacks:
        if stack.outcome == "ranked":
            assert 0 <= stack.score <= 1
            assert stack.rank >= 1
        else:
            assert stack.removed_by
            assert all(stack.reasons)
    assert all(result.components[role] for role in ("membership", "storage", "fencing"))


@pytest.mark.parametrize("name", PROFILES)
def test_it_says_how_much_of_the_model_it_answers(runs, name):
    expected, run = PROFILES[name], runs[name]
    profile = run.analysis.study.criteria.profile
    assert (profile.published, len(profile.answered)) == (expected.published, expected.asked)
    notes = " ".join(run.evaluation.notes)
    assert f"publishes {expected.published} items; {expected.asked} can be asked" in notes
    assert all(item in notes for item in profile.left_out)
    assert expected.says in notes
    unknown = {c.id for c in run.analysis.study.criteria.criteria} - {
        v.criterion for s in run.evaluation.stacks for v in s.values if v.value is not None
    }
    silent = {item for item, by in profile.answered.items() if by in unknown}
    assert ("no value in this snapshot" in notes) == bool(silent)
    assert all(item in notes for item in silent)


@pytest.mark.parametrize("name", PROFILES)
def test_every_borrowed_and_every_own_number_has_its_source(name):
    study = load_study(f"{name}.yml", metrics=all_metrics(), backends=backends())
    criteria = study.criteria
    for part in (criteria.profile, *criteria.criteria, *criteria.semaphores, *criteria.methods):
        assert set(part.source) <= {*study.references, "ours"}
    assert sum(c.weight for c in criteria.criteria) == pytest.approx(1, abs=1e-6)


def test_a_component_has_the_score_of_the_formula_by_hand(runs):
    """HAProxy and Corosync: the weighted mean of the shares over the signals that have a value."""
    run = runs["criticality-score"]
    criteria = {c.id: c for c in run.analysis.study.criteria.criteria}
    for role, name in (("membership", "corosync"), ("storage", "drbd")):
        found = next(c for c in run.evaluation.components[role] if c.id == name)
        total = weights = 0.0
        for cell in found.values:
            criterion = criteria[cell.criterion]
            measure = run.table.get(name, criterion.metric)
            if measure.value is not None:
                total += criterion.weight * criterion.saturation(measure.value)
                weights += criterion.weight
        assert weights == pytest.approx(1 - criteria["closed-issues-count"].weight)
        assert found.score == pytest.approx(total / weights)
        assert 0 < found.score < 1


def test_a_stack_has_the_mean_of_its_parts_ratings(runs):
    run = runs["qsos"]
    age = next(v for v in run.evaluation.stack(WITH_PCS).values if v.criterion == "age")
    assert (age.value, age.unit) == (2, "score 0 to 2")  # all parts are older than three years
    winner = run.evaluation.winner
    middles = [
        v.value if v.value is not None and not v.assumed else (v.low + v.high) / 2
        for v in winner.values
    ]
    weights = [c.weight for c in run.analysis.study.criteria.criteria]
    score = sum(w * x for w, x in zip(weights, middles, strict=True)) / sum(weights)
    assert winner.score == pytest.approx(score / 2)  # a share of the best score, 2


def test_osspal_names_each_part_that_its_screen_refuses(runs):
    result = runs["osspal"].evaluation
    stack = result.stack("pacemaker-corosync-drbd")
    assert stack.stage == "semaphore"
    failing = {
        (light.candidate, light.semaphore): light.value for light in stack.lights if light.fails
    }
    assert failing == {("corosync", "commits-12m"): 47, ("fence-agents", "commits-12m"): 18}
    assert "red for corosync (47 commits)" in stack.reasons[0]
    assert result.selection.winner is None


def edited(folder: Path, name: str, *pairs: tuple[str, str]) -> Path:
    path = folder / f"{name}.yml"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def test_qsos_can_select_strictly(criteria_copy: Path):
    path = edited(criteria_copy, "qsos", ("mandatory: false", "mandatory: true"))
    result = ev.load(path).run().evaluation
    stack = result.stack("pacemaker-corosync-drbd")
    assert stack.removed_by == "strict-core-team"  # Corosync: one person does half of the work
    assert "Core team (critical): red for corosync" in stack.reasons[0]


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("    Age: age\n", "    Age: aeg\n", "unknown-criterion", "did you mean 'age'"),
        ("    Age: age\n", "    Age: age\n    History: age\n", "duplicate-id", "left out"),
        ("  model: QSOS 2.0 (maturity)\n", "", "missing-key", "model"),
    ],
)
def test_a_mistake_in_the_statement_of_a_model_has_its_place(criteria_copy, old, new, code, says):
    path = edited(criteria_copy, "qsos", (old, new))
    with pytest.raises(EvaluationError) as raised:
        load_study(path, metrics=all_metrics(), backends=backends())
    (finding,) = raised.value.findings
    assert finding.code == code
    assert finding.where.line > 1
    assert says in f"{finding.message} {finding.remedy}"
