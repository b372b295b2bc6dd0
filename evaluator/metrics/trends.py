"""Slopes of newcomers: the liveliness parameters behind the SME guide's semaphore.

Series are counted in periods of 12 months, or of one where the source counts by month, that end at
the as-of date, so that every period is whole.  The indicator of the source is the sign of the slope
m of ``y = m x + b``; the t-test that decides when a slope counts as zero is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaluator.metrics.contributors import arrivals
from evaluator.metrics.history import History, months_before
from evaluator.metrics.registry import Measure, metric, not_available

YEARS = 10
FEWEST_YEARS = 4
OLD_HANDS_YEARS = 3

Counts = npt.NDArray[np.float64]


def periods(
    history: History,
    dates: pd.Series,
    since: pd.Timestamp,
    until: pd.Timestamp | None = None,
    months: int = 12,
) -> Counts:
    """Events per period of so many months, oldest first: whole periods of the last ten years.

    Only those that begin on ``since`` or later and, if ``until`` is given, end before it.
    """
    counts = []
    for back in range(YEARS * 12 // months):
        start = months_before(history.as_of, months * (back + 1)) + pd.Timedelta(days=1)
        stop = months_before(history.as_of, months * back) + pd.Timedelta(days=1)
        if start < since:
            break
        if until is None or stop <= until:
            counts.append(int(((dates >= start) & (dates < stop)).sum()))
    return np.array(counts[::-1], dtype=float)


@dataclass(frozen=True)
class Slope:
    """A fitted slope per period, its standard error, its degrees of freedom and two-sided p."""

    slope: float
    error: float
    degrees: float
    p: float


def slope_test(counts: Counts, *, correlated: bool = False) -> Slope:
    """Ordinary least squares over periods 0, 1, …, and the t-test of its slope.

    ``counts`` has shape ``(n_periods,)`` with at least 3 entries.  ``correlated`` lowers the number
    of observations to ``n (1 - r) / (1 + r)``, r being the correlation of neighbouring residuals
    where it is positive: months repeat each other, and are no evidence of their own (Santer et al.,
    2000).
    """
    from scipy.special import stdtr

    x = np.arange(len(counts)) - (len(counts) - 1) / 2
    spread = float((x**2).sum())
    slope = float((x * counts).sum() / spread)
    residual = counts - counts.mean() - slope * x
    squares, number = float((residual**2).sum()), float(len(counts))
    if correlated and squares > 0:
        repeated = max(0.0, float((residual[1:] * residual[:-1]).sum()) / squares)
        number = max(3.0, number * (1 - repeated) / (1 + repeated))
    degrees = number - 2
    error = float(np.sqrt(squares / degrees / spread))
    if error < 1e-12:
        return Slope(slope, 0.0, degrees, 1.0 if abs(slope) < 1e-12 else 0.0)
    return Slope(slope, error, degrees, float(2 * stdtr(degrees, -abs(slope / error))))


def _slope(
    history: History,
    dates: pd.Series,
    since: pd.Timestamp,
    until: pd.Timestamp | None = None,
    months: int = 12,
) -> Measure:
    counts = periods(history, dates, since, until, months)
    monthly = months == 1
    if len(counts) * months < FEWEST_YEARS * 12:
        what = "months of history" if monthly else "whole years of history"
        fewest = FEWEST_YEARS * 12 // months
        return not_available(f"{len(counts)} {what}, {fewest} are needed", len(counts))
    found = slope_test(counts, correlated=monthly)
    nonzero = np.flatnonzero(counts)
    silent = len(counts) - 1 - int(nonzero[-1]) if len(nonzero) else len(counts)
    if monthly:
        first, last = counts[:12].sum(), counts[-12:].sum()
        series = (
            f"newcomers by month over {len(counts)} months, {first:g} in the first twelve and "
            f"{last:g} in the last"
        )
    else:
        series = f"newcomers per year: {', '.join(f'{c:g}' for c in counts)}"
    return Measure(
        found.slope,
        int(counts.sum()),
        low=found.slope - 2 * found.error,
        high=found.slope + 2 * found.error,
        note=f"{series}; p = {found.p:.3f}",
        detail={
            "p": found.p,
            "error": found.error,
            "degrees": found.degrees,
            "silent_years": silent * months / 12,
            "periods": float(len(counts)),
        },
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
    source="daffara-liveliness", slope=True,
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
    window="10 years at most", direction="max", source="daffara-liveliness", slope=True,
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
    source="daffara-liveliness", slope=True,
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
    unit="persons/month²", window="10 years at most", direction="max", needs="mail",
    source="daffara-liveliness", slope=True,
)  # fmt: skip
def new_mail_participants_slope(history: History) -> Measure:
    """Slope of the monthly counts of persons' first message; the t-test allows for months that
    repeat each other.

    Of an archive that begins in the middle of a project's life the first years are left out, since
    old hands look new in them; so are the months after its end (both ours).
    """
    covered = history.mail_share_covered(12)
    if covered == 0:
        end = history.mail_end.date() if history.mail_end is not None else "-"
        return not_available(f"the archives end on {end}, more than a year ago")
    since = _since(history, history.messages["day"].min())
    first = arrivals(history.messages, "day")
    return _slope(history, first, since, history.mail_end if covered < 1 else None, months=1)
