"""The CIB, Pacemaker's XML: a tree of lxml elements, and what they mean together.

Old and new words are one: roles and meta attributes are given by their newer names (``Promoted``,
``promoted-max``), a ``master`` element is a promotable clone.  Terms: Pacemaker Explained.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from lxml import etree

from evaluator.findings import Finding, Where
from evaluator.formats.tree import Entry, syntax
from evaluator.formats.units import score, seconds, truth
from evaluator.formats.xml import Element, elements

__all__ = [
    "Cib",
    "Colocation",
    "Element",
    "Level",
    "Location",
    "Operation",
    "Order",
    "read",
]

NEWER_ROLES = {"Master": "Promoted", "Slave": "Unpromoted"}
NEWER_META = {"master-max": "promoted-max", "master-node-max": "promoted-node-max"}
NEWER_PROPERTIES = {
    "stonith-enabled": "fencing-enabled",
    "stonith-action": "fencing-action",
    "stonith-timeout": "fencing-timeout",
    "stonith-watchdog-timeout": "fencing-watchdog-timeout",
    "stonith-max-attempts": "fencing-max-attempts",
}
MAX_PRIMITIVES = 2_000
"""Ours, as rules compare resources with one another: far above the largest clusters."""
FIRST_PROPERTIES = "cib-bootstrap-options"
"""The set that Pacemaker reads before every other, whatever their scores."""


@dataclass(frozen=True)
class Operation:
    """An operation of a primitive; times in seconds, None where none is written or readable."""

    name: str
    values: Mapping[str, str]
    """Its attributes, meta and instance attributes by name, as written; ``op_defaults`` too."""
    where: Where

    @property
    def interval(self) -> float:
        return seconds(self.values.get("interval", "0")) or 0.0

    @property
    def timeout(self) -> float | None:
        return seconds(self.values.get("timeout", ""))

    @property
    def role(self) -> str:
        """``Promoted``, ``Unpromoted``, ``Started``, ``Stopped``, or '' for any."""
        return _role(self.values.get("role", ""))


@dataclass(frozen=True)
class Order:
    """One pair of an ordering; a constraint of resource sets is several."""

    id: str
    first: str
    first_action: str
    then: str
    then_action: str
    kind: str
    """``Mandatory``, ``Optional`` or ``Serialize``."""
    symmetrical: bool
    where: Where


@dataclass(frozen=True)
class Colocation:
    """One pair of a colocation: ``resource`` is placed where ``with_resource`` is."""

    id: str
    resource: str
    role: str
    with_resource: str
    with_role: str
    score: float
    where: Where


@dataclass(frozen=True)
class Location:
    """Where a resource may or may not run: a node with a score, or rules."""

    id: str
    resources: tuple[str, ...]
    pattern: str
    """A regular expression of resources, instead of their names."""
    node: str
    score: float
    role: str
    rules: tuple[Element, ...]
    where: Where


@dataclass(frozen=True)
class Level:
    """A level of the fencing topology; ``target`` is a node, a pattern, or ``attribute=value``."""

    target: str
    kind: Literal["node", "pattern", "attribute"]
    index: int
    devices: tuple[str, ...]
    where: Where


@dataclass(frozen=True, eq=False)
class Cib:
    """A CIB.  Values are entries: ``.key`` as written, ``.value``, ``.where``."""

    name: str
    root: Element
    """The element ``cib``; queries may go on from here with XPath."""
    places: Mapping[Element, Where] = field(repr=False)

    def where(self, element: Element | None = None) -> Where:
        """Where the start tag of an element stands; the whole file if None."""
        return Where(self.name) if element is None else self.places.get(element, Where(self.name))

    @cached_property
    def _ids(self) -> dict[tuple[str, str], Element]:
        """Elements of the configuration by tag and identifier."""
        found: dict[tuple[str, str], Element] = {}
        for part in self.root.iterfind("configuration"):
            for element in part.iter("*"):
                found.setdefault((element.tag, element.get("id", "")), element)
        return found

    @property
    def version(self) -> tuple[int, ...]:
        """What tells the newer of two CIBs: ``admin_epoch``, ``epoch`` and ``num_updates``."""
        words = (self.root.get(name, "0") for name in ("admin_epoch", "epoch", "num_updates"))
        return tuple(int(w) if re.fullmatch(r"[0-9]{1,18}", w) else 0 for w in words)

    # --- cluster --------------------------------------------------------------------------------

    def properties(self) -> dict[str, Entry]:
        """Cluster properties in force, by name; a set with a rule is not among them."""
        return _by_name(self.pairs(*self.root.iterfind("configuration/crm_config")))

    def property(self, name: str) -> Entry | None:
        """A cluster property by its older name, whichever of the two names it is written with."""
        properties = self.properties()
        return properties.get(name) or properties.get(NEWER_PROPERTIES.get(name, name))

    def rsc_defaults(self) -> dict[str, Entry]:
        return _by_name(self.pairs(*self.root.iterfind("configuration/rsc_defaults")))

    def op_defaults(self) -> dict[str, Entry]:
        return _by_name(self.pairs(*self.root.iterfind("configuration/op_defaults")))

    def nodes(self) -> tuple[str, ...]:
        """Names of the cluster's own nodes (not of remote ones)."""
        found = self.root.iterfind("configuration/nodes/node")
        nodes = (n for n in found if n.get("type", "member") in ("member", "normal"))
        return tuple(filter(None, (n.get("uname", "") for n in nodes)))

    def remote_nodes(self) -> frozenset[str]:
        """Names of remote nodes and of guest nodes, wherever the CIB says them."""
        found = self.root.iterfind("configuration/nodes/node")
        names = {n.get("uname", "") for n in found} - set(self.nodes())
        for primitive in self.primitives():
            if self.agent(primitive) == "ocf:pacemaker:remote":
                names.add(primitive.get("id", ""))
            if guest := self.meta(primitive).get("remote-node"):
                names.add(guest.value)
        return frozenset(filter(None, names))

    def is_replica(self, name: str) -> bool:
        """Whether a name, such as ``web-0``, is that of a replica of a bundle."""
        id, _, number = name.rpartition("-")
        return number.isdecimal() and ("bundle", id) in self._ids

    # --- resources ------------------------------------------------------------------------------

    def resources(self) -> tuple[Element, ...]:
        """What stands directly in ``resources``, without templates."""
        found = self.root.xpath("configuration/resources/*[not(self::template)]")
        return tuple(found) if isinstance(found, list) else ()  # type: ignore[arg-type]

    def primitives(self) -> tuple[Element, ...]:
        """Every primitive, also those inside groups, clones and bundles; no templates."""
        return self._iter("primitive")

    def groups(self) -> tuple[Element, ...]:
        return self._iter("group")

    def clones(self) -> tuple[Element, ...]:
        """Clones of every kind, old ``master`` elements among them."""
        return self._iter("clone", "master")

    def fence_devices(self) -> tuple[Element, ...]:
        """Primitives of class ``stonith``."""
        return tuple(p for p in self.primitives() if self.agent(p).startswith("stonith:"))

    def resource(self, id: str) -> Element | None:
        """The resource of an id, of whatever kind."""
        kinds = ("primitive", "group", "clone", "master", "bundle")
        return next((self._ids[kind, id] for kind in kinds if (kind, id) in self._ids), None)

    def members(self, id: str) -> tuple[Element, ...]:
        """Primitives that a reference to this id means: itself, or those inside it."""
        found = self.resource(id)
        return () if found is None else tuple(found.iter("primitive"))

    def agent(self, primitive: Element) -> str:
        """Its agent as ``class:provider:type`` or ``class:type``; its template's if it has one."""
        words = (self._attribute(primitive, name) for name in ("class", "provider", "type"))
        return ":".join(filter(None, words))

    def promotable(self, clone: Element) -> bool:
        promotable = self.meta(clone).get("promotable")
        return clone.tag == "master" or bool(promotable and truth(promotable.value))

    def parameters(self, primitive: Element) -> dict[str, Entry]:
        """Instance attributes in force by name, those of its template among them."""
        return _by_name(self.pairs(*self._own(primitive), tag="instance_attributes"))

    def meta(self, resource: Element) -> dict[str, Entry]:
        """Its own meta attributes, and its template's, by newer name."""
        found = _by_name(self.pairs(*self._own(resource), tag="meta_attributes"))
        return {NEWER_META.get(name, name): entry for name, entry in reversed(found.items())}

    def effective_meta(self, resource: Element) -> dict[str, Entry]:
        """Its meta attributes in force: its own, else its group's, its clone's, the defaults."""
        around = [a for a in resource.iterancestors() if a.tag in ("group", "clone", "master")]
        found = self.rsc_defaults()
        for each in (*reversed(around), resource):
            found |= self.meta(each)
        return found

    def operations(self, primitive: Element) -> tuple[Operation, ...]:
        """Its operations, and those of its template that it does not redefine."""
        defaults = {name: entry.value for name, entry in self.op_defaults().items()}
        found: dict[tuple[str, float, str], Operation] = {}
        for owner in self._own(primitive):
            blocks = (self._referred(block) for block in owner.iterfind("operations"))
            for op in itertools.chain.from_iterable(b.iterfind("op") for b in blocks):
                inner = _by_name(
                    (*self.pairs(op, tag="meta_attributes"),
                     *self.pairs(op, tag="instance_attributes"))
                )  # fmt: skip
                written = {str(k): str(v) for k, v in op.attrib.items()}
                values = defaults | written | {name: e.value for name, e in inner.items()}
                operation = Operation(op.get("name", ""), values, self.where(op))
                key = operation.name, operation.interval, operation.role
                found.setdefault(key, operation)
        return tuple(found.values())

    # --- constraints ----------------------------------------------------------------------------

    def orders(self) -> tuple[Order, ...]:
        """Orderings as pairs; the members of a set one after another, then the next set."""
        found = []
        for c in self._constraints("rsc_order"):
            kind = c.get("kind") or ("Mandatory" if score(c.get("score", "1")) else "Optional")
            symmetrical = truth(c.get("symmetrical", "true")) is not False
            action = c.get("first-action", "start")
            pairs = [(c.get("first", ""), action, c.get("then", ""), c.get("then-action", action))]
            if sets := self._sets(c):
                pairs = [(a, x, b, y) for (a, x), (b, y) in _chained(sets, "action", "start")]
            found += [Order(c.get("id", ""), *p, kind, symmetrical, self.where(c)) for p in pairs]
        return tuple(found)

    def colocations(self) -> tuple[Colocation, ...]:
        """Colocations as pairs.

        In a set each member is placed with the one before it; a set is placed with the next one.
        """
        found = []
        for c in self._constraints("rsc_colocation"):
            pairs = [(c.get("rsc", ""), _role(c.get("rsc-role", "")),
                      c.get("with-rsc", ""), _role(c.get("with-rsc-role", "")))]  # fmt: skip
            if sets := self._sets(c):
                inside = [(a, x, b, y) for s in sets for (b, y), (a, x) in _inside(s, "role", "")]
                between = [(a, x, b, y) for (a, x), (b, y) in _between(sets, "role", "")]
                pairs = [(a, _role(x), b, _role(y)) for a, x, b, y in inside + between]
            value = score(c.get("score", "0"))
            found += [Colocation(c.get("id", ""), *p, value, self.where(c)) for p in pairs]
        return tuple(found)

    def locations(self) -> tuple[Location, ...]:
        found = []
        for c in self._constraints("rsc_location"):
            refs = [r.get("id", "") for s in self._sets(c) for r in s.iterfind("resource_ref")]
            rules = tuple(self._referred(r) for r in c.iterfind("rule"))
            found.append(
                Location(
                    c.get("id", ""),
                    tuple(filter(None, (c.get("rsc", ""), *refs))),
                    c.get("rsc-pattern", ""),
                    c.get("node", ""),
                    score(c.get("score", "0")),
                    _role(c.get("role", "")),
                    rules,
                    self.where(c),
                )
            )
        return tuple(found)

    def levels(self) -> tuple[Level, ...]:
        """The fencing topology, in the order of the file."""
        found = []
        for e in self.root.iterfind("configuration/fencing-topology/fencing-level"):
            kind: Literal["node", "pattern", "attribute"] = "node"
            target = e.get("target", "")
            if pattern := e.get("target-pattern"):
                kind, target = "pattern", pattern
            elif attribute := e.get("target-attribute"):
                kind, target = "attribute", f"{attribute}={e.get('target-value', '')}"
            devices = tuple(d.strip() for d in e.get("devices", "").split(",") if d.strip())
            index = int(e.get("index", "")) if re.fullmatch("[0-9]", e.get("index", "")) else 0
            found.append(Level(target, kind, index, devices, self.where(e)))
        return tuple(found)

    # --- reading --------------------------------------------------------------------------------

    def pairs(
        self, *owners: Element, tag: str = "", conditional: bool = False
    ) -> tuple[Entry, ...]:
        """Names and values in sets of owners, the one in force first.

        Sets of one owner go by falling score; ``cib-bootstrap-options`` before all.  Sets with a
        rule are left out, or with ``conditional`` they are added.
        """
        found = []
        for owner in owners:
            sets = [self._referred(s) for s in owner if not tag or s.tag == tag]
            sets = [s for s in sets if conditional or s.find("rule") is None]
            sets.sort(
                key=lambda s: (s.get("id") == FIRST_PROPERTIES, score(s.get("score", "0"))),
                reverse=True,
            )
            for pair in (self._referred(p) for s in sets for p in s.iterfind("nvpair")):
                value = (pair.get("value", ""),)
                found.append(Entry(pair.get("name", ""), value, (), self.where(pair)))
        return tuple(found)

    def _iter(self, *tags: str) -> tuple[Element, ...]:
        blocks = self.root.iterfind("configuration/resources")
        return tuple(e for block in blocks for e in block.iter(*tags))

    def _constraints(self, tag: str) -> Iterator[Element]:
        return self.root.iterfind(f"configuration/constraints/{tag}")

    def _sets(self, constraint: Element) -> list[Element]:
        return [self._referred(s) for s in constraint.iterfind("resource_set")]

    def _referred(self, element: Element) -> Element:
        """What an ``id-ref`` points to; the element itself if it has none or a dangling one."""
        wanted = element.get("id-ref")
        return element if wanted is None else self._ids.get((element.tag, wanted), element)

    def _own(self, resource: Element) -> tuple[Element, ...]:
        """A resource and, after it, its template."""
        template = self._ids.get(("template", resource.get("template", "")))
        return (resource,) if template is None else (resource, template)

    def _attribute(self, resource: Element, name: str) -> str:
        return next((v for e in self._own(resource) if (v := e.get(name))), "")


def read(name: str, content: bytes) -> tuple[Cib | None, list[Finding]]:
    """Read a CIB, with or without status; None when it is no well-formed XML or no CIB."""
    top, places, mistakes = elements(name, content)
    if top is None:
        return None, mistakes
    if top.tag == "configuration":  # as in 'cibadmin --query --scope configuration'
        root = etree.Element("cib")
        root.append(top)
        top = root
    if top.tag != "cib":
        stands = f"<{top.tag}>"
        return None, [syntax(places[top], stands, "the element <cib>, as 'cibadmin -Q' gives it")]
    count = len(top.findall("configuration/resources//primitive"))
    if count > MAX_PRIMITIVES:
        message = f"{count} primitives, more than the {MAX_PRIMITIVES} that are read"
        return None, [Finding("file-too-large", message, Where(name), "lint a smaller cluster")]
    return Cib(name, top, places), []


Reference = tuple[str, str]
"""A resource and its action or role."""


def _references(element: Element, attribute: str, usual: str) -> list[Reference]:
    action = element.get(attribute, usual)
    return [(r.get("id", ""), action) for r in element.iterfind("resource_ref")]


def _inside(element: Element, attribute: str, usual: str) -> list[tuple[Reference, Reference]]:
    """Neighbours in a set; none if it is not sequential."""
    if truth(element.get("sequential", "true")) is False:
        return []
    return list(itertools.pairwise(_references(element, attribute, usual)))


def _between(
    sets: Iterable[Element], attribute: str, usual: str
) -> list[tuple[Reference, Reference]]:
    """Every member of a set with every member of the next."""
    return [
        pair
        for one, two in itertools.pairwise(sets)
        for pair in itertools.product(
            _references(one, attribute, usual), _references(two, attribute, usual)
        )
    ]


def _chained(sets: list[Element], attribute: str, usual: str) -> list[tuple[Reference, Reference]]:
    inside = [pair for s in sets for pair in _inside(s, attribute, usual)]
    return inside + _between(sets, attribute, usual)


def _by_name(pairs: Iterable[Entry]) -> dict[str, Entry]:
    """The first of each name."""
    found: dict[str, Entry] = {}
    for pair in pairs:
        found.setdefault(pair.key, pair)
    return found


def _role(written: str) -> str:
    role = written.capitalize()
    return NEWER_ROLES.get(role, role)
