"""Issue trackers: how much comes in, how soon somebody answers, and how soon it is settled.

Times to an event are Kaplan-Meier medians over what was opened in the window.  What is still open
at the as-of date has waited that long and no end is known: leaving it out would make the projects
that leave most open look fastest, and counting it as ended now would be an invention.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaluator.metrics.history import History, months_before
from evaluator.metrics.registry import FLOOR, Measure, metric, not_available, ratio

ISSUE, CHANGE_REQUEST = "issue", "change_request"
HOUR, DAY = 3600, 86400

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def survival_median(durations: Floats, ended: Flags) -> float:
    """Kaplan-Meier median of durations, those that have not ended being censored.

    With ``d`` ends among the ``n`` that lasted until ``t``, S(t) is the product of ``1 - d/n`` over
    all ends up to ``t``; the median is the smallest ``t`` with S(t) ≤ 1/2, and the middle between
    it and the next end where S(t) is 1/2 exactly, so that without censoring it is the ordinary one
    (source ``kaplan-meier``; the middle is ours).

    Parameters
    ----------
    durations, ended
        Shape ``(n,)``; any unit of time, and whether the end is known.

    Returns
    -------
    float
        In the unit of the durations; NaN when more than half have lasted longer than is known.
    """
    order = np.lexsort((~ended, durations))  # at equal times ends come before censoring
    times, events = durations[order], ended[order]
    remaining = np.arange(len(times), 0, -1)
    survival = np.cumprod(np.where(events, (remaining - 1) / remaining, 1.0))
    half = np.isclose(survival, 0.5)
    reached = np.flatnonzero(events & (half | (survival < 0.5)))
    if not len(reached):
        return float("nan")
    first = float(times[reached[0]])
    if half[reached[0]] and len(reached) > 1:
        return (first + float(times[reached[1]])) / 2
    return first


def _opened(history: History, kind: str, months: int) -> pd.DataFrame:
    issues = history.issues
    of_kind = issues[issues["kind"] == kind] if kind else issues
    return history.window(of_kind, "opened", months)


def _begun(history: History, months: int) -> str:
    """Why the trackers cannot speak for the window; empty when they can."""
    first = history.issues["opened"].min()
    if first > months_before(history.as_of, months):
        return f"the trackers begin on {first.date()}, inside the window or after it"
    return ""


def _median(
    history: History, opened: pd.DataFrame, ends: pd.Series, unit: int, what: str
) -> Measure:
    """Median time from opening to ``ends``; what has none is censored, at closing or now."""
    if len(opened) < FLOOR:
        return not_available(f"n = {len(opened)} is below the floor of {FLOOR}", len(opened))
    now = history.as_of + pd.Timedelta(days=1)
    last = ends.fillna(opened["closed"]).fillna(now)
    durations = (last - opened["opened"]).dt.total_seconds().to_numpy(dtype=float) / unit
    ended = ends.notna().to_numpy(dtype=bool)
    count = f"{int(ended.sum())} of {len(opened)} {what}"
    median = survival_median(durations, ended)
    if np.isnan(median):
        return not_available(f"{count}, too few to know the median", len(opened))
    plain = f"; median of these alone {np.median(durations[ended]):.1f}"
    return Measure(median, len(opened), note=count + (plain if not ended.all() else ""))


@metric(
    "issues_new_12m", "Issues New", unit="issues", window="12 months", direction="max",
    needs="tracker",
)  # fmt: skip
def issues_new_12m(history: History) -> Measure:
    """Issues opened; change requests apart."""
    if reason := _begun(history, 12):
        return not_available(reason)
    count = len(_opened(history, ISSUE, 12))
    return Measure(count, count)


@metric(
    "issues_closed_12m", "Issues Closed", unit="issues", window="12 months", direction="max",
    needs="tracker",
)  # fmt: skip
def issues_closed_12m(history: History) -> Measure:
    """Issues last closed in the window, whenever they were opened; change requests apart."""
    if reason := _begun(history, 12):
        return not_available(reason)
    issues = history.issues
    count = len(history.window(issues[issues["kind"] == ISSUE], "closed", 12))
    return Measure(count, count)


@metric(
    "issue_time_to_first_response", "Time to First Response (issues and change requests)",
    unit="hours", window="24 months", direction="min", needs="tracker",
)  # fmt: skip
def issue_time_to_first_response(history: History) -> Measure:
    """Kaplan-Meier median hours from opening to the first comment or review by another person.

    Bots do not answer.  What was closed without an answer is censored at its closing, what is open
    without one at the as-of date.
    """
    opened = _opened(history, "", 24)
    return _median(history, opened, opened["first_response"], HOUR, "answered")


@metric(
    "issue_resolution_duration", "Time to Close: Issue Resolution Duration", unit="days",
    window="24 months", direction="min", needs="tracker",
)  # fmt: skip
def issue_resolution_duration(history: History) -> Measure:
    """Kaplan-Meier median days from opening to closing of the issues opened in the window.

    Open ones are censored at the as-of date.
    """
    opened = _opened(history, ISSUE, 24)
    return _median(history, opened, opened["closed"], DAY, "closed")


@metric(
    "change_request_duration", "Time to Close: Change Requests Duration", unit="days",
    window="24 months", direction="min", needs="tracker",
)  # fmt: skip
def change_request_duration(history: History) -> Measure:
    """Kaplan-Meier median days from opening to merge or closing of the change requests opened.

    Open ones are censored at the as-of date.
    """
    opened = _opened(history, CHANGE_REQUEST, 24)
    return _median(history, opened, opened["closed"], DAY, "closed")


@metric(
    "change_request_closure_ratio", "Change Request Closure Ratio", unit="share",
    window="12 months", direction="max", needs="tracker", source="chaoss-closure-ratio",
)  # fmt: skip
def change_request_closure_ratio(history: History) -> Measure:
    """Change requests closed in the window / those that were open at any time in it.

    The source says closed over open in a period, near 1 when a project keeps up; that those open at
    the period's beginning count as well is our reading.
    """
    if reason := _begun(history, 12):
        return not_available(reason)
    issues = history.issues
    requests = issues[issues["kind"] == CHANGE_REQUEST]
    start = months_before(history.as_of, 12) + pd.Timedelta(days=1)
    closed = int((requests["closed"] >= start).sum())
    return ratio(closed, closed + int(requests["closed"].isna().sum()))


@metric(
    "change_request_acceptance_ratio", "Change Request Acceptance Ratio", unit="share",
    window="24 months", direction="max", needs="tracker", source="chaoss-acceptance-ratio",
)  # fmt: skip
def change_request_acceptance_ratio(history: History) -> Measure:
    """Change requests merged / merged or closed without a merge, of those closed in the window.

    The source compares merged with declined; the share of both is ours, since it has an end when
    nothing was declined.
    """
    issues = history.issues
    closed = history.window(issues[issues["kind"] == CHANGE_REQUEST], "closed", 24)
    return ratio(int(closed["merged"].sum()), len(closed))
