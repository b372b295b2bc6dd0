"""Timeouts of operations beside those that their agents advise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from evaluator.findings import Finding
from evaluator.formats.cib import Cib, Element, Operation
from evaluator.formats.units import seconds
from evaluator.lint.agents import DEFAULT_TIMEOUT, advised
from evaluator.lint.placement import name
from evaluator.lint.registry import found


def too_short(cib: Cib, action: Literal["start", "stop", "monitor"]) -> Iterator[Finding]:
    """Operations that are allowed less time than advised, fence devices apart.

    With an agent that is not known nothing is said of a timeout that somebody chose; to start and
    stop it in Pacemaker's default is doubtful.
    """
    for primitive in cib.primitives():
        agent = cib.agent(primitive)
        if agent.startswith("stonith:") or (action == "monitor" and agent.startswith("systemd:")):
            continue  # asking systemd for a state takes no service's time
        advice = advised(agent)
        for operation, allowed in _allowed(cib, primitive, action):
            where = operation.where if operation else cib.where(primitive)
            written = (operation and operation.timeout) or "timeout" in cib.op_defaults()
            said = f"{name(primitive)!r}: {action} may take {allowed:g} s"
            if advice and allowed < getattr(advice, action):
                yield found(f"{said}, {agent} advises {getattr(advice, action)} s", where)
            elif not advice and action != "monitor" and not written:
                yield found(f"{said}, Pacemaker's default, with an agent of its own", where)


def _allowed(cib: Cib, primitive: Element, action: str) -> Iterator[tuple[Operation | None, float]]:
    default = cib.op_defaults().get("timeout")
    usual = (seconds(default.value) if default else None) or DEFAULT_TIMEOUT
    operations = [o for o in cib.operations(primitive) if o.name == action]
    for operation in operations:
        yield operation, operation.timeout or usual
    if not operations and action != "monitor":
        yield None, usual
