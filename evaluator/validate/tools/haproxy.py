"""``haproxy -c``: reads the configuration as at start; exit code 1 when it would not start.

A certificate, an account or a host name that is not known on this machine is only mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import PurePosixPath

from evaluator.findings import Finding, Severity
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

PLACED = re.compile(
    r"^\[(?P<level>ALERT|WARNING)\] .*? : (?:parsing )?\[(?P<file>[^\]]*):(?P<line>\d+)\] : "
    r"(?P<message>.*)$",
    re.MULTILINE,
)
UNPLACED = re.compile(
    r"^\[(?P<level>ALERT|WARNING)\] [^:]*: "
    r"(?!(?:config : )?(?:(?:parsing )?\[|Error\(s\) found in|Fatal errors found))"
    r"(?:config : )?(?P<message>.*)$",
    re.MULTILINE,
)
ABSENT = re.compile(
    r"unable to (?:stat|open|load|read)\b|error opening file|[Ff]ailed to open|"
    r"[Cc]ouldn't open|could not resolve address '(?![0-9.]+')|cannot find (?:user|group) id|"
    r"No such file or directory|Failed to initialize server\(s\) addr"
)
"""What is the node's: a certificate, a list, an account, a host that it can resolve."""


def ask(bench: Bench, files: tuple[str, ...]) -> Iterator[Finding]:
    """Files of one folder are one configuration, in the order of their names."""
    for _, group in groupby(sorted(files), lambda f: PurePosixPath(f).parent):
        names = list(group)
        words = [word for name in names for word in ("-f", bench.file(name))]
        done = bench.run("haproxy", "-c", *words)
        placed = [
            bench.says(m["message"], m["file"], int(m["line"]), severity=_severity(m))
            for m in PLACED.finditer(done.output)
        ]
        other = [
            bench.says(m["message"], *_section(bench, names, m["message"]), severity=_severity(m))
            for m in UNPLACED.finditer(done.output)
        ]
        yield from (*placed, *other)
        told = any(f.severity is not Severity.WARNING for f in (*placed, *other))
        if done.code and not told:
            yield bench.refusal(done, str(bench.file(names[0])))


def _section(bench: Bench, names: list[str], message: str) -> tuple[str, int]:
    """File and line of the first section that a message quotes, else the first file."""
    for quoted in re.findall(r"'([^']+)'", message):
        head = re.compile(rf"\s*(frontend|backend|listen)\s+{re.escape(quoted)}(\s|$)")
        for name in names:
            text = bench.file(name).read_text("utf-8", "replace")
            for number, line in enumerate(text.splitlines(), 1):
                if head.match(line):
                    return str(bench.file(name)), number
    return str(bench.file(names[0])), 0


def _severity(said: re.Match[str]) -> Severity:
    if ABSENT.search(said["message"]):
        return Severity.INFO
    return Severity.ERROR if said["level"] == "ALERT" else Severity.WARNING


VALIDATOR = Validator(
    tool="haproxy",
    kinds=("haproxy",),
    checks="whether HAProxy would start with this configuration",
    programs=(("haproxy", "haproxy"),),
    version=("haproxy", "-v"),
    ask=ask,
)
