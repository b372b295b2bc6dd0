"""Mail domains in a snapshot: one that a single person uses would tell who that is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from evaluator.mine.cache import Pseudonyms

DIGITS = 12
"""Of a pseudonym: two of a million domains meet by chance with probability 0.002."""


def guarded_domains(
    frames: Mapping[str, pd.DataFrame], keep: Collection[str], pseudonyms: Pseudonyms
) -> dict[str, pd.DataFrame]:
    """Tables in which a domain that only one person uses is replaced by a keyed pseudonym.

    It is unknown whose such a domain is either way, so no metric of organisations changes; that
    several rows have the same one stays visible.

    Parameters
    ----------
    frames
        All tables that have the columns ``domain`` and ``person``, persons numbered over all.
    keep
        Domains that are no secret, with their sub-domains: those that the catalogue lists, be it
        as an organisation's, as personal, or as placeholders.
    pseudonyms
        Of the cache.
    """
    users: dict[str, set[int]] = {}
    for frame in frames.values():
        used = frame[["domain", "person"]].drop_duplicates()
        for domain, person in zip(used["domain"].astype("str"), used["person"], strict=True):
            users.setdefault(domain, set()).add(person)
    public = {domain.casefold() for domain in keep}
    names = {
        domain: _pseudonym(domain, pseudonyms)
        if len(persons) == 1 and not _is_public(domain, public)
        else domain
        for domain, persons in users.items()
    }
    return {
        name: frame.assign(domain=frame["domain"].astype("str").map(names))
        for name, frame in frames.items()
    }


def _is_public(domain: str, public: Collection[str]) -> bool:
    labels = domain.split(".")
    return not domain or any(".".join(labels[n:]) in public for n in range(len(labels)))


def _pseudonym(domain: str, pseudonyms: Pseudonyms) -> str:
    return f"p{pseudonyms.digest('domain', domain).hex()[:DIGITS]}.pseudonym"
