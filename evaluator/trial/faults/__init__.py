"""Faults that a laboratory can make, each with its inverse: the words of ``fault.yml``.

The modules of this package register their verbs.

A fault is a line ``VERB ARGUMENTS``; the arguments are roles of nodes (``active`` has the service,
``passive`` takes it over, ``witness``), networks, processes.  Doing it gives what undoes it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Protocol

from evaluator.findings import EvaluationError, Finding, Where, allowed_values
from evaluator.lab import Laboratory
from evaluator.lab.power import MOODS
from evaluator.trial.managers import Manager

ROLES = ("active", "passive", "witness")
NETWORKS = ("service", "management", "ring0", "ring1", "replication", "all")
"""Of the laboratory's site, and the one that replicated data need besides."""

ALLOWED: Mapping[str, Sequence[str]] = {"NODE": ROLES, "MOOD": MOODS, "NETWORK": NETWORKS}
_SECONDS = re.compile(r"\d{1,2}(\.\d+)?")

Undo = Callable[[], None]


class Stage(Protocol):
    """Where a fault is made."""

    @property
    def lab(self) -> Laboratory: ...

    @property
    def manager(self) -> Manager: ...

    @property
    def roles(self) -> Mapping[str, str]:
        """Name of the node in each role, as it was before the first fault."""

    @property
    def address(self) -> str:
        """The virtual address."""

    @property
    def store(self) -> str:
        """Where the service's data are."""

    def run(self, node: str, *argv: str, timeout: float = 60) -> CompletedProcess[str]:
        """Run a program on a node."""


Make = Callable[[Stage, list[str]], Undo]
VERBS: dict[str, tuple[str, Make]] = {}


def verb(name: str, arguments: str) -> Callable[[Make], Make]:
    """Register a verb; ``arguments`` is how it is written."""

    def register(make: Make) -> Make:
        VERBS[name] = (arguments, make)
        return make

    return register


@dataclass(frozen=True)
class Fault:
    """One line of a scenario."""

    verb: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.verb, *self.arguments))

    def make(self, stage: Stage) -> Undo:
        """Do it; gives what undoes it."""
        return VERBS[self.verb][1](stage, list(self.arguments))


def parse(text: str, where: Where | None = None) -> Fault:
    """Read a fault.

    Raises
    ------
    EvaluationError
        ``unknown-fault`` for a verb that there is not, ``fault-arguments`` for the wrong number of
        arguments.
    """
    name, *arguments = text.split() or [""]
    if name not in VERBS:
        remedy = allowed_values(name, VERBS, most=30)
        raise EvaluationError(Finding("unknown-fault", f"unknown fault {name!r}", where, remedy))
    wanted = VERBS[name][0].split()
    optional = sum(word.startswith("[") for word in wanted)
    if not len(wanted) - optional <= len(arguments) <= len(wanted):
        message = f"{name} has {len(arguments)} arguments"
        remedy = f"write: {name} {VERBS[name][0]}".rstrip()
        raise EvaluationError(Finding("fault-arguments", message, where, remedy))
    for kind, argument in zip(wanted, arguments, strict=False):
        allowed = ALLOWED.get(kind, (argument,))
        if argument not in allowed or (kind == "SECONDS" and not _SECONDS.fullmatch(argument)):
            message = f"{argument!r} is no {kind.lower()}"
            remedy = allowed_values(argument, allowed) if kind in ALLOWED else "write: wait 25"
            raise EvaluationError(Finding("fault-arguments", message, where, remedy))
    return Fault(name, tuple(arguments))


def must(stage: Stage, node: str, *argv: str, timeout: float = 60) -> str:
    """What a program on a node prints; it has to succeed."""
    return said(stage.run(node, *argv, timeout=timeout), Where(node))


def said(done: CompletedProcess[str], where: Where | None = None) -> str:
    """What a program has printed; it must have succeeded."""
    if done.returncode:
        words = (done.stdout + done.stderr).strip()[-500:]
        raise EvaluationError(Finding("fault-failed", f"{' '.join(done.args)}: {words}", where))
    return done.stdout


def power_on(stage: Stage, node: str) -> None:
    """Give a node its power, if it has none."""
    if stage.lab.node(node).state() == "off":
        stage.lab.start(node)


# the verbs need all of the above
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
