"""What was tried in the laboratory: faults, outages, a failover's parts, and availability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from evaluator.evidence.availability import coverage, ratio_of_medians
from evaluator.evidence.record import PHASES, Record
from evaluator.evidence.summary import Row, breakdown, rows
from evaluator.evidence.values import FAILOVER, LEAST
from evaluator.report.case import Case
from evaluator.report.chapters.availability import availability, ends
from evaluator.report.document import (
    Block,
    Cell,
    Code,
    Column,
    Figure,
    Heading,
    Inlines,
    Missing,
    Paragraph,
    Ref,
    Table,
    cite,
)
from evaluator.report.figures import tried as figures
from evaluator.report.prose import (
    THIN,
    capital,
    count,
    enumeration,
    number,
    number_cell,
    text_cell,
)
from evaluator.trial.clusters import ALIKE, CLUSTERS, EMULATED, OWN_DATA
from evaluator.trial.scenario import trials

MOST_DRAWN = 14
"""Faults in the figure at most: nobody compares more (ours)."""

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
        _clusters(records, source),
        *_stand_ins(case),
        Paragraph((_speed(case, found), _alike(records))),
        *_failover(found, source),
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
        _outages(records, source),
        _made(found),
        _faults(found, source),
        *_failovers(records),
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
        _faults(rows(records), source, "tried-emulated", "What did each fault do to DRBD?"),
    ]


def _name(fault: str) -> str:
    return fault.replace("-", " ")


def _quoted(faults: Sequence[str]) -> str:
    return enumeration([f"“{_name(fault)}”" for fault in faults])


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
        what.append(f"{_name(code)} in {number(often, 0)} ({where})")
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
    cuts = sorted(_answered(found), key=lambda row: (row.outage, row))
    if not cuts:
        return f"No cluster was tried with “{_name(FAILOVER)}”, so nothing is known of a failover."
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


def _answered(found: Sequence[Row]) -> list[Row]:
    """Losses of power after which the web front answered again at some time."""
    return [row for row in found if row.fault == FAILOVER and row.outage is not None]


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
    middle = f"{known_seconds(row.outage)}{THIN}s"
    return f"{middle} ({_range(row)})" if row.trials > 1 else middle


def _range(row: Row) -> str:
    return f"{known_seconds(row.shortest)} to {known_seconds(row.longest)}"


def known_seconds(seconds: float | None) -> str:
    return "?" if seconds is None else number(seconds, 1)


# --- tables and figure ----------------------------------------------------------------------


def _clusters(records: Sequence[Record], source: Inlines) -> Table:
    by: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.cluster):
        by.setdefault(record.cluster, []).append(record)
    versions = sorted({f"{name} {v}" for r in records for name, v in r.versions.items()})
    titles = {
        "n": 0.4, "Faults": 0.5, "Held": 0.7, "Held %": 1.1, "Two holders": 0.8, "Mail lost": 0.9,
    }  # fmt: skip
    return Table(
        "tried-clusters",
        "What held on each cluster?",
        (
            Column("Cluster", share=1.3),
            Column("What it is", share=1.7),
            *(Column(t, "right", share) for t, share in titles.items()),
        ),
        tuple(
            (
                text_cell(cluster),
                text_cell(CLUSTERS[cluster][2]) if cluster in CLUSTERS else Cell((Missing(),)),
                number_cell(len(made), digits=0),
                number_cell(len({r.fault for r in made}), digits=0),
                _of(sum(r.held for r in made), len(made)),
                ends(coverage(sum(r.held for r in made), len(made)), 0, 100),
                _of(sum(r.holders > 1 for r in made), len(made)),
                _mail(cluster, sum(r.lost for r in made), sum(r.acknowledged for r in made)),
            )
            for cluster, made in by.items()
        ),
        layout="small",
        note=(
            "Measured. Held: trials in which every audit held, and their share with Wilson's 95 % "
            "interval, which takes trials of one fault for independent of each other; two "
            "holders: trials in which two nodes had the address at once; mail lost: of "
            "acknowledged mails, a dash where nothing copies them. A cluster that does not fence "
            "is held to fewer audits (not to how soon it serves again, or where), so its share "
            "flatters it. "
            f"Versions: {', '.join(versions) or 'unknown'}.",
            *source,
        ),
        cards=True,
    )


def _stand_ins(case: Case) -> list[Block]:
    made = {record.cluster for record in case.study.trials}
    known = [(s, s.tried_as) for s in case.study.stacks.values() if s.tried_as]
    shown = [(stack, stand_in) for stack, stand_in in known if stand_in.cluster in made]
    if not shown:
        return [
            Paragraph(("None of them stands for a stack, so they have no part in the ranking.",))
        ]
    return [
        Table(
            "tried-as",
            "Which cluster of the laboratory stands for which stack, and what differs?",
            (Column("Stack", share=1.4), Column("Cluster", share=1), Column("Differs", share=3)),
            tuple(
                (
                    text_cell(stack.name),
                    text_cell(stand_in.cluster),
                    Cell((stand_in.reason or stand_in.note, cite(*stand_in.source))),
                )
                for stack, stand_in in shown
            ),
            layout="small",
            note=(
                "Stacks that are not here were not tried; their values are missing. Clusters that "
                "are not here stand for no stack and are there to compare.",
            ),
            cards=True,
        )
    ]


def _made(found: Sequence[Row]) -> Table:
    """What each fault is, and where it was not tried."""
    titles = {trial.name: trial.words.title for trial in trials()}
    clusters = sorted({row.cluster for row in found})
    made: dict[str, dict[str, int]] = {}
    for row in found:
        made.setdefault(row.fault, {})[row.cluster] = row.trials
    gaps = any(len(on) < len(clusters) for on in made.values())
    return Table(
        "tried-made",
        "Which faults were made?",
        (
            Column("Fault", share=1.4),
            Column("What happens", share=3),
            Column("n", "right", 0.4),
            *((Column("Not tried on", share=2),) if gaps else ()),
        ),
        tuple(
            (
                text_cell(_name(fault)),
                text_cell(titles[fault]) if fault in titles else Cell((Missing("unknown"),)),
                number_cell(sum(on.values()), digits=0),
                *((text_cell(", ".join(c for c in clusters if c not in on)),) if gaps else ()),
            )
            for fault, on in made.items()
        ),
        layout="small",
        note=(
            "The ranking and the model of availability take shares only of faults that all "
            "clusters they compare were tried with."
            if gaps
            else "Every one was made on every cluster.",
        ),
        cards=True,
    )


def _failover(found: Sequence[Row], source: Inlines) -> list[Block]:
    """The fault that matters most, with intervals."""
    cuts = _answered(found)
    if not cuts:
        return []
    titles = {
        "n": 0.4, "Median s": 0.8, "Range s": 1.1, "Mean s": 1.5, "Held %": 1.2,
        "Switched off %": 1.2, "Whole s": 0.7,
    }  # fmt: skip
    return [
        Table(
            "tried-failover",
            "How long is the service away when the active node loses its power?",
            (
                Column("Cluster", share=1.7),
                *(Column(title, "right", share) for title, share in titles.items()),
            ),
            tuple(
                (
                    text_cell(row.cluster),
                    number_cell(row.trials, digits=0),
                    number_cell(row.outage, digits=1),
                    Cell((_range(row),), row.shortest),
                    ends(row.mean, 1) if row.mean else Cell((Missing("too few"),)),
                    ends(row.coverage, 0, 100),
                    ends(coverage(row.fenced, row.trials), 0, 100),
                    number_cell(row.redundant, digits=0),
                )
                for row in cuts
            ),
            layout="small",
            note=(
                "Measured at the web front, which is asked every 50 ms with a patience of 0.5 s. "
                "Brackets: 95 % intervals, of the mean by bootstrap",
                cite("efron-1987"),
                ", of shares Wilson's",
                cite("wilson-1927"),
                ". Held: trials in which every audit held; switched off: in which a fence device "
                "did that; whole: median seconds from when the power is back until everything is "
                "redundant again.",
                *source,
            ),
            cards=True,
        )
    ]


def _faults(
    found: Sequence[Row],
    source: Inlines,
    label: str = "tried-faults",
    caption: str = "What did each fault do to each cluster?",
) -> Table:
    titles = {
        "n": 0.45, "Outage s": 1.6, "Holders": 0.75, "Lost": 1, "Fenced": 0.9, "Whole s": 0.75,
        "Held": 0.9,
    }  # fmt: skip
    return Table(
        label,
        caption,
        (
            Column("Fault", share=1.7),
            Column("Cluster", share=1.4),
            *(Column(t, "right", share) for t, share in titles.items()),
        ),
        tuple(
            (
                text_cell(_name(row.fault)),
                text_cell(row.cluster),
                number_cell(row.trials, digits=0),
                Cell((f"{known_seconds(row.outage)} [{_range(row)}]",), row.outage),
                number_cell(row.holders, digits=0),
                _mail(row.cluster, row.lost, row.acknowledged),
                _of(row.fenced, row.trials),
                number_cell(row.redundant, digits=0),
                _of(row.held, row.trials),
            )
            for row in found
        ),
        layout="small",
        note=(
            "Measured. Outage: longest time without an answer of the web front, median and range; "
            "holders: most nodes that had the address at one time; lost: of acknowledged mails, a "
            "dash where nothing copies them; fenced: trials in which a node was switched off; "
            "whole: median seconds from the undoing of the fault until everything is redundant "
            "again; held: trials in which every audit held. A question mark: it never answered.",
            *source,
        ),
    )


def _of(part: int, whole: int) -> Cell:
    return Cell((f"{number(part, 0)} of {number(whole, 0)}",), part)


def _mail(cluster: str, lost: int, sent: int) -> Cell:
    return Cell((Missing("–"),)) if cluster in OWN_DATA else _of(lost, sent)


def _outages(records: Sequence[Record], source: Inlines) -> Figure:
    made: dict[str, dict[str, list[float]]] = {}
    for r in records:
        if "http" in r.outage:
            made.setdefault(r.fault, {}).setdefault(r.cluster, []).append(r.outage["http"])
    size = {fault: sum(map(len, found.values())) for fault, found in made.items()}
    most = min(MOST_DRAWN, figures.most_rows(len({c for found in made.values() for c in found})))
    drawn = sorted(made, key=lambda f: (f != FAILOVER, -size[f], f))[:most]
    left = len(made) - len(drawn)
    n = sum(size[fault] for fault in drawn)
    few = "fault with the fewest trials is" if left == 1 else "faults with the fewest trials are"
    rest = f" The {number(left, 0)} {few} only in the table." if left else ""
    return Figure(
        "fig-outages",
        "How long does the web front not answer after each fault? Seconds; a dot is a trial "
        f"(n = {number(n, 0)}).",
        figures.outages({_name(fault): made[fault] for fault in drawn}),
        "Strip chart of measured outages: "
        + "; ".join(
            f"{_name(f)} {number(min(every), 1)} to {number(max(every), 1)} s"
            for f in drawn
            if (every := [s for found in made[f].values() for s in found])
        )
        + ".",
        ("Measured.", *source, rest),
    )


def _failovers(records: Sequence[Record]) -> list[Block]:
    found = {
        cluster: {name: seconds[name] for name in PHASES if name in seconds}
        for (fault, cluster), seconds in sorted(breakdown(records).items())
        if fault == FAILOVER
    }
    if not any(found.values()):
        return []
    made = Counter(r.cluster for r in records if r.fault == FAILOVER and r.phases)
    # who fences shows when it has noticed; elsewhere that is hidden in the first step that is seen
    seen = {c: seconds for c, seconds in found.items() if "detect" in seconds}
    longest = {c: max(seconds, key=seconds.__getitem__) for c, seconds in seen.items()}
    names = [name for name in PHASES if any(name in seconds for seconds in found.values())]
    slow = {n: [c for c in longest if longest[c] == n] for n in PHASES if n in longest.values()}
    said = [f"{name} for {enumeration(whom)}" for name, whom in slow.items()]
    hidden = enumeration([c for c, seconds in found.items() if seconds and c not in seen])
    words = [
        f"what takes longest of a failover is to {enumeration(said)}" if said else "",
        f"when {hidden} noticed the loss is not to be seen from outside, and is part of the first "
        "step that is"
        if hidden
        else "",
    ]
    return [
        Paragraph((capital("; ".join(filter(None, words))), " (", Ref("tried-phases"), ").")),
        Table(
            "tried-phases",
            "What is a failover made of? Median seconds of each step after a loss of power.",
            (Column("Cluster", share=2), *(Column(capital(n), "right", 1) for n in names)),
            tuple(
                (
                    text_cell(cluster),
                    *(
                        number_cell(phases[n], digits=1) if n in phases else Cell((Missing("–"),))
                        for n in names
                    ),
                )
                for cluster, phases in found.items()
            ),
            layout="small",
            note=(
                "Measured. Detect: until the lost node is being switched off, also where one node "
                "waits first, so that not both do it at once; fence: until it is "
                "off; mount: until the volume is there; start: until the service listens; "
                "announce: until the address has moved; answer: until a client has one. A dash: "
                "not part of this failover, or not to be seen from outside; the next figure then "
                "counts from the loss of power, or from the step before. Of the time that they "
                "are set to, Corosync lets all pass (token, then consensus), and keepalived counts "
                "from the last advertisement, sent up to an interval before the loss. "
                f"n = {number(min(made.values()), 0)} to {number(max(made.values()), 0)} trials.",
            ),
        ),
    ]
