"""Rules register themselves: a decorated generator in any module of ``evaluator.lint.rules``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evaluator.findings import Finding, Severity, Where
from evaluator.lint.configuration import Configuration

Check = Callable[..., Iterator[Finding]]
"""Its parameters are fields of :class:`Configuration`, or ``configuration`` for all of it."""

RULES = "evaluator.lint.rules"
WHOLE = "configuration"
READING = (
    "copy-not-asked", "file-too-large", "include-missing", "not-utf8", "rule-failed", "syntax",
    "too-many-files", "unreadable-file",
)  # fmt: skip
"""Codes of findings that are no rule's."""


@dataclass(frozen=True)
class Rule:
    """A registered rule with what a reader must know of it."""

    code: str
    severity: Severity
    rationale: str
    remedy: str
    source: tuple[str, ...]
    """Keys of ``refs.bib``, or ``ours``."""
    formats: tuple[str, ...]
    check: Check

    @property
    def demand(self) -> str:
        """What it demands: the first paragraph of its docstring."""
        return " ".join((self.check.__doc__ or "").split("\n\n")[0].split())

    def applies(self, configuration: Configuration) -> bool:
        """Whether every format it asks is there; ``a|b`` is either."""
        return all(any(map(configuration.has, f.split("|"))) for f in self.formats)

    def findings(self, configuration: Configuration) -> Iterator[Finding]:
        """What the rule says of a configuration.

        A rule that fails is a fault of ours, told as ``rule-failed``; the others still speak.
        """
        try:
            for finding in self.check(**self._arguments(configuration)):
                yield replace(
                    finding,
                    code=self.code,
                    severity=self.severity,
                    remedy=finding.remedy or self.remedy,
                    source=" ".join(self.source),
                )
        except Exception as error:
            message = f"rule {self.code!r} stopped: {type(error).__name__}: {error}"
            yield Finding("rule-failed", message, remedy="this is a fault of the tool; report it")

    def _arguments(self, configuration: Configuration) -> dict[str, Any]:
        names = inspect.signature(self.check).parameters
        return {n: configuration if n == WHOLE else getattr(configuration, n) for n in names}


_RULES: dict[str, Rule] = {}


def rule(
    code: str,
    *,
    severity: Severity = Severity.ERROR,
    rationale: str,
    remedy: str,
    source: str | tuple[str, ...],
    formats: tuple[str, ...] = (),
) -> Callable[[Check], Check]:
    """Register a generator as the rule of a code.

    The generator's parameters are named as fields of :class:`Configuration` and say what it needs:
    it is asked only where all of them are there.  ``configuration`` is everything.

    ``rationale`` says in one or two sentences what goes wrong without it; ``remedy`` what to write
    (a finding may say it more exactly); ``source`` is keys of ``refs.bib``, or ``ours``;
    ``formats`` is fields that it needs beside its parameters, ``"corosync|ha_cf"`` being either.

    Examples
    --------
    >>> @rule("some-code", rationale="…", remedy="…", source="ours")  # doctest: +SKIP
    ... def check(corosync: Entry, cib: Cib) -> Iterator[Finding]:
    ...     yield found("stonith-enabled is 'false'", cib.where())
    """

    def register(check: Check) -> Check:
        if code in _RULES:
            raise ValueError(f"rule {code!r} is registered twice")
        keys = (source,) if isinstance(source, str) else source
        needed = (name for name in inspect.signature(check).parameters if name != WHOLE)
        _RULES[code] = Rule(code, severity, rationale, remedy, keys, (*needed, *formats), check)
        return check

    return register


def found(message: str, where: Where | None, remedy: str = "") -> Finding:
    """What a rule yields; its code, severity, source and usual remedy are filled in."""
    return Finding("", message, where, remedy)


def all_rules() -> Mapping[str, Rule]:
    """Every rule of the modules of ``evaluator.lint.rules``, by code, in alphabetical order."""
    for module in pkgutil.iter_modules(importlib.import_module(RULES).__path__):
        importlib.import_module(f"{RULES}.{module.name}")
    return dict(sorted(_RULES.items()))


def lint(configuration: Configuration, ignore: Collection[str] = ()) -> list[Finding]:
    """Everything that is wrong: the mistakes of reading, and what each rule says; by place.

    What the bundle's declaration accepts stays, as information.
    """
    every = list(configuration.findings)
    for each in all_rules().values():
        if each.applies(configuration):
            every += each.findings(configuration)
    accepted = configuration.declaration.accepted if configuration.declaration else ()
    told = (
        replace(f, severity=Severity.INFO, message=f"{f.message} (accepted in cluster.yml)")
        if f.code in accepted
        else f
        for f in dict.fromkeys(every)
        if f.code not in ignore
    )
    return sorted(told, key=lambda f: (f.where or Where(""), f.code, f.message))


def not_asked(configuration: Configuration) -> list[Rule]:
    """Rules that could not be asked, because no file of a format that they need was there."""
    return [each for each in all_rules().values() if not each.applies(configuration)]
