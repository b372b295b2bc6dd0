"""From what the sources gave to the tables of the snapshot: persons merged, names taken away."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evaluator.mine.cache import Pseudonyms
from evaluator.mine.identities import NOTHING, Curated
from evaluator.mine.identities.domains import guarded_domains
from evaluator.mine.people import People
from evaluator.mine.releases import parse_tag
from evaluator.mine.sources import RAW, Harvest
from evaluator.snapshot import TABLES

EARLIEST = dt.date(1990, 1, 1)
"""Earlier dates are mistakes of clocks and conversions."""

DOMAIN = re.compile(r"[a-z0-9.-]+", re.ASCII)
DAY = 86400

PEOPLE = ("commits", "messages", "issues")
"""Tables whose rows have a name and an address."""
DATED = {"commits": "committed", "messages": "sent", "issues": "opened", "packages": "dated"}
"""The column that dates a row of a snapshot's table."""

Rows = Mapping[str, pa.Table]
"""Raw rows of one source, by table (:data:`evaluator.mine.sources.RAW`)."""


@dataclass
class Count:
    """What became of one source."""

    items: int = 0
    first: dt.date | None = None
    last: dt.date | None = None
    dropped: Counter[str] = field(default_factory=Counter)
    mended: int = 0
    """Commits of which one date was impossible, and replaced by the other."""
    identities: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Assembly:
    """Tables as :func:`evaluator.snapshot.write_snapshot` takes them, and the counts."""

    tables: dict[str, pd.DataFrame]
    counts: dict[str, Count]
    identities: dict[str, int]
    as_of: dt.date | None
    """Newest commit, message or issue; None when there is none."""


def assemble(
    harvests: Mapping[str, Harvest],
    load: Callable[[str], Rows],
    pseudonyms: Pseudonyms,
    *,
    retrieved: dt.date,
    as_of: dt.date | None = None,
    curated: Curated = NOTHING,
    public_domains: Collection[str] = (),
) -> Assembly:
    """Put the harvests of all sources together.

    Parameters
    ----------
    harvests
        By the source's identifier.
    load
        Gives the rows of a source; asked once for each, so that no more than one source's names
        and subjects are in memory.
    pseudonyms
        Makes numbers of persons, commits, messages and issues.
    retrieved
        Day of mining; dates more than a day after it are mistakes.
    as_of
        Leaves out what is later, when given.
    curated
        What the study knows of its people.
    public_domains
        Mail domains that name nobody, however few use them.
    """
    horizon = min(as_of, retrieved) if as_of else retrieved + dt.timedelta(days=1)
    # Without the day, which would make another snapshot of the same data tomorrow.
    impossible = f"dated before {EARLIEST.year} or after {as_of or 'the day of mining'}"
    counts = {name: Count(dropped=Counter(h.dropped)) for name, h in sorted(harvests.items())}
    people = People()
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for name, count in counts.items():
        frames = _possible(load(name), horizon, count, impossible)
        parts = {table: _FORMS[table](frame, pseudonyms) for table, frame in frames.items()}
        for table in PEOPLE:
            codes = people.codes(name, frames[table], harvests[name].mailmap)
            parts[table] = parts[table].assign(
                person=codes, domain=frames[table]["address"].map(_domain).to_numpy()
            )
        parts["releases"] = _release_rows(harvests[name], horizon, count, impossible)
        for table, part in parts.items():
            tables[table].append(part.assign(source=name))
        count.items = sum(len(frame) for frame in frames.values())
        days = [d for table in RAW for d in parts[table][DATED[table]].agg(["min", "max"])]
        known = [d.date() for d in days if not pd.isna(d)]
        count.first, count.last = min(known, default=None), max(known, default=None)
    persons = people.resolved(pseudonyms, curated)
    for name, count in counts.items():
        count.identities = persons.count(name)
    tables["persons"].append(persons.rows())
    joined = {name: _joined(name, parts) for name, parts in tables.items()}
    for table in PEOPLE:
        frame = joined[table]
        codes = frame["person"].to_numpy(dtype="int32")
        organisations = persons.organisations(codes, frame[DATED[table]])
        joined[table] = frame.assign(person=persons.of(codes), organisation=organisations)
    joined |= guarded_domains({t: joined[t] for t in PEOPLE}, public_domains, pseudonyms)
    # Of what people did: a distribution's index is of any day.
    dated = [joined[table][DATED[table]].max() for table in PEOPLE if len(joined[table])]
    newest = max((day.date() for day in dated), default=None)
    return Assembly(
        joined,
        counts,
        persons.count(),
        min(newest, retrieved) if newest else None,
    )


def _joined(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """One frame; empty parts are left out, since they would blur the columns' types."""
    filled = [part for part in parts if len(part)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    return parts[0] if parts else pd.DataFrame(columns=TABLES[name].schema.names)


def _seconds(day: dt.date) -> int:
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


def _possible(
    rows: Rows, horizon: dt.date, count: Count, impossible: str
) -> dict[str, pd.DataFrame]:
    """Rows that are good and whose dates can be; the others counted by reason."""
    low, high = _seconds(EARLIEST), _seconds(horizon) + DAY
    frames = {}
    for table, schema in RAW.items():
        frame = _good(rows.get(table, schema.empty_table()), count)
        if table == "commits":
            # Whatever the order in which runs have read them.
            frame = frame.drop_duplicates("key").sort_values(["committed", "key"])
            authored = frame["authored"].between(low, high, inclusive="left")
            committed = frame["committed"].between(low, high, inclusive="left")
            # One impossible date of the two is replaced by the other.
            count.mended += int((authored != committed).sum())
            frame["authored"] = frame["authored"].where(authored, frame["committed"])
            frame["committed"] = frame["committed"].where(committed, frame["authored"])
            possible = authored | committed
        elif table == "issues":
            frame = frame.drop_duplicates("key", keep="last")
            possible = frame["opened"].between(low, high, inclusive="left")
            for later in ("first_response", "closed"):
                frame[later] = frame[later].where(frame[later] < high)
        elif table == "messages":
            repeated = frame["id"].duplicated()
            _drop(count, "Message-ID seen before", int(repeated.sum()))
            frame = frame[~repeated]
            possible = frame["sent"].between(low, high, inclusive="left")
        else:
            possible = frame["dated"].between(low, high, inclusive="left")
        _drop(count, impossible, int((~possible).sum()))
        frames[table] = frame[possible]
    return frames


def _good(table: pa.Table, count: Count) -> pd.DataFrame:
    """Rows without a reason to leave them out."""
    for entry in pc.value_counts(table["reason"]).to_pylist():
        if entry["values"]:
            _drop(count, entry["values"], entry["counts"])
    table = table.filter(pc.equal(table["reason"], "")).drop_columns(["reason"])
    nullable = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    types = nullable if "merged" in table.column_names else {pa.int32(): pd.Int32Dtype()}
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas(types_mapper=types.get)
    return frame


def _drop(count: Count, reason: str, number: int) -> None:
    if number:
        count.dropped[reason] += number


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2].strip().casefold() if "@" in address else ""
    # An account of a forge says nothing of who employs the person.
    return domain if DOMAIN.fullmatch(domain) and not domain.startswith("users.noreply.") else ""


def _days(seconds: pd.Series) -> pd.Series:
    return (seconds // DAY * DAY).astype("datetime64[s]")


def _commit_rows(raw: pd.DataFrame, pseudonyms: Pseudonyms) -> pd.DataFrame:
    """Commits, numbered so that a number is unique in a source and the change's in another one.

    Converted and split repositories hold the same changes under other hashes (8,050 of Pacemaker's
    in pacemaker-1.0), so a change is known by its author's second and its subject; the n-th of
    equal ones in one source is the n-th in the other.
    """
    nth = raw.groupby(["authored", "subject"], sort=False).cumcount()
    keys = zip(raw["authored"], raw["subject"], nth, strict=True)
    numbers = [pseudonyms.number("commit", f"{a}\0{s}\0{n}") for a, s, n in keys]
    return pd.DataFrame(
        {
            "commit": np.array(numbers, dtype="int64"),
            "authored": _days(raw["authored"]).to_numpy(),
            "committed": _days(raw["committed"]).to_numpy(),
            "merge": (raw["parents"] > 1).to_numpy(dtype=bool),
            "root": (raw["parents"] == 0).to_numpy(dtype=bool),
            "files": raw["files"].array,
            "files_code": raw["files_code"].array,
            "lines_added": raw["lines_added"].array,
            "lines_removed": raw["lines_removed"].array,
        }
    )


def _message_rows(raw: pd.DataFrame, pseudonyms: Pseudonyms) -> pd.DataFrame:
    identifiers = raw["id"].tolist()
    numbers = {i: pseudonyms.number("message", i) for i in identifiers}
    ancestors = {
        i: [a for a in found if a != i]
        for i, found in zip(identifiers, raw["ancestors"], strict=True)
    }
    parents = [numbers.get(ancestors[i][0]) if ancestors[i] else None for i in identifiers]
    roots = thread_roots(ancestors)
    return pd.DataFrame(
        {
            "message": np.array([numbers[i] for i in identifiers], dtype="int64"),
            "parent": pd.array(parents, dtype="Int64"),
            "thread": np.array([numbers[roots[i]] for i in identifiers], dtype="int64"),
            "sent": _instants(raw["sent"]),
            "patch": raw["patch"].to_numpy(dtype=bool),
        }
    )


def thread_roots(ancestors: Mapping[str, list[str]]) -> dict[str, str]:
    """The message that began each message's thread, among those that are archived.

    A message whose direct parent is missing joins the thread of its nearest archived ancestor.
    """
    roots: dict[str, str] = {}
    for start in ancestors:
        path: dict[str, None] = {}
        here = start
        while here not in roots and here not in path:
            path[here] = None
            here = next((a for a in ancestors[here] if a in ancestors), here)
        # A circle of references has no beginning: its first message by identifier stands for it.
        passed = list(path)
        root = roots.get(here) or min(passed[passed.index(here) :])
        roots.update(dict.fromkeys(path, root))
    return roots


def _issue_rows(raw: pd.DataFrame, pseudonyms: Pseudonyms) -> pd.DataFrame:
    closed = _instants(raw["closed"])
    return pd.DataFrame(
        {
            "issue": np.array([pseudonyms.number("issue", k) for k in raw["key"]], dtype="int64"),
            "kind": raw["kind"].to_numpy(),
            "opened": _instants(raw["opened"]),
            "first_response": _instants(raw["first_response"]),
            "closed": closed,
            "merged": raw["merged"].to_numpy(dtype=bool) & closed.notna(),
            "comments": raw["comments"].array,
        }
    )


def _instants(seconds: pd.Series) -> pd.DatetimeIndex:
    instants = seconds.astype("Int64").to_numpy(dtype="float64", na_value=np.nan)
    return pd.to_datetime(instants, unit="s", utc=True).as_unit("ms")


def _package_rows(raw: pd.DataFrame, _: Pseudonyms) -> pd.DataFrame:
    return raw.drop(columns=["key"]).assign(dated=_days(raw["dated"]).to_numpy())


_FORMS: dict[str, Callable[[pd.DataFrame, Pseudonyms], pd.DataFrame]] = {
    "commits": _commit_rows,
    "messages": _message_rows,
    "issues": _issue_rows,
    "packages": _package_rows,
}


def _release_rows(
    harvest: Harvest, horizon: dt.date, count: Count, impossible: str
) -> pd.DataFrame:
    """Releases; a version that was tagged twice counts once, at its first date."""
    found: dict[str, tuple[str, str, str, bool, dt.date]] = {}
    for tag, seconds in sorted(harvest.tags, key=lambda t: (t[1], t[0])):
        parsed = parse_tag(tag)
        if parsed is None:
            count.dropped["tags that name no version"] += 1
        elif not _seconds(EARLIEST) <= seconds < _seconds(horizon) + DAY:
            count.dropped[f"tags {impossible}"] += 1
        elif parsed.version in found:
            count.dropped["tags of a version tagged before"] += 1
        else:
            released = dt.datetime.fromtimestamp(seconds, tz=dt.UTC).date()
            row = (tag, parsed.series, parsed.version, parsed.prerelease, released)
            found[parsed.version] = row
    frame = pd.DataFrame(
        found.values(), columns=["tag", "series", "version", "prerelease", "released"]
    )
    frame["released"] = pd.to_datetime(frame["released"]).dt.as_unit("s")
    return frame
