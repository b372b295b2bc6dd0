"""What was tried in the laboratory: faults, outages, a failover's parts, and availability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evaluator.evidence.availability import coverage
from evaluator.evidence.record import PHASES, Record
from evaluator.evidence.summary import Row, breakdown, rows
from evaluator.evidence.values import FAILOVER
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
from evaluator.trial.clusters import CLUSTERS, OWN_DATA
from evaluator.trial.scenario import trials

MOST_DRAWN = 14
"""Faults in the figure: more do not fit on a page (ours)."""

MOST_NAMED = 3
"""Faults that a sentence names; more are counted (ours)."""


def tried(case: Case) -> list[Block]:
    """The section; nothing where there are no trials, or none that a stack asks for."""
    records = case.study.trials
    if not records or not any(stack.tried_as for stack in case.study.stacks.values()):
        return []
    found = rows(records)
    source = _source(case)
    return [
        Heading("What was tried"),
        Paragraph((_campaign(records), Ref("tried-clusters"), " sums them up.")),
        Paragraph((_safety(records), _own_mail(records))),
        _clusters(records, source),
        *_stand_ins(case),
        Paragraph(
            (
                f"{_speed(case, found)}{_alike(found)} ",
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
        "a cluster does carries over, and its seconds do not. "
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
    by = sorted({r.cluster for r in records if r.cluster in OWN_DATA and r.lost})
    if not by:
        return ""
    return (
        f" Mail was lost on {enumeration(by)} because nothing copies it there: what cannot fence "
        "must not have a common disk, so there, and where that is to be compared with, each node "
        "has data of its own. That is the laboratory's design and no defect of a stack, and audits "
        "of mail do not count in the ranking there; two holders do, for with one store for both "
        "they would ruin it."
    )


def _speed(case: Case, found: Sequence[Row]) -> str:
    """Who serves again first after a loss of power, who last, and who stands for the winner."""
    cuts = sorted((r.outage, r) for r in found if r.fault == FAILOVER)
    if not cuts:
        return f"No cluster was tried with “{_name(FAILOVER)}”, so nothing is known of a failover."
    first, last = cuts[0][1], cuts[-1][1]
    winner = case.study.stacks[case.winner.id].tried_as if case.winner else None
    ours = winner.cluster if winner else ""
    names = {r.cluster: r.cluster + " (for the winner)" * (r.cluster == ours) for _, r in cuts}
    words = (
        f"When the active node loses its power, {names[first.cluster]} serves again after "
        f"{_outage(first)} (median and range of {count(first.trials, 'trial')})"
    )
    between = [r for _, r in cuts[1:-1] if r.cluster == ours]
    words += "".join(f", {names[r.cluster]} after {_outage(r)}" for r in between)
    if len(cuts) > 1:
        words += f", and {names[last.cluster]} last, after {_outage(last)}"
        if first.shortest <= last.longest and last.shortest <= first.longest:
            words += ", but the ranges of first and last overlap"
    untried = sorted({r.cluster for r in found} - {r.cluster for _, r in cuts})
    missing = f" It was not tried on {enumeration(untried)}." if untried else ""
    return f"{words}.{missing}"


def _alike(found: Sequence[Row]) -> str:
    """Managers beside each other where no volume moves: what is left is theirs."""
    cuts = sorted((r.outage, r) for r in found if r.fault == FAILOVER and r.cluster in OWN_DATA)
    if len(cuts) < 2 or not cuts[0][0]:
        return ""
    first = cuts[0][1]
    rest = [
        f"{row.cluster} after {_outage(row)}, {number(row.outage / first.outage, 2)} times as long"
        for _, row in cuts[1:]
    ]
    return (
        " Alike, with data of its own on each node and no volume to move, are "
        f"{first.cluster}, which serves again after {_outage(first)}, and {enumeration(rest)}."
    )


def _outage(row: Row) -> str:
    ends = f"{number(row.shortest, 1)} to {number(row.longest, 1)}"
    return f"{number(row.outage, 1)}{THIN}s ({ends})"


# --- tables and figure ----------------------------------------------------------------------


def _clusters(records: Sequence[Record], source: Inlines) -> Table:
    by: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.cluster):
        by.setdefault(record.cluster, []).append(record)
    versions = sorted({f"{name} {v}" for r in records for name, v in r.versions.items()})
    titles = {
        "n": 0.4, "Faults": 0.5, "Held": 0.7, "Two holders": 0.8, "Mail lost": 0.9,
        "Held, mail apart %": 1.1,
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
                _of(sum(r.holders > 1 for r in made), len(made)),
                _of(sum(r.lost for r in made), sum(r.acknowledged for r in made)),
                ends(coverage(sum(r.without_mail().held for r in made), len(made)), 0, 100),
            )
            for cluster, made in by.items()
        ),
        layout="small",
        note=(
            "Measured. Held: trials in which every audit held, and, mail apart, the share of them "
            "with Wilson's 95 % interval; two holders: trials in which two nodes had the address "
            "at once; mail lost: of acknowledged mails. A cluster that does not fence is held to "
            "fewer audits (not to how soon it serves again, or where), so its share flatters it. "
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


def _faults(found: Sequence[Row], source: Inlines) -> Table:
    titles = {
        "n": 0.45, "Outage s": 1.6, "Holders": 0.75, "Lost": 1, "Fenced": 0.9, "Whole s": 0.75,
        "Held": 0.9,
    }  # fmt: skip
    return Table(
        "tried-faults",
        "What did each fault do to each cluster?",
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
                Cell(
                    (
                        f"{number(row.outage, 1)} [{number(row.shortest, 1)} to "
                        f"{number(row.longest, 1)}]",
                    ),
                    row.outage,
                ),
                number_cell(row.holders, digits=0),
                _of(row.lost, row.acknowledged),
                _of(row.fenced, row.trials),
                number_cell(row.redundant, digits=0),
                _of(row.held, row.trials),
            )
            for row in found
        ),
        layout="small",
        note=(
            "Measured. Outage: longest time without an answer of the web front, median and range; "
            "holders: most nodes that had the address at one time; lost: of acknowledged mails; "
            "fenced: trials in which a node was switched off; whole: median seconds until fully "
            "redundant again; held: trials in which every audit held.",
            *source,
        ),
    )


def _of(part: int, whole: int) -> Cell:
    return Cell((f"{number(part, 0)} of {number(whole, 0)}",), part)


def _outages(records: Sequence[Record], source: Inlines) -> Figure:
    made: dict[str, dict[str, list[float]]] = {}
    for r in records:
        if "http" in r.outage:
            made.setdefault(r.fault, {}).setdefault(r.cluster, []).append(r.outage["http"])
    size = {fault: sum(map(len, found.values())) for fault, found in made.items()}
    drawn = sorted(made, key=lambda f: (f != FAILOVER, -size[f], f))[:MOST_DRAWN]
    left = len(made) - len(drawn)
    n = sum(size[fault] for fault in drawn)
    rest = f" The {left} faults with the fewest trials are only in the table." if left else ""
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
                "Measured. Detect: until the lost node is being switched off; fence: until it is "
                "off; mount: until the volume is there; start: until the service listens; "
                "announce: until the address has moved; answer: until a client has one. A dash: "
                "not part of this failover, or not to be seen from outside; the next figure then "
                "counts from the loss of power, or from the step before. Set to the same time, "
                "Corosync lets all of it pass (token, then consensus), and keepalived counts from "
                "the last advertisement, which was sent up to an interval before the loss.",
            ),
        ),
    ]
