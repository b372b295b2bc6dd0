"""What was tried in the laboratory: faults, outages, a failover's parts, and availability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from evaluator.evidence.availability import ratio_of_medians
from evaluator.evidence.record import Record
from evaluator.evidence.summary import Row, rows
from evaluator.evidence.values import FAILOVER, LEAST
from evaluator.report.case import Case
from evaluator.report.chapters.availability import availability
from evaluator.report.chapters.tried_tables import (
    answered,
    clusters,
    failover,
    fault_name,
    faults,
    faults_made,
    outages,
    seconds_or_unknown,
    seconds_range,
    stand_ins,
    steps,
)
from evaluator.report.document import (
    Block,
    Code,
    Heading,
    Inlines,
    Paragraph,
    Ref,
)
from evaluator.report.prose import (
    THIN,
    capital,
    count,
    enumeration,
    number,
)
from evaluator.trial.clusters import ALIKE, EMULATED, OWN_DATA

MOST_NAMED = 3
"""Faults that a sentence names; more are counted (ours)."""


def tried(case: Case) -> list[Block]:
    """The section; nothing where there are no trials, or none that a stack asks for."""
    every = case.study.trials
    if not every or not any(stack.tried_as for stack in case.study.stacks.values()):
        return []
    # mail that nothing copies is lost by the laboratory's design: nobody is held to it
    judged = [r.without_mail() if r.cluster in OWN_DATA else r for r in every]
    source = _source(case)
    return [
        Heading("What was tried"),
        *_on_containers(case, [r for r in judged if r.cluster not in EMULATED], source),
        *_on_emulated([r for r in judged if r.cluster in EMULATED], source),
    ]


def _on_containers(case: Case, records: Sequence[Record], source: Inlines) -> list[Block]:
    if not records:
        return []
    found = rows(records)
    return [
        Paragraph((_campaign(records), Ref("tried-clusters"), " sums them up.")),
        Paragraph((_safety(records), _own_mail(records))),
        clusters(records, source),
        *stand_ins(case),
        Paragraph((_speed(case, found), _alike(records))),
        *failover(found, source),
        Paragraph(
            (
                Ref("fig-outages"),
                " has every outage, ",
                Ref("tried-faults"),
                " every fault, and ",
                Ref("tried-made"),
                " says what they are.",
            )
        ),
        outages(records, source),
        faults_made(found),
        faults(found, source),
        *steps(records),
        *availability(case, records),
    ]


def _on_emulated(records: Sequence[Record], source: Inlines) -> list[Block]:
    """Machines of an emulator: what they did counts, how long they took does not."""
    if not records:
        return []
    lost, sent = sum(r.lost for r in records), sum(r.acknowledged for r in records)
    none = count(lost, "was lost", "were lost") if lost else "none was lost"
    return [
        Paragraph(
            (
                "DRBD is a part of the kernel, so it was tried on emulated machines with kernels "
                "of their own, which lose with their power what they had not yet written: "
                f"{_safety(records)[:1].lower()}{_safety(records)[1:]} Of "
                f"{number(sent, 0)} acknowledged mails {none}. An emulated processor is many times "
                "slower, so these seconds are not to be compared with any others, and are no part "
                "of the ranking or of the model (",
                Ref("tried-emulated"),
                ").",
            )
        ),
        faults(rows(records), source, "tried-emulated", "What did each fault do to DRBD?"),
    ]


def _quoted(faults: Sequence[str]) -> str:
    return enumeration([f"“{fault_name(fault)}”" for fault in faults])


def _source(case: Case) -> Inlines:
    files = [file for file in case.study.files if file.endswith(".jsonl")]
    return (" Source: records of trials", *((" in ", Code(files[0])) if files else ()), ".")


# --- sentences ------------------------------------------------------------------------------


def _campaign(records: Sequence[Record]) -> str:
    faults, clusters = ({getattr(r, name) for r in records} for name in ("fault", "cluster"))
    days = sorted({r.date for r in records})
    when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    budgets = sorted({round(r.budget, 1) for r in records})
    return (
        f"{capital(count(len(records), 'trial'))} {when} made "
        f"{count(len(faults), 'kind of fault', 'kinds of fault')} on "
        f"{count(len(clusters), 'cluster')} of the laboratory, each built from its own bundle and "
        "set to notice a lost node within "
        f"{enumeration([number(b, 1) for b in budgets], 'or')}{THIN}s, while clients delivered and "
        "read mail. The nodes share one machine and run a stand-in for the service, so what "
        "a cluster does carries over, and its seconds do not; what a node had not yet written to "
        "its disk outlives a loss of power here. "
    )


def _safety(records: Sequence[Record]) -> str:
    """Which clusters kept every promise, and what the others broke."""
    by: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.cluster):
        by.setdefault(record.cluster, []).append(record)
    good = [c for c, made in by.items() if all(r.held for r in made)]
    words = []
    if good:
        whole = sum(len(by[c]) for c in good)
        trials = f"the one trial of {good[0]}" if whole == 1 else ""
        every = f"all {number(whole, 0)} trials of {enumeration(good)}"
        words.append(f"every audit held in {trials or every}")
    words += [_failed(c, made) for c, made in by.items() if c not in good]
    return f"{capital('; '.join(words))}."


def _failed(cluster: str, made: Sequence[Record]) -> str:
    failed = [record for record in made if not record.held]
    times = Counter(code for record in failed for code in record.failed)
    what = []
    for code, often in sorted(times.items(), key=lambda item: (-item[1], item[0])):
        faults = sorted({r.fault for r in failed if code in r.failed})
        where = _quoted(faults) if len(faults) <= MOST_NAMED else f"{len(faults)} faults"
        what.append(f"{fault_name(code)} in {number(often, 0)} ({where})")
    return (
        f"on {cluster} an audit failed in {number(len(failed), 0)} of {number(len(made), 0)} "
        f"trials: {enumeration(what)}"
    )


def _own_mail(records: Sequence[Record]) -> str:
    """Mail that the laboratory's design loses is not sold as a stack's defect."""
    by = sorted({r.cluster for r in records if r.cluster in OWN_DATA})
    if not by:
        return ""
    return (
        f" On {enumeration(by)} nobody is held to the mail: what cannot fence must not have a "
        "common disk, so there, and where that is to be compared with, each node has data of its "
        "own, which nothing copies. That is the laboratory's design and no defect of a stack. Two "
        "holders count there too, for with one store for both they would ruin it."
    )


def _speed(case: Case, found: Sequence[Row]) -> str:
    """Who serves again first after a loss of power, who last, and who stands for the winner."""
    cuts = sorted(answered(found), key=lambda row: (row.outage, row))
    if not cuts:
        lost = fault_name(FAILOVER)
        return f"No cluster was tried with “{lost}”, so nothing is known of a failover."
    first, last = cuts[0], cuts[-1]
    winner = case.study.stacks[case.winner.id].tried_as if case.winner else None
    ours = winner.cluster if winner else ""
    names = {r.cluster: r.cluster + " (for the winner)" * (r.cluster == ours) for r in cuts}
    words = (
        f"When the active node loses its power, {names[first.cluster]} serves again after "
        f"{_outage(first)} ({_what(first)})"
    )
    between = [r for r in cuts[1:-1] if r.cluster == ours]
    words += "".join(f", {names[r.cluster]} after {_outage(r)}" for r in between)
    if len(cuts) > 1:
        words += f", and {names[last.cluster]} last, after {_outage(last)}"
        if _overlap(first, last):
            words += ", but the ranges of first and last overlap"
    tried_on = {r.cluster for r in found if r.fault == FAILOVER}
    untried = sorted({r.cluster for r in found} - tried_on)
    silent = sorted(tried_on - names.keys())
    missing = f" It was not tried on {enumeration(untried)}." if untried else ""
    missing += f" On {enumeration(silent)} the web front never answered." if silent else ""
    return f"{words}.{missing}"


def _what(row: Row) -> str:
    return f"median and range of {count(row.trials, 'trial')}" if row.trials > 1 else "one trial"


def _overlap(one: Row, other: Row) -> bool:
    ends = (one.shortest, one.longest, other.shortest, other.longest)
    if None in ends:
        return False
    return max(ends[0] or 0, ends[2] or 0) <= min(ends[1] or 0, ends[3] or 0)


def _alike(records: Sequence[Record]) -> str:
    """Managers beside each other where no volume moves and nothing starts: only they differ."""
    cuts: dict[str, list[float]] = {}
    for r in records:
        if r.fault == FAILOVER and r.cluster in ALIKE and "http" in r.outage:
            cuts.setdefault(r.cluster, []).append(r.outage["http"])
    order = sorted((median(s), c) for c, s in cuts.items() if len(s) >= LEAST)
    if len(order) < 2 or not order[0][0]:
        return ""
    first = order[0][1]
    words = []
    for middle, cluster in order[1:]:
        low, ratio, high = ratio_of_medians(cuts[cluster], cuts[first])
        words.append(
            f"{cluster} needs {number(ratio, 2)} times as long as {first} ({number(middle, 1)} to "
            f"{number(order[0][0], 1)}{THIN}s; 95{THIN}% interval of the ratio {number(low, 2)} to "
            f"{number(high, 2)})"
        )
    return (
        " Where the service runs on every node already and no volume moves, so that only the "
        f"managers differ, {enumeration(words)}."
    )


def _outage(row: Row) -> str:
    middle = f"{seconds_or_unknown(row.outage)}{THIN}s"
    return f"{middle} ({seconds_range(row)})" if row.trials > 1 else middle
