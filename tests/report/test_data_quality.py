"""The appendix on data quality: in both formats, referred to from where the figures are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lxml.html
import pytest

from evaluator.quality import all_checks
from evaluator.report import write_report
from evaluator.result import Evaluation, QualityRow
from evaluator.study.model import Study

MARKUP = '<script>alert(1)</script><img src=x onerror=y> #panic("x") $x^2$ \u202e\x1b[31m {{7*7}}'


def spoilt(evaluation: Evaluation, name: str, text: str) -> Evaluation:
    """The evaluation with one observation that touches alpha's commits, and one that does not."""
    rows = [
        QualityRow(
            source=name, check="bulk_days", name="Bulk days", severity="caution", value=40,
            unit="commits", n=1234, text=text, affects=["commits_12m"],
        ),
        QualityRow(
            source="beta-git", check="several_roots", name="Several roots", severity="note",
            value=2, unit="roots", n=300, text="two histories were joined", affects=[],
        ),
    ]  # fmt: skip
    metrics = [
        m.model_copy(update={"quality": ["bulk_days"]})
        if (m.candidate, m.metric) == ("alpha", "commits_12m")
        else m
        for m in evaluation.metrics
    ]
    return evaluation.model_copy(update={"quality": rows, "metrics": metrics})


@pytest.fixture
def marked(study: Study, evaluation: Evaluation, tmp_path: Path) -> tuple[Path, Path]:
    changed = spoilt(evaluation, "alpha-git", "40 commits entered on 1 day")
    html, pdf = write_report(changed, study, None, tmp_path)
    return html, pdf


def cells(row: lxml.html.HtmlElement) -> list[str]:
    return [" ".join(c.text_content().split()) for c in row.xpath("./th|./td")]


def test_the_page_has_the_table_and_its_references(marked: tuple[Path, Path]) -> None:
    root = lxml.html.fromstring(marked[0].read_bytes())
    rows = [cells(r) for r in root.xpath("//*[@id='table-quality']//tbody/tr")]
    assert [r[:4] for r in rows] == [
        ["alpha-git", "Bulk days", "caution", "40 commits entered on 1 day"],
        ["beta-git", "Several roots", "note", "Two histories were joined"],
    ]
    assert rows[0][-1] == "commits 12m"
    assert len(root.xpath("//a[@href='#quality']")) >= 3  # contents, metrics, provenance


def test_every_check_is_explained_and_counted(marked: tuple[Path, Path]) -> None:
    root = lxml.html.fromstring(marked[0].read_bytes())
    rows = [cells(r) for r in root.xpath("//*[@id='table-checks']//tbody/tr")]
    assert len(rows) == len(all_checks())
    counted = {name: int(number) for name, meaning, number in rows if meaning}
    assert counted.pop("Bulk days") == counted.pop("Several roots") == 1
    assert set(counted.values()) == {0}


def test_the_metric_names_what_touches_it(marked: tuple[Path, Path]) -> None:
    root = lxml.html.fromstring(marked[0].read_bytes())
    rows = [cells(r) for r in root.xpath("//*[@id='table-metrics']//tbody/tr")]
    touched = [r for r in rows if r[-1]]
    assert [r[:2] + r[-1:] for r in touched] == [["Alpha", "commits 12m", "bulk days"]]


def test_the_pdf_has_the_table(marked: tuple[Path, Path], pdf_text: Callable[[Path], str]) -> None:
    text = " ".join(pdf_text(marked[1]).split())
    assert "What is to be known of each source's data?" in text.replace("\u2019", "'")
    assert "40 commits entered on 1 day" in text


def test_nothing_observed_is_said_in_words(written: dict[str, Path]) -> None:
    root = lxml.html.fromstring(written[".html"].read_bytes())
    assert root.xpath("//*[@id='table-quality']") == []
    (chapter,) = root.xpath("//*[@id='quality']/ancestor-or-self::section[1]")
    assert "no peculiarity" in chapter.text_content()


def test_hostile_names_and_findings_are_inert(
    study: Study, evaluation: Evaluation, tmp_path: Path
) -> None:
    html, pdf = write_report(spoilt(evaluation, MARKUP, MARKUP), study, None, tmp_path)
    content = html.read_text(encoding="utf-8")
    root = lxml.html.fromstring(content)
    assert len(root.xpath("//script")) == 1
    assert root.xpath("//img|//@onerror") == []
    assert not set(content) & set("\u202e\x1b")
    assert pdf.read_bytes().startswith(b"%PDF-")
