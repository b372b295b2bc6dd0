"""Who is who: names and addresses become persons, a study's own knowledge first."""

from __future__ import annotations

from evaluator.mine.identities.curated import (
    NOTHING,
    Affiliation,
    Curated,
    Period,
    Person,
    Place,
)
from evaluator.mine.identities.linking import Resolution, resolution, resolve
from evaluator.mine.identities.names import (
    Identity,
    is_bot,
    is_full_name,
    is_placeholder,
    name_keys,
    normalised_address,
    normalised_name,
    shared_addresses,
)

__all__ = [
    "NOTHING",
    "Affiliation",
    "Curated",
    "Identity",
    "Period",
    "Person",
    "Place",
    "Resolution",
    "is_bot",
    "is_full_name",
    "is_placeholder",
    "name_keys",
    "normalised_address",
    "normalised_name",
    "resolution",
    "resolve",
    "shared_addresses",
]
