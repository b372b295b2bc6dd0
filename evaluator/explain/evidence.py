"""Evidence: from a cell of the matrix down to the metric, the fact, its source and its line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from evaluator.explain.model import Link
from evaluator.result import (
    CriterionValue,
    Evaluation,
    FactRow,
    Judged,
    Light,
    MetricRow,
    SourceRow,
    StackResult,
    WeightRow,
)

STATED = {"fact": "facts", "scorecard": "scorecard"}
"""Kinds of origin that a candidate states, and where among its statements."""


class Evidence:
    """Look-ups over one result."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation

    @cached_property
    def facts(self) -> dict[str, FactRow]:
        return {row.key: row for row in self.evaluation.facts}

    @cached_property
    def metrics(self) -> dict[tuple[str, str], MetricRow]:
        return {(row.candidate, row.metric): row for row in self.evaluation.metrics}

    @cached_property
    def sources(self) -> dict[str, SourceRow]:
        return {row.id: row for row in self.evaluation.sources}

    def where(self, *keys: str) -> str:
        """Place of the first of these statements that is known."""
        return next((self.facts[key].where for key in keys if key in self.facts), "")

    def statements(self, keys: Sequence[str]) -> list[FactRow]:
        return [self.facts[key] for key in dict.fromkeys(keys) if key in self.facts]

    def missing(self, columns: Sequence[WeightRow]) -> set[tuple[str, str]]:
        """Component and criterion, or what trials speak of, wherever there is no value for it."""
        run = self.evaluation
        names = {c for s in run.stacks for v in s.values for c in v.parts}
        names |= {c.id for entries in run.components.values() for c in entries}

        def unknown(name: str, origin: str) -> bool:
            kind, _, key = origin.partition(":")
            if kind == "metric":
                return (row := self.metrics.get((name, key))) is not None and row.outcome != "ok"
            if (group := STATED.get(kind)) is None:
                return False
            return f"candidates.{name}.{group}.{key}" not in self.facts

        measured = {w.criterion for w in columns if w.origin.startswith("trial:")}
        untried = {
            (name, v.criterion)
            for s in run.stacks
            for v in s.values
            for name in v.parts
            if v.criterion in measured and v.value is None
        }
        return untried | {(n, w.criterion) for n in names for w in columns if unknown(n, w.origin)}

    def links(self, weight: WeightRow, row: Judged, name: str) -> list[Link]:
        """What stands behind one alternative's cell on a criterion."""
        cell = next(v for v in row.values if v.criterion == weight.criterion)
        kind, _, origin = weight.origin.partition(":")
        names = _components(weight, cell)
        if kind == "metric":
            return [self._metric(name, c, origin) for c in names if (c, origin) in self.metrics]
        if kind in STATED:
            return [self._fact(name, c, STATED[kind], origin) for c in names]
        if origin == "semaphore_share":
            return [self._light(name, light) for light in row.lights if light.candidate in names]
        if kind == "trial":
            return [self._trial(name, origin, cell)]
        if isinstance(row, StackResult):
            return self._functions(name, row)
        return []

    def _metric(self, of: str, component: str, metric: str) -> Link:
        row = self.metrics[component, metric]
        sources = tuple(row.source.split(" + ")) if row.source else ()
        return Link(
            of=of,
            component=component,
            kind="metric",
            name=metric,
            sources=sources,
            where=self.where(*(f"candidates.{component}.data_sources.{s}" for s in sources)),
            **row.model_dump(
                include={"value", "low", "high", "unit", "n", "window", "outcome", "note"}
                | {"quality"}
            ),
        )

    def _light(self, of: str, light: Light) -> Link:
        behind = self.metrics.get((light.candidate, light.metric))
        return Link(
            of=of,
            component=light.candidate,
            kind="light",
            name=light.semaphore,
            value=light.colour,
            n=light.n,
            outcome="not_available" if light.colour == "grey" else "ok",
            note=light.text,
            quality=tuple(behind.quality) if behind else (),
            window=behind.window if behind else "",
            sources=tuple(behind.source.split(" + ")) if behind and behind.source else (),
            where=self.where(f"criteria.semaphores.{light.semaphore}"),
        )

    def _fact(self, of: str, component: str, group: str, name: str) -> Link:
        found = self.facts.get(f"candidates.{component}.{group}.{name}")
        return Link(
            of=of,
            component=component,
            kind="fact",
            name=name,
            value=found.value if found else None,
            outcome="ok" if found else "not_available",
            note=found.reason if found else "nothing is stated",
            sources=tuple(found.source) if found else (),
            where=found.where if found else "",
        )

    def _trial(self, of: str, name: str, cell: CriterionValue) -> Link:
        told = self.facts.get(key := f"stacks.{of}.tried_as")
        return Link(
            of=of,
            component=of,
            kind="trial",
            name=name,
            value=cell.value,
            low=cell.low if cell.value is not None else None,
            high=cell.high if cell.value is not None else None,
            unit=cell.unit,
            outcome=cell.outcome,
            note="; ".join(text for text in (cell.note, told.reason if told else "") if text),
            sources=tuple(told.source) if told else (),
            where=self.where(key),
        )

    def _functions(self, of: str, stack: StackResult) -> list[Link]:
        """Each function and who provides it; where that is nobody in full, who says what of it."""

        def said(function: str, via: str) -> str:
            names = [n for n in dict.fromkeys(stack.components.values()) if n != via]
            keys = [f"candidates.{name}.provides.{function}" for name in names]
            return "; ".join(
                f"{row.key.split('.')[1]} says {row.value} at {row.where}"
                for row in self.statements(keys)
            )

        return [
            Link(
                of=of,
                component=match.via,
                kind="function",
                name=match.function,
                value=match.value,
                note=said(match.function, match.via) if match.value != "yes" else "",
                sources=tuple(match.source),
                where=self.where(
                    *(
                        [f"stacks.{match.via}.provides.{match.function}"]
                        if match.via == stack.id
                        else []
                    ),
                    f"candidates.{match.via}.provides.{match.function}",
                ),
            )
            for match in stack.functions
        ]


def _components(weight: WeightRow, cell: CriterionValue) -> list[str]:
    """The components that decide a cell; where all add up, or some are missing, all of them."""
    if weight.aggregate == "mean" or cell.assumed or not cell.via:
        return list(dict.fromkeys([*cell.parts, *cell.via]))
    return cell.via


def merged(mine: list[Link], other: list[Link]) -> list[Link]:
    """Links of two alternatives; what is the same for the two stands once, as ``both``."""

    def without(link: Link) -> Link:
        return link.model_copy(update={"of": "both"})

    shared = [without(link) for link in other]
    both = [link for link in map(without, mine) if link in shared]
    return (
        [link for link in mine if without(link) not in both]
        + [link for link in other if without(link) not in both]
        + both
    )
