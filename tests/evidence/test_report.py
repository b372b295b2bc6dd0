"""The report's section on trials: said from the data, and inert whatever the data say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import lxml.html
import pytest

import evaluator as ev
from evaluator.evidence.record import Record
from evaluator.evidence.summary import rows
from evaluator.report import write_report
from evaluator.report.case import Case
from evaluator.report.chapters.tried import tried
from evaluator.report.chapters.tried_tables import MOST_DRAWN
from evaluator.report.document import (
    Block,
    Chapter,
    Document,
    Figure,
    Missing,
    Paragraph,
    Table,
    Verdict,
)
from evaluator.report.document import as_tree as tree_of
from evaluator.report.figures.tried import outages

from .made_up import PHASES, campaign, careless, record

ALL_TABLES = {
    *("tried-clusters", "tried-as", "tried-failover", "tried-made", "tried-faults"),
    "tried-phases",
    *("tried-availability", "tried-coverage"),
}
MISSING = str(Missing("–"))
HOSTILE = "<script>alert(1)</script> #panic() $x$ \x1b[31m\u202etxt " + "x" * 300


def section(run: ev.Run, records: Sequence[Record]) -> list[Block]:
    study = run.analysis.study.model_copy(update={"trials": tuple(records)})
    return tried(Case(run.evaluation, study))


def prose(blocks: Sequence[Block]) -> str:
    """All that the paragraphs say."""
    return " ".join(
        part for b in blocks if isinstance(b, Paragraph) for part in b.content
        if isinstance(part, str)
    )  # fmt: skip


def tables(blocks: Sequence[Block]) -> dict[str, Table]:
    return {b.label: b for b in blocks if isinstance(b, Table)}


def cells(table: Table) -> list[list[str]]:
    return [["".join(map(str, cell.content)) for cell in row] for row in table.rows]


def test_without_trials_there_is_no_section(without_trials: ev.Run) -> None:
    study = without_trials.analysis.study
    assert tried(Case(without_trials.evaluation, study)) == []


def test_trials_that_no_stack_asks_for_are_not_told(with_trials: ev.Run) -> None:
    study = with_trials.analysis.study
    stacks = {k: s.model_copy(update={"tried_as": None}) for k, s in study.stacks.items()}
    others = study.model_copy(update={"stacks": stacks})
    assert tried(Case(with_trials.evaluation, others)) == []


def test_every_fault_and_cluster_has_a_row(with_trials: ev.Run) -> None:
    records = with_trials.analysis.study.trials
    found = tables(section(with_trials, records))
    assert set(found) == ALL_TABLES
    made = cells(found["tried-faults"])
    assert len(made) == len(rows(records)) == 6
    assert made[1] == [
        "isolated silent", "keepalived", "4", "1.6 [1.2 to 2.0]", "2", MISSING, "0 of 4", "12",
        "0 of 4",
    ]  # fmt: skip
    assert made[2][5] == "0 of 160"
    failover = cells(found["tried-failover"])
    assert failover[2][:4] == ["pacemaker-2-witness", "6", "6.7", "6.2 to 7.2"]
    assert failover[2][4].startswith("6.7 [6.4 to ")
    assert failover[2][5:] == ["100 [61 to 100]", "100 [61 to 100]", "12"]
    phases = cells(found["tried-phases"])
    assert [(row[1][0], row[5]) for row in phases] == [("M", "2.0"), ("M", "2.0"), ("3", "0.1")]
    assert [row[-1] for row in cells(found["tried-availability"])] == ["kept"] * 4
    assert "odelled" in found["tried-availability"].caption
    assert len(cells(found["tried-as"])) == 5
    split, _, sure = cells(found["tried-clusters"])
    assert split == [
        "heartbeat", "Heartbeat, two nodes, each with its own data", "10", "2", "6 of 10",
        "60 [31 to 83]", "4 of 10", MISSING,
    ]  # fmt: skip
    assert sure[-3:] == ["100 [72 to 100]", "0 of 10", "0 of 400"]
    assert cells(found["tried-made"]) == [
        ["isolated silent", "The active node is cut off from everything, silently", "12"],
        ["power cut active", "The active node loses its power", "18"],
    ]


def test_a_fault_that_a_cluster_was_spared_is_named(with_trials: ev.Run) -> None:
    made = [*campaign(), *careless(), record(fault="stop-active")]
    spared = [r for r in made if (r.cluster, r.fault) != ("keepalived", "power-cut-active")]
    blocks = section(with_trials, spared)
    table = tables(blocks)["tried-made"]
    assert {row[0]: row[-1] for row in cells(table)} == {
        "isolated silent": "", "power cut active": "keepalived", "stop active": "keepalived",
    }  # fmt: skip
    assert "only of faults that all clusters they compare" in "".join(map(str, table.note))
    assert "It was not tried on keepalived." in prose(blocks)


def test_the_sentences_follow_the_data(with_trials: ev.Run) -> None:
    good, bad = campaign(), careless()
    one = prose(section(with_trials, good))
    assert "Every audit held in all 10 trials of pacemaker-2-witness." in one
    assert "two holders" not in one
    assert "nobody is held to the mail" not in one
    assert "of the 400 of pacemaker-2-witness none was." in one
    assert "takes longest of a failover is to detect for pacemaker-2-witness" in one
    both = prose(section(with_trials, [*good, *bad]))
    assert (
        "on keepalived an audit failed in 4 of 10 trials: two holders in 4 (“isolated silent”)."
    ) in both
    assert "keepalived serves again after 4.7" in both
    assert "and pacemaker-2-witness (for the winner) last, after 6.7" in both
    assert "when keepalived noticed the loss is not to be seen from outside" in both
    # the laboratory's own design is not sold as a defect
    assert "On keepalived nobody is held to the mail" in both
    assert "of keepalived that is not known" in both
    assert "broke that" not in both
    losing = [replace(good[0], lost=2, findings=("error [mail-lost] 2 of 40",)), *good[1:]]
    lost = prose(section(with_trials, losing))
    assert "On pacemaker-2-witness an audit failed in 1 of 10 trials: mail lost in 1" in lost
    assert "pacemaker-2-witness broke that in the laboratory" in lost
    assert "nobody is held to the mail" not in lost
    worst = prose(section(with_trials, bad))
    assert worst.startswith("Ten trials on 2026-01-01 made two kinds of fault on one cluster")
    assert "very audit held" not in worst
    assert "On keepalived an audit failed" in worst
    assert "takes longest" not in worst
    slow = [replace(r, phases={**PHASES, "start": 9.0}) for r in good]
    assert "is to start for pacemaker-2-witness" in prose(section(with_trials, slow))


def test_ranges_that_overlap_are_said_to(with_trials: ev.Run) -> None:
    near = prose(section(with_trials, [*campaign(), *campaign("pacemaker-3", 0.1)]))
    assert "pacemaker-3 last, after 6.8" in near
    assert "but the ranges of first and last overlap." in near
    three = [*campaign(), *campaign("pacemaker-2", -3), *campaign("pacemaker-3", 9)]
    far = prose(section(with_trials, three))
    assert "overlap" not in far
    assert ", pacemaker-2-witness (for the winner) after 6.7" in far


def test_managers_are_compared_where_nothing_else_differs(with_trials: ev.Run) -> None:
    alike = "Where the service runs on every node already and no volume moves"
    heartbeat = careless("heartbeat")
    four = [*campaign(), *campaign("pacemaker-own-data", 0.3), *careless(), *heartbeat]
    said = prose(section(with_trials, four))
    assert (
        f"{alike}, so that only the managers differ, pacemaker-own-data needs 1.49 times as long "
        "as keepalived (7.0 to 4.7\u202fs; 95\u202f% interval of the ratio 1.3"
    ) in said
    assert "heartbeat needs" not in said
    few = [r for r in careless() if r.fault != "power-cut-active" or r.repetition < 3]
    for too_few in (
        careless(),
        [*campaign(), *campaign("pacemaker-3")],
        [*heartbeat, *careless()],
        [*campaign("pacemaker-own-data"), *few],
    ):
        assert alike not in prose(section(with_trials, too_few))
    at_once = [replace(r, outage={"http": 0.0}) for r in careless()]
    assert alike not in prose(section(with_trials, [*at_once, *campaign("pacemaker-own-data")]))


def test_emulated_machines_are_told_apart(with_trials: ev.Run) -> None:
    drbd = [
        record(
            cluster="pacemaker-drbd", repetition=i, budget=11.0, outage={"http": 70.0 + i},
            lost=i == 1, findings=("error [mail-lost] 1 of 40",) * (i == 1),
        )
        for i in range(4)
    ]  # fmt: skip
    plain = section(with_trials, [*campaign(), *careless()])
    both = section(with_trials, [*campaign(), *careless(), *drbd])
    assert both[: len(plain)] == plain
    said = prose(both[len(plain) :])
    assert "on pacemaker-drbd an audit failed in 1 of 4 trials: mail lost in 1" in said
    assert "Of 160 acknowledged mails one was lost." in said
    (row,) = cells(tables(both)["tried-emulated"])
    assert row[:4] == ["power cut active", "pacemaker-drbd", "4", "71.5 [70.0 to 73.0]"]
    alone = section(with_trials, drbd)
    assert set(tables(alone)) == {"tried-emulated"}
    assert "Of 120 acknowledged mails none was lost." in prose(
        section(with_trials, [drbd[0], *drbd[2:]])
    )


def test_one_trial_is_one_and_a_front_that_never_answers_has_no_time(with_trials: ev.Run) -> None:
    one = prose(section(with_trials, campaign()[:1]))
    assert "pacemaker-2-witness (for the winner) serves again after 6.2\u202fs (one trial)." in one
    dead = [record(cluster="pacemaker-2", outage={"smtp": 3.0}), *campaign()]
    blocks = section(with_trials, dead)
    assert "pacemaker-2 " not in prose(blocks).split("When the active node")[1].split(".")[0]
    outage = {row[1]: row[3] for row in cells(tables(blocks)["tried-faults"])}
    assert outage["pacemaker-2"] == "? [? to ?]"
    assert "It was not tried on" not in prose(blocks)
    assert "On pacemaker-2 the web front never answered." in prose(blocks)


def test_against_the_level_all_three_verdicts_are_told(with_trials: ev.Run) -> None:
    made = [
        *[record(repetition=i) for i in range(200)],
        *[record(cluster="heartbeat", findings=("error [x] x",) * (i % 4 == 0)) for i in range(4)],
    ]
    study = with_trials.analysis.study
    assert study.site is not None
    level = study.site.service_level.model_copy(update={"availability_percent": 99.97})
    site = study.site.model_copy(update={"service_level": level})
    strict = study.model_copy(update={"site": site, "trials": tuple(made)})
    said = prose(tried(Case(with_trials.evaluation, strict)))
    assert "158 minutes" in said
    assert "left open for heartbeat and kept by pacemaker-2-witness (with a start of 600" in said
    assert "One node alone would miss them, with 480" in said
    assert "coverage counts for more than seconds" in said


@pytest.mark.parametrize(
    ("promised", "verdict"), [(900, "it fits"), (606, "it does not fit"), (607, "it does not fit")]
)
def test_the_time_to_be_back_is_held_against_the_longest_outage(
    promised: int, verdict: str, with_trials: ev.Run
) -> None:
    study = with_trials.analysis.study
    assert study.site is not None
    level = study.site.service_level.model_copy(update={"recovery_time_seconds": promised})
    site = study.site.model_copy(update={"service_level": level})
    strict = study.model_copy(update={"site": site, "trials": tuple(campaign())})
    said = prose(tried(Case(with_trials.evaluation, strict)))
    assert "the longest outage of six losses of power was 7.2" in said
    assert verdict in said


def test_where_every_trial_fails_nothing_is_praised(with_trials: ev.Run) -> None:
    made = [replace(r, findings=("error [not-served] 90 s",)) for r in campaign()]
    blocks = section(with_trials, made)
    said = prose(blocks)
    assert said.count("very audit held") == 0
    assert "not served in 10 (“isolated silent” and “power cut active”)" in said
    (row,) = cells(tables(blocks)["tried-clusters"])
    assert row[5] == "0 [0 to 28]"


def test_a_site_that_says_nothing_of_failures_has_no_model(with_trials: ev.Run) -> None:
    study = with_trials.analysis.study
    assert study.site is not None
    silent = study.model_copy(update={"site": study.site.model_copy(update={"reliability": None})})
    found = tried(Case(with_trials.evaluation, silent))
    assert "tried-availability" not in tables(found)
    assert "tried-faults" in tables(found)


def test_trials_that_stand_for_nothing_say_so(with_trials: ev.Run) -> None:
    found = section(with_trials, [record(cluster="nobody", fault="stop-active")])
    assert set(tables(found)) == {"tried-clusters", "tried-made", "tried-faults"}
    assert "None of them stands for a stack" in prose(found)
    assert "No cluster was tried with “power cut active”" in prose(found)


def test_the_figure_has_a_dot_for_each_trial_and_says_what_it_leaves_out(
    with_trials: ev.Run,
) -> None:
    many = [record(fault=f"fault-{i:02}") for i in range(MOST_DRAWN + 3)]
    (figure,) = (b for b in section(with_trials, [*campaign(), *many]) if isinstance(b, Figure))
    assert f"(n = {10 + MOST_DRAWN - 2})" in figure.caption
    assert "The 5 faults with the fewest trials are only in the table." in "".join(
        map(str, figure.note)
    )
    assert "power cut active 6.2 to 7.2 s" in figure.alt
    assert figure.svg.startswith("<svg")


def test_a_figure_of_nothing_is_none() -> None:
    assert outages({}) == ""
    assert outages({"a fault": {"b": [0.0]}}).startswith("<svg")


def test_hostile_records_are_inert_in_both_formats(with_trials: ev.Run, tmp_path: Path) -> None:
    bad = record(
        cluster=HOSTILE, date=HOSTILE, fenced=(HOSTILE,), findings=(HOSTILE,), holders=2, lost=40,
        phases={HOSTILE: 1.0}, versions={HOSTILE: HOSTILE},
    )  # fmt: skip
    worse = replace(bad, fault=HOSTILE, outage={HOSTILE: 1.0})
    blocks = section(with_trials, [bad, worse])
    verdict = Verdict("made up", (), (), decided=False)
    chapter = Chapter("results", "Results", tuple(blocks))
    document = Document("made up", "made up?", (2026, 1, 1), (), verdict, (chapter,))
    assert "\x1b" not in str(tree_of(document))
    study = with_trials.analysis.study.model_copy(update={"trials": (bad, worse)})
    html, pdf = write_report(with_trials.evaluation, study, None, tmp_path)
    content = html.read_text(encoding="utf-8")
    assert len(lxml.html.fromstring(content).xpath("//script")) == 1
    assert not set(content) & set("\u202e\x1b")
    assert pdf.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("trials", [True, False])
def test_the_chapter_has_the_section_only_with_trials(
    trials: bool, with_trials: ev.Run, without_trials: ev.Run, tmp_path: Path
) -> None:
    run = with_trials if trials else without_trials
    (html,) = run.report(tmp_path, ("html",))
    assert ("What was tried" in html.read_text(encoding="utf-8")) is trials
