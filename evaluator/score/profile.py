"""What a reader must know of a published model: how much of it could be asked and answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from evaluator.result import CriterionValue
from evaluator.study.model import Study


def statements(
    study: Study, matrix: Mapping[str, Sequence[CriterionValue]], as_of: dt.date
) -> list[str]:
    """Coverage and caution of the model, and results of Scorecard that are old or of later."""
    found = []
    if profile := study.criteria.profile:
        dark = {c.id for c in study.criteria.criteria} - {
            v.criterion for row in matrix.values() for v in row if v.value is not None
        }
        silent = [item for item, by in profile.answered.items() if by in dark]
        text = (
            f"{profile.model} publishes {profile.published} items; "
            f"{len(profile.answered)} can be asked here"
        )
        if silent:
            text += f", of which these have no value in this snapshot: {', '.join(silent)}"
        if profile.left_out:
            text += f". Not asked: {', '.join(profile.left_out)}"
        found.append(f"{text}.")
        if profile.caution:
            found.append(profile.caution)
    for name, result in sorted(study.scorecards.items()):
        if result.date > as_of:
            found.append(f"{name}: its Scorecard result is of {result.date}, so not known yet.")
        elif result.old(as_of):
            found.append(f"{name}: its Scorecard result, of {result.date}, is over a year old.")
    return found
