"""A failed check must change who is master."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import Instance, peers


@rule(
    "keepalived-weight-moves",
    rationale="A weight smaller than the distance of the priorities leaves the node with the dead "
    "service above the other: the check fails and nothing moves.",
    remedy="remove the weight (the instance then goes to FAULT), or make it larger than the "
    "distance of the priorities",
    source="keepalived-conf-man",
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """A failed script brings an instance below the next lower one of its peers."""
    for group in peers(keepalived):
        for instance in group:
            lower = [i.priority for i in group if i.priority < instance.priority]
            for script in instance.entry.all("track_script"):
                for entry in script.children:
                    weight = _weight(instance, entry.key, entry.values)
                    distance = instance.priority - max(lower) if lower else 0
                    if weight and lower and abs(weight) <= distance:
                        message = (
                            f"vrrp_instance {instance.name!r}: {entry.key!r} weighs {weight}, the "
                            f"next priority is {distance} lower"
                        )
                        yield found(message, entry.where)


def _weight(instance: Instance, script: str, words: tuple[str, ...]) -> int:
    texts = [w for w in words if w != "weight"]
    if "weight" not in words:
        definitions = [e for e in instance.file.all("vrrp_script") if e.value == script]
        texts = [d.text("weight") for d in definitions]
    text = texts[-1] if texts and "reverse" not in texts[-1] else ""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,3}", text) else 0
