"""An audit that cannot fail proves nothing: each invariant is broken here on purpose, and held."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.findings import Finding
from evaluator.trial import audits
from evaluator.trial.audits import AUDITS, Observation, fencing, findings
from evaluator.trial.client import digest
from evaluator.trial.ledger import Answer, Ledger

from .conftest import (
    BACK,
    BEGAN,
    DIED,
    FENCED,
    SEED,
    TAKEN,
    at_all,
    failover,
    ledger,
    mailbox,
    quiet,
    seen,
    words,
)


class Broken(NamedTuple):
    """An observation in which an audit fails: the code, and what the message has to say."""

    observation: Observation
    code: str
    says: str


def late(**changes: Any) -> dict[str, Any]:
    """What a fence device logged when it was asked, but for some changes."""
    return {**FENCED, **changes}


def boxed(*mails: tuple[int, str]) -> Observation:
    """The failover of which these mails are left."""
    told = ledger()
    return failover(held=told.hold(mails))


def mute(answer: Answer, since: float, until: float = math.inf) -> Answer:
    """The answer, or none where it is to a mail of that time."""
    silent = answer.kind == "smtp" and since < answer.time < until
    return answer._replace(ok=False) if silent else answer


def stopped(kind: str, since: float, until: float = math.inf, **changes: Any) -> Observation:
    """A fault that nobody noticed, and clients that ask nothing of a kind in that time."""
    every = ledger(out=()).answers
    left = (a for a in every if a.kind != kind or not BEGAN + since < a.time < BEGAN + until)
    return quiet(ledger=Ledger(SEED, tuple(left)), **changes)


def slow(kind: str, since: float, until: float) -> Ledger:
    """One question of a kind takes all of that time."""
    told = stopped(kind, since, until).ledger.answers
    long = Answer(BEGAN + since, kind, True, until - since, 99, "zcs1")
    return Ledger(SEED, tuple(sorted((*told, long))))


SENT = ledger().acknowledged
BOTH = (at_all(0, "zcs1"), *TAKEN)
"""The passive node takes over from one that lives on."""
UNSURE = words(fenced=["any"])

BROKEN: dict[str, dict[str, Broken]] = {
    "one_holder": {
        "two nodes for a while": Broken(
            failover(seen=(*failover().seen, seen(5, "zcs1 zcs2", "zcs2", "zcs2"),
                           at_all(6.5, "zcs2"))),
            "two-holders", "zcs1 and zcs2 had the address for 1.5 s, from 5.0 s",
        ),
        "two nodes to the end": Broken(
            failover(seen=(*failover().seen, seen(8, "zcs2 zcs1", "zcs2", "zcs2")),
                     words=words(service="either")),
            "two-holders", "zcs1 and zcs2 had the address for 12.0 s, from 8.0 s",
        ),
        "from the first look on": Broken(
            failover(seen=(seen(0, "zcs1 zcs2", "zcs1", "zcs1"), *failover().seen[1:])),
            "two-holders", "for 0.1 s, from 0.0 s",
        ),
        "even where the service is everywhere": Broken(
            quiet(seen=(seen(0, "zcs1", "", "zcs1 zcs2"), seen(1, "zcs1 zcs2", "", "zcs1 zcs2"),
                        seen(2, "zcs1", "", "zcs1 zcs2")), everywhere=True, fences=False),
            "two-holders", "for 1.0 s, from 1.0 s",
        ),
    },
    "one_writer": {
        "mounted twice": Broken(
            failover(seen=(at_all(0, "zcs1"), seen(2.5, "", "zcs1 zcs2"), *TAKEN)),
            "two-writers", "zcs1 and zcs2 had the volume for 0.5 s, from 2.5 s",
        ),
    },
    "one_service": {
        "started before the other one stopped": Broken(
            failover(seen=(*failover().seen[:3], seen(3.5, "", "zcs2", "zcs1 zcs2"), *TAKEN[1:])),
            "two-services", "zcs1 and zcs2 served for 0.5 s, from 3.5 s",
        ),
    },
    "fenced_first": {
        "never": Broken(
            failover(power=(DIED, BACK), words=UNSURE), "not-fenced-first",
            "zcs2 took the volume of zcs1 unconfirmed",
        ),
        "too late": Broken(
            failover(power=(DIED, late(time=BEGAN + 3.01), BACK)), "not-fenced-first", "zcs1",
        ),
        "the device did not do it": Broken(
            failover(power=(DIED, late(result="no power"), BACK), words=UNSURE),
            "not-fenced-first", "zcs1",
        ),
        "it was only asked about": Broken(
            failover(power=(DIED, late(command="status"), BACK), words=UNSURE),
            "not-fenced-first", "zcs1",
        ),
        "another node": Broken(
            failover(power=(DIED, late(node="zcs3"), BACK), words=UNSURE),
            "not-fenced-first", "zcs1",
        ),
        "it ended by itself": Broken(
            failover(power=({**DIED, "from": "node", "result": "exit code 0"}, BACK),
                     words=UNSURE), "not-fenced-first", "zcs1",
        ),
        "the address, where there is no volume": Broken(
            failover(seen=(seen(0, "zcs1", "", "zcs1 zcs2"), seen(0.1, "", "", "zcs2"),
                           seen(4.5, "zcs2", "", "zcs2")),
                     everywhere=True, power=(DIED, BACK), words=UNSURE),
            "not-fenced-first", "zcs2 took the address of zcs1 unconfirmed",
        ),
    },
    "mail_kept": {
        "lost": Broken(
            boxed(*mailbox(*SENT[1:])), "mail-lost",
            f"1 mails of {len(SENT)} are acknowledged and not there: {SENT[0]}",
        ),
        "all lost": Broken(boxed(), "mail-lost", ", …"),
        "doubled": Broken(
            boxed(*mailbox(*SENT, SENT[-1])), "mail-twice", f"there more than once: {SENT[-1]}",
        ),
        "altered": Broken(
            boxed((SENT[0], digest(b"something else")), *mailbox(*SENT[1:])), "mail-altered",
            f"not what was sent: {SENT[0]}",
        ),
        "altered beside a good copy": Broken(
            boxed((SENT[0], digest(b"something else")), *mailbox(*SENT)), "mail-altered",
            f"not what was sent: {SENT[0]}",
        ),
        "not to be read": Broken(
            failover(unread="no route to host"), "mail-unread", "cannot be read: no route to host",
        ),
    },
    "served": {
        "none of it was expected": Broken(
            quiet(ledger=ledger(out=((3, 6),))), "not-served", "3.0 s without an answer",
        ),
        "later than promised": Broken(
            failover(words=words(bound_seconds=3)), "not-served",
            "served again 4.8 s after it could be, not in 3 s",
        ),
        "somebody had to help": Broken(
            failover(undone=BEGAN + 4.9), "not-served", "only when the faults were undone",
        ),
        "away again when all was undone": Broken(
            failover(ledger=ledger(out=((0, 5), (11, 13)))), "not-served",
            "2.0 s without an answer once all was undone",
        ),
        "late although somebody helped": Broken(
            failover(words=words(answers="once undone", bound_seconds=3),
                     ledger=ledger(out=((0, 15),))), "not-served", "again 5.0 s after it could be",
        ),
        "never again": Broken(
            failover(words=words(answers="once undone"),
                     ledger=Ledger(SEED, tuple(a for out in (((0, 99),), ())
                                               for a in ledger(out=out).answers
                                               if (a.kind == "http") == bool(out)))),
            "not-served", "http has no answer in the end",
        ),
        "a second time": Broken(
            failover(ledger=ledger(out=((0, 5), (6, 9))), words=words(bound_seconds=8)),
            "not-served", "8.8 s",
        ),
    },
    "asked": {
        "no mail before the fault": Broken(
            failover(ledger=Ledger(SEED, tuple(a for a in ledger().answers
                                               if a.kind == "http" or a.time > BEGAN))),
            "not-asked", "smtp had no good answer before the fault",
        ),
        "no mail in the end": Broken(
            quiet(ledger=Ledger(SEED, tuple(mute(a, BEGAN + 3) for a in ledger(out=()).answers))),
            "not-served", "smtp has no answer in the end",
        ),
        "clients that died": Broken(
            stopped("http", 3, client="ended with 1: OSError: No space left on device"),
            "not-asked", "the clients ended with 1: OSError: No space left on device",
        ),
        "no question since the fault": Broken(
            stopped("http", 0), "not-asked", "nobody asked for http for 20.0 s",
        ),
        "no question in the end": Broken(
            stopped("smtp", 15), "not-asked", "nobody asked for smtp for 5.0 s",
        ),
        "no question for a while": Broken(
            stopped("smtp", 5, 9), "not-asked", "nobody asked for smtp for 4.0 s",
        ),
        "no answer after the faults": Broken(
            stopped("smtp", 9.9, rhythm={"http": 2.0, "smtp": 60.0}), "not-asked",
            "smtp has no answer after the faults",
        ),
        "never a question of a kind": Broken(
            quiet(rhythm={"http": 2.0, "smtp": 2.0, "imap": 2.0}), "not-asked",
            "nobody asked for imap for 20.0 s",
        ),
    },
    "in_its_place": {
        "it should move": Broken(
            quiet(words=words(answers="throughout", fenced=[])), "wrong-place",
            "it was on zcs1 and is on zcs1",
        ),
        "it should stay": Broken(
            failover(words=words(service="stays")), "wrong-place", "is on zcs2",
        ),
        "it should stay and is nowhere": Broken(
            quiet(seen=(at_all(0, "zcs1"), seen(1, "", "zcs1", "zcs1"))), "wrong-place",
            "is on no node",
        ),
    },
    "fenced_as_expected": {
        "nobody was to be": Broken(
            quiet(power=(FENCED,)), "wrongly-fenced", "zcs1 was switched off, expected: nobody",
        ),
        "the wrong one": Broken(
            failover(power=(FENCED, late(node="zcs2", time=BEGAN + 9))), "wrongly-fenced",
            "zcs1, zcs2 was switched off, expected: zcs1",
        ),
        "not at all": Broken(
            failover(power=(), words=words(fenced=["active"])), "wrongly-fenced",
            "nobody was switched off, expected: zcs1",
        ),
        "one, not both": Broken(
            failover(power=(FENCED, late(node="zcs2")), words=words(fenced=["one"])),
            "wrongly-fenced", "expected: zcs1 or zcs2",
        ),
        "one of the pair, not the witness": Broken(
            quiet(power=(late(node="witness"),),
                  words=quiet().words.model_copy(update={"fenced": ["one"]})),
            "wrongly-fenced", "witness was switched off",
        ),
    },
    "redundant_again": {
        "something is missing": Broken(
            failover(not_whole="zcs1 says: service-zcs is unmanaged"), "not-redundant",
            "service-zcs is unmanaged",
        ),
    },
    "copies_alike": {
        "a block differs": Broken(
            failover(difference="4 KiB of the copies differ"), "copies-differ", "4 KiB",
        ),
    },
    "nothing_crashed": {
        "a core dump": Broken(
            failover(cores=("zcs2: pacemakerd dumped core",)), "crashed", "pacemakerd",
        ),
    },
    "watched": {
        "nobody looked for a while": Broken(
            failover(pauses=((BEGAN + 3, 2.5),)), "not-watched", "2.5 s from 3.0 s were not seen",
        ),
        "a journal that nobody could read": Broken(
            failover(unheard=("zcs1",)), "not-watched", "zcs1 does not tell whether anything",
        ),
    },
}  # fmt: skip

HOLDS: dict[str, dict[str, Observation]] = {
    "one_holder": {
        "one after the other": failover(),
        "at once": failover(seen=BOTH, power=(FENCED,)),
        "nobody ever": failover(seen=(at_all(0, ""),), words=words(service="either")),
    },
    "one_writer": {"one after the other": failover(), "at once": failover(seen=BOTH)},
    "one_service": {
        "one after the other": failover(),
        "everywhere by design": quiet(
            seen=(seen(0, "zcs1", "", "zcs1 zcs2"),), everywhere=True, fences=False
        ),
    },
    "fenced_first": {
        "before": failover(),
        "switched off rather than on again": failover(power=(DIED, late(command="off"))),
        "frozen, so it never died by itself": failover(power=(FENCED,)),
        "handed over by an operator": failover(
            seen=(at_all(0, "zcs1"), at_all(1, ""), *TAKEN), power=(), words=words(fenced=[])
        ),
        "the same node again": failover(
            seen=(at_all(0, "zcs1"), at_all(0.1, ""), at_all(4.5, "zcs1")),
            power=(DIED, BACK),
            words=words(service="stays", fenced=[]),
        ),
        "it does not fence at all": failover(power=(DIED,), fences=False),
        "before the address, where there is no volume": failover(
            seen=(
                seen(0, "zcs1", "", "zcs1 zcs2"),
                seen(0.1, "", "", "zcs2"),
                seen(4.5, "zcs2", "", "zcs2"),
            ),
            everywhere=True,
        ),
        "the first owner is not known": failover(
            seen=(at_all(0.1, ""), *TAKEN), power=(DIED,), words=UNSURE
        ),
    },
    "mail_kept": {
        "every one": failover(),
        "delivered when the node died, and again": boxed(*mailbox(*SENT, SENT[0])),
        "more than was acknowledged": boxed(*mailbox(*SENT, max(SENT) + 1)),
    },
    "served": {
        "in time": failover(),
        "throughout": quiet(),
        "a gap that nobody notices": quiet(ledger=ledger(out=((3, 4),))),
        "with help": failover(words=words(answers="once undone"), undone=BEGAN + 4),
        "what does not fence promises nothing": failover(
            fences=False, ledger=ledger(out=((0, 99),))
        ),
        "a moment on slow machines once all was undone": failover(
            ledger=ledger(out=((0, 5), (11, 13))), pace=4
        ),
        "an outage before the fault": quiet(ledger=ledger(out=((-2, -0.4),))),
    },
    "asked": {
        "before and after": failover(),
        "mail was refused for a while": failover(
            ledger=Ledger(SEED, tuple(mute(a, BEGAN, BEGAN + 15) for a in ledger().answers))
        ),
        "one question took long": quiet(ledger=slow("smtp", 3, 17)),
        "what is asked rarely": stopped("smtp", 5, 9, rhythm={"http": 2.0, "smtp": 4.5}),
        "what does not fence promises nothing in the end": failover(
            fences=False,
            ledger=Ledger(SEED, tuple(mute(a, BEGAN) for a in ledger().answers)),
        ),
    },
    "in_its_place": {
        "moved": failover(),
        "stayed": quiet(),
        "either": failover(words=words(service="either")),
        "what does not fence promises nothing": failover(
            fences=False, words=words(service="stays")
        ),
    },
    "fenced_as_expected": {
        "the active one": failover(),
        "twice the same": failover(power=(DIED, FENCED, late(time=BEGAN + 6), BACK)),
        "nobody": quiet(),
        "either of the pair": failover(words=words(fenced=["one"])),
        "both": failover(
            power=(DIED, FENCED, late(node="zcs2", time=BEGAN + 7)),
            words=words(fenced=["active", "passive"]),
        ),
        "anybody": failover(words=UNSURE),
        "asked about and refused": quiet(
            power=(late(command="status"), late(result="error"), late(command="monitor", node=""))
        ),
    },
    "redundant_again": {"nothing is missing": failover()},
    "copies_alike": {"no block differs, or there is one copy": failover()},
    "nothing_crashed": {"no core": failover()},
    "watched": {
        "before the fault": failover(pauses=((BEGAN - 3, 1.5),)),
        "always": failover(),
        # that is missing to redundancy, and to say that nobody knows would hide it
        "a node that does not come back": failover(unheard=("zcs1",), not_whole="zcs1 is off"),
    },
}


def pairs(table: dict[str, dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}: {story}")
        for name, cases in table.items()
        for story, case in cases.items()
    ]


def run(name: str, observation: Observation) -> list[Finding]:
    check: Callable[[Observation], Any] = getattr(audits, name)
    return list(check(observation))


@pytest.mark.parametrize(("name", "broken"), pairs(BROKEN))
def test_a_broken_invariant_is_found(name: str, broken: Broken) -> None:
    (finding,) = run(name, broken.observation)
    assert finding.code == broken.code
    assert broken.says in finding.message
    # and no other audit takes it for its own
    assert findings(broken.observation) == [finding]


@pytest.mark.parametrize(("name", "observation"), pairs(HOLDS))
def test_an_invariant_that_holds_is_not_found(name: str, observation: Observation) -> None:
    assert run(name, observation) == []


@pytest.mark.parametrize("observation", [failover(), quiet()])
def test_nothing_is_wrong_with_a_failover_that_went_well(observation: Observation) -> None:
    assert findings(observation) == []


def test_every_audit_is_broken_and_held_here() -> None:
    names = [check.__name__ for check in AUDITS]
    assert len(names) == len(set(names))
    assert list(BROKEN) == list(HOLDS) == names


def test_every_audit_says_its_invariant() -> None:
    assert all((check.__doc__ or "").strip().endswith(".") for check in AUDITS)


LOOKS = st.lists(st.frozensets(st.sampled_from(["zcs1", "zcs2", "zcs3"])), min_size=1, max_size=8)


@settings(max_examples=50)
@given(nodes=LOOKS)
def test_two_at_a_time_are_always_found(nodes: list[frozenset[str]]) -> None:
    looks = tuple(seen(i, " ".join(names)) for i, names in enumerate(nodes))
    found = run("one_holder", failover(seen=looks))
    runs = [two for two, _ in itertools.groupby(nodes, key=lambda names: len(names) > 1)]
    assert len(found) == sum(runs)
    assert (failover(seen=looks).holders > 1) == bool(found)


def test_what_was_seen_in_short() -> None:
    whole = failover()
    assert whole.outage == pytest.approx(5)
    assert whole.holders == 1
    assert whole.fenced == ["zcs1"]
    assert fencing(whole) == [(BEGAN + 1.5, BEGAN + 2)]
    assert failover(power=(), seen=()).fenced == []
    assert failover(seen=()).holders == 0


def test_a_trial_without_clients_proves_nothing() -> None:
    silent = Ledger(SEED, ())
    assert findings(quiet(ledger=silent, held=silent.hold([])))


@pytest.mark.parametrize("kinds", [{"http"}, {"smtp"}, {"http", "smtp"}])
def test_clients_that_died_at_the_fault_prove_nothing(kinds: set[str]) -> None:
    left = (a for a in ledger(out=()).answers if a.kind not in kinds or a.time < BEGAN)
    found = findings(quiet(ledger=Ledger(SEED, tuple(left))))
    assert [f.code for f in found] == ["not-asked"] * len(kinds)


def test_a_trial_that_nobody_saw_proves_nothing() -> None:
    assert findings(quiet(seen=()))


def test_a_pause_over_the_fault_is_found() -> None:
    assert [f.code for f in run("watched", failover(pauses=((BEGAN - 0.5, 4.0),)))] == [
        "not-watched"
    ]


def test_a_service_that_should_move_and_is_nowhere_is_found() -> None:
    gone = failover(seen=failover().seen[:2])
    assert [f.code for f in run("in_its_place", gone)] == ["wrong-place"]


def test_each_death_needs_a_fencing_of_its_own() -> None:
    """zcs1 dies and is fenced, comes back, takes over again, dies, and nobody is sure of it."""
    again = (at_all(10, "zcs1"), at_all(12, ""), at_all(15, "zcs2"))
    power = (DIED, FENCED, BACK, {**DIED, "time": BEGAN + 12})
    twice = failover(seen=(*failover().seen, *again), power=power)
    assert [f.code for f in run("fenced_first", twice)] == ["not-fenced-first"]


def test_who_came_back_by_itself_needs_no_fencing() -> None:
    """Both lose their power and get it back; the other one takes the service then."""
    power = (
        DIED,
        {**DIED, "node": "zcs2"},
        {**BACK, "from": "laboratory", "node": "zcs2", "time": BEGAN + 2},
        {**BACK, "from": "laboratory", "time": BEGAN + 2.1},
    )
    both = failover(seen=(at_all(0, "zcs1"), at_all(0.1, ""), at_all(9, "zcs2")), power=power)
    assert run("fenced_first", both) == []
