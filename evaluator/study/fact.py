"""Facts with their sources: what every file of a study is made of."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import Annotated, Self

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
    whole = ipaddress.ip_network(value, strict=False)
    if ipaddress.ip_interface(value).ip != whole.network_address:
        raise ValueError(f"{value} is an address in a network; write the network, {whole}")
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
