"""Values as Pacemaker reads them: times, truth, scores (Pacemaker Explained, "Basics")."""

from __future__ import annotations

import math
import re

FACTORS = {
    "": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hr": 3600.0,
    "ms": 1e-3, "msec": 1e-3, "us": 1e-6, "usec": 1e-6,
}  # fmt: skip
TIME = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*([a-z]*)\s*")
ISO = re.compile(r"P(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?")


def seconds(text: str) -> float | None:
    """A time such as ``30``, ``30s``, ``500ms``, ``2min`` or ``PT2M30S`` in seconds, if it is."""
    if (plain := TIME.fullmatch(text.lower())) and plain[2] in FACTORS:
        return float(plain[1]) * FACTORS[plain[2]]
    if (iso := ISO.fullmatch(text.strip().upper())) and any(iso.groups()):
        days, hours, minutes, rest = (float(group or 0) for group in iso.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + rest
    return None


def truth(text: str) -> bool | None:
    """A truth value in any spelling that Pacemaker knows; None for anything else."""
    word = text.strip().lower()
    if word in ("true", "on", "yes", "y", "1"):
        return True
    return False if word in ("false", "off", "no", "n", "0") else None


def score(text: str) -> float:
    """A score: a whole number, or ±INFINITY from a million on; 0 for anything else."""
    word = text.strip().upper()
    if word in ("INFINITY", "+INFINITY", "INF", "+INF"):
        return math.inf
    if word in ("-INFINITY", "-INF"):
        return -math.inf
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", word):
        return 0.0
    number = float(word)
    return math.copysign(math.inf, number) if abs(number) >= 1_000_000 else number
