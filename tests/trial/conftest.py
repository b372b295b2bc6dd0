"""A failover that was never made: nobody's data, every time made up."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from evaluator.trial.audits import Observation
from evaluator.trial.client import body, digest
from evaluator.trial.ledger import Answer, Held, Ledger
from evaluator.trial.scenario import Scenario
from evaluator.trial.watch import Seen

SEED = 7
BEGAN = 1000.0
"""When the active node of the made-up failover, zcs1, loses its power."""

WORDS = Scenario(
    title="The active node loses its power",
    faults=["cut-power active"],
    service="moves",
    answers="again",
    bound_seconds=60,
    fenced=["active"],
)
HOSTILE = (
    '=HYPERLINK("http://x") [bold red]b[/] [/nope] <script>alert(1)</script> | `c` *d* '
    "[l](javascript:f) \x1b[31mred\x1b]0;title\x07 \x9b31m \u202etxt.exe\u202c \u200b \\ \r\t end"
)


def seen(after: float, address: str = "", volume: str = "", service: str = "") -> Seen:
    """A look, in seconds since the fault; names of nodes are separated by blanks."""
    nodes = (frozenset(names.split()) for names in (address, volume, service))
    return Seen(BEGAN + after, *nodes)


def at_all(after: float, nodes: str) -> Seen:
    """A look at nodes that have everything."""
    return seen(after, nodes, nodes, nodes)


def asked(kind: str, *, out: Iterable[tuple[float, float]] = (), end: float = 20) -> list[Answer]:
    """Questions twice a second from 2 s before the fault on; those in ``out`` had no answer."""
    moments = [step / 2 for step in range(-4, int(end * 2) + 1)]
    silent = [any(first < t < last for first, last in out) for t in moments]
    return [
        Answer(BEGAN + t, kind, not silent[i], 0.01, i + 1, "zcs1" if t <= 0 else "zcs2")
        for i, t in enumerate(moments)
    ]


@functools.cache
def ledger(*, out: tuple[tuple[float, float], ...] = ((0, 5),), end: float = 20) -> Ledger:
    """What the clients of the failover were told; ``out`` are times without an answer."""
    answers = [a for kind in ("http", "smtp") for a in asked(kind, out=out, end=end)]
    return Ledger(SEED, tuple(sorted(answers)))


def mailbox(*numbers: int) -> list[tuple[int, str]]:
    """Mails as they were sent."""
    return [(n, digest(body(SEED, n).encode())) for n in numbers]


@functools.cache
def kept(told: Ledger) -> Held:
    """A mailbox that has all that was acknowledged."""
    return told.hold(mailbox(*told.acknowledged))


DIED: dict[str, Any] = {
    "time": BEGAN + 0.1, "from": "laboratory", "command": "off", "node": "zcs1", "result": "off",
}  # fmt: skip
FENCED: dict[str, Any] = {
    "time": BEGAN + 2, "from": "bmc-zcs1", "command": "reboot", "node": "zcs1", "result": "off",
    "peer": "198.51.100.142", "seconds": 0.5,
}  # fmt: skip
BACK: dict[str, Any] = {
    "time": BEGAN + 8, "from": "rack", "command": "on", "node": "zcs1", "result": "on",
}  # fmt: skip

TAKEN = (
    seen(3.0, volume="zcs2"),
    seen(4.0, volume="zcs2", service="zcs2"),
    at_all(4.5, "zcs2"),
)


def failover(**changes: Any) -> Observation:
    """Power cut at 0 s, noticed at 1.5, off at 2, taken over until 4.5, answered again at 5."""
    told = changes.get("ledger") or ledger()
    whole = Observation(
        words=WORDS,
        roles={"active": "zcs1", "passive": "zcs2", "witness": "witness"},
        began=BEGAN,
        injected=BEGAN + 0.2,
        undone=BEGAN + 10,
        ended=BEGAN + 20,
        seen=(at_all(0, "zcs1"), at_all(0.1, ""), *TAKEN),
        pauses=(),
        ledger=told,
        held=kept(told),
        power=(DIED, FENCED, BACK),
        not_whole="",
        cores=(),
        everywhere=False,
        fences=True,
        rhythm={"http": 2.0, "smtp": 2.0},
    )
    return replace(whole, **changes)


def quiet(**changes: Any) -> Observation:
    """A fault that nobody noticed: the service stays where it is and answers throughout."""
    expected = {"service": "stays", "answers": "throughout", "fenced": []}
    still = {
        "words": WORDS.model_copy(update=expected),
        "seen": (at_all(0, "zcs1"),),
        "ledger": ledger(out=()),
        "power": (),
    }
    return failover(**still | changes)


def words(**changes: Any) -> Scenario:
    """What is expected of the failover, but for some changes."""
    return Scenario(**WORDS.model_dump() | changes)
