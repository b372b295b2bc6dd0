"""What Pacemaker 3 no longer takes."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule

PROPERTIES = frozenset(
    {"crmd-finalization-timeout", "crmd-integration-timeout", "crmd-transition-delay"}
    | {"remove-after-stop"}
)
CLASSES = ("nagios:", "upstart:", "ocf:pacemaker:o2cb")
ELEMENTS = {
    "lifetime": "a lifetime in a constraint",
    "rkt": "a bundle of rkt containers",
}
ATTRIBUTES = ("rsc-instance", "with-rsc-instance", "first-instance", "then-instance")
OPERATIONS = ("can-fail", "can_fail", "role_after_failure")


@rule(
    "removed-in-pacemaker-3",
    severity=Severity.WARNING,
    rationale="Pacemaker 3.0.0 dropped it: after an upgrade it is ignored or refused, and what it "
    "did is missing.",
    remedy="use the newer form (a promotable clone for master, a systemd unit for upstart), or "
    "remove it",
    source="pacemaker-repo",
)
def check(configuration: Configuration, cib: Cib) -> Iterator[Finding]:
    """Nothing of the list in the ChangeLog of 3.0.0 is used."""
    for key, entry in cib.properties().items():
        if key in PROPERTIES or (key == "stonith-action" and entry.value == "poweroff"):
            yield found(f"cluster option {key}={entry.value}", entry.where)
    for element in cib.root.iterfind("configuration//*"):
        tag = element.tag if isinstance(element.tag, str) else ""
        attributes = [a for a in ATTRIBUTES if a in element.attrib and tag.startswith("rsc_")]
        attributes += [o for o in OPERATIONS if o in element.attrib and tag == "op"]
        if tag == "master":
            yield found(f"{name(element)!r} is a master element", cib.where(element))
        elif tag in ELEMENTS:
            yield found(f"{ELEMENTS[tag]} is used", cib.where(element))
        for attribute in attributes:
            yield found(f"attribute {attribute} of {name(element)!r}", cib.where(element))
        if tag == "date_spec" and "moon" in element.attrib:
            yield found("a rule asks the moon", cib.where(element))
    for primitive in cib.primitives():
        agent = cib.agent(primitive)
        if agent.startswith(CLASSES):
            yield found(f"{name(primitive)!r} is {agent}", cib.where(primitive))
    restart: list[Entry] = [e for r in cib.primitives() for e in cib.meta(r).values()]
    for entry in restart:
        if entry.key == "restart-type":
            yield found("meta attribute restart-type", entry.where)
