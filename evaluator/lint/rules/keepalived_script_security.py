"""Scripts that root runs cannot be changed by others."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule


@rule(
    "keepalived-script-security",
    severity=Severity.WARNING,
    rationale="Without enable_script_security keepalived runs a script as root even if anybody may "
    "change it or a folder above it.",
    remedy="global_defs { enable_script_security; script_user USER }",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """A file with scripts has ``enable_script_security``, and each script has a user."""
    for file in keepalived:
        scripts = [e for e in file.all("vrrp_script") if e.get("script")]
        notifies = [e for e in file.walk() if e.key.startswith("notify") and "/" in e.value]
        if not scripts and not notifies:
            continue
        first = (*scripts, *notifies)[0].where
        if not file.find("global_defs", "enable_script_security"):
            yield found("scripts run without enable_script_security", first)
        # behind a notify script its user may stand
        own = all(s.get("user") for s in scripts) and all(len(n.values) > 1 for n in notifies)
        if not own and not file.find("global_defs", "script_user"):
            yield found("scripts run as root or as keepalived_script, as it happens", first)
