"""A constraint is about resources that there are."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, allowed_values
from evaluator.formats.cib import Cib, Element
from evaluator.lint.registry import found, rule

NAMING = ("rsc", "with-rsc", "first", "then")


@rule(
    "constraint-resource-known",
    rationale="Pacemaker ignores a constraint with a resource that it does not know: the order or "
    "place that it was to keep is not kept.",
    remedy="correct the name, or remove the constraint",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """Every resource that a constraint names is a resource, a template or a tag."""
    known = {
        id
        for part in ("resources", "tags")
        for e in cib.root.iterfind(f"configuration/{part}//*")
        if e.tag not in ("nvpair", "op") and (id := e.get("id"))
    }
    resources = {e.get("id", "") for e in (*cib.resources(), *cib.primitives())}
    for element in cib.root.iterfind("configuration/constraints//*"):
        for name in _named(element):
            if name not in known:
                message = f"{_constraint(element)!r} names {name!r}, which is no resource; "
                yield found(message + allowed_values(name, resources), cib.where(element))


def _named(element: Element) -> list[str]:
    if element.tag == "resource_ref":
        return [element.get("id", "")]
    if element.tag in ("rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket"):
        return [value for name in NAMING if (value := element.get(name))]
    return []


def _constraint(element: Element) -> str:
    """The id of the constraint that an element belongs to."""
    while (parent := element.getparent()) is not None and parent.tag != "constraints":
        element = parent
    return element.get("id", "")
