"""A small study of its own: the shipped criteria with one stack and its two candidates."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluator.content import criteria_folder
from evaluator.findings import EvaluationError, Finding
from evaluator.metrics import all_metrics
from evaluator.mine.sources import backends
from evaluator.rank.methods import all_methods
from evaluator.study import Study, load_study

KEPT = ("stacks/keepalived-haproxy.yml", "candidates/keepalived.yml", "candidates/haproxy.yml")
METRICS, BACKENDS, METHODS = all_metrics(), backends(), all_methods()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study folder that is small enough to be read in a moment."""
    home = tmp_path / "study"
    shipped = criteria_folder()
    for name in ("sme.yml", "catalogue.yml", "refs.bib", "sites/netnovation.yml", *KEPT):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shipped / name, home / name)
    requires = (home / KEPT[0]).read_text(encoding="utf-8")
    assert "requires:" in requires
    return home


@pytest.fixture
def load(folder: Path) -> Callable[[], Study]:
    return lambda: load_study(
        folder / "sme.yml", metrics=METRICS, backends=BACKENDS, methods=METHODS
    )


@pytest.fixture
def problems(load: Callable[[], Study]) -> Callable[[], list[Finding]]:
    """The findings of the study in ``folder``; none when it is in order."""

    def find() -> list[Finding]:
        try:
            load()
        except EvaluationError as error:
            return error.findings
        return []

    return find
