"""A check decides neither by one slip nor before it has run."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "keepalived-script-settings",
    severity=Severity.INFO,
    rationale="With fall 1 one slow answer moves the address; without init_fail a node takes it "
    "before its service was ever asked; without timeout a check that hangs says nothing.",
    remedy="fall 2 or more, timeout, init_fail",
    source=("keepalived-conf-man", "ours"),
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """Every vrrp_script has ``fall`` of 2 or more, ``timeout`` and ``init_fail``."""
    for file in keepalived:
        for script in file.all("vrrp_script"):
            missing = [key for key in ("timeout", "init_fail") if not script.get(key)]
            if (script.number("fall") or 1) < 2:
                missing.insert(0, "fall above 1")
            if missing:
                message = f"vrrp_script {script.value!r} has no {', '.join(missing)}"
                yield found(message, script.where)
