"""The SME guide's side of a result: coverage, attitudes, business models and guidelines."""

from __future__ import annotations

from typing import Literal

from evaluator.result.part import Part

Status = Literal["answered", "open", "not met"]


class CoverageRow(Part):
    """Of a semaphore over all components, or of a component over all semaphores."""

    id: str
    name: str
    lit: int
    asked: int


class UnlitLight(Part):
    """A grey light and why it could not be lit."""

    semaphore: str
    candidate: str
    reason: str


class Coverage(Part):
    """How many lights could be lit; the two lists count the same lights in two ways."""

    semaphores: list[CoverageRow]
    components: list[CoverageRow]
    unlit: list[UnlitLight]


class AttitudeRow(Part):
    """What an attitude of the criteria file would have chosen, all else being equal.

    ``factors`` multiply the typed weights of criterion groups, which are then normalised again.
    """

    attitude: str
    used: bool
    factors: dict[str, float]
    winner: str | None
    runner_up: str | None
    refused: str = ""
    """Why no method could rank under it."""


class GuidelineRow(Part):
    """A guideline of the SME guide, what this run's data say to it, and the analyst's comment."""

    id: str
    text: str
    check: str
    status: Status
    answer: str
    comment: str
    source: list[str]


class BusinessModelRow(Part):
    """Class of a component's business model; what it means for the adopter is our reading."""

    candidate: str
    name: str
    kind: str
    meaning: str
    source: list[str]


class Daffara(Part):
    """The SME guide's instruments, applied to this run."""

    coverage: Coverage
    attitudes: list[AttitudeRow]
    business_models: list[BusinessModelRow]
    guidelines: list[GuidelineRow]
