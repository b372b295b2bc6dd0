"""A published selection model that a criteria file follows, and how far it can."""

from __future__ import annotations

from evaluator.study.fact import Identifier, Sourced, Text


class Profile(Sourced):
    """What the model publishes, item by item.

    ``answered`` names for each item the criterion or semaphore (or ``need``) that answers it, and
    ``left_out`` says why the others are not; together they are all that the model publishes.
    ``caution`` is what its authors, or we, ask a reader to know first.
    """

    model: Text
    answered: dict[Text, Identifier]
    left_out: dict[Text, Text] = {}
    caution: str = ""

    @property
    def published(self) -> int:
        """Number of items that the model publishes."""
        return len(self.answered) + len(self.left_out)
