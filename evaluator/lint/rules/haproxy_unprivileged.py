"""HAProxy gives up root when it has bound its ports."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule

ALTERNATIVES = (("user", "uid"), ("group", "gid"), ("chroot",))


@rule(
    "haproxy-unprivileged",
    severity=Severity.WARNING,
    rationale="A process that clients talk to and that keeps root hands over the whole node with "
    "its first hole.",
    remedy="global: user haproxy, group haproxy, chroot /var/lib/haproxy",
    source="haproxy-manual",
)
def check(haproxy: Entry) -> Iterator[Finding]:
    """``global`` has a user, a group and a chroot."""
    sections = haproxy.all("global")
    where = sections[0].where if sections else haproxy.where
    written = {line.key for section in sections for line in section.children}
    for names in ALTERNATIVES:
        if not written & set(names):
            yield found(f"global has no {' or '.join(names)}", where)
