"""The group's part of a result: what each stakeholder would choose, and what they choose together.

See :mod:`evaluator.rank.group` for how it was found.
"""

from __future__ import annotations

from typing import Literal

from evaluator.result.part import Part

Rule = Literal["arithmetic", "geometric", "borda"]


class Opinion(Part):
    """What one stakeholder would decide alone; ``agreement`` is Kendall's W with the group."""

    name: str
    share: float
    weights: dict[str, float]
    ranks: dict[str, int]
    winners: list[str]
    agreement: float | None


class Collective(Part):
    """What the group decides by one rule; no weights where ranks are counted instead."""

    rule: Rule
    weights: dict[str, float] | None
    ranks: dict[str, int]
    winners: list[str]


class Dissent(Part):
    """A minority report: who would choose another winner, what carries it, what would change it.

    ``moved`` is the share of weight that would have to move towards the group's.
    """

    name: str
    prefers: str
    group_prefers: str
    rank_of_group_winner: int
    carried_by: dict[str, float]
    moved: float | None
    weights_then: dict[str, float] | None


class Group(Part):
    """What the stakeholders of a study say of the contenders' quality."""

    rule: Rule
    collectives: list[Collective]
    """None where nobody could be asked; the notes say why."""
    opinions: list[Opinion]
    agreement: float | None
    """Kendall's W among the stakeholders; None for fewer than two."""
    minority: list[Dissent]
    panel: list[str]
    """Methods that were asked."""
    notes: list[str]

    @property
    def collective(self) -> Collective:
        """The answer by the rule that was asked for."""
        return next(c for c in self.collectives if c.rule == self.rule)
