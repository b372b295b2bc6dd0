"""DRBD resource for kernel module 8.4 with two peers.

Section and option names: drbd.conf(5) for 8.4.  Module 8.4 wants ``fencing`` in ``disk``, module 9
wants it in ``net``; ``drbdadm`` picks the dialect by the module that it finds.
"""

from __future__ import annotations

import ipaddress

from evaluator.bundle.cluster import STONITH_TIMEOUT_SECONDS, ClusterModel

HANDLER_TIMEOUT_SECONDS = STONITH_TIMEOUT_SECONDS + 30
"""The handler must outwait fencing, and then an election; its own 90 s and 20 s are shorter.  If it
gave up first, writes would stay frozen (comment "Intended use case" in the handler itself)."""

DC_TIMEOUT_SECONDS = HANDLER_TIMEOUT_SECONDS + 30
"""How long the handler looks for a coordinator.  A promotion may have to wait for all of it."""

FENCE_PEER = (
    f"/usr/lib/drbd/crm-fence-peer.sh --timeout {HANDLER_TIMEOUT_SECONDS}"
    f" --dc-timeout {DC_TIMEOUT_SECONDS}"
)
UNFENCE_PEER = "/usr/lib/drbd/crm-unfence-peer.sh"


def global_common_conf() -> bytes:
    """Render ``global_common.conf``; everything else stands in the resource itself."""
    return b"global {\n    usage-count no;\n    udev-always-use-vnr;\n}\n"


def resource(cluster: ClusterModel) -> bytes:
    """Render the resource file of the replicated volume."""
    storage = cluster.storage
    hosts = "".join(
        f"\n    on {m.name} {{\n        address {_socket(m.replication, storage.port)};\n    }}\n"
        for m in cluster.members
    )
    return f"""\
resource {storage.name} {{
    net {{
        protocol C;
        allow-two-primaries no;
        # no automatic answer may throw away a write that was acknowledged
        after-sb-0pri discard-zero-changes;
        after-sb-1pri disconnect;
        after-sb-2pri disconnect;
        verify-alg sha256;
    }}
    disk {{
        on-io-error detach;
        fencing resource-and-stonith;
    }}
    handlers {{
        fence-peer "{FENCE_PEER}";
        after-resync-target "{UNFENCE_PEER}";
    }}

    device {storage.device} minor {storage.minor};
    disk {storage.backing_disk};
    meta-disk internal;
{hosts}}}
""".encode()


def _socket(address: str, port: int) -> str:
    if ipaddress.ip_address(address).version == 6:
        return f"ipv6 [{address}]:{port}"
    return f"ipv4 {address}:{port}"
