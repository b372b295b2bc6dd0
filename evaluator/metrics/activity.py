"""How much happens, how regularly, and how lately."""

from __future__ import annotations

import numpy as np

from evaluator.metrics.history import History
from evaluator.metrics.registry import Measure, metric, not_available


@metric("commits_12m", "Code Changes Commits", unit="commits", window="12 months", direction="max")
def commits_12m(history: History) -> Measure:
    """Non-merge commits on the default branch by persons (bots left out)."""
    count = len(history.window(history.work, "committed", 12))
    return Measure(count, count)


@metric(
    "commits_total",
    "Code Changes Commits, whole history",
    unit="commits",
    window="whole history",
    direction="max",
)
def commits_total(history: History) -> Measure:
    """Non-merge commits on the default branch, each commit once over the candidate's sources."""
    count = len(history.work)
    merges = int(history.commits["merge"].sum())
    return Measure(count, count, note=f"{merges} merges not counted")


@metric(
    "months_since_last_commit",
    "Project Activity: last commit",
    unit="months",
    window="until the as-of date",
    direction="min",
    source="ours",
)
def months_since_last_commit(history: History) -> Measure:
    """Months (365.25 / 12 days) from the newest non-merge commit to the as-of date."""
    if history.work.empty:
        return not_available("only merges or bots", 0)
    last = history.work["committed"].max()
    return Measure(history.months_since(last), len(history.work), note=f"on {last.date()}")


@metric(
    "active_weeks_share",
    "Activity Dates and Times: active weeks",
    unit="share",
    window="24 months",
    direction="max",
    source="ours",
)
def active_weeks_share(history: History) -> Measure:
    """Weeks with at least one commit / 104 weeks before the as-of date."""
    recent = history.window(history.work, "committed", 24)
    weeks = ((history.as_of - recent["committed"]).dt.days // 7).to_numpy()
    active = len(np.unique(weeks[weeks < 104]))
    return Measure(active / 104, 104)


@metric("burstiness", "Burstiness", unit="index -1 to 1", window="24 months", direction="min")
def burstiness(history: History) -> Measure:
    """(s - m) / (s + m) of the days between active days: -1 regular, 0 random, 1 bursts."""
    recent = history.window(history.work, "committed", 24)
    days = np.unique(recent["committed"].to_numpy()).astype("datetime64[D]").astype(int)
    gaps = np.diff(days)
    if len(gaps) < 10:
        return not_available(f"{len(gaps)} gaps between active days, 10 are needed", len(gaps))
    mean, spread = float(gaps.mean()), float(gaps.std())
    return Measure((spread - mean) / (spread + mean), len(gaps))


@metric(
    "age_years",
    "Project Age",
    unit="years",
    window="whole history",
    direction="max",
    source="ours",
)
def age_years(history: History) -> Measure:
    """Years from the first commit (author date where plausible) to the as-of date."""
    first = history.commits["born"].min()
    return Measure((history.as_of - first).days / 365.25, len(history.commits))


@metric(
    "median_lines_changed",
    "Code Changes Lines",
    unit="lines/commit",
    window="12 months",
    direction="min",
    source="ours",
)
def median_lines_changed(history: History) -> Measure:
    """Median of lines added + removed per non-merge commit (medians are immune to mass moves)."""
    recent = history.window(history.work, "committed", 12)
    lines = (recent["lines_added"] + recent["lines_removed"]).dropna()
    if len(lines) < 10:
        return not_available(f"n = {len(lines)} is below the floor of 10", len(lines))
    return Measure(float(lines.median()), len(lines))
