"""No blank of a form is left to be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.findings import Finding, Where
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule

BLANK = re.compile(
    r"change[_-]?me|replace[_-]?(me|this)|\bto[_-]?do\b|\bfixme\b|\byour[_-][a-z]+|\binsert[_-][a-z]+"
    r"|\bx{3,}\b|\bx\.x\.x\.x\b|<[a-z][a-z0-9 _-]*>|\{\{.*?\}\}|\{%.*?%\}|@@\w+@@|%%\w+%%",
    re.IGNORECASE,
)
TEXTS = ("corosync", "drbd", "haproxy", "ha_cf", "haresources", "sbd")


@rule(
    "placeholder-left",
    rationale="What was to be filled in is taken as it stands: an address that is none, a password "
    "that everybody knows, a host that does not exist.",
    remedy="write what is meant",
    source="ours",
    formats=("corosync|cib|drbd|haproxy|keepalived|ha_cf|haresources|sbd",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """No value looks like ``CHANGEME``, ``<address>``, ``{{ variable }}`` or ``xxx``."""
    for text, where in _texts(configuration):
        if blank := BLANK.search(text):
            yield found(f"{blank[0]!r} is still to be filled in", where)


def _texts(configuration: Configuration) -> Iterator[tuple[str, Where]]:
    trees: list[Entry] = [t for name in TEXTS if (t := getattr(configuration, name))]
    for tree in (*trees, *configuration.keepalived):
        for entry in tree.walk():
            yield " ".join((entry.key, *entry.values)), entry.where
    if cib := configuration.cib:
        for element in cib.root.iterfind("configuration//*"):
            for value in element.attrib.values():
                yield str(value), cib.where(element)
