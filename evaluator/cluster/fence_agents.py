"""The fence agents of Debian 12, and what each of them calls.

Source: the packages ``fence-agents`` and ``fence-virt`` 4.12.1-1: their programs, and the paths of
other programs in each agent's own metadata.  Debian only recommends or suggests most of those, or
names them not at all, so they are named here.
"""

from __future__ import annotations

import difflib

NAMES = (
    "ack_manual aliyun alom amt apc apc_snmp aws azure_arm bladecenter brocade cdu cisco_mds "
    "cisco_ucs compute crosslink cyberpower_ssh docker drac drac5 dummy eaton_snmp ecloud "
    "emerson eps evacuate gce hds_cb heuristics_ping hpblade ibm_powervs ibm_vpc ibmblade ibmz "
    "idrac ifmib ilo ilo2 ilo3 ilo3_ssh ilo4 ilo4_ssh ilo5 ilo5_ssh ilo_moonshot ilo_mp "
    "ilo_ssh imm intelmodular ipdu ipmilan ipmilanplus ironic kdump kubevirt ldom lindypdu "
    "lpar mpath netio openstack ovh powerman pve raritan raritan_px3 rcd_serial redfish rhevm "
    "rsa rsb sanbox2 sbd scsi skalar tripplite_snmp vbox virsh virt vmware vmware_rest "
    "vmware_soap vmware_vcloud wti xenapi xvm zvmip"
)
AGENTS = frozenset(f"fence_{name}" for name in NAMES.split())
NEEDS = {
    "amtterm": "amt",
    "fence-virt": "virt xvm",
    "gnutls-bin": "ilo ilo2",
    "inetutils-telnet": (
        "apc bladecenter brocade cdu drac drac5 hds_cb hpblade ilo3_ssh ilo4_ssh ilo5_ssh ilo_mp "
        "ilo_ssh netio raritan raritan_px3 rsa rsb sanbox2 wti"
    ),
    "ipmitool": "idrac ilo3 ilo4 ilo5 imm ipmilan ipmilanplus",
    "lvm2": "scsi",
    "multipath-tools": "mpath",
    "openssh-client": (
        "alom apc bladecenter brocade cyberpower_ssh drac5 hds_cb hpblade ilo3_ssh ilo4_ssh "
        "ilo5_ssh ilo_moonshot ilo_mp ilo_ssh ldom lpar raritan_px3 rsa rsb vbox virsh vmware wti"
    ),
    "powerman": "powerman",
    "python3-adal": "azure_arm",
    "python3-azure": "azure_arm",
    "python3-keystoneauth1": "compute evacuate openstack",
    "python3-keystoneclient": "compute evacuate openstack",
    "python3-kubernetes": "kubevirt",
    "python3-novaclient": "compute evacuate openstack",
    "python3-openstackclient": "ironic",
    "sg3-utils": "scsi",
    "snmp": (
        "apc_snmp cisco_mds eaton_snmp emerson ibmblade ifmib intelmodular ipdu lindypdu "
        "tripplite_snmp"
    ),
}
"""Agents by the package that has what they call."""

LIKENESS = 0.7
"""Ours: from here on (0 to 1, without the common beginning) a name is taken for a misspelt one."""


def packages(agent: str) -> list[str]:
    """What an agent needs beside ``fence-agents``; nothing is known of one of your own."""
    name = agent.removeprefix("fence_")
    return [package for package, names in NEEDS.items() if name in names.split()]


def meant(agent: str) -> str:
    """The agent of Debian 12 that an unknown one is probably a misspelling of; '' where none is."""
    if agent in AGENTS:
        return ""
    name = agent.removeprefix("fence_")
    close = difflib.get_close_matches(name, NAMES.split(), 1, LIKENESS)
    return f"fence_{close[0]}" if close else ""
