"""Business models of a stack's parts, and what each class means for who adopts it.

The classes are the taxonomy of the SME guide, chapter 6; the readings are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.result.daffara import BusinessModelRow
from evaluator.study.model import Study

MEANINGS: Mapping[str, str] = {
    "twin-licensing": "Free under one licence, sold under another: see who holds the copyright, "
    "and whether your use falls under the free licence",
    "split-oss-commercial": "Some functions are sold only: see that nothing you need is, or will "
    "be, on the paid side",
    "badgeware": "Free on the condition that a maker's mark stays visible: see what it asks of "
    "your service",
    "product-specialist": "One maker lives from services around it: support is at hand, and the "
    "future depends on that maker",
    "platform-provider": "A distributor integrates, tests and supports it: support comes with the "
    "platform, and so does the platform",
    "selection-consulting": "Consultants choose and evaluate it and do not write it: support does "
    "not reach into the code",
    "community": "No single maker: nobody can close it, and nobody is bound to answer",
    "proprietary": "The maker alone can change it: you depend on its prices and its plans",
}
UNCLASSED = "Not classed: find out who pays for the work before you depend on it"


def business_models(study: Study, candidates: Sequence[str]) -> list[BusinessModelRow]:
    """Class and reading of each candidate; empty class where none is stated."""
    rows = []
    for key in candidates:
        candidate = study.candidates[key]
        model = candidate.business_model
        rows.append(
            BusinessModelRow(
                candidate=key,
                name=candidate.name,
                kind=model.kind if model else "",
                meaning=MEANINGS[model.kind] if model else UNCLASSED,
                source=model.source if model else [],
            )
        )
    return rows
