"""Report: evaluation and study in; ``report.html`` and ``report.pdf`` out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evaluator.files import write_whole
from evaluator.result import Evaluation
from evaluator.study.model import Study

if TYPE_CHECKING:
    from evaluator.cluster.model import ClusterModel

__all__ = ["write_report"]

Format = Literal["html", "pdf"]


def write_report(
    evaluation: Evaluation,
    study: Study,
    cluster: ClusterModel | None,
    folder: Path,
    *,
    formats: Sequence[Format] = ("html", "pdf"),
) -> list[Path]:
    """Write the report into ``folder``, each format one self-contained file.

    Parameters
    ----------
    evaluation, study
        What the engine found, and what it was asked.
    cluster
        The cluster that the bundle is rendered from, when the winner can be deployed.
    folder
        Made when it is missing.
    formats
        ``html`` and ``pdf``; the same document in both.

    Returns
    -------
    list of Path
        ``report.html`` and ``report.pdf``, as far as they were asked for.  A file appears whole
        or not at all, and the same input gives the same bytes.

    Raises
    ------
    EvaluationError
        When the folder cannot be written.
    """
    # Matplotlib and Typst take most of a second to import, and most commands write no report.
    from evaluator.report.build import build_document
    from evaluator.report.case import Case
    from evaluator.report.document import as_tree
    from evaluator.report.html import render_html
    from evaluator.report.typst import render_pdf

    tree = as_tree(build_document(Case(evaluation, study, cluster)))
    render = {"html": render_html, "pdf": render_pdf}
    return [write_whole(folder / f"report.{name}", render[name](tree)) for name in formats]
