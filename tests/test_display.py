"""What is printed: the same rows in every form, and hostile text made harmless in each."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

import evaluator as ev
from evaluator import display
from evaluator.display.mining import mined
from evaluator.findings import Finding, Severity, Where
from evaluator.mine import Mined
from evaluator.result import SourceRow

HOSTILE = (
    '=HYPERLINK("http://x") [bold red]b[/] [/nope] <script>alert(1)</script> | `c` *d* _e_ '
    "[l](javascript:f) \x1b[31mred\x1b]0;title\x07 \x9b31m \u202etxt.exe\u202c \u200b \\ \r\t end"
)
DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> ev.Run:
    """A run of a study whose winning stack, and one of whose components, bear a hostile name."""
    import shutil

    from evaluator.content import criteria_folder

    home = Path(shutil.copytree(criteria_folder(), tmp_path_factory.mktemp("hostile") / "study"))
    name = json.dumps(HOSTILE)
    for place in (
        home / "stacks" / "pacemaker-corosync-drbd-haproxy.yml",
        home / "stacks" / "heartbeat-drbd.yml",
        home / "candidates" / "haproxy.yml",
    ):
        text = place.read_text(encoding="utf-8")
        changed = re.sub(r"(?m)^name: .*$", lambda _: f"name: {name}", text, count=1)
        assert changed != text
        place.write_text(changed, encoding="utf-8")
    site = home / "sme.yml"
    text = re.sub(r"(?m)^title: .*$", lambda _: f"title: {name}", site.read_text(encoding="utf-8"))
    site.write_text(text.replace("    name: Number of data", f"    name: {name} #"), "utf-8")
    return ev.load(site).run()


@pytest.mark.xdist_group("hostile")
@pytest.mark.parametrize("form", display.Format)
def test_hostile_names_are_inert_in_the_ranking(
    hostile_run: ev.Run, capsys: pytest.CaptureFixture[str], form: display.Format
) -> None:
    display.ranking(hostile_run, form)
    out, err = capsys.readouterr()
    assert err == ""
    assert not DANGEROUS.search(out)
    if form is display.Format.json:
        assert out.isascii()
        assert HOSTILE in json.loads(out)["reason"]
    if form is display.Format.table:
        assert "[bold red]b[/] [/nope]" in " ".join(out.split())
    if form is display.Format.md:
        assert "<" not in out
        assert "=HYPERLINK" in out
        for cell in re.findall(r"javascript:f", out):
            assert f"]({cell})" not in out.replace("\\]", "")


@pytest.mark.xdist_group("hostile")
@pytest.mark.parametrize("form", display.Format)
def test_hostile_names_are_inert_in_the_metrics(
    hostile_run: ev.Run, capsys: pytest.CaptureFixture[str], form: display.Format
) -> None:
    display.metrics(hostile_run, form, ["haproxy"])
    assert not DANGEROUS.search(capsys.readouterr().out)


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"])
def test_spreadsheet_formulas(typed: str) -> None:
    cell = str(display._csv_cell(typed))
    assert cell.lstrip()[:1] not in ("=", "+", "-", "@")


@pytest.mark.parametrize(("typed", "cell"), [(1.5, 1.5), (-3, -3), (None, None), ("a", "a")])
def test_other_cells_stay(typed: object, cell: object) -> None:
    assert display._csv_cell(typed) == cell


def test_the_same_rows_in_every_form(
    shipped_run: ev.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = {}
    for form in display.Format:
        display.ranking(shipped_run, form)
        printed[form] = capsys.readouterr().out
    stacks = json.loads(printed[display.Format.json])["stacks"]
    ids = [s["id"] for s in stacks]
    rows = list(csv.DictReader(io.StringIO(printed[display.Format.csv])))
    assert [row["stack"] for row in rows] == ids
    lines = [
        re.split(r"(?<!\\)\|", line)[2].strip()
        for line in printed[display.Format.md].splitlines()
        if line.startswith("| ")
    ]
    assert lines[2:] == ids
    text = " ".join(printed[display.Format.table].split())
    for stack in shipped_run.evaluation.stacks:
        assert stack.name.split(",")[0] in text
    for row, stack in zip(rows, stacks, strict=True):
        assert (row["removed_by"] or None) == stack["removed_by"]
        assert row["score"] == ("" if stack["score"] is None else str(round(stack["score"], 4)))


def test_json_never_holds_nan(shipped_run: ev.Run, capsys: pytest.CaptureFixture[str]) -> None:
    display.ranking(shipped_run, display.Format.json)
    display.metrics(shipped_run, display.Format.json, list(shipped_run.analysis.study.candidates))
    assert not re.search(r"\b(NaN|-?Infinity)\b", capsys.readouterr().out)


def test_metrics_of_one_candidate_only(
    shipped_run: ev.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    display.metrics(shipped_run, display.Format.csv, ["heartbeat"])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["candidate"] for row in rows} == {"heartbeat"}
    assert all((row["value"] == "") == (row["outcome"] != "ok") for row in rows)


def test_findings_go_to_stderr_with_place_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    display.findings(
        [
            Finding("a-code", HOSTILE, Where("f.yml", 3, 4), "do [b]this[/b]"),
            Finding("b-code", "mild", severity=Severity.WARNING),
        ]
    )
    out, err = capsys.readouterr()
    assert out == ""
    assert "f.yml:3:4: error [a-code] =HYPERLINK" in err
    assert "\n    do [b]this[/b]\nwarning [b-code] mild\n" in err
    assert not DANGEROUS.search(err)


def test_mined_rows(capsys: pytest.CaptureFixture[str]) -> None:
    row = SourceRow(
        id="made-up", backend="git", backend_version="", url="https://x.example", branch="",
        head="", outcome="error", reason=HOSTILE, items=0, first=None, last=None, retrieved=None,
        dropped={"a": 2, "b": 3}, note="",
    )  # fmt: skip
    mined(Mined([row], failed={"made-up": HOSTILE}), dated=True)
    out, _ = capsys.readouterr()
    assert not DANGEROUS.search(out)
    assert re.search(r"made-up +failed +0 +– +– +5 +– +– ", out)


def test_written_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    display.written([tmp_path, tmp_path / "a.html"], display.Format.table)
    out, err = capsys.readouterr()
    assert (out, err) == (f"wrote {tmp_path}/\nwrote {tmp_path}/a.html\n", "")
    display.written([tmp_path], display.Format.json)
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"wrote {tmp_path}/\n")
