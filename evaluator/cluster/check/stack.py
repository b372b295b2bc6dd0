"""Whether files can be rendered for the stack, the storage and the operating system."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.cluster.check.problem import Problem
from evaluator.cluster.declaration import Declaration
from evaluator.findings import allowed_values

NEEDED = {
    "pacemaker": frozenset({"corosync", "pacemaker"}),
    "keepalived": frozenset({"keepalived"}),
    "heartbeat": frozenset({"heartbeat"}),
}
RENDERED = {
    "pacemaker": NEEDED["pacemaker"]
    | {"drbd", "haproxy", "pcs", "crmsh", "fence-agents", "resource-agents", "sbd"}
    | {"corosync-qdevice"},
    "keepalived": NEEDED["keepalived"] | {"drbd", "haproxy", "resource-agents"},
    "heartbeat": NEEDED["heartbeat"] | {"drbd", "haproxy", "resource-agents", "cluster-glue"},
}
"""What a stack of each manager needs, and may have."""

WITHOUT_DRBD = (
    "a shared disk takes a stack of Pacemaker without DRBD: write stacks/NAME.yml with profile: "
    "pacemaker, or take the component drbd out of a cluster.yml and render that (--cluster)"
)


def stack(site: Declaration) -> Iterator[Problem]:
    """Renderers exist for its parts, for the storage, and for the system."""
    choice = site.stack
    chosen = set(choice.components.values())
    needed, rendered = NEEDED[choice.profile], RENDERED[choice.profile]
    missing, unknown = sorted(needed - chosen), sorted(chosen - rendered)
    if missing or unknown:
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has {', '.join(unknown)}"] if unknown else []
        yield Problem(
            "stack-not-rendered",
            "stack.components",
            f"no bundle can be rendered for stack {choice.id!r}: it {' and '.join(parts)}",
            f"a bundle needs {', '.join(sorted(needed))}; {allowed_values('', rendered)}",
        )
    for v in site.volumes:
        if (v.kind == "drbd") != ("drbd" in chosen):
            does = "replicates with DRBD" if "drbd" in chosen else "replicates nothing"
            yield Problem(
                "service-needs-storage" if v.kind == "drbd" else "storage-kind",
                f"volumes.{v.name}",
                f"it is of kind {v.kind!r}, but the stack {does}",
                "choose a stack with DRBD, or declare a shared disk (kind: shared)"
                if v.kind == "drbd"
                else f"{WITHOUT_DRBD}; or declare kind: drbd",
            )
        if v.kind == "drbd" and v.drbd == "9" and choice.profile == "heartbeat":
            yield Problem(
                "storage-kind",
                f"volumes.{v.name}.drbd",
                "Heartbeat's drbd-peer-outdater is not told its peer by DRBD 9",
                'write drbd: "8.4"',
            )
        if v.kind == "shared" and choice.profile != "pacemaker":
            yield Problem(
                "storage-kind",
                f"volumes.{v.name}",
                f"it is one disk of all nodes, and {choice.profile} cannot fence",
                WITHOUT_DRBD,
            )
    for s in site.services if "haproxy" in chosen else ():
        for e in s.endpoints:
            if e.port == e.backend_port:
                yield Problem(
                    "endpoint-port",
                    f"services.{s.name}.endpoints.{e.name}",
                    f"port and backend_port are both {e.port}, but HAProxy takes the public port",
                    "let the service listen on another port",
                )
    system = str(site.operating_system.value)
    if not re.match(r"debian\W*12\b", system, re.IGNORECASE):
        yield Problem(
            "operating-system-not-rendered",
            "operating_system",
            f"{system!r}; the files are written for the versions that Debian 12 ships",
            "allowed: debian-12",
        )
