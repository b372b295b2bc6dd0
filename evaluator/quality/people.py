"""Who the authors are: addresses of nobody, and programs."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from evaluator.quality.record import Mask, Record
from evaluator.quality.registry import LIST, ORGANISATIONS, PEOPLE, WHEN, Observation, check
from evaluator.quality.words import count, percent

PLACEHOLDER_SHARE = 0.01
BOT_SHARE = 0.01
NOBODYS = re.compile(
    r"[^.]*|.*\.(?:invalid|test|example|local|localdomain|localhost|internal|lan)"
    r"|(?:.*\.)?(?:example\.(?:com|net|org)|unknown\.org)"
)
"""Domains that no mail reaches: without a dot, reserved (RFC 2606, RFC 6762), or a stopgap."""


@check(
    "placeholder_addresses",
    "Placeholder addresses",
    reads="commits",
    affects=(*PEOPLE, *ORGANISATIONS),
)
def placeholder_addresses(record: Record) -> Observation | None:
    """At least 1 % of the commits have an address that no mail reaches: their authors are known
    by name only, and their organisations not at all.
    """
    nobody = _nobodys(record.commits["domain"])
    n, whole = int(nobody.sum()), len(nobody)
    if n < PLACEHOLDER_SHARE * whole:
        return None
    text = f"{percent(n, whole)} of {count(whole, 'commit')} have a placeholder for an address"
    within = record.where(nobody, record.commits["committed"], PLACEHOLDER_SHARE)
    return Observation(n / whole, "share of commits", whole, text, within)


def _nobodys(domains: pd.Series) -> Mask:
    codes, known = pd.factorize(domains)
    nobody = np.array([bool(NOBODYS.fullmatch(str(d))) for d in known], dtype=bool)
    found: Mask = nobody[codes]
    return found


@check(
    "bot_commits",
    "Commits by programs",
    reads="commits",
    affects=(*WHEN, "commits_total"),
    severity="note",
)
def bot_commits(record: Record) -> Observation | None:
    """At least 1 % of the commits are by programs, which metrics leave out."""
    return _bots(record, record.commits["person"], record.commits["committed"], "commit")


@check("bot_messages", "Mail by programs", reads="messages", affects=LIST, severity="note")
def bot_messages(record: Record) -> Observation | None:
    """At least 1 % of the messages are by programs, which metrics leave out."""
    return _bots(record, record.messages["person"], record.messages["sent"], "message")


def _bots(record: Record, persons: pd.Series, dates: pd.Series, noun: str) -> Observation | None:
    mask = persons.isin(record.bots).to_numpy(dtype=bool)
    n, whole = int(mask.sum()), len(mask)
    if n < BOT_SHARE * whole:
        return None
    text = f"{percent(n, whole)} of {count(whole, noun)} are by programs and not counted"
    within = record.where(mask, dates, BOT_SHARE)
    return Observation(n / whole, f"share of {noun}s", whole, text, within)
