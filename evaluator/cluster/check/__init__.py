"""What a declaration must fulfil before a cluster is rendered from it.

Every rule is a generator of problems; all of them run, so that one look shows everything that is to
be mended.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.cluster.check.limits import bounds, retransmits, self_fencing
from evaluator.cluster.check.networks import addresses, networks
from evaluator.cluster.check.nodes import fencing, members
from evaluator.cluster.check.outlets import levels, options, outlets, reach
from evaluator.cluster.check.problem import REASONS, Problem
from evaluator.cluster.check.service import probe, service, timing, volumes
from evaluator.cluster.check.stack import stack
from evaluator.cluster.check.system import folders, ports, units
from evaluator.cluster.check.texts import names, texts
from evaluator.cluster.check.wires import cards, ranges
from evaluator.cluster.declaration import Declaration
from evaluator.findings import EvaluationError, ExitCode, Finding, Where

__all__ = ["REASONS", "findings", "refuse_unsafe"]

RULES = (
    *(stack, texts, names, networks, addresses, members, fencing),
    *(service, probe, volumes, timing),
    *(outlets, options, reach, levels, ranges, cards),
    *(folders, ports, units, retransmits, bounds, self_fencing),
)


def refuse_unsafe(declaration: Declaration, places: Mapping[str, Where]) -> None:
    """Raise all findings about a declaration together.

    Raises
    ------
    EvaluationError
        With exit code 2, when there is at least one finding.
    """
    found = findings(declaration, places)
    if found:
        raise EvaluationError(found, ExitCode.INVALID)


def findings(declaration: Declaration, places: Mapping[str, Where]) -> list[Finding]:
    """Everything that keeps the declaration from becoming a safe cluster, at its places."""
    return [
        Finding(
            problem.code,
            f"{problem.place}: {problem.message}",
            _where(problem, places) or Where(f"site {declaration.id}"),
            problem.remedy,
        )
        for rule in RULES
        for problem in rule(declaration)
    ]


def _where(problem: Problem, places: Mapping[str, Where]) -> Where | None:
    """The place, or the nearest one above it that is written down."""
    path = problem.place
    while path and path not in places:
        path = path.rpartition(".")[0]
    return places.get(path)
