"""What stakeholders and both models say beside a ranking, on the terminal and as JSON."""

from __future__ import annotations

from typing import Any

from evaluator.result import Evaluation
from evaluator.result.daffara import Coverage


def coverage_line(found: Coverage) -> str:
    """How many lights could be lit, and which semaphores lack some."""
    lit, asked = (sum(getattr(r, field) for r in found.components) for field in ("lit", "asked"))
    if not asked:
        return ""
    lacking = [
        f"{row.name} {row.asked - row.lit} of {row.asked}"
        for row in found.semaphores
        if row.lit < row.asked
    ]
    dark = f"; grey: {', '.join(lacking)}" if lacking else ""
    return f"Lights: {lit} of {asked} could be lit ({lit / asked:.0%}){dark}"


def group_lines(result: Evaluation) -> list[str]:
    """What the stakeholders choose together, and who dissents; nothing without them."""
    group = result.group
    if group is None:
        return []
    if not group.collectives:
        return ["Stakeholders: nobody could be asked", *group.notes]
    names = {s.id: s.name for s in result.stacks}
    together = " and ".join(names[w] for w in group.collective.winners)
    among = "" if group.agreement is None else f" (Kendall's W {group.agreement:.2f})"
    lines = [f"Stakeholders: {together} by the mean of their weights{among}"]
    lines += [f"{d.name} dissents: {names[d.prefers]}" for d in group.minority]
    return [*lines, *group.notes]


def relaxation_lines(result: Evaluation) -> list[str]:
    """The smallest relaxations, where the filters left nothing."""
    if result.lazy_user is None or result.selection.winner:
        return []
    names = {s.id: s.name for s in result.stacks}
    found = result.lazy_user.relaxations
    lines = []
    for number, entry in enumerate(found.smallest, 1):
        filters = ", ".join(f.text for f in entry.filters)
        lines.append(f"{number}. {filters}: then {names.get(entry.winner or '', 'nothing')} wins")
    lines += [f"{found.more} more in run.json"] if found.more else []
    lines += [
        f"no relaxation lets in {names.get(stack, stack)}: {reason}"
        for stack, reason in found.beyond.items()
    ]
    return lines


def models_data(result: Evaluation) -> dict[str, Any]:
    """The side of stakeholders and both models, for the documented JSON structure."""
    return {
        "daffara": result.daffara.model_dump(mode="json") if result.daffara else None,
        "group": result.group.model_dump(mode="json") if result.group else None,
        "lazy_user": result.lazy_user.model_dump(mode="json") if result.lazy_user else None,
    }
