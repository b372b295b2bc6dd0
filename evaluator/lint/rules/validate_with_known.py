"""The CIB names the schema that it is held to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.lint.registry import found, rule

DROPPED = frozenset({"pacemaker-0.6", "pacemaker-0.7", "pacemaker-1.1", "transitional-0.6"})


@rule(
    "validate-with-known",
    severity=Severity.WARNING,
    rationale="With validate-with=none, or none at all, mistakes in the CIB are not refused but "
    "ignored, and Pacemaker 3 does not take it.",
    remedy='write validate-with="pacemaker-3.9" (for Pacemaker 2.1.5), or run cibadmin --upgrade',
    source="pacemaker-repo",
)
def check(cib: Cib) -> Iterator[Finding]:
    """``validate-with`` is a schema ``pacemaker-X.Y``, and none that Pacemaker 3 dropped."""
    if not cib.where(cib.root).line:
        return  # crm shell's text, or one section: that part is not in it
    schema = cib.root.get("validate-with")
    if not schema or schema in DROPPED or not re.fullmatch(r"pacemaker-\d+\.\d+", schema):
        said = f"validate-with is {schema!r}" if schema else "there is no validate-with"
        yield found(said, cib.where(cib.root))
