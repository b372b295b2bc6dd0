"""Mailing lists: how much is said, by how many, and how soon somebody answers.

An archive that falls silent more than 30 days before the as-of date may have moved or been cut
off: counts then carry an interval whose high end extrapolates the covered share of the window, and
are not available when less than a quarter of it is covered (ours).
"""

from __future__ import annotations

import pandas as pd

from evaluator.metrics.history import History, months_before
from evaluator.metrics.registry import FLOOR, Measure, metric, not_available, ratio

LEAST_COVERED = 0.25
ANSWER_DAYS = 7


def _uncovered(history: History, months: int) -> str:
    """Why the archives cannot speak for the window; empty when they can."""
    first = history.messages["day"].min()
    if first > months_before(history.as_of, months):
        return f"the archives begin on {first.date()}, inside the window or after it"
    if history.mail_share_covered(months) < LEAST_COVERED:
        end = history.mail_end.date() if history.mail_end is not None else "-"
        return f"the archives end on {end}: a moved list cannot be told from a dead one"
    return ""


def _count(history: History, count: int, months: int) -> Measure:
    covered = history.mail_share_covered(months)
    if covered >= 1:
        return Measure(count, count)
    note = f"archives cover {covered:.0%} of the window"
    return Measure(count, count, low=count, high=count / covered, note=note)


@metric(
    "messages_12m", "Messages", unit="messages", window="12 months", direction="max",
    needs="mail", source="metricsgrimoire",
)  # fmt: skip
def messages_12m(history: History) -> Measure:
    """Messages on the candidate's lists, by Date header."""
    if reason := _uncovered(history, 12):
        return not_available(reason)
    recent = history.window(history.messages, "day", 12)
    found = _count(history, len(recent), 12)
    patches = f"{recent['patch'].mean():.0%} carry patches" if len(recent) else ""
    note = "; ".join(n for n in (found.note, patches) if n)
    return Measure(found.value, found.n, found.low, found.high, note=note)


@metric(
    "threads_12m", "Threads", unit="threads", window="12 months", direction="max",
    needs="mail", source="metricsgrimoire",
)  # fmt: skip
def threads_12m(history: History) -> Measure:
    """Threads with at least one message."""
    if reason := _uncovered(history, 12):
        return not_available(reason)
    return _count(history, history.window(history.messages, "day", 12)["thread"].nunique(), 12)


@metric(
    "mail_participants_12m", "Mail Participants", unit="persons", window="12 months",
    direction="max", needs="mail", source="metricsgrimoire",
)  # fmt: skip
def mail_participants_12m(history: History) -> Measure:
    """Persons who sent at least one message."""
    if reason := _uncovered(history, 12):
        return not_available(reason)
    return _count(history, history.window(history.messages, "day", 12)["person"].nunique(), 12)


def first_responses(history: History, months: int) -> pd.DataFrame:
    """Threads begun in the window: ``hours`` until another person first answers (NaN: never).

    Threads younger than a week are left out, since their answer may still come; where an archive
    ended before the as-of date, a week before its end.
    """
    ordered = history.messages.sort_values(["day", "message"])
    begun = ordered[ordered["message"] == ordered["thread"]].set_index("thread")
    begun = history.window(begun, "day", months)
    ended = history.mail_end if history.mail_share_covered(months) < 1 else None
    begun = begun[begun["day"] <= (ended or history.as_of) - pd.Timedelta(days=ANSWER_DAYS)]
    joined = ordered.merge(
        begun[["person", "day"]], left_on="thread", right_index=True, suffixes=("", "_begun")
    )
    other = joined[
        (joined["person"] != joined["person_begun"]) & (joined["day"] >= joined["day_begun"])
    ]
    first = other.groupby("thread")["day"].min()
    waited = (first - begun["day"].reindex(first.index)).dt.total_seconds() / 3600
    return pd.DataFrame({"hours": waited.reindex(begun.index)})


@metric(
    "answered_share", "Answered Threads", unit="share", window="24 months", direction="max",
    needs="mail", source="ours",
)  # fmt: skip
def answered_share(history: History) -> Measure:
    """Threads begun in the window that another person answered / threads begun."""
    if reason := _uncovered(history, 24):
        return not_available(reason)
    responses = first_responses(history, 24)
    return ratio(int(responses["hours"].notna().sum()), len(responses))


@metric(
    "time_to_first_response", "Time to First Response", unit="hours", window="24 months",
    direction="min", needs="mail",
)  # fmt: skip
def time_to_first_response(history: History) -> Measure:
    """Median hours from a thread's first message to the first answer by another person.

    Threads that nobody answered have no such time and are left out; the note counts them.
    """
    if reason := _uncovered(history, 24):
        return not_available(reason)
    responses = first_responses(history, 24)
    hours = responses["hours"].dropna()
    if len(hours) < FLOOR:
        return not_available(f"n = {len(hours)} is below the floor of {FLOOR}", len(hours))
    low, high = hours.quantile(0.25), hours.quantile(0.75)
    note = (
        f"of {len(hours)} answered of {len(responses)} threads; quartiles {low:.1f}, {high:.1f} h"
    )
    return Measure(float(hours.median()), len(hours), note=note)
