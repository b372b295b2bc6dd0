"""What the cluster starts, the node does not start at boot."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Where
from evaluator.lint.boot import enabled_units
from evaluator.lint.configuration import Configuration
from evaluator.lint.placement import outermost
from evaluator.lint.registry import found, rule

UNITS = {
    "ocf:heartbeat:apache": ("apache2", "httpd"),
    "ocf:heartbeat:dovecot": ("dovecot",),
    "ocf:heartbeat:mysql": ("mysql", "mariadb", "mysqld"),
    "ocf:heartbeat:mariadb": ("mariadb", "mysql"),
    "ocf:heartbeat:named": ("named", "bind9"),
    "ocf:heartbeat:nginx": ("nginx",),
    "ocf:heartbeat:pgsql": ("postgresql",),
    "ocf:heartbeat:postfix": ("postfix",),
    "ocf:heartbeat:slapd": ("slapd",),
    "ocf:netnovation:zcs": ("zimbra",),
}
"""Units that run the same service as an agent."""


@rule(
    "service-started-by-one",
    rationale="A service that starts at boot runs on nodes that the cluster did not choose, "
    "without its storage; the cluster then finds it active twice and stops both.",
    remedy="systemctl disable UNIT",
    source="pacemaker-explained",
    formats=("cib|haresources",),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """No unit is enabled that is a resource too; clones, which run everywhere, are not meant."""
    units: dict[str, str] = {}
    if cib := configuration.cib:
        for primitive in cib.primitives():
            agent, owner = cib.agent(primitive), f"resource {primitive.get('id')!r}"
            if outermost(primitive).tag in ("primitive", "group"):
                own = [agent.partition(":")[2]] if agent.split(":")[0] != "ocf" else []
                units |= dict.fromkeys((*own, *UNITS.get(agent, ())), owner)
    for node in configuration.haresources.children if configuration.haresources else ():
        units |= {entry.key: f"haresources of {node.key!r}" for entry in node.children}
    for unit, path in enabled_units(configuration).items():
        if unit in units and unit != "drbd":
            yield found(f"{unit!r} starts at boot and by {units[unit]}", Where(path))
