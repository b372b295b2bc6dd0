"""What the trials promise in a year: modelled, and held against the service level."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.evidence.availability import Interval
from evaluator.evidence.record import Record
from evaluator.evidence.values import ASSUMED, FAILOVER, Forecast, allowed, alone, forecasts
from evaluator.report.case import Case
from evaluator.report.document import Block, Cell, Column, Paragraph, Ref, Table, cite
from evaluator.report.prose import THIN, count, enumeration, number, number_cell, text_cell
from evaluator.study.site import Reliability, ServiceLevel
from evaluator.trial.clusters import OWN_DATA

VERDICTS = {"missed": "missed by", "open": "left open for", "kept": "kept by"}


def availability(case: Case, records: Sequence[Record]) -> list[Block]:
    """Sentences and tables; nothing where the site does not say how often a node fails."""
    site = case.study.site
    if site is None or site.reliability is None:
        return []
    stated, level, start = site.reliability, site.service_level, site.start_seconds
    found = forecasts(records, stated.node, start)
    if not found:
        return []
    limit, single = allowed(level.availability_percent), alone(stated.node)
    return [
        Paragraph(
            (
                _kept(found, level, limit, single, start),
                "All are means over many years, and one year can be far from them (",
                Ref("tried-availability"),
                ").",
            )
        ),
        Paragraph((_recovered(records, level, start), _mail(records, level))),
        _table(found, stated, limit, single, start),
        Paragraph((_sensitive(found, start), " (", Ref("tried-coverage"), ").")),
        _assumed(found),
    ]


def _kept(
    found: Sequence[Forecast], level: ServiceLevel, limit: float, single: float, start: float
) -> str:
    """Against the service level."""
    by = {v: [row.cluster for row in found if row.against(limit) == v] for v in VERDICTS}
    said = [f"{VERDICTS[v]} {enumeration(names)}" for v, names in by.items() if names]
    whole = f" (with a start of {number(start)}{THIN}s as well)" if by["kept"] else ""
    one = (
        f"One node alone would keep them too, with {number(single, 0)}, so the minutes by "
        "themselves ask for no cluster. "
        if single <= limit
        else f"One node alone would miss them, with {number(single, 0)}. "
    )
    return (
        f"{number(level.availability_percent)}{THIN}% leave {number(limit, 0)} minutes a year. As "
        f"modelled they are {enumeration(said)}{whole}. {one}"
    )


def _sensitive(found: Sequence[Forecast], start: float) -> str:
    """What coverage alone would change, beside what seconds do."""
    row = max(found, key=lambda r: r.assumed[ASSUMED[0]])
    worst, best = row.assumed[ASSUMED[0]], row.assumed[ASSUMED[-1]]
    longer = row.starting.estimate - row.downtime.estimate
    more = "coverage counts for more than seconds" if worst - best > longer else ""
    less = "here the start counts for more than coverage"
    return (
        f"If {_share(ASSUMED[0])} of the failovers of {row.cluster} work, the model gives "
        f"{number(worst, 1)} minutes, if {_share(ASSUMED[-1])} do, {number(best, 1)}; a start of "
        f"{number(start)}{THIN}s adds {number(longer, 1)}: {more or less}"
    )


def _share(share: float) -> str:
    return f"{number(100 * share)}{THIN}%"


def _recovered(records: Sequence[Record], level: ServiceLevel, start: float) -> str:
    """Against the time in which the service is to be back."""
    promised = level.recovery_time_seconds
    cuts = [r for r in records if r.fault == FAILOVER and "http" in r.outage]
    longest = max(cuts, key=lambda r: r.outage["http"])
    seconds = longest.outage["http"]
    fits = "fits" if seconds + start <= promised else "does not fit"
    return (
        f"The service is to be back within {number(promised, 0)}{THIN}s: the longest outage of "
        f"{count(len(cuts), 'loss of power', 'losses of power')} was {number(seconds, 1)}{THIN}s, "
        f"on {longest.cluster} and with a stand-in that starts sooner than the service; with a "
        f"start of {number(start)}{THIN}s it {fits}. "
    )


def _mail(records: Sequence[Record], level: ServiceLevel) -> str:
    """The other half of a service level: no minute makes up for a lost mail."""
    if level.acknowledged_data_loss != "none":
        return ""
    asked = [r for r in records if r.cluster not in OWN_DATA]
    lost = sorted({r.cluster for r in asked if r.lost})
    sent = number(sum(r.acknowledged for r in asked), 0)
    told = []
    if lost:
        told.append(f"{enumeration(lost)} broke that in the laboratory")
    elif asked:
        told.append(f"of the {sent} of {enumeration(sorted({r.cluster for r in asked}))} none was")
    if unasked := sorted({r.cluster for r in records} & OWN_DATA):
        told.append(
            f"of {enumeration(unasked)} that is not known, since nothing copies the mail there"
        )
    return f"The level also asks that no acknowledged mail is lost: {'; '.join(told)}."


def _table(
    found: Sequence[Forecast], stated: Reliability, limit: float, single: float, start: float
) -> Table:
    blank = Cell(())
    return Table(
        "tried-availability",
        "How many minutes a year is the service away? Modelled, against what is agreed.",
        (
            Column("Cluster", share=1.3),
            Column("n", "right", 0.3),
            Column("Measured: covered %", "right", 1.4),
            Column("Measured: outage s", "right", 1.2),
            Column("Modelled: minutes", "right", 1.2),
            Column(f"Modelled: start of {number(start)}{THIN}s", "right", 1.4),
            Column("Level", share=0.6),
        ),
        (
            (
                text_cell("one node alone"),
                *(blank for _ in range(3)),
                number_cell(single, digits=0),
                blank,
                text_cell("kept" if single <= limit else "missed"),
            ),
            *(
                (
                    text_cell(row.cluster),
                    number_cell(row.trials, digits=0),
                    ends(row.coverage, 0, 100),
                    ends(row.outage, 1),
                    ends(row.downtime, 0),
                    ends(row.starting, 0),
                    text_cell(row.against(limit)),
                )
                for row in found
            ),
        ),
        layout="small",
        note=(
            "Measured in the laboratory, with 95 % intervals. Covered: of n trials in which the "
            "node that serves was lost, by its power or to everybody (of these two, what all "
            "clusters were tried with), the share in which every audit held but those of mail "
            "(Wilson's interval",
            cite("wilson-1927"),
            "); each trial counts alike, since nobody knows how often each will come. That two "
            "nodes served for a while is counted as not covered: with copied data a person has "
            "to choose then. Outage: mean of the losses of power (bootstrap",
            cite("efron-1987"),
            "). Assumed by the site: a node fails every "
            f"{number(stated.mtbf_hours)} h and is mended in "
            f"{number(stated.mttr_hours)} h, and a person needs "
            f"{number(stated.manual_recovery_hours)} h where the cluster failed",
            cite(*stated.source),
            ". Modelled from both, never guaranteed: minutes, by a Markov chain",
            cite("trivedi-bobbio-2017"),
            " of five states (both nodes up, failing over, one up, waiting for a person, none up; "
            "the states are ours; a third node is taken for none). Level: of minutes alone, kept "
            "if the whole intervals keep it, with the long start as well, missed if none of it "
            "does, else open.",
        ),
        cards=True,
    )


def _assumed(found: Sequence[Forecast]) -> Table:
    return Table(
        "tried-coverage",
        "What if more or fewer of the failovers work? Modelled minutes a year.",
        (
            Column("Cluster", share=2),
            Column("Measured: outage s", "right", 1.2),
            *(Column(f"if {_share(share)} work", "right", 1) for share in ASSUMED),
        ),
        tuple(
            (
                text_cell(row.cluster),
                number_cell(row.outage.estimate, digits=1),
                *(number_cell(row.assumed[share], digits=1) for share in ASSUMED),
            )
            for row in found
        ),
        layout="small",
        note=(
            "The shares are assumed, the outage is as measured, all else is as in ",
            Ref("tried-availability"),
            ".",
        ),
    )


def ends(found: Interval, digits: int, scale: float = 1) -> Cell:
    """An estimate with its interval, sorted by the estimate."""
    low, middle, high = (number(scale * value, digits) for value in found)
    return Cell((f"{middle} [{low} to {high}]",), found.estimate)
