"""No password stands in the CIB."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.registry import found, rule

SECRET = re.compile(r"(?:.*_)?(?:passwd|password|passphrase|secret|secret_key|api_?key|api_?token)")
FROM_FILE = ("secret://", "lrm://")


@rule(
    "secret-in-cib",
    severity=Severity.WARNING,
    rationale="The CIB is on every node, in its backups and in every report that is sent to "
    "support; whoever has the password can switch the nodes off.",
    remedy="use password_script with a script that only root can read, or 'crm resource secret' "
    "(pcs: a parameter of the form lrm://)",
    source=("fence-agents-repo", "crmsh-docs"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """No instance attribute of a primitive is a password; the value is not repeated here."""
    for primitive in cib.primitives():
        for entry in cib.parameters(primitive).values():
            if SECRET.fullmatch(entry.key.lower()) and not entry.value.startswith(FROM_FILE):
                yield found(f"{primitive.get('id')} has {entry.key} in plain text", entry.where)
