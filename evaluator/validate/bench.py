"""Where a validator is run: the folder, a scratch folder, and how its words become findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluator.findings import Finding, Severity, Where
from evaluator.programs import APART, Done, run

TAIL = 5
"""Lines of an answer that are quoted when none of them could be placed (ours)."""


class NoAnswerError(Exception):
    """Raised when a program hangs, crashes or cannot be started."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


@dataclass(frozen=True)
class Bench:
    """One validator's place of work."""

    tool: str
    base: Path
    """The folder, absolute."""
    scratch: Path
    path: str
    seconds: float

    def file(self, name: str) -> Path:
        """Absolute path of a file of the folder."""
        return self.base / name

    def shown(self, path: str) -> str:
        """A path as the folder's user knows it."""
        place = Path(path)
        return place.relative_to(self.base).as_posix() if place.is_relative_to(self.base) else path

    def run(self, *command: str | Path, extra: Mapping[str, str] | None = None) -> Done:
        """Run a command in the scratch folder.

        Raises
        ------
        NoAnswerError
            When it gives none.
        """
        try:
            done = run(
                command, folder=self.scratch, seconds=self.seconds, path=self.path, extra=extra
            )
        except OSError as error:
            raise self._no_answer("validator-failed", f"cannot be run: {error.strerror}") from None
        if done.code is None:
            raise self._no_answer("validator-hung", f"{done.trouble} ({self.seconds:g} s)")
        if done.code < 0:
            raise self._no_answer("validator-crashed", done.trouble)
        return done

    def run_apart(
        self, script: str, *words: str | Path, extra: Mapping[str, str] | None = None
    ) -> Done:
        """Run a shell script in namespaces of its own; ``words`` are its ``$1``, ``$2``, …"""
        return self.run(*APART, "sh", "-ec", script, "sh", *words, extra=extra)

    def says(
        self,
        message: str,
        file: str = "",
        line: int = 0,
        column: int = 0,
        severity: Severity = Severity.ERROR,
        remedy: str = "",
    ) -> Finding:
        """A finding in the validator's words."""
        text = " ".join(message.split())
        place = Where(self.shown(file), line, column or min(line, 1)) if file else None
        return Finding(f"validate-{self.tool}", text, place, remedy, severity, self.tool)

    def placed(self, done: Done, pattern: re.Pattern[str], *files: str) -> Iterator[Finding]:
        """Findings from lines that match a pattern; one about the files if a refusal has none.

        The pattern's groups are ``message`` and, if it has them, ``file``, ``line`` and ``column``.
        They are errors if the program refused, else warnings.
        """
        refused = done.code != 0
        worth = Severity.ERROR if refused else Severity.WARNING
        any_found = False
        for match in pattern.finditer(done.output):
            any_found = True
            part = {k: v for k, v in match.groupdict().items() if v}
            numbers = (int(part.get("line", 0)), int(part.get("column", 0)))
            yield self.says(part["message"], part.get("file", files[0]), *numbers, worth)
        if refused and not any_found:
            yield self.refusal(done, *files)

    def refusal(self, done: Done, *files: str) -> Finding:
        """The finding for a refusal whose words name no place: its last lines."""
        lines = [line.strip() for line in done.output.splitlines() if line.strip()]
        words = "; ".join(lines[-TAIL:]) or "it says nothing"
        return self.says(
            f"refused with exit code {done.code}: {words}", *self.quoted(words, *files)
        )

    def quoted(self, message: str, *files: str) -> tuple[str, int]:
        """File and line of the first word that a message quotes; else the first file, line 0."""
        for word in re.findall(r"'([^']+)'", message):
            whole = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])")
            for file in files:
                text = Path(file).read_text(encoding="utf-8", errors="replace")
                if match := whole.search(text):
                    return file, text.count("\n", 0, match.start()) + 1
        return files[0], 0

    def _no_answer(self, code: str, why: str) -> NoAnswerError:
        remedy = "check these files on a machine where it answers; nothing of them is known good"
        return NoAnswerError(Finding(code, f"{self.tool} {why}", None, remedy, source=self.tool))
