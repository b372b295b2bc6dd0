"""The words of a study: what a criteria file, a candidate, a stack and a site may say.

Every model is frozen and refuses unknown keys.  Every fact carries ``source``: one or more keys of
``refs.bib``, or ``ours`` together with a one-line ``reason``.  Rules that span several files
(unknown candidate, circular succession, …) are in :mod:`evaluator.study.check`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

OURS = "ours"

Identifier = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)
]
Text = Annotated[str, StringConstraints(min_length=1)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_interval(value: object) -> object:
    """A bare number is an interval without width; two numbers are low and high."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"low": value, "high": value}
    if isinstance(value, list) and len(value) == 2:
        return {"low": value[0], "high": value[1]}
    return value


def _address(value: str) -> str:
    ipaddress.ip_address(value)
    return value


def _cidr(value: str) -> str:
    ipaddress.ip_network(value)
    return value


_ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_NUMBER_OR_ENDS = {
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        {
            "type": "object",
            "properties": {"low": {"type": "number"}, "high": {"type": "number"}},
            "required": ["low", "high"],
            "additionalProperties": False,
        },
    ]
}

Keys = Annotated[
    list[Identifier],
    BeforeValidator(_as_list),
    Field(min_length=1),
    WithJsonSchema(_ONE_OR_MORE),
]
Address = Annotated[str, AfterValidator(_address)]
Cidr = Annotated[str, AfterValidator(_cidr)]


class Model(BaseModel):
    """Base of all: frozen, strict, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Interval(Model):
    """Closed interval ``[low, high]`` in the unit of the fact that holds it."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}; write [low, high]")
        return self

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


Range = Annotated[Interval, BeforeValidator(_as_interval), WithJsonSchema(_NUMBER_OR_ENDS)]


class Sourced(Model):
    """Something that somebody must be able to check."""

    source: Keys
    reason: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _ours_needs_a_reason(self) -> Self:
        if OURS in self.source and not self.reason:
            raise ValueError("source is 'ours', so a one-line 'reason' is needed")
        return self


class Dated(Sourced):
    """Sourced, and true only between two dates (each end open when absent)."""

    since: dt.date | None = None
    until: dt.date | None = None

    def holds(self, as_of: dt.date) -> bool:
        """Whether the fact is true at the date ``as_of`` (``until`` itself included)."""
        return (self.since is None or self.since <= as_of) and (
            self.until is None or as_of <= self.until
        )


class SourcedRange(Sourced):
    """A number or interval, not below 0, with its source; the unit stands in the field's name."""

    value: Range

    @model_validator(mode="after")
    def _not_negative(self) -> Self:
        if self.value.low < 0:
            raise ValueError(f"{self.value.low:g} is below 0")
        return self


class Fact(Dated):
    """Any documented fact."""

    value: bool | int | float | str | list[str]
    unit: str = ""


# --- candidates -----------------------------------------------------------------------------


class Licence(Sourced):
    spdx: Text
    kind: Literal["floss", "mixed", "proprietary"]


class BusinessModel(Sourced):
    """Class in the taxonomy of the SME guide, chapter 6."""

    kind: Literal[
        "twin-licensing",
        "split-oss-commercial",
        "badgeware",
        "product-specialist",
        "platform-provider",
        "selection-consulting",
        "community",
        "proprietary",
    ]


class Provision(Dated):
    """Whether a candidate or stack provides a function of the catalogue."""

    value: Literal["yes", "partial", "no"]


class Successor(Sourced):
    candidate: Identifier
    since: dt.date


class DataSource(Model):
    """A repository or archive to mine.

    ``backend`` names a file of :mod:`evaluator.mine.sources`.  ``not_available`` gives the reason
    when the source exists but could not be had; it is then reported, never counted as zero.
    """

    id: Identifier
    backend: Identifier
    url: Text
    branch: str | None = None
    path: str | None = None
    tag_pattern: str | None = None
    provenance: str = ""
    not_available: str = ""


class Package(Sourced):
    """A binary package as a distribution ships it."""

    distribution: Identifier
    release: Identifier
    name: Text
    version: Text


class Candidate(Model):
    """One system that can fill one or more roles; a suite bundles parts."""

    id: Identifier
    name: Text
    summary: Text
    kind: Literal["project", "suite"]
    homepage: Text
    roles: list[Identifier]
    licence: Licence
    business_model: BusinessModel | None = None
    successor: Successor | None = None
    parts: list[Identifier] = []
    data_sources: list[DataSource] = []
    packages: list[Package] = []
    provides: dict[Identifier, Provision] = {}
    facts: dict[Identifier, Fact] = {}


# --- stacks ---------------------------------------------------------------------------------


class Effort(Model):
    """What it takes to use a stack; every number is an interval with its source."""

    adopt_hours: SourcedRange
    switch_hours: SourcedRange
    run_hours_per_year: SourcedRange
    money_once_eur: SourcedRange
    money_eur_per_year: SourcedRange
    mental_points: SourcedRange


class Stack(Model):
    """A compatible choice of one candidate per needed role."""

    id: Identifier
    name: Text
    summary: Text
    components: dict[Identifier, Identifier]
    available: Dated
    compatibility: Sourced
    provides: dict[Identifier, Provision] = {}
    requires: dict[Identifier, Fact] = {}
    effort: Effort
    profile: Identifier | None = None


# --- sites ----------------------------------------------------------------------------------


class Network(Model):
    name: Identifier
    purpose: Literal["service", "ring", "replication", "management"]
    cidr: Cidr


class Node(Model):
    name: Identifier
    role: Literal["data", "witness"]
    addresses: dict[Identifier, Address]
    power: Identifier


class FenceDevice(Model):
    """Out-of-band power switch; ``plugs`` maps each node that it can switch to its outlet.

    ``options`` are parameters of the agent.  A password is never among them: ``secret`` names the
    variable of the vault from which it is filled in when the cluster is built.
    """

    name: Identifier
    agent: Identifier
    address: Address
    network: Identifier
    power: Identifier
    plugs: dict[Identifier, Text]
    delay_seconds: int = 0
    options: dict[Identifier, str] = {}
    username: str = ""
    secret: Identifier


class Volume(Model):
    name: Identifier
    backing_disk: Text
    size_gib: int
    minor: int
    port: int
    filesystem: Literal["ext4", "xfs"]
    mount: Text


class VirtualAddress(Model):
    name: Identifier
    address: Address
    network: Identifier


class Endpoint(Model):
    """A TCP port that clients use; ``backend_port`` is where the service itself listens."""

    name: Identifier
    port: int = Field(ge=1, le=65535)
    backend_port: int = Field(ge=1, le=65535)
    mode: Literal["tcp", "http"]


class Service(Model):
    """The service to keep up, as a cluster resource agent sees it."""

    name: Identifier
    agent: Text
    parameters: dict[Identifier, str] = {}
    volume: Identifier
    virtual_address: Identifier
    start_timeout_seconds: int
    stop_timeout_seconds: int
    monitor_interval_seconds: int
    monitor_timeout_seconds: int
    endpoints: list[Endpoint]


class Software(Sourced):
    name: Text
    purpose: Text
    spdx: str = ""


class ServiceLevel(Sourced):
    availability_percent: float = Field(gt=0, lt=100)
    recovery_time_seconds: int
    acknowledged_data_loss: Literal["none", "tolerated"]


class Staff(Sourced):
    administrators: int
    skills: list[Identifier]
    rate_eur_per_hour: Range


class Organisation(Sourced):
    name: Text
    summary: Text
    business_model: BusinessModel


class Timing(Sourced):
    """Failure detection of the cluster transport, in milliseconds."""

    token_ms: int
    token_retransmits_before_loss_const: int = 10


class Site(Model):
    """The organisation: the Lazy User's state, and what a bundle is rendered for."""

    id: Identifier
    organisation: Organisation
    operating_system: Fact
    domain: Text
    networks: list[Network]
    nodes: list[Node]
    fence_devices: list[FenceDevice]
    volumes: list[Volume]
    virtual_addresses: list[VirtualAddress]
    services: list[Service]
    supporting_software: list[Software]
    timing: Timing
    service_level: ServiceLevel
    staff: Staff
    constraints: list[Fact] = []
    state: dict[Identifier, Fact] = {}


# --- catalogue ------------------------------------------------------------------------------


class Role(Model):
    id: Identifier
    name: Text
    summary: Text


class Function(Model):
    id: Identifier
    name: Text
    summary: Text


class Affiliation(Model):
    """An organisation and the mail domains that it uses (sub-domains included)."""

    name: Text
    domains: list[Text]


class Catalogue(Model):
    """Names that the files of one field share."""

    roles: list[Role]
    functions: list[Function] = []
    organisations: list[Affiliation] = []
    personal_domains: list[Text] = []
    placeholder_domains: list[Text] = []


# --- criteria -------------------------------------------------------------------------------

Direction = Literal["max", "min"]
Aggregate = Literal["worst", "mean", "best"]


class Criterion(Sourced):
    """One column of the decision matrix: a metric, a fact, functional match or effort.

    ``aggregate`` says how a stack's value follows from its components' values; ``log`` takes the
    decimal logarithm of ``1 + value`` first.  ``weight`` is the share before the attitude.
    """

    id: Identifier
    name: Text
    group: Identifier
    weight: float = Field(ge=0, le=1)
    direction: Direction
    metric: Identifier | None = None
    fact: Identifier | None = None
    derived: Literal["functional_match", "semaphore_share"] | None = None
    aggregate: Aggregate = "worst"
    log: bool = False
    components: bool = True

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [n for n in ("metric", "fact", "derived") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of metric, fact, derived (given: {', '.join(given) or 'none'})"
            )
        return self


class Semaphore(Sourced):
    """A traffic light.  ``slope``: sign of a yearly series' slope (t-test at ``alpha``), black
    after ``black_after_years`` without a newcomer.  ``threshold``: value against two bounds.
    """

    id: Identifier
    name: Text
    metric: Identifier
    rule: Literal["slope", "threshold"]
    mandatory: bool
    alpha: float | None = Field(default=None, gt=0, lt=1)
    black_after_years: int | None = Field(default=None, ge=1)
    green: float | None = None
    yellow: float | None = None
    direction: Direction = "min"
    fails_on: list[Literal["red", "black"]] = ["red", "black"]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = ("alpha", "black_after_years") if self.rule == "slope" else ("green", "yellow")
        missing = [n for n in needed if getattr(self, n) is None]
        if missing:
            raise ValueError(f"rule {self.rule!r} also needs {', '.join(missing)}")
        if self.green is not None and self.yellow is not None:
            ends = (self.green, self.yellow)
            if ends != tuple(sorted(ends, reverse=self.direction == "max")):
                raise ValueError(f"green {self.green:g} is no better than yellow {self.yellow:g}")
        return self


class NeedFilter(Sourced):
    """A function that the service needs; ``required`` removes a stack without it."""

    function: Identifier
    required: bool


class StateFilter(Sourced):
    """Compares what a stack requires with what the site has.

    ``at_most``: requirement ≤ site's number.  ``implies``: a true requirement needs a true site
    fact.  ``contains``: the site's value must be in the stack's list.
    """

    id: Identifier
    name: Text
    requirement: Identifier
    site: Identifier
    rule: Literal["at_most", "implies", "contains"]


class Attitude(Sourced):
    """Factors on the weights of criterion groups; the result is normalised again."""

    factors: dict[Identifier, Annotated[float, Field(ge=0, le=100)]]


class EffortRule(Model):
    """How hours, money and mental load become EUR over the horizon (Lazy User Model)."""

    horizon_years: SourcedRange
    learning_exponent: SourcedRange
    mental_eur_per_point: SourcedRange

    @model_validator(mode="after")
    def _of_this_life(self) -> Self:
        horizon = self.horizon_years.value
        if horizon.low <= 0 or horizon.high > 50:
            raise ValueError(f"horizon_years is [{horizon.low:g}, {horizon.high:g}]; 0 < x <= 50")
        return self


class Method(Sourced):
    """A scikit-criteria method by its name here, with its parameters."""

    name: Literal["topsis", "weighted_sum", "vikor"]


class Decision(Sourced):
    """How ranks become a choice."""

    rule: Literal["quality_then_effort", "least_effort"]
    tell_apart: float = Field(ge=0.5, le=1)
    weight_spread: float = Field(ge=0, le=1)
    draws: int = Field(ge=100, le=1_000_000)


class Guideline(Sourced):
    """A guideline of the SME guide and how this study answers it."""

    id: Identifier
    text: Text
    answer: Text


class Criteria(Model):
    """A criteria file: the whole question that a study answers."""

    schema_version: Literal[1]
    id: Identifier
    title: Text
    question: Text
    site: Identifier
    attitude: Identifier
    attitudes: dict[Identifier, Attitude]
    stacks: Annotated[list[Identifier], Field(min_length=1)] | None = None
    need: list[NeedFilter]
    state: list[StateFilter]
    semaphores: list[Semaphore]
    criteria: list[Criterion] = Field(min_length=1)
    effort: EffortRule
    methods: list[Method] = Field(min_length=1)
    decision: Decision
    guidelines: list[Guideline] = []


class Reference(Model):
    """An entry of ``refs.bib`` as reports cite it."""

    key: Identifier
    kind: Text
    author: str
    title: Text
    year: str
    fields: dict[str, str] = {}


class Study(Model):
    """Everything that was asked and is known beforehand; frozen input of every later stage."""

    criteria: Criteria
    catalogue: Catalogue
    site: Site
    candidates: dict[str, Candidate]
    stacks: dict[str, Stack]
    references: dict[str, Reference]
    files: dict[str, str]
    """Every file read, by the path shown to the user, with its SHA-256."""

    def predecessor_of(self, candidate: str) -> str | None:
        """Identifier of the candidate that ``candidate`` succeeded, if any."""
        for other in self.candidates.values():
            if other.successor and other.successor.candidate == candidate:
                return other.id
        return None

    def data_sources(self) -> dict[str, DataSource]:
        """All sources to mine, by identifier, each once."""
        return {s.id: s for c in self.candidates.values() for s in c.data_sources}

    def source_ids(self, candidate: str) -> list[str]:
        """Sources of a candidate; a suite's are those of its parts."""
        entry = self.candidates[candidate]
        own = [s.id for s in entry.data_sources]
        return own + [s for part in entry.parts for s in self.source_ids(part)]


def json_schema() -> dict[str, Any]:
    """JSON Schema of a criteria file, for completion in editors."""
    return Criteria.model_json_schema()
