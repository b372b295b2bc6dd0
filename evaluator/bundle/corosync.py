"""``corosync.conf`` for corosync 3.1: knet links, encryption, quorum.

Option names and their places: corosync.conf(5), corosync-qdevice(8), votequorum(5) of 3.1.7.
"""

from __future__ import annotations

from evaluator.cluster.model import ClusterModel

Block = tuple[str, list["str | Block"]]


def corosync_conf(cluster: ClusterModel) -> bytes:
    """Render ``corosync.conf``; the key ``/etc/corosync/authkey`` is made when it is built."""
    totem: list[str | Block] = [
        "version: 2",
        f"cluster_name: {cluster.name}",
        "transport: knet",
        "link_mode: passive",
        "crypto_cipher: aes256",
        "crypto_hash: sha256",
        "keyfile: /etc/corosync/authkey",
        f"token: {cluster.token_ms}",
        f"token_retransmits_before_loss_const: {cluster.token_retransmits}",
    ]
    for link in cluster.links:
        totem.append(("interface", [f"linknumber: {link.number}", f"mcastport: {link.port}"]))
    nodes: list[str | Block] = [
        (
            "node",
            [
                f"name: {member.name}",
                f"nodeid: {member.id}",
                *(f"ring{i}_addr: {a}" for i, a in enumerate(member.links)),
            ],
        )
        for member in cluster.members
    ]
    logging: list[str | Block] = [
        "to_stderr: no",
        "to_logfile: yes",
        "logfile: /var/log/corosync/corosync.log",
        "to_syslog: yes",
        "timestamp: hires",
        "debug: off",
    ]
    blocks: list[Block] = [
        ("totem", totem),
        ("nodelist", nodes),
        ("quorum", _quorum(cluster)),
        ("logging", logging),
        # as Debian ships it: without it corosync stops where SCTP or a link type is not available
        ("system", ["allow_knet_handle_fallback: yes"]),
    ]
    return ("\n".join("\n".join(_lines(block, 0)) + "\n" for block in blocks)).encode()


def _quorum(cluster: ClusterModel) -> list[str | Block]:
    witness = cluster.quorum.witness
    if cluster.quorum.two_node:
        return ["provider: corosync_votequorum", "two_node: 1", "wait_for_all: 1"]
    if witness is None:
        return ["provider: corosync_votequorum", f"expected_votes: {cluster.quorum.members}"]
    net: list[str | Block] = [
        f"host: {witness.address}",
        f"algorithm: {cluster.quorum.algorithm}",
        "tls: required",
        "tie_breaker: lowest",
    ]
    device: list[str | Block] = [
        "model: net",
        f"votes: {cluster.quorum.device_votes}",
        f"timeout: {cluster.device_timeout_ms}",
        ("net", net),
    ]
    return ["provider: corosync_votequorum", ("device", device)]


def _lines(block: Block, depth: int) -> list[str]:
    name, body = block
    pad = "    " * depth
    inner: list[str] = []
    for entry in body:
        inner += [f"{pad}    {entry}"] if isinstance(entry, str) else _lines(entry, depth + 1)
    return [f"{pad}{name} {{", *inner, f"{pad}}}"]
