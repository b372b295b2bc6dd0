"""What changed is found and traced to its input; stored runs are read as nobody's friends."""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import replace

import pytest

import evaluator as ev
from evaluator import cli
from evaluator.diff import compare
from evaluator.display import Format
from evaluator.display.comparing import comparison
from evaluator.findings import EvaluationError
from evaluator.result import stored
from evaluator.result.stored import read_run

WINNER = "pacemaker-corosync-drbd-haproxy"


@pytest.fixture(scope="module")
def result(shipped_run):
    return shipped_run.evaluation


@pytest.fixture(scope="module")
def without_haproxy(shipped):
    """A run on a snapshot from which nearly all of HAProxy's later commits are gone."""
    snapshot, later = shipped.snapshot, "2024-01-01"
    commits = snapshot.commits
    gone = (commits["source"] == "haproxy") & (commits["committed"] >= later)
    sources = [
        s.model_copy(update={"head": "0" * 40, "items": s.items - int(gone.sum()),
                             "last": dt.date(2023, 12, 31)})
        if s.id == "haproxy" else s
        for s in snapshot.sources
    ]  # fmt: skip
    other = replace(snapshot, commits=commits[~gone], sources=sources, digest="f" * 64)
    return ev.Analysis(shipped.study, other).run().evaluation


def test_the_same_run_twice_changes_nothing(result, shipped_run, tmp_path):
    found = compare(result, read_run(shipped_run.save(tmp_path)))
    assert found.changes == []
    assert found.causes == found.singles == found.shares == found.traces == found.notes == []


def test_a_copied_study_differs_only_in_the_file_that_was_edited(result, criteria_copy):
    file = criteria_copy / "sme.yml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("tell_apart: 0.9", "tell_apart: 0.91"), "utf-8")
    found = compare(result, ev.load(file).run().evaluation)
    files = [c for c in found.changes if c.kind == "file"]
    assert {c.subject.rpartition("/")[2] for c in files} == {"sme.yml"}
    assert [c.kind for c in found.changes if c.kind not in ("file", "fact")] == ["decision"]


def test_lost_commits_are_traced_to_their_repository(result, without_haproxy):
    found = compare(result, without_haproxy)
    assert found.notes == []
    assert {"source", "file", "metric", "cell", "score"} <= {c.kind for c in found.changes}
    assert [c.subject for c in found.changes if c.kind == "source"] == ["haproxy"]
    assert "weights" not in {s.group for s in found.singles}
    commits = [t for t in found.traces if t.what == "metric commits_12m"]
    assert [t.subject for t in commits] == ["haproxy"]
    assert any("source haproxy (https://" in text for text in commits[0].because)


def test_shares_sum_to_the_change_of_every_score(result, without_haproxy):
    found = compare(result, without_haproxy)
    assert WINNER in {s.stack for s in found.shares}
    for share in found.shares:
        assert sum(share.groups.values()) == pytest.approx(share.after - share.before, abs=1e-9)
        assert share.before == pytest.approx(result.stack(share.stack).score or share.before)


def test_changed_weights_alone_are_named_as_the_cause(result, criteria_copy):
    text = (criteria_copy / "sme.yml").read_text("utf-8")
    (criteria_copy / "sme.yml").write_text(
        text.replace("attitude: mission_critical", "attitude: research"), "utf-8"
    )
    other = ev.load(criteria_copy / "sme.yml").run().evaluation
    found = compare(result, other)
    assert {c.subject for c in found.changes if c.kind == "run"} >= {"attitude"}
    assert {s.group for s in found.singles} <= {"weights", "told apart"}
    for cause in found.causes:
        assert cause.smallest
        assert all("weights" in chosen for chosen in cause.sets)


def test_a_falsified_fact_is_the_cause_with_its_line(result, criteria_copy):
    path = criteria_copy / "candidates" / "corosync.yml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("quorum:\n    value: yes", "quorum:\n    value: no"), "utf-8")
    other = ev.load(criteria_copy / "sme.yml").run().evaluation
    found = compare(result, other)
    winner = next(c for c in found.causes if c.target == "winner")
    assert winner.smallest
    assert ["filters"] in winner.sets
    line = text[: text.index("quorum:\n    value: yes")].count("\n") + 1
    trace = next(t for t in found.traces if t.group == "filters" and t.subject == WINNER)
    assert any(f"candidates/corosync.yml:{line}:" in text for text in trace.because)
    fact = next(c for c in found.changes if c.kind == "fact")
    assert fact.subject == "candidates.corosync.provides.quorum"
    assert fact.where.split(":")[-2] == str(line)


def test_runs_of_two_studies_say_what_they_share(result):
    other = ev.load("lazy-user.yml").run().evaluation
    found = compare(result, other)
    assert any("two studies, sme and lazy-user" in note for note in found.notes)


def test_a_stack_that_only_one_run_has_is_an_input_of_its_own(result):
    stacks = [s for s in result.stacks if s.id != "pacemaker-corosync-drbd-lvs"]
    fewer = result.model_copy(update={"stacks": stacks})
    found = compare(result, fewer)
    assert "stacks" in {s.group for s in found.singles}
    assert any(c.kind == "rank" and c.after == "" for c in found.changes)


def test_no_effort_and_no_stack_at_all_are_compared_too(result):
    bare = result.model_copy(
        update={
            "stacks": [s.model_copy(update={"effort": None, "effort_rank": None})
                       for s in result.stacks],
            "decision": result.decision.model_copy(update={"rule": "quality"}),
        }
    )  # fmt: skip
    assert {s.group for s in compare(result, bare).singles} == {"rule"}
    none = result.model_copy(
        update={
            "stacks": [],
            "selection": result.selection.model_copy(
                update={"winner": None, "runner_up": None, "indistinguishable": []}
            ),
        }
    )
    assert compare(result, none).after.winner is None
    assert compare(none, none).changes == []


@pytest.mark.parametrize("format", list(Format))
def test_hostile_text_reaches_no_terminal_and_no_page(result, without_haproxy, format, capsys):
    bad = "\x1b]0;x\x07<script>|[bold]"
    rows = [
        m.model_copy(update={"note": bad, "unit": bad, "value": None, "outcome": "error"})
        for m in without_haproxy.metrics
    ]
    comparison(compare(result, without_haproxy.model_copy(update={"metrics": rows})), format)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out
    if format is Format.md:
        assert "<script>" not in out


# --- stored runs --------------------------------------------------------------------------------


def refusal(path):
    with pytest.raises(EvaluationError) as error:
        read_run(path)
    return error.value.findings[0].code


def test_a_run_is_read_back_as_it_was(result, shipped_run, tmp_path):
    shipped_run.save(tmp_path)
    assert read_run(tmp_path) == read_run(tmp_path / "run.json") == result


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "run-not-json"),
        (b"\xff\xfe\x00", "run-not-json"),
        (b"{", "run-not-json"),
        (b"[" * 200_000, "run-not-json"),
        (b"[]", "not-a-run"),
        (b"null", "not-a-run"),
        (b'{"schema_version": 1}', "damaged-run"),
        (b'{"schema_version": 99, "selection": {"winner": "x"}}', "run-of-another-schema"),
        (b'{"schema_version": {"a": ["b"]}}', "run-of-another-schema"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, content, code):
    (tmp_path / "run.json").write_bytes(content)
    assert refusal(tmp_path) == code


def test_what_is_not_there_or_too_large_is_refused(tmp_path, monkeypatch):
    assert refusal(tmp_path / "nowhere") == "no-such-run"
    assert refusal(tmp_path) == "no-such-run"
    assert refusal("a\0b") in ("no-such-run", "unreadable-run")
    (tmp_path / "run.json").write_bytes(b" " * 200)
    monkeypatch.setattr(stored, "MAX_BYTES", 100)
    assert refusal(tmp_path) == "run-too-large"


def damages():
    def nan(data):
        data["stacks"][0]["score"] = float("nan")

    def infinite(data):
        data["stacks"][0]["values"][0]["high"] = float("inf")

    def enormous(data):
        data["stacks"][0]["values"][0].update(value=1e300, high=1.7e308)

    def enormous_whole(data):
        data["draws"] = 10**400

    def swapped(data):
        data["stacks"][0]["values"][0].update(low=2, high=1)

    def ragged(data):
        data["stacks"][0]["values"].pop()

    def twice(data):
        data["stacks"].append(data["stacks"][0])

    def unknown_winner(data):
        data["selection"]["winner"] = "nobody"

    def negative(data):
        data["weights"][0]["effective"] = -1

    def unknown_criterion(data):
        for stack in data["stacks"]:
            stack["values"][0]["criterion"] = "nothing"

    def wrong_type(data):
        data["stacks"] = "many"

    def unknown_key(data):
        data["extra"] = 1

    return [nan, infinite, enormous, enormous_whole, swapped, ragged, twice, unknown_winner,
            negative, unknown_criterion, wrong_type, unknown_key]  # fmt: skip


@pytest.mark.parametrize("damage", damages(), ids=lambda f: f.__name__)
def test_a_run_that_contradicts_itself_is_refused(shipped_run, tmp_path, damage):
    place = shipped_run.save(tmp_path)
    data = json.loads(place.read_text("utf-8"))
    damage(data)
    place.write_text(json.dumps(data), "utf-8")
    assert refusal(place) == "damaged-run"


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["evaluate", "diff", *arguments])
        code = cli.run()
        return code, capsys.readouterr()

    return call


def test_identical_runs_end_with_0_and_say_so(shipped_run, tmp_path, command):
    shipped_run.save(tmp_path)
    code, streams = command(str(tmp_path), str(tmp_path / "run.json"))
    assert code == 0
    assert "Nothing changed" in streams.out


def test_two_dates_are_compared_and_the_date_is_among_the_causes(command):
    code, streams = command("--as-of", "2014-06-30", "--as-of", "2016-06-30", "--format", "json")
    assert code == 0
    found = json.loads(streams.out)
    assert [found["before"]["as_of"], found["after"]["as_of"]] == ["2014-06-30", "2016-06-30"]
    assert found["notes"] == []
    moved = [t for t in found["traces"] if t["what"].startswith("metric")]
    assert moved
    assert all("the as-of date: 2014-06-30 → 2016-06-30" in t["because"] for t in moved)


@pytest.mark.parametrize(
    "arguments", [(), ("one",), ("--as-of", "2014-06-30"), ("a", "b", "c"),
                  ("a", "b", "--as-of", "2014-06-30", "--as-of", "2015-06-30")],
)  # fmt: skip
def test_other_than_two_runs_is_explained(command, arguments):
    code, streams = command(*arguments)
    assert code == 2
    assert "evaluate diff RUN_A RUN_B" in streams.err
