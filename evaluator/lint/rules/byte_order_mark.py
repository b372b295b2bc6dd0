"""A file begins with its text."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Where
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule

REFUSED_BY = {
    "corosync": "Corosync refuses the file",
    "drbd": "drbdadm refuses the file",
    "haproxy": "HAProxy refuses the file",
    "keepalived": "keepalived takes no notice of its first section",
    "sbd": "the shell takes it for part of the first name",
}


@rule(
    "byte-order-mark",
    rationale="Some editors begin a text with three bytes that nobody sees; to these programs they "
    "are part of the first word, which they then do not know.",
    remedy="save it as UTF-8 without byte order mark, or: sed -i '1s/^\\xef\\xbb\\xbf//' FILE",
    source="ours",
    formats=("corosync|drbd|haproxy|keepalived|sbd",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """No file begins with a byte order mark whose program does not take one."""
    for file in configuration.files:
        if file.marked and file.kind in REFUSED_BY:
            message = f"a byte order mark stands here; {REFUSED_BY[file.kind]}"
            yield found(message, Where(file.path, 1, 1))
