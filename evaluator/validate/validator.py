"""What is known of one validator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evaluator.findings import Finding
from evaluator.validate.bench import Bench

RELEASE = re.compile(r"\d+\.\d+(?:\.\d+)*(?:[-+~][0-9A-Za-z.+~-]+)?")


@dataclass(frozen=True)
class Validator:
    """A program that checks files of some kinds (:mod:`evaluator.lint.recognition`)."""

    tool: str
    kinds: tuple[str, ...]
    checks: str
    """What stays unchecked without it."""
    programs: tuple[tuple[str, str], ...]
    """Programs that it needs, each with its Debian package."""
    version: tuple[str, ...]
    """The command that tells its version."""
    ask: Callable[[Bench, tuple[str, ...]], Iterator[Finding]]
    """Gives what it says about files, named by their paths in the folder."""
    apart: bool = False
    """Whether it must run in namespaces of its own."""

    def release(self, bench: Bench) -> str:
        """Its version as it tells it; '' if it does not."""
        found = RELEASE.search(bench.run(*self.version).output)
        return found[0] if found else ""
