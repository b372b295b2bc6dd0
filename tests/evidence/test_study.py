"""Trials as evidence on stacks.  Every trial here is made up and nobody's."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import evaluator as ev
from evaluator import cli
from evaluator.content import shipped_snapshot
from evaluator.diff import compare
from evaluator.explain import explain
from evaluator.findings import EvaluationError
from evaluator.pipeline import read_study, trials_beside
from evaluator.score.matrix import stack_cells
from evaluator.study.untried import untried
from evaluator.trial.clusters import OWN_DATA

from .made_up import campaign, careless, record, written

TRIED = {"failover", "coverage", "single-holder"}
PACEMAKER = "pacemaker-corosync-drbd-haproxy"
LVS = "pacemaker-corosync-drbd-lvs"


# --- values ---------------------------------------------------------------------------------


def test_a_stack_has_the_values_of_the_cluster_that_stands_for_it(with_trials: ev.Run) -> None:
    found = {v.criterion: v for v in with_trials.evaluation.stack(PACEMAKER).values}
    assert found["failover"].value == pytest.approx(6.7)
    assert found["failover"].low < 6.7 < found["failover"].high
    assert (found["coverage"].value, found["single-holder"].value) == (1, 1)
    assert found["coverage"].low == pytest.approx(0.7225, abs=1e-4)
    assert not any(found[name].assumed for name in TRIED)
    assert (found["failover"].unit, found["coverage"].unit) == ("s", "share")
    assert found["failover"].note == "n = 6 trials of pacemaker-2-witness, 1 kind of fault"
    split = {v.criterion: v for v in with_trials.evaluation.stack("heartbeat-drbd").values}
    assert split["single-holder"].value == 0.6
    assert split["coverage"].note.endswith("2 kinds of fault, audits of mail apart")


def test_mail_that_the_laboratory_loses_does_not_count_against_a_stack(snapshot: Path) -> None:
    study = ev.load(snapshot=snapshot).study
    lost = {"fault": "stop-active", "lost": 2, "findings": ("error [mail-lost] 2 of 40",)}
    clusters = ("pacemaker-2-witness", "heartbeat")
    made = tuple(record(cluster=c, repetition=i, **(lost if i else {}))
                 for c in clusters for i in (0, 1))  # fmt: skip
    changed = study.model_copy(update={"trials": made})
    (criterion,) = (c for c in study.criteria.criteria if c.trial == "coverage")
    found = stack_cells(changed, criterion, {})
    # each with its own data: the laboratory's loss; one disk for both: the cluster's
    assert (found["heartbeat-drbd"][1].value, found[PACEMAKER][1].value) == (1, 0.5)
    assert found["keepalived-haproxy"][1].note == "no cluster of the laboratory stands for it"


def test_stacks_say_of_their_clusters_whether_each_node_keeps_its_own_data() -> None:
    stand_ins = [s.tried_as for s in read_study().stacks.values() if s.tried_as]
    assert {t.cluster: t.own_data for t in stand_ins} == {
        t.cluster: t.cluster in OWN_DATA for t in stand_ins
    }
    assert any(t.own_data for t in stand_ins)


def test_a_stack_that_was_not_tried_may_lie_anywhere_in_the_column(with_trials: ev.Run) -> None:
    found = {v.criterion: v for v in with_trials.evaluation.stack(LVS).values}
    known = [
        v
        for s in with_trials.evaluation.stacks
        for v in s.values
        if v.criterion == "coverage" and v.value is not None
    ]
    assert found["coverage"].value is None
    assert found["coverage"].assumed
    assert found["coverage"].low == min(v.low for v in known)
    assert found["coverage"].high == max(v.high for v in known)
    assert found["coverage"].note == "no cluster of the laboratory stands for it"


def test_trials_are_values_of_stacks_and_not_of_components(with_trials: ev.Run) -> None:
    for found in with_trials.evaluation.components.values():
        for component in found:
            assert not TRIED & {v.criterion for v in component.values}


def test_stacks_that_one_cluster_stands_for_share_its_draws(with_trials: ev.Run) -> None:
    """So the same interval of both cannot put one before the other."""
    names = {
        next(iter(v.parts))
        for key in (PACEMAKER, f"{PACEMAKER}-pcs")
        for v in with_trials.evaluation.stack(key).values
        if v.criterion in TRIED
    }
    assert names == {"pacemaker-2-witness"}


def test_a_value_is_explained_down_to_the_line_that_names_the_cluster(with_trials: ev.Run) -> None:
    found = explain(with_trials.evaluation, LVS, PACEMAKER)
    (part,) = [c for c in found.contributions if c.criterion == "coverage"]
    mine, other = part.links
    assert (mine.kind, mine.outcome, mine.value) == ("trial", "not_available", None)
    assert (other.kind, other.value) == ("trial", 1)
    assert "stacks/pacemaker-corosync-drbd-haproxy.yml" in other.where
    assert "DRBD is tried apart" in other.note
    assert other.sources == ("ours",)
    missing = {(u.component, u.criterion) for u in found.unknowns if u.missing}
    assert (LVS, "coverage") in missing


def test_the_records_are_among_the_inputs(with_trials: ev.Run, snapshot: Path) -> None:
    digest = hashlib.sha256(trials_beside(snapshot).read_bytes()).hexdigest()
    assert digest in with_trials.evaluation.inputs.values()


# --- without --------------------------------------------------------------------------------


def test_without_trials_the_ranking_is_that_of_a_study_that_never_asked(
    without_trials: ev.Run, criteria_copy: Path
) -> None:
    """The weights as they were before trials were asked for, typed by hand, give the same bytes."""
    file = criteria_copy / "sme.yml"
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"  - id: failover\n.*?(?=\nattitude:)", "", text, flags=re.S)
    text = re.sub(
        r"(?m)^    weight: ([\d.]+)$", lambda m: f"    weight: {round(float(m[1]) / 0.8, 6)}", text
    )
    file.write_text(text, encoding="utf-8")
    plain = ev.load(file).run().evaluation
    found = without_trials.evaluation
    assert found.stacks == [
        s.model_copy(update={"filters": t.filters})
        for s, t in zip(plain.stacks, found.stacks, strict=True)
    ]
    assert [(w.criterion, w.effective) for w in found.weights] == [
        (w.criterion, w.effective) for w in plain.weights
    ]
    assert found.selection == plain.selection
    assert found.robustness == plain.robustness
    assert plain.notes == []
    (note,) = found.notes
    assert note.startswith("Left out for want of trials (they were not wanted): Outage of")


def test_no_file_is_as_no_trials_and_says_so(without_trials: ev.Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shipped_snapshot(), tmp_path / "snapshot"))
    for records, why in (
        ((), f"(no {tmp_path}/lab/trials.jsonl)"),
        ([record(cluster="nobody")], "trials.jsonl stands for a stack"),
    ):
        written(trials_beside(folder), records)
        found = ev.load(snapshot=folder).run().evaluation
        assert found.stacks == without_trials.evaluation.stacks
        (note,) = found.notes
        assert why in note


def test_trials_change_weights_and_scores_and_nothing_else_is_weighed_anew(
    with_trials: ev.Run, without_trials: ev.Run
) -> None:
    more, less = (
        {w.criterion: w for w in run.evaluation.weights} for run in (with_trials, without_trials)
    )
    assert set(more) - set(less) == TRIED
    assert sum(w.typed for w in more.values()) == pytest.approx(1)
    # as they stand in the file, so that what an explanation says can be typed there
    assert all(less[name].typed == more[name].typed for name in less)
    ratios = {more[name].effective / less[name].effective for name in less}
    assert max(ratios) == pytest.approx(min(ratios))
    kept = without_trials.analysis.study.criteria.weights
    assert sum(kept.values()) == pytest.approx(1, abs=1e-12)
    scores = [run.evaluation.stack(LVS).score for run in (with_trials, without_trials)]
    assert scores[0] != scores[1]
    assert with_trials.evaluation.notes == []


@pytest.mark.parametrize("how", ["before", "after", "environment"])
def test_the_option_leaves_them_out(
    how: str, snapshot: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {
        "before": ["--without-trials", "rank"],
        "after": ["rank", "--without-trials"],
        "environment": ["rank"],
    }[how]
    if how == "environment":
        monkeypatch.setenv("EVALUATE_WITHOUT_TRIALS", "1")
    arguments = ["evaluate", *words, "--snapshot", str(snapshot), "--format", "csv"]
    monkeypatch.setattr("sys.argv", arguments)
    assert cli.run() == 0
    assert "they were not wanted" in capsys.readouterr().err


def test_weights_of_groups_and_of_their_criteria_fill_the_sum() -> None:
    criteria = read_study().criteria
    tried = {"id": "t", "name": "T", "group": "a", "weight": 0.4, "trial": "coverage"}
    plain = {"id": "p", "name": "P", "group": "a", "weight": 0.6, "metric": "commits_12m"}
    other = {"id": "o", "name": "O", "group": "b", "weight": 1.0, "metric": "commits_12m"}
    only = {"id": "u", "name": "U", "group": "c", "weight": 1.0, "trial": "failover"}
    given = criteria.model_validate(
        {
            **criteria.model_dump(exclude={"criteria", "groups"}),
            "criteria": [
                {**c, "direction": "max", "source": ["x"]} for c in (tried, plain, other, only)
            ],
            "groups": {
                name: {"weight": weight, "source": ["x"]}
                for name, weight in (("a", 0.3), ("b", 0.3), ("c", 0.4))
            },
        },
        strict=False,
    )
    left, (note,) = untried(given, None)
    assert left.weights == {"p": 0.5, "o": 0.5}
    assert set(left.groups) == {"a", "b"}
    assert "T, U" in note
    assert math.fsum(left.weights.values()) == 1


def test_a_study_that_asks_for_nothing_else_is_refused(criteria_copy: Path) -> None:
    file = criteria_copy / "sme.yml"
    text = file.read_text(encoding="utf-8")
    head, _, rest = text.partition("\ncriteria:\n")
    only = (
        "  - {id: c, name: C, group: g, trial: coverage, weight: 1, direction: max, source: ours, "
    )
    body = f"{only}reason: made up}}\n"
    file.write_text(
        f"{head}\ncriteria:\n{body}\nattitude: neutral\neffort:{rest.split('effort:')[1]}"
    )
    with pytest.raises(EvaluationError) as raised:
        read_study(file)
    (finding,) = raised.value.findings
    assert finding.code == "only-trials"
    assert "evaluate lab run" in (finding.remedy or "")


def test_a_difference_is_traced_to_the_records(with_trials: ev.Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shipped_snapshot(), tmp_path / "snapshot"))
    slower = [*campaign(slower=3), *careless(), *careless("heartbeat")]
    written(trials_beside(folder), slower)
    found = compare(with_trials.evaluation, ev.load(snapshot=folder).run().evaluation)
    traces = [t for t in found.traces if t.group == "criterion:failover"]
    assert {t.subject for t in traces} >= {PACEMAKER, "pacemaker-corosync-drbd"}
    assert all("lab/trials.jsonl" in t.because[0] for t in traces)


def test_runs_with_and_without_trials_can_be_compared(
    with_trials: ev.Run, without_trials: ev.Run
) -> None:
    """What they differ in is what was weighed."""
    found = compare(without_trials.evaluation, with_trials.evaluation)
    assert [single.group for single in found.singles] == ["weights"]


# --- mistakes -------------------------------------------------------------------------------


def test_an_unknown_cluster_is_refused_where_it_stands(criteria_copy: Path) -> None:
    file = criteria_copy / "stacks" / "heartbeat-drbd.yml"
    text = file.read_text(encoding="utf-8").replace("cluster: heartbeat", "cluster: heartbaet")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError) as raised:
        read_study(criteria_copy / "sme.yml")
    (finding,) = raised.value.findings
    assert finding.code == "unknown-cluster"
    assert "heartbeat-drbd.yml:15:12" in str(finding.where)
    assert "'heartbeat'" in finding.remedy or "heartbeat" in finding.remedy


def test_a_stand_in_needs_a_reason(criteria_copy: Path) -> None:
    file = criteria_copy / "stacks" / "heartbeat-drbd.yml"
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"(tried_as:\n  .*?source: ours\n)  reason: .*?stand-in\n",
                  r"\1", text, flags=re.S)  # fmt: skip
    file.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError, match="'reason' is needed"):
        read_study(criteria_copy / "sme.yml")


def test_a_criterion_has_one_origin(criteria_copy: Path) -> None:
    file = criteria_copy / "sme.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("trial: coverage", "trial: coverage\n    metric: commits_12m"))
    with pytest.raises(EvaluationError, match="exactly one of"):
        read_study(file)


@pytest.mark.parametrize("line", ["", "[1]", '{"cluster": "x"}', "[" * 100_000])
def test_a_line_that_is_no_record_is_reported_with_the_other_mistakes(
    line: str, criteria_copy: Path, tmp_path: Path
) -> None:
    file = written(tmp_path / "trials.jsonl", [record()])
    with file.open("a") as out:
        out.write(f"{line}\n")
    stack = criteria_copy / "stacks" / "heartbeat-drbd.yml"
    text = stack.read_text(encoding="utf-8")
    stack.write_text(text.replace("cluster: heartbeat", "cluster: nobody"), encoding="utf-8")
    with pytest.raises(EvaluationError) as raised:
        read_study(criteria_copy / "sme.yml", trials=file)
    assert {f.code for f in raised.value.findings} == {"trial-record", "unknown-cluster"}
    assert any(str(f.where) == f"{file}:2:1" for f in raised.value.findings)


def test_a_trial_does_not_count_twice(tmp_path: Path) -> None:
    one, other = record(), record(repetition=2)
    file = written(tmp_path / "trials.jsonl", [one, other, one])
    with pytest.raises(EvaluationError, match="the same trial as in line 1") as raised:
        read_study(trials=file)
    (finding,) = raised.value.findings
    assert str(finding.where) == f"{file}:3:1"


@pytest.mark.parametrize("change", [{"version": 0}, {"holder": 1}, {"holders": None}])
def test_a_record_of_another_version_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    file = written(tmp_path / "trials.jsonl", [record()])
    file.write_text(json.dumps(json.loads(file.read_text()) | change), encoding="utf-8")
    with pytest.raises(EvaluationError) as raised:
        read_study(trials=file)
    (finding,) = raised.value.findings
    assert next(iter(change)) in finding.message
    assert "of this version" in finding.message
    assert "make the trial again" in finding.remedy


@pytest.mark.parametrize(
    "changes", [{"lost": -1}, {"outage": {"http": -2.0}}, {"holders": -1}, {"redundant": -0.1}]
)
def test_nothing_measured_is_below_zero(changes: dict[str, object], tmp_path: Path) -> None:
    file = written(tmp_path / "trials.jsonl", [record()])
    words = json.loads(file.read_text()) | changes
    file.write_text(json.dumps(words))
    with pytest.raises(EvaluationError, match="greater than or equal to 0"):
        read_study(trials=file)


# --- availability ---------------------------------------------------------------------------

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def availability(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: object) -> tuple[int, str, str]:
        words = ["evaluate", "lab", "availability", *map(str, arguments)]
        monkeypatch.setattr("sys.argv", words)
        code = cli.run()
        out, err = capsys.readouterr()
        return int(code), out, err

    return run


def test_minutes_a_year_are_told_beside_what_was_measured(
    availability: Command, snapshot: Path
) -> None:
    code, out, err = availability(trials_beside(snapshot))
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[1] == "Cluster n measured measured modelled in 600 s covered covered covered Level"
    assert "one node alone 480 kept" in lines
    assert (
        "pacemaker-2-witness 10 100 [72–100] 6.7 [6.4–7.0] 1 [1–134] 21 [21–148] 49.0 5.9 1.6 kept"
        in lines
    )
    assert "never guaranteed" in err
    assert "Assumed by the site (source: ours): a node fails every 4380 h" in err
    assert "The service level of 99.9 % leaves 526 minutes, lost mail apart." in err


def test_the_same_in_json_names_what_is_modelled(availability: Command, snapshot: Path) -> None:
    code, out, _ = availability(trials_beside(snapshot), "--format", "json")
    assert code == 0
    one, *rows = json.loads(out)
    assert one["modelled_minutes"] == pytest.approx(479.9, abs=0.1)
    assert [row["cluster"] for row in rows] == ["heartbeat", "keepalived", "pacemaker-2-witness"]
    assert all(set(row) == set(one) for row in rows)
    assert rows[2]["measured_coverage"] == 1
    assert rows[2]["modelled_minutes_low"] < rows[2]["modelled_minutes_high"]


def test_a_site_decides_what_a_failure_costs(
    availability: Command, snapshot: Path, criteria_copy: Path
) -> None:
    file = criteria_copy / "sites" / "netnovation.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("mtbf_hours: 4380", "mtbf_hours: 438"), encoding="utf-8")
    _, out, _ = availability(trials_beside(snapshot), "--site", file, "--format", "csv")
    assert float(out.splitlines()[1].split(",")[1]) == pytest.approx(365.25 * 24 * 60 * 4 / 442)


def test_a_site_that_says_nothing_of_failures_is_told_what_to_write(
    availability: Command, snapshot: Path, criteria_copy: Path
) -> None:
    file = criteria_copy / "sites" / "netnovation.yml"
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"reliability:\n.*?(?=staff:)", "", text, flags=re.S)
    file.write_text(text, encoding="utf-8")
    code, out, err = availability(trials_beside(snapshot), "--site", file)
    assert (code, out) == (2, "")
    assert "[no-reliability]" in err
    assert "mtbf_hours" in err


def test_a_cluster_without_a_loss_of_power_is_named(availability: Command, tmp_path: Path) -> None:
    bad = "\x1b[31m[red]x[/red]"
    cuts = [record(repetition=i) for i in range(3)]
    file = written(tmp_path / "t.jsonl", [*cuts, record(cluster=bad, fault="stop-active")])
    code, out, err = availability(file)
    assert code == 0
    assert "Fewer than 3 trials of power-cut-active, so nothing is modelled: " in err
    assert "\x1b" not in out + err
    cuts = [record(repetition=i, cluster=bad) for i in range(3)]
    code, out, _ = availability(written(tmp_path / "u.jsonl", cuts))
    assert code == 0
    assert "\x1b" not in out
    assert "[red]x[/red]" in out


def test_no_file_is_refused(availability: Command, tmp_path: Path) -> None:
    code, _, err = availability(tmp_path / "none")
    assert code == 2
    assert "[no-file]" in err
