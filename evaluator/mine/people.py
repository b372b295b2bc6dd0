"""The people of all sources: names and addresses in, numbers of persons out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from evaluator.mine.cache import Pseudonyms
from evaluator.mine.identities import Curated, Identity, is_placeholder, resolve

Mailmap = Mapping[tuple[str, str], tuple[str, str]]


class People:
    """Collects the identities of one source after the other, and tells persons apart at the end.

    Until then a row is known by the code of its identity, so that no more than one source's names
    need be in memory for its rows.
    """

    def __init__(self) -> None:
        self._codes: dict[Identity, int] = {}
        self._uses: Counter[int] = Counter()

    def codes(self, source: str, frame: pd.DataFrame, mailmap: Mailmap) -> np.ndarray:
        """Code of the identity in each row (columns ``name`` and ``address``), int32."""
        pairs = list(zip(frame["name"], frame["address"], strict=True))
        known = {pair: Identity(source, *pair, *mailmap.get(pair, pair)) for pair in set(pairs)}
        numbers = {pair: self._code(identity) for pair, identity in known.items()}
        found = np.array([numbers[pair] for pair in pairs], dtype="int32")
        self._uses.update(found.tolist())
        return found

    def _code(self, identity: Identity) -> int:
        return self._codes.setdefault(identity, len(self._codes))

    def uses(self) -> dict[Identity, int]:
        """Each identity, and on how many commits, messages and issues it stands."""
        return {identity: self._uses[code] for identity, code in self._codes.items()}

    def resolved(self, pseudonyms: Pseudonyms, curated: Curated) -> Persons:
        """Who is who, over all sources that were collected; what the study knows comes first."""
        return Persons(self._codes, self._uses, pseudonyms, curated)


class Persons:
    """Numbers of persons over all sources; the order follows the key and says nothing."""

    def __init__(
        self,
        codes: Mapping[Identity, int],
        uses: Mapping[int, int],
        pseudonyms: Pseudonyms,
        curated: Curated,
    ) -> None:
        self._identities = list(codes)
        self._uses, self._curated = uses, curated
        self._keys = keys = resolve(self._identities, curated)
        order = sorted(set(keys.values()), key=lambda key: pseudonyms.digest("person", key))
        numbers = {key: number for number, key in enumerate(order, start=1)}
        self._numbers = np.array([numbers[keys[i]] for i in self._identities], dtype="int32")
        bots = {numbers[keys[i]] for i in self._identities if curated.is_bot(keys[i], i)}
        self._bots = np.isin(np.arange(len(order) + 1), list(bots))

    def of(self, codes: np.ndarray) -> np.ndarray:
        """Number of the person for each code of an identity, int32."""
        found: np.ndarray = self._numbers[codes]
        return found

    def organisations(self, codes: np.ndarray, days: pd.Series) -> np.ndarray:
        """Organisation of each identity on each day, as the study knows it; else empty."""
        if not (self._curated.places or any(p.affiliations for p in self._curated.persons)):
            return np.full(len(codes), "", dtype=object)
        used = pd.DataFrame({"code": codes, "day": pd.to_datetime(days).dt.date})
        told = {
            (code, day): self._curated.organisation(
                self._keys[self._identities[code]], self._identities[code], day
            )
            for code, day in used.drop_duplicates().itertuples(index=False)
        }
        return np.array([told[pair] for pair in used.itertuples(index=False)], dtype=object)

    def rows(self) -> pd.DataFrame:
        """The table of persons."""
        numbers = np.arange(1, len(self._bots), dtype="int32")
        return pd.DataFrame({"person": numbers, "bot": self._bots[1:]})

    def count(self, source: str | None = None) -> dict[str, int]:
        """Names, addresses and persons of a source, or of all."""
        chosen = [
            (code, identity)
            for code, identity in enumerate(self._identities)
            if source in (None, identity.source)
        ]
        counts = {
            "names": len({i.name for _, i in chosen}),
            "addresses": len({i.address for _, i in chosen}),
            "persons": len({self._numbers[code] for code, _ in chosen}),
        }
        if source is None:
            return counts | {"bots": int(self._bots.sum())}
        placeholders = sum(self._uses[code] for code, i in chosen if is_placeholder(i.address))
        return counts | {"items_with_placeholder_address": placeholders}
