"""Metrics: snapshot and as-of date in, one tidy table out; CHAOSS names, explicit formulas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from evaluator.metrics.contributors import arrivals
from evaluator.metrics.history import History, candidate_history
from evaluator.metrics.registry import Measure, Metric, all_metrics
from evaluator.metrics.releases import final_releases
from evaluator.quality import assess, flags
from evaluator.result import MetricRow, QualityRow, YearRow
from evaluator.snapshot import Snapshot
from evaluator.study.model import Study

__all__ = ["Measure", "Metric", "MetricTable", "all_metrics", "measure"]


@dataclass(frozen=True)
class MetricTable:
    """Every metric of every candidate, and the yearly series behind them."""

    as_of: dt.date
    measures: dict[tuple[str, str], Measure]
    rows: list[MetricRow]
    yearly: list[YearRow]
    quality: list[QualityRow] = field(default_factory=list)
    """What is to be known of the sources' data as of the date."""

    def get(self, candidate: str, metric: str) -> Measure:
        """The measure; KeyError when candidate or metric is unknown."""
        return self.measures[candidate, metric]

    def frame(self) -> pd.DataFrame:
        """Tidy table, one row per candidate and metric."""
        return pd.DataFrame([row.model_dump() for row in self.rows])


def measure(study: Study, snapshot: Snapshot, as_of: dt.date) -> MetricTable:
    """Measure every candidate that has data sources (suites are judged by their parts)."""
    metrics = all_metrics()
    measures: dict[tuple[str, str], Measure] = {}
    rows: list[MetricRow] = []
    yearly: list[YearRow] = []
    quality = assess(snapshot, as_of)
    for candidate, entry in sorted(study.candidates.items()):
        history = candidate_history(study, snapshot, candidate, as_of)
        if entry.data_sources:
            yearly += _years(history)
        for key, metric in metrics.items():
            found = metric.measure(history)
            measures[candidate, key] = found
            if entry.data_sources:
                rows.append(_row(candidate, metric, found, study, snapshot, quality))
    return MetricTable(as_of, measures, rows, yearly, quality)


def _row(
    candidate: str,
    metric: Metric,
    found: Measure,
    study: Study,
    snapshot: Snapshot,
    quality: Sequence[QualityRow],
) -> MetricRow:
    sources = [snapshot.source(s.id) for s in study.candidates[candidate].data_sources]
    rows = [row for row in sources if row is not None and row.kind == metric.needs]
    wanted = [row.id for row in rows]
    mined = [row.id for row in rows if row.outcome == "ok"]
    lacking = ", ".join(i for i in wanted if i not in mined)
    without = f"without {lacking}" if mined and lacking else ""
    return MetricRow(
        candidate=candidate,
        metric=metric.id,
        value=found.value,
        low=found.value if found.low is None else found.low,
        high=found.value if found.high is None else found.high,
        unit=metric.unit,
        n=found.n,
        window=metric.window,
        outcome=found.outcome,
        source=" + ".join(mined or wanted) or "none",
        note="; ".join(n for n in (found.note, without) if n),
        quality=[] if found.value is None else flags(quality, mined, metric.id),
    )


def _years(history: History) -> list[YearRow]:
    """Yearly counts from the first year on; None where no source could tell."""
    git, mail = not history.commits.empty, not history.messages.empty
    work, messages = history.work, history.messages
    last = history.as_of.year
    # a person may arrive, by author date, in a year that an imported repository does not hold
    begun = history.commits["committed"].min().year if git else last + 1
    firsts = [f["born" if f is work else "day"].min().year for f in (work, messages) if len(f)]
    if not firsts:
        return []
    commits = work["committed"].dt.year
    counts = commits.value_counts()
    people = work.groupby(commits)["person"].nunique()
    new = arrivals(work, "born").dt.year.value_counts()
    released = final_releases(history)["released"].dt.year.value_counts()
    said = messages["day"].dt.year.value_counts()
    joined = arrivals(messages, "day").dt.year.value_counts()
    mail_years = range(messages["day"].min().year, messages["day"].max().year + 1) if mail else ()
    return [
        YearRow(
            candidate=history.candidate,
            year=year,
            commits=int(counts.get(year, 0)) if year >= begun else None,
            contributors=int(people.get(year, 0)) if year >= begun else None,
            new_contributors=int(new.get(year, 0)) if git else None,
            releases=int(released.get(year, 0)) if git else None,
            messages=int(said.get(year, 0)) if year in mail_years else None,
            new_mail_participants=int(joined.get(year, 0)) if year in mail_years else None,
        )
        for year in range(min(firsts), last + 1)
    ]
