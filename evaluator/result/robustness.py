"""What shakes a ranking and what does not, by name, as plain values."""

from __future__ import annotations

from typing import Literal

from evaluator.result.part import Part


class Examined(Part):
    """Base of what was examined; ``reason`` says why there is nothing unless ``outcome`` is ok."""

    outcome: Literal["ok", "not_applicable", "error"] = "ok"
    reason: str = ""


class Orders(Examined):
    """Consensus orders of the methods: ranks from 1 by alternative, best first, and scores."""

    methods: list[str] = []
    borda: dict[str, int] = {}
    borda_scores: dict[str, float] = {}
    copeland: dict[str, int] = {}
    copeland_scores: dict[str, float] = {}
    kemeny: dict[str, int] = {}
    kemeny_distance: float | None = None
    kemeny_orders: int = 0
    kemeny_reason: str = ""
    """Why there is no Kemeny order; empty where there is one."""
    condorcet: str | None = None
    agree: bool = False
    agreement: float | None = None
    distances: dict[str, dict[str, float]] = {}
    """Kendall's tau distance between each two methods."""
    text: str = ""


class Acceptance(Examined):
    """SMAA-2 with weights of which nothing is known; empty central weights: never first."""

    rank_acceptability: dict[str, list[float]] = {}
    central_weights: dict[str, dict[str, float]] = {}
    confidence: dict[str, float | None] = {}
    pairwise_winning: dict[str, dict[str, float]] = {}
    draws: int = 0
    unanswered: int = 0
    confidence_draws: int = 0


class WeightEnd(Part):
    """Where a moving weight changes the leader; ``weight`` None: nowhere."""

    weight: float | None
    takes_over: list[str]
    returns: bool


class WeightInterval(Part):
    criterion: str
    weight: float
    lower: WeightEnd
    upper: WeightEnd


class WeightStability(Examined):
    """How far each weight may move before another alternative leads."""

    leader: str = ""
    tied: list[str] = []
    exact: bool = False
    intervals: list[WeightInterval] = []
    smallest: str = ""
    """The criterion whose weight need change least; empty if no single weight matters."""
    smallest_change: float | None = None
    left_out: list[str] = []
    """Methods that were not asked: they have no answer where a criterion has no weight or all."""


class TornadoBar(Part):
    """An input at its two ends; a leader is named where it is not the winner."""

    kind: Literal["weight", "value"]
    criterion: str
    of: str
    low: float
    high: float
    margin_low: float
    margin_high: float
    leader_low: str
    leader_high: str


class TornadoBars(Examined):
    winner: str = ""
    margin: float | None = None
    spread: float = 0
    bars: list[TornadoBar] = []
    left_out: int = 0
    """Uncertain values that were not moved, since there are too many."""
    unanswered: int = 0
    """Inputs at one of whose ends the methods have no answer."""


class SobolIndex(Part):
    kind: Literal["weight", "value"]
    criterion: str
    of: str
    first: float
    first_half: float
    total: float
    total_half: float


class SobolIndices(Examined):
    """Indices of the winner's lead; halves are those of 95 % confidence intervals."""

    winner: str = ""
    mean: float | None = None
    deviation: float | None = None
    spread: float = 0
    points: int = 0
    runs: int = 0
    grouped: bool = False
    left_out: int = 0
    """Uncertain values that were held, since there are too many."""
    indices: list[SobolIndex] = []


class ReversalTrial(Part):
    """``flips`` are pairs, the one that was ahead first; ``of`` is empty for the dominated one."""

    change: Literal["without", "dominated", "copy"]
    of: str
    method: str
    flips: list[tuple[str, str]]
    winner_changes: bool
    answered: bool


class RankReversals(Examined):
    """``trials`` holds only those that turned a pair round or had no answer."""

    tried: int = 0
    pairs: int = 0
    trials: list[ReversalTrial] = []


class Robustness(Part):
    """Of the contenders; ``references`` alternatives more only span the scales."""

    contenders: list[str]
    references: int
    panel: list[str]
    """Methods that have a vectorised form, and so took part in all but the orders."""
    orders: Orders
    smaa: Acceptance
    stability: WeightStability
    tornado: TornadoBars
    sobol: SobolIndices
    reversal: RankReversals
