"""From what the sources gave to the tables of the snapshot: persons merged, names taken away."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluator.mine.cache import Pseudonyms
from evaluator.mine.identities import Identity, is_bot, is_placeholder, resolve
from evaluator.mine.releases import parse_tag
from evaluator.mine.sources import Harvest
from evaluator.snapshot import TABLES

EARLIEST = dt.date(1990, 1, 1)
"""Earlier dates are mistakes of clocks and conversions."""

DOMAIN = re.compile(r"[a-z0-9.-]+", re.ASCII)
DAY = 86400


@dataclass
class Count:
    """What became of one source."""

    items: int = 0
    first: dt.date | None = None
    last: dt.date | None = None
    dropped: Counter[str] = field(default_factory=Counter)
    identities: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Assembly:
    """Tables as :func:`evaluator.snapshot.write_snapshot` takes them, and the counts."""

    tables: dict[str, pd.DataFrame]
    counts: dict[str, Count]
    identities: dict[str, int]
    as_of: dt.date | None
    """Newest commit or message; None when there is neither."""


def assemble(
    harvests: Mapping[str, Harvest],
    pseudonyms: Pseudonyms,
    *,
    retrieved: dt.date,
    as_of: dt.date | None = None,
) -> Assembly:
    """Put the harvests of all sources together.

    Parameters
    ----------
    harvests
        By the source's identifier.
    pseudonyms
        Makes numbers of persons, commits and messages.
    retrieved
        Day of mining; dates more than a day after it are mistakes.
    as_of
        Leaves out what is later, when given.
    """
    horizon = min(as_of, retrieved) if as_of else retrieved + dt.timedelta(days=1)
    counts = {name: Count(dropped=Counter(h.dropped)) for name, h in sorted(harvests.items())}
    raw = {name: _raw(harvests[name], horizon, counts[name]) for name in counts}
    persons = _Persons(harvests, raw, pseudonyms)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for name, (commits, mails) in raw.items():
        count = counts[name]
        rows = _commit_rows(name, commits, persons, pseudonyms)
        tables["commits"].append(rows)
        sent = _message_rows(name, mails, persons, pseudonyms)
        tables["messages"].append(sent)
        tables["releases"].append(_release_rows(name, harvests[name], horizon, count))
        days = [*rows["committed"].agg(["min", "max"]), *sent["sent"].agg(["min", "max"])]
        known = [d.date() for d in days if not pd.isna(d)]
        count.items = len(rows) + len(sent)
        count.first, count.last = min(known, default=None), max(known, default=None)
        count.identities = persons.count(name, pd.concat([commits, mails]))
    tables["persons"].append(persons.rows())
    newest = max((c.last for c in counts.values() if c.last), default=None)
    return Assembly(
        {name: _joined(name, parts) for name, parts in tables.items()},
        counts,
        persons.count_all(),
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


def _raw(harvest: Harvest, horizon: dt.date, count: Count) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Commits and messages with dates that can be, the others counted."""
    low, high = _seconds(EARLIEST), _seconds(horizon) + DAY
    commits = _frame(harvest.commits)
    authored = commits["authored"].between(low, high, inclusive="left")
    committed = commits["committed"].between(low, high, inclusive="left")
    # One impossible date of the two is replaced by the other.
    commits["authored"] = commits["authored"].where(authored, commits["committed"])
    commits["committed"] = commits["committed"].where(committed, commits["authored"])
    good = authored | committed
    _drop(count, f"dated before {EARLIEST.year} or after {horizon}", int((~good).sum()))
    mails = _frame(harvest.messages)
    sent = mails["sent"].between(low, high, inclusive="left")
    _drop(count, f"dated before {EARLIEST.year} or after {horizon}", int((~sent).sum()))
    return commits[good], mails[sent]


def _frame(table: pa.Table) -> pd.DataFrame:
    nullable = {pa.int32(): pd.Int32Dtype()}
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas(types_mapper=nullable.get)
    return frame


def _drop(count: Count, reason: str, number: int) -> None:
    if number:
        count.dropped[reason] += number


class _Persons:
    """Numbers of persons over all sources; the order follows the key and says nothing."""

    def __init__(
        self,
        harvests: Mapping[str, Harvest],
        raw: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
        pseudonyms: Pseudonyms,
    ) -> None:
        self._known: dict[tuple[str, str, str], Identity] = {}
        for source, frames in raw.items():
            mailmap = harvests[source].mailmap
            for frame in frames:
                for pair in zip(frame["name"], frame["address"], strict=True):
                    self._known[(source, *pair)] = Identity(source, *pair, *mailmap.get(pair, pair))
        keys = resolve(self._known.values())
        order = sorted(set(keys.values()), key=lambda key: pseudonyms.digest("person", key))
        numbers = {key: number for number, key in enumerate(order, start=1)}
        self._numbers = {known: numbers[keys[i]] for known, i in self._known.items()}
        self._bots = {numbers[keys[i]] for i in self._known.values() if is_bot(i)}

    def of(self, source: str, frame: pd.DataFrame) -> np.ndarray:
        pairs = zip(frame["name"], frame["address"], strict=True)
        return np.array([self._numbers[(source, *pair)] for pair in pairs], dtype="int32")

    def rows(self) -> pd.DataFrame:
        numbers = np.array(sorted(set(self._numbers.values())), dtype="int32")
        return pd.DataFrame({"person": numbers, "bot": np.isin(numbers, list(self._bots))})

    def count(self, source: str, frame: pd.DataFrame) -> dict[str, int]:
        mine = [known for known in self._known if known[0] == source]
        return {
            "names": len({name for _, name, _ in mine}),
            "addresses": len({address for _, _, address in mine}),
            "persons": len({self._numbers[known] for known in mine}),
            "items_with_placeholder_address": int(frame["address"].map(is_placeholder).sum()),
        }

    def count_all(self) -> dict[str, int]:
        return {
            "names": len({name for _, name, _ in self._known}),
            "addresses": len({address for _, _, address in self._known}),
            "persons": len(set(self._numbers.values())),
            "bots": len(self._bots),
        }


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2].strip().casefold() if "@" in address else ""
    return domain if DOMAIN.fullmatch(domain) else ""


def _days(seconds: pd.Series) -> pd.Series:
    return (seconds // DAY * DAY).astype("datetime64[s]")


def _commit_numbers(raw: pd.DataFrame, pseudonyms: Pseudonyms) -> np.ndarray:
    """Numbers that are unique in a source and equal for the same change in another one.

    Converted and split repositories hold the same changes under other hashes (8,050 of Pacemaker's
    in pacemaker-1.0), so a change is known by its author's second and its subject; the n-th of
    equal ones in one source is the n-th in the other.
    """
    nth = raw.groupby(["authored", "subject"], sort=False).cumcount()
    keys = zip(raw["authored"], raw["subject"], nth, strict=True)
    numbers = [pseudonyms.number("commit", f"{a}\0{s}\0{n}") for a, s, n in keys]
    return np.array(numbers, dtype="int64")


def _commit_rows(
    source: str, raw: pd.DataFrame, persons: _Persons, pseudonyms: Pseudonyms
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": source,
            "commit": _commit_numbers(raw, pseudonyms),
            "person": persons.of(source, raw),
            "domain": raw["address"].map(_domain).to_numpy(),
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


def _message_rows(
    source: str, raw: pd.DataFrame, persons: _Persons, pseudonyms: Pseudonyms
) -> pd.DataFrame:
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
            "source": source,
            "message": np.array([numbers[i] for i in identifiers], dtype="int64"),
            "parent": pd.array(parents, dtype="Int64"),
            "thread": np.array([numbers[roots[i]] for i in identifiers], dtype="int64"),
            "person": persons.of(source, raw),
            "domain": raw["address"].map(_domain).to_numpy(),
            "sent": pd.to_datetime(raw["sent"], unit="s", utc=True).dt.as_unit("ms").to_numpy(),
            "patch": raw["patch"].to_numpy(dtype=bool),
        }
    )


def thread_roots(ancestors: Mapping[str, list[str]]) -> dict[str, str]:
    """The message that began each message's thread, among those that are archived.

    A message whose direct parent is missing joins the thread of its nearest archived ancestor.
    """
    roots: dict[str, str] = {}
    for start in ancestors:
        path: list[str] = []
        here = start
        while here not in roots and here not in path:
            path.append(here)
            here = next((a for a in ancestors[here] if a in ancestors), here)
        # A circle of references has no beginning: its first message by identifier stands for it.
        root = roots.get(here) or (min(path[path.index(here) :]))
        roots.update(dict.fromkeys(path, root))
    return roots


def _release_rows(source: str, harvest: Harvest, horizon: dt.date, count: Count) -> pd.DataFrame:
    """Releases; a version that was tagged twice counts once, at its first date."""
    found: dict[str, tuple[str, str, str, bool, dt.date]] = {}
    for tag, seconds in sorted(harvest.tags, key=lambda t: (t[1], t[0])):
        released = dt.datetime.fromtimestamp(seconds, tz=dt.UTC).date()
        parsed = parse_tag(tag)
        if parsed is None:
            count.dropped["tags that name no version"] += 1
        elif not EARLIEST <= released <= horizon:
            count.dropped[f"tags dated before {EARLIEST.year} or after {horizon}"] += 1
        elif parsed.version in found:
            count.dropped["tags of a version tagged before"] += 1
        else:
            row = (tag, parsed.series, parsed.version, parsed.prerelease, released)
            found[parsed.version] = row
    frame = pd.DataFrame(
        found.values(), columns=["tag", "series", "version", "prerelease", "released"]
    )
    frame["released"] = pd.to_datetime(frame["released"]).dt.as_unit("s")
    frame.insert(0, "source", source)
    return frame
