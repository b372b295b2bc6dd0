"""Slopes of yearly newcomers: the liveliness parameters behind the SME guide's semaphore.

Series are counted in 12-month periods that end at the as-of date, so that every period is whole.
The indicator of the source is the sign of the slope m of ``y = m x + b``; the t-test that decides
when a slope counts as zero is ours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaluator.metrics.contributors import arrivals
from evaluator.metrics.history import History, months_before
from evaluator.metrics.registry import Measure, metric, not_available

PERIODS = 10
FEWEST_PERIODS = 4
OLD_HANDS_YEARS = 3

Counts = npt.NDArray[np.float64]


def periods(
    history: History, dates: pd.Series, since: pd.Timestamp, without_last: int = 0
) -> Counts:
    """Events per 12-month period, oldest first: whole periods after ``since``, at most ten.

    ``without_last`` leaves out so many of the newest periods.
    """
    counts = []
    for back in range(without_last, PERIODS):
        start = months_before(history.as_of, 12 * (back + 1)) + pd.Timedelta(days=1)
        if start < since:
            break
        stop = months_before(history.as_of, 12 * back) + pd.Timedelta(days=1)
        counts.append(int(((dates >= start) & (dates < stop)).sum()))
    return np.array(counts[::-1], dtype=float)


def slope_test(counts: Counts) -> tuple[float, float, float]:
    """Ordinary least squares over periods 0, 1, …: slope, its standard error, two-sided p.

    ``counts`` has shape ``(n_periods,)`` with at least 3 entries; the slope is per period.
    """
    from scipy.special import stdtr

    x = np.arange(len(counts)) - (len(counts) - 1) / 2
    spread = float((x**2).sum())
    slope = float((x * counts).sum() / spread)
    residual = counts - counts.mean() - slope * x
    degrees = len(counts) - 2
    error = float(np.sqrt((residual**2).sum() / degrees / spread))
    if error < 1e-12:
        return slope, 0.0, 1.0 if abs(slope) < 1e-12 else 0.0
    return slope, error, float(2 * stdtr(degrees, -abs(slope / error)))


def _slope(
    history: History, dates: pd.Series, since: pd.Timestamp, without_last: int = 0
) -> Measure:
    counts = periods(history, dates, since, without_last)
    if len(counts) < FEWEST_PERIODS:
        note = f"{len(counts)} whole years of history, {FEWEST_PERIODS} are needed"
        return not_available(note, len(counts))
    slope, error, p = slope_test(counts)
    nonzero = np.flatnonzero(counts)
    silent = len(counts) - 1 - int(nonzero[-1]) if len(nonzero) else len(counts)
    series = ", ".join(f"{c:g}" for c in counts)
    return Measure(
        slope,
        int(counts.sum()),
        low=slope - 2 * error,
        high=slope + 2 * error,
        note=f"newcomers per year{' but the last' * without_last}: {series}; p = {p:.3f}",
        detail={"p": p, "silent_years": float(silent), "periods": float(len(counts))},
    )


def _since(history: History, first: pd.Timestamp) -> pd.Timestamp:
    """From when on newcomers to an archive or a tracker are newcomers to the project.

    In one that begins in the middle of a project's life old hands look new at first: its first
    years are left out then (ours).
    """
    if history.commits.empty or first > history.commits["born"].min() + pd.DateOffset(months=12):
        return first + pd.DateOffset(years=OLD_HANDS_YEARS)
    return first


@metric(
    "new_issue_reporters_slope", "CM-SRA-1: first bug report of each person",
    unit="persons/year²", window="10 years at most", direction="max", needs="tracker",
    source="daffara-liveliness",
)  # fmt: skip
def new_issue_reporters_slope(history: History) -> Measure:
    """Slope of the yearly counts of persons' first issue; change requests are no bug reports.

    Of a tracker that begins in the middle of a project's life the first years are left out, since
    old hands look new in them (ours).
    """
    reports = history.issues[history.issues["kind"] == "issue"]
    if reports.empty:
        return not_available("only change requests", 0)
    since = _since(history, reports["opened"].min())
    return _slope(history, arrivals(reports, "opened"), since)


@metric(
    "new_committers_slope", "CM-SRA-2: first commit of each person", unit="persons/year²",
    window="10 years at most", direction="max", source="daffara-liveliness",
)  # fmt: skip
def new_committers_slope(history: History) -> Measure:
    """Slope of the yearly counts of persons' first commits; the interval is ± 2 standard errors."""
    if history.work.empty:
        return not_available("only merges or bots", 0)
    first = arrivals(history.work, "born")
    return _slope(history, first, history.work["born"].min())


@metric(
    "new_non_code_slope", "CM-SRA-3: first non-code commit of each person",
    unit="persons/year²", window="10 years at most", direction="max",
    source="daffara-liveliness",
)  # fmt: skip
def new_non_code_slope(history: History) -> Measure:
    """Slope of the yearly counts of persons' first commit to a file that is not code."""
    work = history.work
    other = work[(work["files"] > work["files_code"]).fillna(False).astype(bool)]
    if other.empty:
        return not_available("no commit to a file that is not code", 0)
    return _slope(history, arrivals(other, "born"), work["born"].min())


@metric(
    "new_mail_participants_slope", "CM-SRA-3: each new mailing-list address",
    unit="persons/year²", window="10 years at most", direction="max", needs="mail",
    source="daffara-liveliness",
)  # fmt: skip
def new_mail_participants_slope(history: History) -> Measure:
    """Slope of the yearly counts of persons' first message (the source counts by month).

    Of an archive that begins in the middle of a project's life the first years are left out, since
    old hands look new in them; so is the last period when the archive ends within it (both ours).
    """
    covered = history.mail_share_covered(12)
    if covered == 0:
        end = history.mail_end.date() if history.mail_end is not None else "-"
        return not_available(f"the archives end on {end}, more than a year ago")
    since = _since(history, history.messages["day"].min())
    first = arrivals(history.messages, "day")
    return _slope(history, first, since, without_last=int(covered < 1))
