"""Numbers that keepalived would replace without a word to the reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.lint.registry import found, rule
from evaluator.lint.vrrp import instances

RANGES = {"priority": (1, 255), "advert_int": (0.01, 255)}


@rule(
    "keepalived-in-range",
    rationale="keepalived takes its default for a number out of range: with the same priority on "
    "both nodes, or another interval than the peer's, two masters are possible.",
    remedy="priority 1 to 254, advert_int 0.01 to 255 (s)",
    source=("keepalived-conf-man", "keepalived-repo"),
)
def check(keepalived: tuple[Entry, ...]) -> Iterator[Finding]:
    """``priority`` is 1 to 255 and ``advert_int`` 0.01 to 255; 255 is another rule's matter."""
    for instance in instances(keepalived):
        for key, (least, most) in RANGES.items():
            text = instance.entry.text(key)
            if text and "$" not in text and not _within(text, least, most):
                said = f"vrrp_instance {instance.name!r}: {key} is {text!r}"
                yield found(f"{said}; allowed: {least} to {most}", instance.entry.place(key))


def _within(text: str, least: float, most: float) -> bool:
    number = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text)
    return number is not None and least <= float(text) <= most
