"""An agent does not read a misspelt parameter."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.agents import PARAMETERS
from evaluator.lint.registry import found, rule

ALIKE = 0.8
"""From here on a name is a slip of another (ours); what is less alike may be of a newer agent."""


@rule(
    "unknown-parameter",
    severity=Severity.WARNING,
    rationale="An agent does not read a parameter that it does not know: what was set is not set. "
    "Neither the schema nor crm_verify knows the agents.",
    remedy="correct the name",
    source=("resource-agents-repo", "drbd-utils-repo"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """No parameter of a well-known agent looks like a misspelling of one that it has."""
    for primitive in cib.primitives():
        agent = cib.agent(primitive)
        known = PARAMETERS.get(agent, ())
        for name, entry in cib.parameters(primitive).items():
            near = difflib.get_close_matches(name, known, n=1, cutoff=ALIKE)
            if name not in known and near:
                message = f"{primitive.get('id')} ({agent}) has no parameter {name!r}"
                yield found(message, entry.where, f"did you mean {near[0]!r}?")
