"""Words that end up in a dozen file formats.

They are held to one harmless character set instead of being escaped in as many ways.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration

HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
VAULT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
AGENT = re.compile(r"ocf:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+|systemd:[A-Za-z0-9_@.-]+")
PATH = re.compile(r"/[A-Za-z0-9][A-Za-z0-9_.+/-]*")
PLAIN = re.compile(r"[A-Za-z0-9_./@%+=,-]+")
VALUE = re.compile(r"[A-Za-z0-9_./@%+=,:-]+")


def texts(site: Declaration) -> Iterator[Problem]:
    """Words are of the character set that every file takes."""
    found: list[tuple[str, str, re.Pattern[str], str]] = [
        ("domain", site.domain, re.compile(rf"{HOST_NAME.pattern}(\.{HOST_NAME.pattern})*"), "host")
    ]
    for node in site.nodes:
        found.append((f"nodes.{node.name}.name", node.name, HOST_NAME, "host"))
    for v in site.volumes:
        found.append((f"volumes.{v.name}.backing_disk", v.backing_disk, PATH, "path"))
        found.append((f"volumes.{v.name}.mount", v.mount, PATH, "path"))
    if site.sbd:
        found.append(("sbd.watchdog", site.sbd.watchdog, PATH, "path"))
        found += [(f"sbd.devices.{i}", d, PATH, "path") for i, d in enumerate(site.sbd.devices)]
    for s in site.services:
        found.append((f"services.{s.name}.agent", s.agent, AGENT, "agent"))
        for key, value in s.parameters.items():
            found.append((f"services.{s.name}.parameters.{key}", value, VALUE, "value"))
    for d in site.fence_devices:
        at = f"fence_devices.{d.name}"
        found.append((f"{at}.secret", d.secret, VAULT_NAME, "vault"))
        if d.username:
            found.append((f"{at}.username", d.username, PLAIN, "plain"))
        found += [(f"{at}.plugs.{k}", v, PLAIN, "plain") for k, v in d.plugs.items()]
        found += [(f"{at}.options.{k}", v, PLAIN, "plain") for k, v in d.options.items()]
    allowed = {
        "host": "lower-case letters, digits and '-', as in a host name",
        "path": "an absolute path of letters, digits and _ . + - /",
        "agent": "ocf:PROVIDER:NAME or systemd:UNIT",
        "vault": "letters, digits and '_', not starting with a digit, as in an Ansible variable",
        "plain": "letters, digits and _ . / @ % + = , - without spaces, quotes or braces",
        "value": "letters, digits and _ . / @ % + = , : - without spaces, quotes or braces",
    }
    for place, value, pattern, kind in found:
        if not pattern.fullmatch(value):
            yield Problem(
                "unsafe-text", place, f"{value!r} cannot be used", f"allowed: {allowed[kind]}"
            )


def names(site: Declaration) -> Iterator[Problem]:
    """Names are unique among their kind."""
    groups: dict[str, list[str]] = {
        "networks": [n.name for n in site.networks],
        "nodes": [n.name for n in site.nodes],
        "fence_devices": [d.name for d in site.fence_devices],
    }
    for s in site.services:
        groups[f"services.{s.name}.endpoints"] = [e.name for e in s.endpoints]
    for place, names in groups.items():
        for name, count in Counter(names).items():
            if count > 1:
                yield Problem(
                    "duplicate-name", place, f"{name!r} stands {count} times", "rename one"
                )
