"""What a client was promised, and what of it is there.

A mail is *acknowledged* when the server accepted it after its last line.  Each acknowledged mail
must be in the mailbox, once, with the bytes that were sent; one whose answer never came may be
there once or not at all.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from evaluator.trial.client import body, digest


class Answer(NamedTuple):
    """One question of the client; ``time`` in seconds since the epoch, ``seconds`` its length."""

    time: float
    kind: str
    ok: bool
    seconds: float
    number: int
    what: str

    @property
    def end(self) -> float:
        return self.time + self.seconds


class Held(NamedTuple):
    """What the audit of the mailbox found: numbers of mails, in order."""

    acknowledged: int
    lost: tuple[int, ...]
    doubled: tuple[int, ...]
    altered: tuple[int, ...]


@dataclass(frozen=True)
class Ledger:
    """Everything that a client asked, in the order of the answers."""

    seed: int
    answers: tuple[Answer, ...]

    @classmethod
    def of(cls, seed: int, lines: Iterable[str]) -> Ledger:
        """From the client's output; a last line that was cut off is left out."""
        found = []
        for line in lines:
            try:
                found.append(Answer(**json.loads(line)))
            except ValueError:
                continue
        return cls(seed, tuple(sorted(found)))

    @property
    def acknowledged(self) -> tuple[int, ...]:
        """Numbers of the mails that the service has promised to keep."""
        return tuple(a.number for a in self.answers if a.kind == "smtp" and a.ok)

    def hold(self, mailbox: Iterable[tuple[int, str]]) -> Held:
        """Compare the promise with a mailbox, given as (number, SHA-256) of every mail in it."""
        there = list(mailbox)
        copies = Counter(number for number, _ in there)
        # of each copy: a good one beside it does not mend a bad one
        altered = {n for n, sha256 in there if sha256 != digest(body(self.seed, n).encode())}
        return Held(
            acknowledged=len(self.acknowledged),
            lost=tuple(n for n in self.acknowledged if not copies[n]),
            doubled=tuple(sorted(n for n, count in copies.items() if count > 1)),
            altered=tuple(sorted(altered)),
        )

    def gaps(self, kind: str, after: float) -> list[tuple[float, float]]:
        """(start, seconds) of each time without a good answer since a moment.

        A gap lasts from the start of the last good question to the start of the next one: during it
        no question that was asked had an answer.  Questions that were only slow make none.
        """
        asked = [a for a in self.answers if a.kind == kind]
        found, last, failed = [], after, False
        for answer in asked:
            if not answer.ok:
                failed = failed or answer.end >= after
            else:
                if failed and answer.time > after:
                    found.append((last, answer.time - last))
                last, failed = max(last, answer.time), False
        if failed and asked:
            found.append((last, asked[-1].end - last))
        return found

    def unasked(self, kind: str, since: float, until: float) -> float:
        """Longest time in seconds between two moments in which no question was under way."""
        longest, last = 0.0, since
        for answer in self.answers:
            if answer.kind == kind and answer.end > last:
                longest = max(longest, min(answer.time, until) - last)
                last = answer.end
        return max(longest, until - last)

    def outage(self, kind: str, after: float) -> float:
        """Longest time in seconds without a good answer since a moment; 0 for none."""
        return max((seconds for _, seconds in self.gaps(kind, after)), default=0.0)

    def answered_by(self, kind: str) -> Mapping[str, int]:
        """How often each node answered."""
        return Counter(a.what for a in self.answers if a.kind == kind and a.ok)

    def rate(self, kind: str) -> float:
        """Good answers a second between the first and the last question."""
        asked = [a for a in self.answers if a.kind == kind]
        if len(asked) < 2:
            return 0.0
        span = max(a.end for a in asked) - asked[0].time
        return sum(a.ok for a in asked) / span
