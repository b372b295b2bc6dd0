"""What a chapter looks at: the evaluation, the study and look-ups over both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evaluator.result import Evaluation, Light, MetricRow, StackResult, YearRow
from evaluator.study.candidate import Candidate
from evaluator.study.model import Study

if TYPE_CHECKING:
    from evaluator.cluster.model import ClusterModel
    from evaluator.study.site import Site


@dataclass(frozen=True)
class Case:
    """Frozen input of every chapter and figure."""

    evaluation: Evaluation
    study: Study
    cluster: ClusterModel | None = None

    @property
    def subject(self) -> str:
        """What is ranked, as prose calls it: stack or candidate."""
        return self.evaluation.subject

    @property
    def site(self) -> Site:
        """The site, for chapters that a study without one does not have."""
        if self.study.site is None:
            raise LookupError("the study has no site")
        return self.study.site

    @cached_property
    def organisation(self) -> str:
        """Who asks; empty in a study without a site."""
        return self.study.site.organisation.name if self.study.site else ""

    @cached_property
    def weighed(self) -> bool:
        """Whether the study states efforts."""
        return any(stack.effort for stack in self.evaluation.stacks)

    @cached_property
    def filtered(self) -> bool:
        """Whether a filter could remove anything."""
        criteria = self.study.criteria
        lights = any(light.mandatory for light in criteria.semaphores)
        return bool(criteria.need or criteria.state or lights)

    @cached_property
    def ranked(self) -> list[StackResult]:
        return [s for s in self.evaluation.stacks if s.outcome == "ranked"]

    @cached_property
    def removed(self) -> list[StackResult]:
        return [s for s in self.evaluation.stacks if s.outcome == "removed"]

    @cached_property
    def winner(self) -> StackResult | None:
        return self.evaluation.winner

    @cached_property
    def runner_up(self) -> StackResult | None:
        runner_up = self.evaluation.selection.runner_up
        return self.evaluation.stack(runner_up) if runner_up else None

    @cached_property
    def shown_stack(self) -> StackResult | None:
        """The stack whose parts the report draws: the winner, or the first of the result."""
        return self.winner or (self.evaluation.stacks[0] if self.evaluation.stacks else None)

    @cached_property
    def shown_parts(self) -> list[str]:
        """What is drawn of the projects themselves: its parts, or every candidate."""
        if self.subject == "candidate":
            return self.used
        return list(dict.fromkeys(self.shown_stack.components.values())) if self.shown_stack else []

    @cached_property
    def _metrics(self) -> dict[tuple[str, str], MetricRow]:
        return {(r.candidate, r.metric): r for r in self.evaluation.metrics}

    def metric(self, candidate: str, metric: str) -> MetricRow | None:
        """The row when it is there and its value is known."""
        row = self._metrics.get((candidate, metric))
        return row if row and row.outcome == "ok" and row.value is not None else None

    @cached_property
    def _yearly(self) -> dict[str, list[YearRow]]:
        found: dict[str, list[YearRow]] = {}
        for row in sorted(self.evaluation.yearly, key=lambda r: (r.candidate, r.year)):
            found.setdefault(row.candidate, []).append(row)
        return found

    def years(self, candidate: str) -> list[YearRow]:
        return self._yearly.get(candidate, [])

    def service_name(self, name: str) -> str:
        """A service as prose calls it: an acronym where the question writes it as one."""
        question = self.evaluation.question
        return name.upper() if re.search(rf"\b{re.escape(name.upper())}\b", question) else name

    @cached_property
    def lights(self) -> dict[str, dict[str, Light]]:
        """Lights of every component of a stack by candidate and semaphore; each component once."""
        found: dict[str, dict[str, Light]] = {}
        for stack in self.evaluation.stacks:
            for light in stack.lights:
                found.setdefault(light.candidate, {})[light.semaphore] = light
        return found

    @cached_property
    def unlit(self) -> list[str]:
        """Names of the lights that are grey for every component that has them."""
        seen: dict[str, set[str]] = {}
        for lights in self.lights.values():
            for light in lights.values():
                seen.setdefault(light.name, set()).add(light.colour)
        return [name for name, colours in seen.items() if colours == {"grey"}]

    def candidate(self, identifier: str) -> Candidate | None:
        return self.study.candidates.get(identifier)

    def name(self, candidate: str) -> str:
        entry = self.study.candidates.get(candidate)
        return entry.name if entry else candidate

    def role_name(self, role: str) -> str:
        return next((r.name for r in self.study.catalogue.roles if r.id == role), role)

    @cached_property
    def used(self) -> list[str]:
        """Candidates that some stack uses, in the order of the stacks."""
        order: dict[str, None] = {}
        for stack in self.evaluation.stacks:
            order |= dict.fromkeys(stack.components.values())
        return list(order)

    @cached_property
    def handovers(self) -> list[tuple[Candidate, Candidate]]:
        """Predecessor and successor where both have a yearly series."""
        found = []
        for entry in self.study.candidates.values():
            heir = self.study.candidates.get(entry.successor.candidate) if entry.successor else None
            if heir and self.years(entry.id) and self.years(heir.id):
                found.append((entry, heir))
        return found
