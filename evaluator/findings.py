"""What went wrong and where: one form of message for every stage.

Inside the package a mistake in someone's input is a :class:`Finding`, collected in lists so that
all of them are reported at once.  Only the edge of a stage raises, as :class:`EvaluationError`,
which carries the findings and the exit code that the command line documents.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path


class ExitCode(IntEnum):
    """Exit codes of the ``evaluate`` command."""

    OK = 0
    FINDINGS = 1
    INVALID = 2
    UNAVAILABLE = 3
    CLUSTER = 4
    INTERNAL = 70
    INTERRUPTED = 130


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, order=True)
class Where:
    """A place in a file; line and column count from 1, 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    @classmethod
    def after(cls, file: str, text: str) -> Where:
        """The place that follows the beginning of a file."""
        return cls(file, text.count("\n") + 1, len(text) - text.rfind("\n"))

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Finding:
    """One fact about an input that somebody should mend or know."""

    code: str
    message: str
    where: Where | None = None
    remedy: str = ""
    severity: Severity = Severity.ERROR
    source: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n    {self.remedy}" if self.remedy else ""
        return f"{place}{self.severity} [{self.code}] {self.message}{remedy}"


class EvaluationError(Exception):
    """Raised at the edge of a stage; the command line prints the findings and exits."""

    def __init__(
        self, findings: Sequence[Finding] | Finding, exit_code: ExitCode = ExitCode.INVALID
    ) -> None:
        self.findings = [findings] if isinstance(findings, Finding) else list(findings)
        self.exit_code = exit_code
        super().__init__("\n".join(str(f) for f in self.findings))


def file_error(code: str, path: Path | str, problem: str, remedy: str = "") -> Finding:
    """A finding about a whole file."""
    return Finding(code, problem, Where(str(path)), remedy)


def allowed_values(
    typed: object, allowed: Iterable[str], most: int = 12, also: Iterable[str] = ()
) -> str:
    """Say what is allowed and, for a likely misspelling, what was probably meant.

    ``also`` are names that may have been meant, but that are too many to list.
    """
    names = sorted(allowed)
    close = difflib.get_close_matches(str(typed), [*names, *also], n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}? " if close else ""
    shown = ", ".join(names[:most]) + (f", … ({len(names)} in all)" if len(names) > most else "")
    return f"{hint}allowed: {shown or 'nothing'}"
