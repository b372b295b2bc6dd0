"""``keepalived -t``: exit code 0 when it would start.

The interfaces and the account for scripts that the file names are made in a namespace, for they
are the node's and not this machine's.  A script that is not here is only mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.validate import interfaces
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

TEST = f"""{interfaces.MAKE}
mount --bind "$2" /etc/group
mount --bind "$3" /etc/passwd
exec keepalived -t -f "$1"
"""
INTERFACE = re.compile(
    r"(?:\binterface\s+|\bdev\s+|\blvs_sync_daemon\s+|\btrack_interface\s*\{)([^\s{}][^\n{}]*)"
)
SCRIPT_USER = re.compile(r"^\s*script_user\s+(\w+)(?:\s+(\w+))?", re.MULTILINE)
LINE = re.compile(r"^(?:\((?:(?P<file>/[^\n]*): )?Line (?P<line>\d+)\) )?(?P<message>\S.*)$")
ABSENT_SCRIPT = re.compile(
    r"since not found/accessible|^WARNING - .*script.*(not found|accessible)"
)


def ask(bench: Bench, files: tuple[str, ...]) -> Iterator[Finding]:
    """Ask about each file."""
    group, passwd = bench.scratch / "group", bench.scratch / "passwd"
    for name in files:
        file = bench.file(name)
        text = file.read_text(errors="replace")
        accounts = {a for pair in SCRIPT_USER.findall(text) for a in pair if a} | {"root"}
        group.write_text("".join(f"{a}:x:0:\n" for a in sorted(accounts)))
        passwd.write_text("".join(f"{a}:x:0:0::/:/bin/sh\n" for a in sorted(accounts)))
        made = interfaces.named(INTERFACE, text)
        done = bench.run_apart(TEST, file, group, passwd, extra=made)
        yield from _findings(bench, str(file), done.output, refused=done.code != 0)


def _findings(bench: Bench, file: str, output: str, refused: bool) -> Iterator[Finding]:
    worth = Severity.ERROR if refused else Severity.WARNING
    lines = [match for match in map(LINE.match, output.splitlines()) if match]
    for match in lines:
        message, line = match["message"], int(match["line"] or 0)
        severity = Severity.INFO if ABSENT_SCRIPT.search(message) else worth
        yield bench.says(message, match["file"] or file, line, severity=severity)
    if refused and not lines:
        yield bench.says("refused without a word of why", file)


VALIDATOR = Validator(
    tool="keepalived",
    kinds=("keepalived",),
    checks="whether keepalived would start with this configuration",
    programs=(("keepalived", "keepalived"), ("ip", "iproute2"), ("unshare", "util-linux")),
    version=("keepalived", "-v"),
    ask=ask,
    apart=True,
)
