"""A resource waits until a lost node is off."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.cib import Cib
from evaluator.lint.agents import ADDRESSES, DRBD, STORAGE, serves
from evaluator.lint.fencing import enabled
from evaluator.lint.placement import name
from evaluator.lint.registry import found, rule

UNSAFE = ("nothing", "quorum")


@rule(
    "requires-fencing",
    rationale="With requires=quorum or nothing a resource starts while the node that ran it may "
    "still be running it: two nodes write, or answer at one address.",
    remedy="delete the meta attribute; with fencing on its default is fencing",
    source="pacemaker-explained",
)
def check(cib: Cib) -> Iterator[Finding]:
    """No storage, address or service has ``requires`` of ``quorum`` or ``nothing``."""
    if not enabled(cib):
        return  # then nothing can wait for it, and fencing-enabled says so
    told = set()
    for primitive in cib.primitives():
        agent = cib.agent(primitive)
        if not (agent in STORAGE | ADDRESSES | DRBD or serves(agent)):
            continue
        entry = cib.effective_meta(primitive).get("requires")
        if entry and entry.value.strip().lower() in UNSAFE and entry.where not in told:
            told.add(entry.where)
            message = f"requires is {entry.value!r} for {name(primitive)!r}"
            yield found(message, entry.where)
