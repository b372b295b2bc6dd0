"""Ask the validators that ship with the programs themselves.

Each module of :mod:`evaluator.validate.tools` knows one of them.  What it says is carried over as
findings with the line where it stands; one that is not installed is named together with what it
would have checked.  Nothing is loaded into a cluster or a kernel, and no service is started.
"""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evaluator.findings import Finding, Where
from evaluator.lint.configuration import Configuration, read
from evaluator.programs import APART, SYSTEM_PATH, installed, run
from evaluator.validate.bench import Bench, NoAnswerError
from evaluator.validate.validator import Validator

__all__ = ["Absent", "Ran", "Validation", "all_validators", "validate"]

TOOLS = "evaluator.validate.tools"


@dataclass(frozen=True)
class Ran:
    """A validator that was asked, and about which files."""

    tool: str
    version: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Absent:
    """A validator that could not be asked, and what is unchecked because of it."""

    tool: str
    package: str
    """Debian package that brings it."""
    checks: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Validation:
    """What the validators say about a folder."""

    findings: tuple[Finding, ...]
    ran: tuple[Ran, ...]
    absent: tuple[Absent, ...]


def all_validators() -> list[Validator]:
    """Every validator of the modules of ``evaluator.validate.tools``, by name."""
    names = [m.name for m in pkgutil.iter_modules(importlib.import_module(TOOLS).__path__)]
    found = [importlib.import_module(f"{TOOLS}.{name}").VALIDATOR for name in names]
    return sorted(found, key=lambda v: v.tool)


def validate(
    folder: Path,
    configuration: Configuration | None = None,
    *,
    path: str = SYSTEM_PATH,
    seconds: float = 30.0,
    validators: Iterable[Validator] | None = None,
) -> Validation:
    """Ask every validator that knows a file of a folder.

    Parameters
    ----------
    folder : Path
        A bundle or any folder of configuration, or one file.
    configuration : Configuration, optional
        What the folder holds; by default it is read.
    path : str
        Where programs are looked for.
    seconds : float
        How long one run of a program may take.
    validators : iterable of Validator, optional
        By default all.

    Returns
    -------
    Validation

    Raises
    ------
    EvaluationError
        As :func:`evaluator.lint.configuration.read`.
    """
    known = read(folder) if configuration is None else configuration
    base = (folder if folder.is_dir() else folder.parent).resolve()
    findings: list[Finding] = []
    ran, absent = [], []
    for validator in all_validators() if validators is None else validators:
        files = tuple(p for kind in validator.kinds for p in known.paths(kind))
        if not files:
            continue
        with tempfile.TemporaryDirectory(prefix="validate-") as scratch:
            bench = Bench(validator.tool, base, Path(scratch), path, seconds)
            package = _missing(validator, bench)
            if package:
                absent.append(Absent(validator.tool, package, validator.checks, files))
                continue
            try:
                ran.append(Ran(validator.tool, validator.release(bench), files))
                for finding in validator.ask(bench, files):
                    findings.append(finding)
            except NoAnswerError as trouble:
                findings.append(trouble.finding)
    order = sorted(dict.fromkeys(findings), key=lambda f: (f.where or Where(""), f.code, f.message))
    return Validation(tuple(order), tuple(ran), tuple(absent))


def _missing(validator: Validator, bench: Bench) -> str:
    """What is to be installed before the validator can be asked; '' if all is there."""
    for program, package in validator.programs:
        if installed(program, bench.path) is None:
            return package
    if validator.apart:
        try:
            code = run([*APART, "true"], folder=bench.scratch, path=bench.path).code
        except OSError:
            return "util-linux"
        if code != 0:
            return "util-linux, with leave to make namespaces"
    return ""
