"""Gate: rules that a result must pass, for a pipeline that must stop when it does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluator.findings import EvaluationError, Finding, allowed_values
from evaluator.result import Evaluation, StackResult
from evaluator.result.stored import read_run

RULES = {
    "red-light": "a mandatory light of the winner is red or black, or nothing is left",
    "red-light=STACK": "the same of the stack that runs today",
    "winner-changed=RUN": "the winner is not that of a stored run.json (or its folder)",
    "coverage=SHARE": "fewer of the lights could be lit than this share, such as 0.8",
    "tie": "the winner cannot be told apart from another",
}

Check = Callable[[Evaluation], list[Finding]]


@dataclass(frozen=True)
class Gate:
    """Rules as typed, read and checked; ask with :meth:`findings`."""

    checks: tuple[Check, ...]

    def findings(self, evaluation: Evaluation) -> list[Finding]:
        """What breaks a rule, in the order of the rules.

        Raises
        ------
        EvaluationError
            When a rule names a stack that the result does not have.
        """
        return [finding for check in self.checks for finding in check(evaluation)]


def read_gate(typed: Sequence[str]) -> Gate:
    """The gate of these rules; a stored run is read now, before a new one takes its place.

    Raises
    ------
    EvaluationError
        With every rule that is none, and every stored run that cannot be read.
    """
    checks: list[Check] = []
    wrong: list[Finding] = []
    for rule in typed:
        try:
            checks.append(_check(rule))
        except EvaluationError as error:
            wrong += error.findings
    if wrong:
        raise EvaluationError(wrong)
    return Gate(tuple(checks))


def _check(rule: str) -> Check:
    name, given, value = rule.partition("=")
    if name == "red-light" and bool(given) == bool(value):
        return lambda evaluation: _red_light(evaluation, value)
    if name == "tie" and not given:
        return _tie
    if name == "coverage" and value:
        floor = _share(rule, value)
        return lambda evaluation: _coverage(evaluation, floor)
    if name == "winner-changed" and value:
        before = read_run(value).selection.winner
        return lambda evaluation: _winner_changed(evaluation, before, value)
    remedy = allowed_values(name, RULES)
    raise EvaluationError(Finding("unknown-rule", f"--fail-on {rule!r} is no rule", None, remedy))


def _share(rule: str, typed: str) -> float:
    try:
        share = float(typed.removesuffix("%")) / (100 if typed.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        problem, remedy = f"--fail-on {rule!r}: {typed!r} is no share", "write 0.8, or 80%"
        raise EvaluationError(Finding("bad-share", problem, None, remedy))
    return share


def _red_light(evaluation: Evaluation, typed: str) -> list[Finding]:
    stack = evaluation.find(typed) if typed else evaluation.winner
    if stack is None and typed:
        remedy = allowed_values(typed, [s.id for s in evaluation.stacks], most=40)
        problem = f"--fail-on red-light: unknown {evaluation.subject} {typed!r}"
        raise EvaluationError(Finding("unknown-stack", problem, None, remedy))
    if stack is None:
        reason, remedy = evaluation.selection.reason, "see the table of what was removed, and why"
        return [Finding("nothing-left", reason, None, remedy)]
    return [_red(stack, light.name, light.candidate, light.colour, light.text)
            for light in stack.lights
            if light.fails or (light.mandatory and light.colour in ("red", "black"))]  # fmt: skip


def _red(stack: StackResult, name: str, candidate: str, colour: str, text: str) -> Finding:
    problem = f"{stack.id}: mandatory light {name} is {colour} for {candidate} ({text})"
    remedy = f"see why: evaluate explain {stack.id}; replace {candidate}, or revive it"
    return Finding("red-light", problem, None, remedy)


def _winner_changed(evaluation: Evaluation, before: str | None, place: str) -> list[Finding]:
    now = evaluation.selection.winner
    if now == before:
        return []
    problem = f"the winner was {before or 'none'} in {place} and is now {now or 'none'}"
    remedy = f"see what caused it: evaluate diff {place} NEW_RUN"
    return [Finding("winner-changed", problem, None, remedy)]


def _coverage(evaluation: Evaluation, floor: float) -> list[Finding]:
    if evaluation.coverage >= floor:
        return []
    if not any(stack.lights for stack in evaluation.stacks):
        problem = "the criteria file asks for no lights, so none could be lit"
        remedy = "add semaphores to it, or leave this rule out"
        return [Finding("low-coverage", problem, None, remedy)]
    problem = f"{evaluation.coverage:.1%} of the lights could be lit, fewer than {floor:.1%}"
    remedy = "mine the sources that are not available; 'evaluate metrics' names them"
    return [Finding("low-coverage", problem, None, remedy)]


def _tie(evaluation: Evaluation) -> list[Finding]:
    selection = evaluation.selection
    others = [name for name in selection.indistinguishable if name != selection.winner]
    if not others:
        return []
    problem = f"{selection.winner} cannot be told apart in quality from {', '.join(others)}"
    remedy = f"see what evidence is missing: evaluate explain {selection.winner}"
    return [Finding("tie", problem, None, remedy)]
