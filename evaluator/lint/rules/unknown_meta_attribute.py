"""Pacemaker takes a misspelt meta attribute without a word."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity, allowed_values
from evaluator.formats.cib import Cib, Element
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule

COMMON = frozenset({
    "priority", "critical", "target-role", "is-managed", "maintenance", "resource-stickiness",
    "requires", "migration-threshold", "failure-timeout", "multiple-active", "allow-migrate",
    "allow-unhealthy-nodes", "container-attribute-target", "remote-node", "remote-port",
    "remote-addr", "remote-connect-timeout", "remote-allow-migrate", "provides", "external-ip",
    "container", "restart-type", "description",
})  # fmt: skip
GROUP = frozenset({"ordered", "collocated"})
CLONE = frozenset({
    "globally-unique", "clone-max", "clone-node-max", "clone-min", "notify", "ordered",
    "interleave", "promotable", "promoted-max", "promoted-node-max", "master-max",
    "master-node-max",
})  # fmt: skip


@rule(
    "unknown-meta-attribute",
    severity=Severity.WARNING,
    rationale="Pacemaker ignores a meta attribute that it does not know: what it was meant to "
    "protect is not protected.",
    remedy="correct the name",
    source="pacemaker-explained",
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """Every meta attribute of a resource and of the defaults is one that Pacemaker knows."""
    tags = ("primitive", "group", "clone", "master", "bundle", "template")
    resources = [e for e in cib.root.iterfind("configuration/resources//*") if e.tag in tags]
    defaults = list(cib.root.iterfind("configuration/rsc_defaults"))
    for element in (*resources, *defaults):
        for entry in cib.pairs(element, tag="meta_attributes", conditional=True):
            known = _known(element)
            if entry.key not in known:
                owner = name(element) or str(element.tag)
                message = f"{owner!r}: {entry.key!r} is no meta attribute"
                yield found(message, entry.where, allowed_values(entry.key, known))


def _known(element: Element) -> frozenset[str]:
    if element.tag == "group":
        return COMMON | GROUP
    # those of a clone may also stand at what it clones, and as defaults
    return COMMON | CLONE
