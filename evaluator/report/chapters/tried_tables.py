"""Tables and figure of what was tried in the laboratory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evaluator.evidence.availability import coverage
from evaluator.evidence.record import PHASES, Record
from evaluator.evidence.summary import Row, breakdown
from evaluator.evidence.values import FAILOVER
from evaluator.report.case import Case
from evaluator.report.chapters.availability import ends
from evaluator.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Inlines,
    Missing,
    Paragraph,
    Ref,
    Table,
    cite,
)
from evaluator.report.figures import tried as figures
from evaluator.report.prose import (
    capital,
    enumeration,
    number,
    number_cell,
    span,
    text_cell,
)
from evaluator.trial.clusters import CLUSTERS, OWN_DATA
from evaluator.trial.scenario import trials

MOST_DRAWN = 14
"""Faults in the figure at most: nobody compares more (ours)."""


def fault_name(fault: str) -> str:
    return fault.replace("-", " ")


def answered(found: Sequence[Row]) -> list[Row]:
    """Losses of power after which the web front answered again at some time."""
    return [row for row in found if row.fault == FAILOVER and row.outage is not None]


def seconds_range(row: Row) -> str:
    return f"{seconds_or_unknown(row.shortest)} to {seconds_or_unknown(row.longest)}"


def seconds_or_unknown(seconds: float | None) -> str:
    return "?" if seconds is None else number(seconds, 1)


def clusters(records: Sequence[Record], source: Inlines) -> Table:
    by: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.cluster):
        by.setdefault(record.cluster, []).append(record)
    versions = sorted({f"{name} {v}" for r in records for name, v in r.versions.items()})
    titles = {
        "n": 0.4, "Faults": 0.5, "Held": 0.7, "Held %": 1.1, "Two holders": 1, "Mail lost": 0.9,
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


def stand_ins(case: Case) -> list[Block]:
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


def faults_made(found: Sequence[Row]) -> Table:
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
                text_cell(fault_name(fault)),
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


def failover(found: Sequence[Row], source: Inlines) -> list[Block]:
    """The fault that matters most, with intervals."""
    cuts = answered(found)
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
                    Cell((seconds_range(row),), row.shortest),
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
        )
    ]


def faults(
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
            Column("Fault", share=1.3),
            Column("Cluster", share=1.9),
            *(Column(t, "right", share) for t, share in titles.items()),
        ),
        tuple(
            (
                text_cell(fault_name(row.fault)),
                text_cell(row.cluster),
                number_cell(row.trials, digits=0),
                Cell((f"{seconds_or_unknown(row.outage)} [{seconds_range(row)}]",), row.outage),
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


def outages(records: Sequence[Record], source: Inlines) -> Figure:
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
        figures.outages({fault_name(fault): made[fault] for fault in drawn}),
        "Strip chart of measured outages: "
        + "; ".join(
            f"{fault_name(f)} {number(min(every), 1)} to {number(max(every), 1)} s"
            for f in drawn
            if (every := [s for found in made[f].values() for s in found])
        )
        + ".",
        ("Measured.", *source, rest),
    )


def steps(records: Sequence[Record]) -> list[Block]:
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
                f"n = {span(min(made.values()), max(made.values()), 0)}.",
            ),
        ),
    ]
