"""Names come from mined repositories and YAML files: whatever they contain, they stay text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lxml.html
import pytest

from evaluator.report import write_report
from evaluator.report.document import clean
from evaluator.result import Evaluation
from evaluator.study.model import Study

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}{% raw %}"
TYPST = '#panic("x") $x^2$ @alpha \\ `raw` [b] *bold* _em_ <label> = h // c "q"'
CONTROL = "left\u202eright\u2066in\x1b[31mred\x07\x00\ud800 \u200bend"
LONG = "x" * 400
HOSTILE = [MARKUP, TYPST, CONTROL, LONG]


@pytest.mark.parametrize("name", HOSTILE, ids=["markup", "typst", "control", "long"])
def test_hostile_names_are_inert_in_both_formats(
    name: str, study: Study, evaluation: Evaluation, tmp_path: Path
) -> None:
    names = {
        k: c.model_copy(update={"name": name, "summary": name, "homepage": "javascript:x()"})
        for k, c in study.candidates.items()
    }
    organisation = study.site.organisation.model_copy(update={"name": name, "summary": name})
    nodes = [n.model_copy(update={"name": name}) for n in study.site.nodes]
    site = study.site.model_copy(update={"organisation": organisation, "nodes": nodes})
    stacks = [
        s.model_copy(update={"name": name, "summary": name, "reasons": [name]})
        for s in evaluation.stacks
    ]
    metrics = [m.model_copy(update={"note": name, "unit": name}) for m in evaluation.metrics]
    sources = [s.model_copy(update={"url": name, "note": name}) for s in evaluation.sources]
    bad = evaluation.model_copy(
        update={"stacks": stacks, "metrics": metrics, "sources": sources, "title": name}
    )
    bad_study = study.model_copy(update={"candidates": names, "site": site})

    html, pdf = write_report(bad, bad_study, None, tmp_path)

    content = html.read_text(encoding="utf-8")
    root = lxml.html.fromstring(content)
    assert len(root.xpath("//script")) == 1
    assert root.xpath("//img|//@onerror|//@onload") == []
    assert not [h for h in root.xpath("//@href") if h.lower().startswith("javascript")]
    assert root.xpath("//h1")[0].text_content() == clean(name)
    assert not set(content) & set("\u202e\u2066\x1b\x07\x00")
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_typst_markup_is_printed_as_typed(
    study: Study, evaluation: Evaluation, pdf_text: Callable[[Path], str], tmp_path: Path
) -> None:
    title = '#eval("1+1") $x$ @alpha *b* `r` [c] \\'
    (pdf,) = write_report(
        evaluation.model_copy(update={"title": title}), study, None, tmp_path, formats=("pdf",)
    )
    first_page = " ".join(pdf_text(pdf).split("\f")[0].split())
    assert title in first_page


@pytest.mark.parametrize("character", ["\x1b", "\u202e", "\u2067", "\x00", "\u200d", "\ud800"])
def test_clean_shows_what_it_removes(character: str) -> None:
    assert clean(f"a{character}b") == "a\ufffdb"
