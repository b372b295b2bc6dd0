"""The pipeline, as its table of contents: study → metrics → score → rank → select → result.

Mining happens before (:mod:`evaluator.mine`), report and bundle after; all of them meet in
:class:`Run`, which is what ``import evaluator as ev`` users hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from evaluator.assembly import assemble
from evaluator.content import shipped_snapshot
from evaluator.files import write_whole
from evaluator.findings import EvaluationError, Finding
from evaluator.metrics import MetricTable, all_metrics, measure
from evaluator.mine.sources import backends
from evaluator.rank import Ranking, rank
from evaluator.rank.methods import all_methods
from evaluator.rank.robustness import assess
from evaluator.rank.stakeholders import group_of
from evaluator.result import Evaluation, Selection
from evaluator.result.robustness import Robustness
from evaluator.score import Scores, score
from evaluator.select import select
from evaluator.select.otherwise import with_models
from evaluator.snapshot import Snapshot, read_snapshot
from evaluator.study import Study, load_study, own_folder
from evaluator.study.criteria import Criteria
from evaluator.study.decision import read_decision
from evaluator.trial.clusters import CLUSTERS

if TYPE_CHECKING:
    from evaluator.bundle import Bundle
    from evaluator.rank.decide import Decided
    from evaluator.study.site import Site

DEFAULT_SEED = 20150101


@dataclass(frozen=True)
class Analysis:
    """A study and a snapshot: everything that is needed to run."""

    study: Study
    snapshot: Snapshot

    def run(self, *, as_of: dt.date | None = None, seed: int = DEFAULT_SEED) -> Run:
        """Evaluate as of a date (the snapshot's own by default).

        Raises
        ------
        EvaluationError
            When ``as_of`` lies after the snapshot, which cannot know that date.
        """
        date = as_of or self.snapshot.as_of
        if date > self.snapshot.as_of:
            raise EvaluationError(
                Finding(
                    "as-of-after-snapshot",
                    f"as-of date {date} is after the snapshot's, {self.snapshot.as_of}",
                    remedy=f"give a date up to {self.snapshot.as_of}, or mine a newer snapshot",
                )
            )
        table = measure(self.study, self.snapshot, date)
        return Run(self, table, evaluate(self.study, self.snapshot, table, seed))


def load(
    criteria: str | Path = "sme.yml",
    *,
    site: str | Path | None = None,
    snapshot: str | Path | None = None,
    trials: bool = True,
) -> Analysis:
    """Read a study (a path, or the name of a shipped criteria file) and a snapshot.

    Without a snapshot's folder it is the one of :func:`default_snapshot`.  Records of trials are
    read from :func:`trials_beside` the snapshot, unless ``trials`` says that they are not wanted.

    Raises
    ------
    EvaluationError
        With all findings in the study's files, or in the snapshot's.
    """
    folder = Path(snapshot or default_snapshot(criteria))
    study = read_study(criteria, site=site, trials=trials_beside(folder) if trials else None)
    return Analysis(study, read_snapshot(folder))


def read_study(
    criteria: str | Path = "sme.yml",
    *,
    site: str | Path | None = None,
    trials: Path | None = None,
) -> Study:
    """Read a study alone: what was asked and is known, without a snapshot.

    Raises
    ------
    EvaluationError
        With all findings in the study's files.
    """
    metrics = all_metrics()
    return load_study(
        criteria,
        site=site,
        metrics=metrics,
        slopes=[name for name, metric in metrics.items() if metric.slope],
        backends=backends(),
        methods=all_methods(),
        clusters=CLUSTERS,
        trials=trials,
    )


def decide(file: str | Path, methods: Sequence[str] = ()) -> Decided:
    """Decide anything: the alternatives of a decision file or table, by several methods.

    ``methods`` names them, else the file does, else :data:`evaluator.rank.decide.DEFAULT`.

    Raises
    ------
    EvaluationError
        With all findings in the file.
    """
    from evaluator.rank.decide import decide as by_methods

    return by_methods(read_decision(Path(file)), methods)


def default_snapshot(criteria: str | Path) -> Path:
    """``snapshot/`` beside a criteria file of one's own where something was mined, or the shipped.

    Raises
    ------
    EvaluationError
        When there is no such criteria file.
    """
    home = own_folder(criteria)
    if home is not None and (home / "snapshot" / "datapackage.json").is_file():
        return home / "snapshot"
    return shipped_snapshot()


def trials_beside(snapshot: Path) -> Path:
    """``lab/trials.jsonl`` beside a snapshot's folder, whether it is there or not."""
    return snapshot.parent / "lab" / "trials.jsonl"


def evaluate(study: Study, snapshot: Snapshot, table: MetricTable, seed: int) -> Evaluation:
    """Score, rank and select; a pure function of its arguments."""
    criteria = study.criteria
    scores = score(study, table, np.random.default_rng([seed, 0]))
    ranking = _ranking(study, scores, seed)
    columns = [c for c in criteria.criteria if c.components and not c.of_stacks]
    components = {
        role: rank(criteria, columns, entries, list(entries), np.random.default_rng([seed, 2]))
        for role, entries in scores.component_matrix.items()
    }
    order = select(study, scores, ranking)
    found = assemble(study, snapshot, table, scores, ranking, components, order, seed)
    beside = {
        "robustness": _robustness(criteria, ranking, seed),
        "group": group_of(criteria, ranking),
    }
    found = found.model_copy(update=beside)

    def choose(study: Study, scores: Scores) -> Selection:
        return select(study, scores, _ranking(study, scores, seed)).selection

    return with_models(study, table.as_of, scores, found, choose)


def _ranking(study: Study, scores: Scores, seed: int) -> Ranking:
    criteria, rng = study.criteria, np.random.default_rng([seed, 1])
    return rank(criteria, criteria.criteria, scores.matrix, scores.contenders, rng, scores.parts)


def _robustness(criteria: Criteria, ranking: Ranking, seed: int) -> Robustness | None:
    """Of the contenders' quality; None where there was nothing to rank."""
    if ranking.basis is None:
        return None
    return assess(
        ranking.basis.problem,
        ranking.basis.panel,
        np.random.default_rng([seed, 3]),
        spread=criteria.decision.weight_spread,
        draws=criteria.decision.draws,
        inputs=ranking.basis.inputs,
        method_ranks=ranking.method_ranks,
    )


@dataclass(frozen=True)
class Run:
    """One evaluation: look at it, report it, render its deploy bundle."""

    analysis: Analysis
    table: MetricTable
    evaluation: Evaluation

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Tidy table: one row per candidate and metric."""
        return self.table.frame()

    @cached_property
    def yearly(self) -> pd.DataFrame:
        """Yearly series per candidate."""
        return pd.DataFrame([row.model_dump() for row in self.evaluation.yearly])

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """Stacks in their final order, removed ones last, indexed by identifier."""
        rows = [
            {
                "stack": s.id,
                "rank": s.rank,
                "score": s.score,
                "first_rank_probability": s.first_rank_probability,
                "quality_rank": s.quality_rank,
                "effort_rank": s.effort_rank,
                "effort_eur": s.effort.median if s.effort else None,
                "outcome": s.outcome,
                "removed_by": s.removed_by,
            }
            for s in self.evaluation.stacks
        ]
        frame = pd.DataFrame(rows).set_index("stack").rename_axis(self.evaluation.subject)
        ranks = ["rank", "quality_rank", "effort_rank"]
        return frame.astype(dict.fromkeys(ranks, "Int64"))

    @property
    def selection(self) -> Selection:
        """Winner, runner-up and the reason."""
        return self.evaluation.selection

    def report(
        self, folder: str | Path = ".", formats: Sequence[Literal["html", "pdf"]] = ("html", "pdf")
    ) -> list[Path]:
        """Write the selection report; gives the paths written."""
        from evaluator.report import write_report

        winner = self.evaluation.winner
        site = self.analysis.study.site
        cluster = (
            self._render(winner.id, site).cluster if winner and winner.deployable and site else None
        )
        return write_report(
            self.evaluation, self.analysis.study, cluster, Path(folder), formats=formats
        )

    def save(self, folder: str | Path = ".") -> Path:
        """Write ``run.json``: the whole result, for ``evaluate diff`` and ``--fail-on``."""
        content = self.evaluation.model_dump_json(indent=1) + "\n"
        return write_whole(Path(folder) / "run.json", content.encode())

    def bundle(
        self,
        folder: str | Path = "bundle",
        stack: str | None = None,
        *,
        accept: Sequence[str] = (),
    ) -> Path:
        """Write the deploy bundle of the winner, or of another deployable stack.

        ``accept`` are codes of lint rules whose risk is taken knowingly.

        Raises
        ------
        EvaluationError
            When the study has no stacks or no site, there is no winner, the stack is unknown or has
            no deployment profile, or the site cannot carry it.
        """
        from evaluator.bundle import write

        study = self.analysis.study
        if study.site is None or study.subject == "candidate":
            missing = "stacks" if study.subject == "candidate" else "site"
            problem = (
                f"a bundle is rendered from a stack for a site, and this study has no {missing}"
            )
            remedy = "write stacks/*.yml and sites/NAME.yml beside the criteria file"
            raise EvaluationError(Finding(f"no-{missing}", problem, remedy=remedy))
        return write(self._render(self._deployable(stack), study.site, accept), Path(folder))

    def _deployable(self, typed: str | None) -> str:
        study = self.analysis.study
        able = sorted(key for key, stack in study.stacks.items() if stack.profile)
        remedy = f"stacks with a bundle: {', '.join(able) or 'none'}"
        key = typed or self.evaluation.selection.winner
        if key is None:
            removed: dict[str, list[str]] = {}
            for row in self.evaluation.stacks:
                removed.setdefault(row.removed_by or row.outcome, []).append(row.id)
            why = "; ".join(f"by {name} {', '.join(ids)}" for name, ids in removed.items())
            problem = f"no stack is left, so there is none to deploy; removed were: {why}"
            remedy = f"'evaluate rank' says more, --stack ID renders one all the same; {remedy}"
            raise EvaluationError(Finding("no-winner", problem, remedy=remedy))
        if key not in study.stacks:
            raise EvaluationError(Finding("unknown-stack", f"unknown stack {key!r}", remedy=remedy))
        if not study.stacks[key].profile:
            raise EvaluationError(
                Finding(
                    "not-deployable",
                    f"stack {key!r} has no deployment profile: there are no renderers for it yet",
                    remedy=remedy,
                )
            )
        return key

    def _render(self, stack: str, site: Site, accept: Sequence[str] = ()) -> Bundle:
        from evaluator.bundle import render
        from evaluator.cluster import declare

        study = self.analysis.study
        provenance = {
            "as_of": self.evaluation.as_of.isoformat(),
            "criteria": study.criteria.id,
            "evaluator": self.evaluation.versions["floss-evaluator"],
            "seed": str(self.evaluation.seed),
            "site": site.id,
            "snapshot": self.analysis.snapshot.digest,
            "stack": stack,
        }
        declaration = declare(
            site, study.stacks[stack], provenance=provenance, accepted=tuple(accept)
        )
        return render(declaration, study.site_places)

    def _repr_html_(self) -> str:
        title = escape(self.evaluation.title)
        reason = escape(self.selection.reason)
        return f"<h3>{title}</h3>{self.ranking.to_html(escape=True, na_rep='–')}<p>{reason}</p>"
