"""Mailing lists: what an archive holds, where it begins, breaks off and ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluator.quality.record import Record
from evaluator.quality.registry import FLOOR, LIST, LIST_VOLUME, RESPONSES, Observation, check
from evaluator.quality.words import count, days, named, percent

CROSSPOSTED_SHARE = 0.05
PATCH_SHARE = 1 / 3
UNANSWERED_SHARE = 0.5
ANSWER_DAYS = 7
"""Younger threads may still be answered (as in the metrics of responses; ours)."""

QUARTER_DAYS = 90
LATER_QUARTERS = 12
FEWEST_QUARTERS = 4
FEWEST_PERSONS = 5
FULL_SWING = 0.5
SILENCE_DAYS = 30
HOLE_DAYS = 60
OUT_OF_SCALE = 1.5
"""A silence is told from a quiet list by being so much longer than the longest other (ours)."""


@check("crossposted", "Cross-posted mail", reads="messages", affects=LIST_VOLUME)
def crossposted(record: Record) -> Observation | None:
    """At least 5 % of the messages are in another list's archive too: work on something else, or
    the same work counted for two candidates.
    """
    shared = record.shared.get("messages")
    if shared is None or shared.mask.mean() < CROSSPOSTED_SHARE:
        return None
    n, whole = int(shared.mask.sum()), len(shared.mask)
    text = (
        f"{percent(n, whole)} of {count(whole, 'message')} went to other mined lists too: "
        f"{named(shared.others)}"
    )
    within = record.where(shared.mask, record.messages["sent"], CROSSPOSTED_SHARE)
    return Observation(n / whole, "share of messages", whole, text, within)


@check("patch_mail", "Patch mail", reads="messages", affects=(*LIST_VOLUME, *RESPONSES))
def patch_mail(record: Record) -> Observation | None:
    """A third of the messages or more carry patches: the list is a way to review changes, and
    its figures do not compare with those of a list of users.
    """
    mask = record.messages["patch"].to_numpy(dtype=bool)
    n, whole = int(mask.sum()), len(mask)
    if whole < FLOOR or n < PATCH_SHARE * whole:
        return None
    begun = record.messages[record.messages["message"] == record.messages["thread"]]
    first = int(begun["patch"].sum())
    text = (
        f"{percent(n, whole)} of {count(whole, 'message')} carry patches, and "
        f"{percent(first, max(1, len(begun)))} of {count(len(begun), 'thread')} begin with one"
    )
    within = record.where(mask, record.messages["sent"], PATCH_SHARE)
    return Observation(n / whole, "share of messages", whole, text, within)


@check("unanswered", "Unanswered threads", reads="messages", affects=("time_to_first_response",))
def unanswered(record: Record) -> Observation | None:
    """Nobody else answered half of the threads or more: times to first response speak of the
    lesser part only.
    """
    messages = record.messages
    begun = messages[messages["message"] == messages["thread"]]
    begun = begun[begun["sent"] <= messages["sent"].max() - pd.Timedelta(days=ANSWER_DAYS)]
    starter = messages["thread"].map(begun.set_index("thread")["person"])
    answered = messages["thread"][starter.notna() & (messages["person"] != starter)].unique()
    silent = ~begun["thread"].isin(answered).to_numpy()
    n, whole = int(silent.sum()), len(silent)
    if whole < FLOOR or n < UNANSWERED_SHARE * whole:
        return None
    text = f"{percent(n, whole)} of {count(whole, 'thread')} were answered by nobody else"
    within = record.where(silent, begun["sent"], UNANSWERED_SHARE)
    return Observation(n / whole, "share of threads", whole, text, within)


@check(
    "begins_midway",
    "Archive begins midway",
    reads="messages",
    affects=("new_mail_participants_slope",),
)
def begins_midway(record: Record) -> Observation | None:
    """The first 90 days, with at least 5 persons, hold half as many messages as a usual quarter
    of the three years after, or more: the list is older than its archive, and old hands look new.
    """
    sent = record.messages["sent"]
    quarter = (sent - sent.min()).dt.days.to_numpy() // QUARTER_DAYS
    whole_quarters = max(0, (record.as_of - sent.min()).days) // QUARTER_DAYS if len(sent) else 0
    later = np.bincount(quarter, minlength=whole_quarters)[1:whole_quarters][:LATER_QUARTERS]
    first = record.messages[quarter == 0]
    if len(later) < FEWEST_QUARTERS or first["person"].nunique() < FEWEST_PERSONS:
        return None
    usual = float(np.median(later))
    if len(first) < FLOOR or len(first) < FULL_SWING * usual:
        return None
    text = (
        f"the archive begins on {sent.min().date()} with {count(len(first), 'message')} in "
        f"{QUARTER_DAYS} days (a usual quarter of the years after: {usual:.0f}); the list is older"
    )
    return Observation(len(first), "messages", len(sent), text, record.holding(first["sent"]))


@check("archive_ends", "Archive ends", reads="messages", affects=LIST)
def archive_ends(record: Record) -> Observation | None:
    """The archive is silent for 30 days or more before the as-of date, and half as long again as
    ever before: it was cut off, or the list moved, or died.
    """
    gaps, dates = _gaps(record)
    silent = (record.as_of - dates.iloc[-1]).days if len(dates) else 0
    longest = int(gaps.max(initial=0))
    if len(dates) < FLOOR or silent < max(SILENCE_DAYS, OUT_OF_SCALE * longest):
        return None
    text = (
        f"nothing since {dates.iloc[-1].date()}, {count(silent, 'day')} before the as-of date "
        f"(longest silence before: {longest} days): moved, cut off or dead"
    )
    return Observation(silent, "days", len(record.messages), text, record.everywhere())


@check("archive_hole", "Hole in the archive", reads="messages", affects=LIST)
def archive_hole(record: Record) -> Observation | None:
    """One silence of 60 days or more is half as long again as any other: messages may be
    missing.
    """
    gaps, dates = _gaps(record)
    if len(dates) < FLOOR or len(gaps) < 2:
        return None
    second, longest = np.sort(gaps)[-2:]
    if longest < max(HOLE_DAYS, OUT_OF_SCALE * second):
        return None
    at = int(gaps.argmax())
    hole = dates.iloc[at : at + 2]
    text = f"no message from {days(hole)} (next longest silence: {second} days)"
    within = record.holding(hole)
    return Observation(int(longest), "days", len(record.messages), text, within)


def _gaps(record: Record) -> tuple[np.ndarray, pd.Series]:
    """Days between days with messages, and those days in order."""
    dates = record.messages["sent"].dt.normalize().drop_duplicates().sort_values()
    return dates.diff().dt.days.to_numpy()[1:].astype(int), dates
