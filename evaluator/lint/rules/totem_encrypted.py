"""The nodes know each other by a key."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.formats.tree import Entry
from evaluator.formats.units import truth
from evaluator.lint.registry import found, rule

WEAK = {"md5", "sha1"}


@rule(
    "totem-encrypted",
    rationale="Without a key any machine on the network can join the cluster, read its messages "
    "and have healthy nodes fenced; a copied configuration is enough, no malice is needed.",
    remedy="write crypto_cipher: aes256 and crypto_hash: sha256 into totem, and make a key with "
    "corosync-keygen",
    source=("corosync-conf-man", "rhel-ha-docs"),
)
def check(corosync: Entry) -> Iterator[Finding]:
    """Cipher and hash are set, by themselves or by ``secauth``, and the hash is no broken one."""
    secauth = corosync.text("totem", "secauth")
    both = secauth != "" and truth(secauth) is True
    for name, implied in (("crypto_cipher", "aes256"), ("crypto_hash", "sha256")):
        value = corosync.text("totem", name, default=implied if both else "none").lower()
        if value == "none":
            typed = f"{name} is none" if corosync.find("totem", name) else f"there is no {name}"
            if secauth and not both:
                typed += f" and secauth is {secauth!r}"
            yield found(typed, corosync.place("totem", name))
        elif value in WEAK:
            yield found(
                f"{name} is {value!r}; allowed: sha256, sha384, sha512",
                corosync.place("totem", name),
                "write crypto_hash: sha256",
            )
