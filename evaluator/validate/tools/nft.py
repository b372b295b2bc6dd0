"""``nft -c``: checks a rule set against the kernel without loading it, in a network namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.validate import interfaces
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

CHECK = f"""{interfaces.MAKE}
exec nft -c -f "$1"
"""
INTERFACE = re.compile(r"\b(?:iif|oif|device)\s+(?:!=\s*)?(\"?[\w.-]+\"?)")
PLACED = re.compile(
    r"^(?P<file>/[^\n:]+):(?P<line>\d+):(?P<column>\d+)-\d+: (?:Error|Warning): (?P<message>.*)$",
    re.MULTILINE,
)


def ask(bench: Bench, files: tuple[str, ...]) -> Iterator[Finding]:
    """Ask about each file."""
    for name in files:
        file = bench.file(name)
        made = interfaces.named(INTERFACE, file.read_text(errors="replace"))
        done = bench.run_apart(CHECK, file, extra=made)
        yield from bench.placed(done, PLACED, str(file))


VALIDATOR = Validator(
    tool="nft",
    kinds=("nftables",),
    checks="whether the kernel would take the firewall's rules",
    programs=(("nft", "nftables"), ("ip", "iproute2"), ("unshare", "util-linux")),
    version=("nft", "-v"),
    ask=ask,
    apart=True,
)
