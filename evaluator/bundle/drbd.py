"""DRBD resource for kernel module 8.4 (two copies) or 9 (two or three).

Section and option names: drbd.conf(5) for 8.4 and for 9.0; ``drbdadm`` picks the dialect by the
module that it finds.  Module 8.4 wants ``fencing`` in ``disk``, module 9 wants it in ``net`` and
calls ``unfence-peer`` where 8.4 has ``after-resync-target``.

Who guards against two diverging copies depends on the manager.  Pacemaker powers the peer off.
Heartbeat's ``dopd`` outdates the peer's copy over the links that still work.  keepalived can do
neither; the handler only refuses to promote while the peer still answers somewhere.
"""

from __future__ import annotations

import ipaddress

from evaluator.bundle.service import PATH as SERVICE
from evaluator.cluster.model import STONITH_TIMEOUT_SECONDS, ClusterModel, Storage

HANDLER_TIMEOUT_SECONDS = STONITH_TIMEOUT_SECONDS + 30
"""The handler must outwait fencing, and then an election; its own 90 s and 20 s are shorter.  If it
gave up first, writes would stay frozen (comment "Intended use case" in the handler itself)."""

DC_TIMEOUT_SECONDS = HANDLER_TIMEOUT_SECONDS + 30
"""How long the handler looks for a coordinator.  A promotion may have to wait for all of it."""

PEER_OUTDATER = "/usr/libexec/heartbeat/drbd-peer-outdater"
WAIT_FOR_PEER_SECONDS = 60
"""How long a boot waits for the peer; DRBD's own default is for ever.  Ours."""


def global_common_conf() -> bytes:
    """Render ``global_common.conf``; everything else stands in the resource itself."""
    return b"global {\n    usage-count no;\n    udev-always-use-vnr;\n}\n"


def resource(cluster: ClusterModel, storage: Storage) -> bytes:
    """Render the resource file of the replicated volume."""
    nine = storage.drbd == "9"
    policy = "resource-and-stonith" if cluster.manager == "pacemaker" else "resource-only"
    net = [
        "protocol C;",
        "allow-two-primaries no;",
        "# no automatic answer may throw away a write that was acknowledged",
        "after-sb-0pri discard-zero-changes;",
        "after-sb-1pri disconnect;",
        "after-sb-2pri disconnect;",
        "verify-alg sha256;",
    ]
    disk = ["on-io-error detach;"]
    (net if nine else disk).append(f"fencing {policy};")
    sections = {"net": net, "disk": disk, "handlers": _handlers(cluster, nine)}
    if nine and len(cluster.carriers) > 2:
        sections["options"] = [
            "# a copy that cannot reach a majority of the copies takes no writes",
            "quorum majority;",
            "on-no-quorum io-error;",
            "on-no-data-accessible io-error;",
        ]
    if cluster.manager != "pacemaker":
        # init brings the resource up; under Pacemaker the cluster does, and nobody waits at boot
        names = ("wfc-timeout", "degr-wfc-timeout", "outdated-wfc-timeout")
        sections["startup"] = [f"{name} {WAIT_FOR_PEER_SECONDS};" for name in names]
    lines = [f"resource {storage.name} {{"]
    for name, body in sections.items():
        lines += [f"    {name} {{", *(f"        {line}" for line in body), "    }"]
    lines += [
        "",
        f"    device {storage.device} minor {storage.minor};",
        f"    disk {storage.backing_disk};",
        "    meta-disk internal;",
    ]
    for m in cluster.carriers:
        lines += ["", f"    on {m.name} {{"]
        if nine:
            lines.append(f"        node-id {m.id};")
        lines += [f"        address {_socket(m.replication, storage.port)};", "    }"]
    if nine:
        hosts = " ".join(m.name for m in cluster.carriers)
        lines += ["", "    connection-mesh {", f"        hosts {hosts};", "    }"]
    return ("\n".join([*lines, "}"]) + "\n").encode()


def _handlers(cluster: ClusterModel, nine: bool) -> list[str]:
    if cluster.manager == "keepalived":
        return [f'fence-peer "{SERVICE} fence-peer";']
    if cluster.manager == "heartbeat":
        return [f'fence-peer "{PEER_OUTDATER} -t 5";']
    suffix, unfence = (".9.sh", "unfence-peer") if nine else (".sh", "after-resync-target")
    return [
        f'fence-peer "/usr/lib/drbd/crm-fence-peer{suffix}'
        f' --timeout {HANDLER_TIMEOUT_SECONDS} --dc-timeout {DC_TIMEOUT_SECONDS}";',
        f'{unfence} "/usr/lib/drbd/crm-unfence-peer{suffix}";',
    ]


def _socket(address: str, port: int) -> str:
    if ipaddress.ip_address(address).version == 6:
        return f"ipv6 [{address}]:{port}"
    return f"ipv4 {address}:{port}"
