"""Ways to damage a built cluster behind the bundle's back, each with what verify says of it.

:data:`DAMAGES` are done all at once in the laboratory of ``test_pacemaker``, seen by one verify,
and undone in the reverse order.  None of them ends the service.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from .seat import NODES


class Damage(NamedTuple):
    """One deviation of a running cluster, made and undone by shell on a node."""

    name: str
    node: str
    make: str
    undo: str
    code: str
    says: str
    """Words of the finding that name what was damaged."""


def in_cib(name: str, scope: str, command: str, says: str, code: str = "cib-differs") -> Damage:
    """A change of one section of the live CIB, which is put back as it was."""
    saved = f"/run/damage-{name}.xml"
    return Damage(
        name,
        "zcs1",
        f"cibadmin --query --scope {scope} > {saved} && {command}",
        f"cibadmin --replace --scope {scope} --xml-file {saved} && rm {saved}",
        code,
        says,
    )


KEY = "/etc/corosync/authkey"
NSSDB = "/etc/corosync/qnetd/nssdb"
LOADED = "/run/floss-evaluator/loaded"

DAMAGES = (
    in_cib(
        "no-quorum-policy",
        "crm_config",
        "crm_attribute --name no-quorum-policy --update ignore",
        "no-quorum-policy is 'ignore'",
    ),
    in_cib(
        "startup-fencing",
        "crm_config",
        "crm_attribute --name startup-fencing --update false",
        "startup-fencing",
    ),
    in_cib(
        "monitor",
        "resources",
        "cibadmin --delete --xml-text '<op id=\"service-zcs-monitor-10s\"/>'",
        "op service-zcs-monitor-10s (monitor) is missing",
    ),
    in_cib(
        "fence-location",
        "constraints",
        "cibadmin --delete --xml-text '<rsc_location id=\"ban-fence-zcs1\"/>'",
        "rsc_location ban-fence-zcs1 is missing",
    ),
    in_cib(
        "stickiness",
        "rsc_defaults",
        "crm_attribute --type rsc_defaults --name resource-stickiness --update 0",
        "resource-stickiness is '0'",
    ),
    in_cib(
        "constraint-of-a-command",
        "constraints",
        "cibadmin --create --scope constraints --xml-text"
        ' \'<rsc_location id="cli-prefer-damage" rsc="group-zcs" node="zcs1" score="0"/>\'',
        "cli-prefer-damage",
        code="constraint-left",
    ),
    Damage(
        "packet filter flushed",
        "zcs2",
        "nft flush ruleset",
        "nft --file /etc/nftables.conf",
        "packet-filter",
        "zcs2: the table 'inet cluster' is not loaded",
    ),
    Damage(
        "packet filter opened",
        "witness",
        "nft insert rule inet cluster input tcp dport 23 accept",
        "nft --file /etc/nftables.conf",
        "packet-filter",
        "with 'tcp dport 23 accept'",
    ),
    Damage(
        "another key",
        "zcs2",
        f"cp --preserve {KEY} /run/damage-key && head --bytes=256 /dev/urandom > {KEY}",
        # the file is newer than the transport's last look at it, though it is the same
        f"mv /run/damage-key {KEY} && mkdir --parents {LOADED} && touch {LOADED}/corosync",
        "key-differs",
        f"{KEY} is not the same on zcs1, zcs2",
    ),
    Damage(
        "token of the running transport",
        "zcs2",
        "corosync-cmapctl -s totem.token u32 3500",
        "corosync-cmapctl -s totem.token u32 3000",
        "transport-stale",
        "totem.token 3500, its file says 3000",
    ),
    Damage(
        "certificates of another authority",
        "witness",
        f"mv --no-target-directory {NSSDB} {NSSDB}.damage && corosync-qnetd-certutil -i -G",
        f"rm --recursive {NSSDB} && mv {NSSDB}.damage {NSSDB}",
        "quorum-certificate",
        "zcs2: its certificate",
    ),
    Damage(
        "password open to others",
        "zcs2",
        "chmod 0755 /etc/cluster-secrets/bmc-zcs1",
        "chmod 0700 /etc/cluster-secrets/bmc-zcs1",
        "secrets-mode",
        "/etc/cluster-secrets/bmc-zcs1",
    ),
    Damage(
        "quorum device not started at boot",
        "zcs1",
        "systemctl disable corosync-qdevice",
        "systemctl enable corosync-qdevice",
        "unit-disabled",
        "corosync-qdevice",
    ),
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damage_is_on_a_node_and_told_by_words_of_its_own(damage: Damage) -> None:
    assert damage.node in (*NODES, "witness")
    assert [d.name for d in DAMAGES if (d.code, d.says) == (damage.code, damage.says)] == [
        damage.name
    ]
