"""What is kept of trials, read back, and made into tables that hostile text cannot leave."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from evaluator import display
from evaluator.display.trying import Progress
from evaluator.evidence.record import PHASES, Record, append, grouped, read
from evaluator.evidence.summary import breakdown, rows
from evaluator.findings import EvaluationError, Finding
from evaluator.trial import record
from evaluator.trial.audits import Observation, findings
from evaluator.trial.perform import Outcome
from evaluator.trial.record import phases
from evaluator.trial.scenario import Trial
from tests.command import Evaluate

from .conftest import (
    BEGAN,
    FENCED,
    HOSTILE,
    SEED,
    WORDS,
    at_all,
    failover,
    ledger,
    mailbox,
    quiet,
    seen,
    words,
)

DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")
TRIAL = Trial("power-cut-active", WORDS, ())


def recorded(observation: Observation, **changes: Any) -> Record:
    """The record of a made-up trial."""
    outcome = Outcome(TRIAL, SEED, observation, tuple(findings(observation)), 9.87)
    made = record.of(
        outcome, cluster="pacemaker-2", repetition=1, order=4, date="2026-11-22", budget=3,
        versions={"pacemaker": "2.1.5-1+deb12u1"},
    )  # fmt: skip
    return replace(made, **changes)


def with_outage(seconds: float, **changes: Any) -> Record:
    return recorded(failover(), outage={"http": seconds}, **changes)


# --- one trial ------------------------------------------------------------------------------


def test_a_failover_is_recorded_by_roles() -> None:
    made = recorded(failover())
    assert made == Record(
        cluster="pacemaker-2", fault="power-cut-active", repetition=1, order=4, seed=SEED,
        date="2026-11-22", budget=3, outage={"smtp": 5.0, "http": 5.0}, holders=1,
        acknowledged=len(ledger().acknowledged), lost=0, doubled=0, altered=0,
        fenced=("active",), moved=True, redundant=9.9, phases=made.phases, findings=(),
        versions={"pacemaker": "2.1.5-1+deb12u1"},
    )  # fmt: skip
    assert made.held


def test_what_went_wrong_is_recorded_with_its_code() -> None:
    bad = failover(power=(), words=words(fenced=["any"], bound_seconds=1))
    bad = replace(bad, held=bad.ledger.hold(mailbox(1, *[bad.ledger.acknowledged[-1]] * 2)))
    made = recorded(bad)
    assert not made.held
    assert made.lost == made.acknowledged - 2
    assert (made.doubled, made.altered, made.fenced) == (1, 0, ())
    codes = [re.findall(r"\[([a-z-]+)\]", line)[0] for line in made.findings]
    assert codes == ["mail-lost", "mail-twice", "not-served"]


def test_what_stays_has_not_moved_and_has_no_phases() -> None:
    made = recorded(quiet())
    assert (made.moved, made.phases, made.fenced) == (False, {}, ())
    assert made.outage == {"smtp": 0.0, "http": 0.0}


def test_what_was_not_asked_all_the_time_has_no_outage() -> None:
    """A client that died saw none, which is no short one."""
    told = ledger(out=())
    left = tuple(a for a in told.answers if a.kind != "http" or a.time < BEGAN)
    made = recorded(quiet(ledger=replace(told, answers=left)))
    assert made.outage == {"smtp": 0.0}
    assert "not-asked" in made.failed
    out = io.StringIO()
    Progress(Console(file=out, width=200), lambda _: None).ended(made)
    assert "served throughout" not in out.getvalue()


def test_the_phases_of_a_failover_add_up_to_its_outage() -> None:
    found = phases(failover())
    assert list(found) == list(PHASES)
    expected = {
        "detect": 1.5, "fence": 0.5, "mount": 1.0, "start": 1.0, "announce": 0.5, "answer": 0.51,
    }  # fmt: skip
    assert found == pytest.approx(expected)
    # an outage lasts until the first good question, the phases until its answer
    assert sum(found.values()) == pytest.approx(failover().outage + 0.01)


@pytest.mark.parametrize(
    ("observation", "left"),
    [
        (failover(power=()), {"mount", "start", "announce", "answer"}),
        (failover(seen=(at_all(0, "zcs1"), seen(4.5, "zcs2"))),
         {"detect", "fence", "announce", "answer"}),
        (failover(ledger=ledger(out=((0, 99),))),
         {"detect", "fence", "mount", "start", "announce"}),
        # a fencing after the address had moved is no part of the failover
        (failover(power=({**FENCED, "time": BEGAN + 7},)),
         {"mount", "start", "announce", "answer"}),
        # the service ran there all the time
        (failover(seen=(seen(0, "zcs1", "", "zcs1 zcs2"), seen(4.5, "zcs2", "", "zcs1 zcs2"))),
         {"detect", "fence", "announce", "answer"}),
    ],
)  # fmt: skip
def test_a_failover_has_only_the_phases_that_were_seen(
    observation: Observation, left: set[str]
) -> None:
    found = phases(observation)
    assert set(found) == left
    assert all(seconds >= 0 for seconds in found.values())


# --- the file -------------------------------------------------------------------------------


def test_records_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "data" / "lab" / "trials.jsonl"
    made = [
        recorded(failover()),
        recorded(quiet(), fault=HOSTILE, findings=(HOSTILE, "a\nb")),
        recorded(failover(cores=("zcs1: x dumped core",)), versions={}),
    ]
    for each in made:
        append(path, each)
    assert list(read(path)) == made
    assert len(path.read_text(encoding="utf-8").split("\n")) == 4
    append(path, more := recorded(failover(), fault="another"))
    assert list(read(path)) == [*made, more], "what is there stays"


TEXTS = st.text(st.characters(exclude_characters="\u2028\u2029\x85", exclude_categories=["Cs"]))


@settings(max_examples=30)
@given(fault=TEXTS, findings=st.lists(TEXTS, max_size=3), outage=st.floats(0, 1e6))
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, fault: str, findings: list[str], outage: float
) -> None:
    path = tmp_path_factory.mktemp("record") / "trials.jsonl"
    made = with_outage(outage, fault=fault, findings=tuple(findings))
    append(path, made)
    assert list(read(path)) == [made]


@pytest.mark.parametrize("text", ["\u2028", "\x85"])
def test_no_character_ends_a_line(tmp_path: Path, text: str) -> None:
    append(tmp_path / "trials.jsonl", made := recorded(failover(), findings=(text,)))
    assert list(read(tmp_path / "trials.jsonl")) == [made]


GOOD = json.dumps(asdict(recorded(failover())))
LINES = {
    "cut off": GOOD[:60],
    "empty": "",
    "no object": "[1, 2]",
    "a text": '"fenced"',
    "nothing": "null",
    "no JSON": "power-cut-active pacemaker-2",
    "a key missing": json.dumps({**json.loads(GOOD), "lost": None}).replace('"lost"', '"last"'),
    "a key too many": json.dumps({**json.loads(GOOD), "more": 1}),
    "no findings": GOOD.replace('"findings": []', '"findings": null'),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_is_no_record_is_refused_with_its_place(
    line: str, tmp_path: Path, evaluate: Evaluate
) -> None:
    path = tmp_path / "trials.jsonl"
    path.write_text(f"{GOOD}\n{LINES[line]}\n{GOOD}\n")
    with pytest.raises(EvaluationError) as error:
        list(read(path))
    (finding,) = error.value.findings
    assert finding.code == "trial-record"
    assert str(finding.where) == f"{path}:2:1"
    done = evaluate("lab", "compare", path)
    assert (done.code, done.out) == (2, "")
    assert f"{path}:2:1: error [trial-record]" in done.err


TYPES: dict[str, dict[str, object]] = {
    "outage is no mapping": {"outage": 3},
    "an outage is a text": {"outage": {"http": "long"}},
    "holders are a word": {"holders": "many"},
    "no time": {"redundant": None},
    "no number": {"budget": float("nan")},
    "without end": {"outage": {"http": float("inf")}},
}


@pytest.mark.parametrize("mistake", TYPES)
def test_a_record_of_other_types_is_refused(
    mistake: str, tmp_path: Path, evaluate: Evaluate
) -> None:
    (tmp_path / "trials.jsonl").write_text(json.dumps({**json.loads(GOOD), **TYPES[mistake]}))
    assert evaluate("lab", "compare", tmp_path / "trials.jsonl", "--format", "json").code == 2


def test_a_line_that_is_nested_without_end_is_refused(tmp_path: Path, evaluate: Evaluate) -> None:
    (tmp_path / "trials.jsonl").write_text("[" * 100_000)
    assert evaluate("lab", "compare", tmp_path / "trials.jsonl").code == 2


def test_a_file_that_is_no_text_is_refused(tmp_path: Path, evaluate: Evaluate) -> None:
    (tmp_path / "trials.jsonl").write_bytes(b"\xff\xfe\x00")
    assert evaluate("lab", "compare", tmp_path / "trials.jsonl").code == 2


# --- rows -----------------------------------------------------------------------------------


def test_a_row_has_median_range_and_intervals() -> None:
    outages = [2.9, 3.2, 3.0, 14.1, 2.8]
    made = [with_outage(s, repetition=i, redundant=10 + i) for i, s in enumerate(outages, 1)]
    made[3] = replace(made[3], findings=("error [mail-lost] 2 mails",), lost=2, holders=2)
    made[4] = replace(made[4], fenced=())
    (row,) = rows(made)
    assert (row.fault, row.cluster, row.trials) == ("power-cut-active", "pacemaker-2", 5)
    assert (row.outage, row.shortest, row.longest) == (3.0, 2.8, 14.1)
    assert row.mean.low < row.mean.estimate < row.mean.high
    assert row.mean.estimate == pytest.approx(5.2)
    assert (row.lost, row.holders, row.fenced, row.held, row.redundant) == (2, 2, 4, 4, 13)
    assert row.acknowledged == 5 * made[0].acknowledged
    # the formula of Wilson 1927 for 4 of 5
    z, n, p = 1.959964, 5, 0.8
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    ends = [(p + z**2 / (2 * n) + side * half) / (1 + z**2 / n) for side in (-1, 1)]
    assert row.coverage == pytest.approx((ends[0], p, ends[1]), abs=1e-6)


def test_rows_are_sorted_by_fault_and_cluster_whatever_the_order_of_the_trials() -> None:
    made = [
        recorded(failover(), fault=fault, cluster=cluster)
        for fault in ("stop-active", "kill-service")
        for cluster in ("keepalived", "heartbeat")
    ]
    names = [(row.fault, row.cluster) for row in rows(made)]
    assert names == sorted(names)
    assert names == [(row.fault, row.cluster) for row in rows(made[::-1])]
    assert list(grouped(made)) == [(r.fault, r.cluster) for r in made]
    assert rows([]) == []


def test_a_trial_without_a_web_front_has_no_outage_of_it() -> None:
    (row,) = rows([recorded(failover(), outage={"smtp": 3.0})])
    assert (row.outage, row.longest) == (None, None)


def test_the_breakdown_is_of_medians_and_leaves_out_what_did_not_move() -> None:
    made = [
        recorded(failover(), phases={"detect": 1.0, "mount": 2.0}),
        recorded(failover(), phases={"detect": 3.0}),
        recorded(failover(), phases={"detect": 9.0, "mount": 4.0}),
        recorded(quiet(), fault="one-link-silent"),
    ]
    assert breakdown(made) == {("power-cut-active", "pacemaker-2"): {"detect": 3.0, "mount": 3.0}}


# --- the table ------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two files' worth of trials in one: a good cluster and one that two nodes held."""
    path = tmp_path / "trials.jsonl"
    for outage in (2.9, 3.1, 3.6):
        append(path, with_outage(outage))
    append(path, with_outage(0.0, cluster="keepalived", holders=2, fenced=(), lost=3, phases={},
                             findings=("error [two-holders] zcs1 and zcs2",)))  # fmt: skip
    return path


def test_the_table(evaluate: Evaluate, file: Path) -> None:
    done = evaluate("lab", "compare", file)
    assert done.code == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    count = ledger().acknowledged
    whole = f"power-cut-active pacemaker-2 3 3.1 [2.9–3.6] 1 0 of {3 * len(count)} 3 of 3 10 3 of 3"
    assert whole in lines
    # nothing copies its mail
    assert "power-cut-active keepalived 1 0.0 [0.0–0.0] 2 – 0 of 1 10 0 of 1" in lines
    assert "power-cut-active pacemaker-2 1.5 0.5 1.0 1.0 0.5 0.5" in lines
    assert "Set to notice a lost node within 3 s." in done.err


def test_the_heading_says_what_the_range_is(evaluate: Evaluate, file: Path) -> None:
    assert "Outage s [range]" in evaluate("lab", "compare", file).out


def test_the_same_rows_in_json_csv_and_markdown(evaluate: Evaluate, file: Path) -> None:
    told = json.loads(evaluate("lab", "compare", file, "--format", "json").out)
    assert [row["cluster"] for row in told] == ["keepalived", "pacemaker-2"]
    assert told[1]["outage"] == 3.1
    assert told[1]["coverage_low"] == pytest.approx(3 / (3 + 1.959964**2))
    text = evaluate("lab", "compare", file, "--format", "csv").out
    cells = list(csv.DictReader(io.StringIO(text)))
    blank = {None: ""}
    assert [{k: str(blank.get(v, v)) for k, v in row.items()} for row in told] == cells
    lines = evaluate("lab", "compare", file, "--format", "md").out.splitlines()
    assert lines[0] == "| " + " | ".join(told[0]) + " |"
    assert len(lines) == 4
    assert lines[3].startswith("| power-cut-active | pacemaker-2 | 3 | 3.1 | 2.9 | 3.6 |")


def test_several_files_are_one_comparison(evaluate: Evaluate, file: Path, tmp_path: Path) -> None:
    append(tmp_path / "more.jsonl", with_outage(3.3))
    out = evaluate("lab", "compare", file, tmp_path / "more.jsonl", "--format", "json").out
    assert [row["trials"] for row in json.loads(out)] == [1, 4]


def test_a_file_that_is_not_there_is_refused(evaluate: Evaluate, tmp_path: Path) -> None:
    done = evaluate("lab", "compare", tmp_path / "\x1b[31mnone")
    assert done.code == 2
    assert "[no-file]" in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize("form", display.Format)
def test_an_empty_file_has_an_empty_table(
    evaluate: Evaluate, tmp_path: Path, form: display.Format
) -> None:
    (tmp_path / "trials.jsonl").touch()
    assert evaluate("lab", "compare", tmp_path / "trials.jsonl", "--format", form).code == 0


@pytest.mark.parametrize("form", display.Format)
def test_hostile_names_and_findings_are_inert(
    evaluate: Evaluate, tmp_path: Path, form: display.Format
) -> None:
    path = tmp_path / "trials.jsonl"
    bad = {"fault": HOSTILE, "cluster": HOSTILE, "findings": (HOSTILE,), "fenced": (HOSTILE,)}
    append(path, recorded(failover(), versions={HOSTILE: HOSTILE}, **bad))
    done = evaluate("lab", "compare", path, "--format", form)
    assert done.code == 0
    assert not DANGEROUS.search(done.out + done.err)
    if form is display.Format.json:
        assert done.out.isascii()
        assert json.loads(done.out)[0]["fault"] == HOSTILE
    elif form is display.Format.csv:
        (row,) = csv.DictReader(io.StringIO(done.out))
        assert row["fault"].startswith("'=HYPERLINK")
        assert row["cluster"].startswith("'=HYPERLINK")
    elif form is display.Format.md:
        assert "<" not in done.out
        assert "](javascript" not in done.out.replace("\\]", "")
        assert len(done.out.splitlines()) == 3
    else:
        assert "=HYPERLINK" in done.out


def test_what_ends_is_told_without_letting_text_drive_the_terminal() -> None:
    out = io.StringIO()
    progress = Progress(Console(file=out, width=100, force_terminal=False), lambda _: None)
    bad = recorded(failover(), findings=(HOSTILE,), fault=HOSTILE, cluster=HOSTILE, holders=2)
    progress.building(HOSTILE)
    progress.built(HOSTILE, 12)
    progress.begins(HOSTILE, HOSTILE, 1, 2)
    progress.ended(bad)
    progress.failed(HOSTILE, HOSTILE, EvaluationError(Finding("x", HOSTILE)))
    said = out.getvalue()
    assert progress.skipped == 1
    assert "[bold red]b[/] [/nope]" in said
    assert "FAILED" in said
    assert "2 HOLDERS" in said
    assert not DANGEROUS.search(said)
    progress.ended(recorded(quiet(), fault="one-link-silent"))
    last = out.getvalue().splitlines()[-1]
    count = len(quiet().ledger.acknowledged)
    story = f"served throughout, 0 of {count} mails lost: held"
    assert last == f"pacemaker-2: one-link-silent: {story}"
