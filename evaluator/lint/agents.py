"""What resource agents advise and what they are for.

Times in seconds are those of the agents' own metadata (resource-agents 4.12.0, Pacemaker 2.1.5 and
drbd-utils 9.22.0, as Debian 12 ships them); where an agent gives several monitors, the shortest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

DEFAULT_TIMEOUT: Final = 20.0
"""What Pacemaker allows an operation for which no timeout is written, in seconds."""


class Advice(NamedTuple):
    """Timeouts that an agent advises, in seconds."""

    start: int
    stop: int
    monitor: int


# start, stop, monitor: agents of provider heartbeat, provider:agent of others, @class
_TABLE: Final[Mapping[tuple[int, int, int], str]] = {
    (5, 5, 20): "pgagent",
    (10, 10, 10):
        "AudibleAlarm MailTo iSCSILogicalUnit iSCSITarget nvmet-namespace nvmet-port "
        "nvmet-subsystem pacemaker:HealthCPU pacemaker:HealthIOWait pacemaker:HealthSMART",
    (10, 10, 240): "azure-events azure-events-az",
    (10, 30, 20): "lxc",
    (10, 30, 30): "gcp-ilb",
    (10, 120, 120): "storage-mon",
    (15, 15, 10): "ldirectord",
    (15, 15, 15): "@lsb AoEtarget IPv6addr symlink",
    (20, 20, 10): "Xinetd portblock",
    (20, 20, 20):
        "ClusterMon Dummy Evmsd ICP IPaddr IPaddr2 IPsrcaddr LinuxSCSI Pure-FTPd Raid1 "
        "Route SendArp SphinxSearchDaemon Stateful SysInfo VIPArip anything azure-lb "
        "corosync-qnetd crypt dhcpd dovecot dummypy garbd ipsec lxd-info machine-info "
        "mdraid minio nagios pacemaker:ClusterMon pacemaker:Dummy pacemaker:Stateful "
        "pacemaker:SysInfo pacemaker:attribute pingd postfix pound proftpd rsyncd slapd "
        "smb-share varnish vsftpd zabbixserver",
    (20, 20, 30): "asterisk rabbitmq-server-ha",
    (20, 60, 20): "rsyslog",
    (30, 20, 20): "iface-bridge iface-macvlan iface-vlan",
    (30, 30, 10): "WinPopup",
    (30, 30, 20): "conntrackd mpathpersist mysql-proxy sg_persist",
    (30, 30, 30): "Delay LVM awseip awsvip dnsupdate ocivip pacemaker:ifspeed",
    (40, 20, 20): "nfsserver",
    (40, 40, 20): "ServeRAID",
    (40, 60, 20): "apache",
    (40, 60, 30): "nginx",
    (40, 120, 20): "exportfs",
    (60, 20, 20): "vdo-vol",
    (60, 20, 60): "ethmonitor ovsmonitor pacemaker:ping",
    (60, 30, 30): "kamailio",
    (60, 40, 30): "Xen",
    (60, 60, 10): "EvmsSCC",
    (60, 60, 30): "ZFS named oraasm pacemaker:remote",
    (60, 60, 40): "Filesystem",
    (60, 60, 60): "fio",
    (60, 120, 30): "Squid jboss tomcat",
    (60, 120, 60): "syslog-ng",
    (75, 75, 10): "ManageRAID ManageVE",
    (90, 90, 30): "VirtualDomain docker podman rkt",
    (90, 90, 90): "LVM-activate clvm lvmlockd nfsnotify",
    (90, 100, 20): "CTDB NodeUtilization pacemaker:controld pacemaker:o2cb",
    (100, 90, 40): "rabbitmq-cluster",
    (100, 100, 100): "@systemd",
    (120, 20, 10): "sfex",
    (120, 120, 30): "galera ids iscsi mariadb mysql oracle oralsnr pgsql",
    (120, 120, 60): "db2 redis",
    (180, 180, 30): "aliyun-vpc-move-ip aws-vpc-move-ip gcp-vpc-move-ip gcp-vpc-move-route",
    (180, 180, 180):
        "aws-vpc-route53 openstack-cinder-volume openstack-floating-ip openstack-info "
        "openstack-virtual-ip",
    (180, 240, 60): "SAPInstance",
    (240, 20, 10): "docker-compose",
    (240, 100, 20): "linbit:drbd",
    (300, 15, 15): "gcp-pd-move gcp-vpc-move-vip",
    (300, 100, 20): "scsi2reservation",
    (300, 300, 30): "WAS WAS6 jira",
    (300, 300, 100): "sybaseASE",
    (600, 600, 30): "vmware",
    (600, 600, 60): "eDir88",
    (1800, 1800, 60): "SAPDatabase",
}  # fmt: skip

OWN: Final = {"ocf:netnovation:zcs": Advice(600, 600, 240)}
"""The resource agent for ZCS, whose metadata is in ``deploy/resource-agents``."""


def _name(word: str) -> str:
    return f"ocf:{word}" if ":" in word else f"ocf:heartbeat:{word}"


ADVISED: Final = OWN | {
    word if word.startswith("@") else _name(word): Advice(*times)
    for times, words in _TABLE.items()
    for word in words.split()
}

PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    agent: tuple(words.split())
    for agent, words in {
        "ocf:heartbeat:Filesystem":
            "device directory fstype options statusfile_prefix run_fsck fast_stop force_clones "
            "force_unmount",
        "ocf:heartbeat:IPaddr2":
            "ip nic cidr_netmask broadcast iflabel lvs_support lvs_ipv6_addrlabel "
            "lvs_ipv6_addrlabel_value mac clusterip_hash unique_clone_address arp_interval "
            "arp_count arp_count_refresh arp_bg arp_sender send_arp_opts flush_routes run_arping "
            "nodad noprefixroute preferred_lft network_namespace",
        "ocf:heartbeat:LVM-activate":
            "vgname lvname vg_access_mode activation_mode tag partial_activation",
        "ocf:heartbeat:apache":
            "configfile httpd port statusurl testregex client testurl testregex10 testconffile "
            "testname options envfiles use_ipv6",
        "ocf:heartbeat:exportfs":
            "clientspec options directory fsid unlock_on_stop wait_for_leasetime_on_stop "
            "rmtab_backup",
        "ocf:linbit:drbd":
            "drbd_resource drbdconf adjust_master_score stop_outdates_secondary "
            "ignore_missing_notifications wfc_timeout remove_master_score_if_peer_primary "
            "fail_promote_early_if_peer_primary unfence_if_all_uptodate unfence_extra_args "
            "require_drbd_module_version_ge require_drbd_module_version_lt "
            "connect_only_after_promote",
        "ocf:netnovation:zcs": "user home ignore pause probe probe_timeout",
    }.items()
}  # fmt: skip
"""Every parameter of well-known agents, of the versions above."""
ADDRESSES: Final = frozenset(
    {"ocf:heartbeat:IPaddr", "ocf:heartbeat:IPaddr2", "ocf:heartbeat:IPv6addr"}
)
FILESYSTEM: Final = "ocf:heartbeat:Filesystem"
BLOCK_DEVICES: Final = frozenset(
    f"ocf:heartbeat:{name}"
    for name in ("LVM", "LVM-activate", "Raid1", "mdraid", "iscsi", "AoEtarget", "crypt", "vdo-vol")
)
"""Agents that provide block devices, which file systems stand on."""
STORAGE: Final = BLOCK_DEVICES | {FILESYSTEM, "ocf:heartbeat:ZFS"}
DRBD: Final = frozenset({"ocf:linbit:drbd", "ocf:heartbeat:drbd"})
_AROUND: Final = (
    "MailTo SendArp Route IPsrcaddr portblock nfsnotify exportfs symlink Delay "
    "NodeUtilization ethmonitor lvmlockd clvm sg_persist mpathpersist sfex storage-mon pingd "
    "SysInfo ClusterMon awseip awsvip azure-lb azure-events azure-events-az aws-vpc-move-ip "
    "aws-vpc-route53 gcp-vpc-move-vip gcp-vpc-move-ip gcp-vpc-move-route gcp-ilb "
    "pacemaker:ping pacemaker:controld pacemaker:o2cb pacemaker:ClusterMon pacemaker:SysInfo "
    "pacemaker:HealthCPU pacemaker:HealthIOWait pacemaker:HealthSMART pacemaker:attribute "
    "pacemaker:ifspeed pacemaker:remote linbit:drbd-attr"
)
WITHOUT_SERVICE: Final = STORAGE | ADDRESSES | DRBD | set(map(_name, _AROUND.split()))
"""Agents that clients do not talk to."""
CLUSTER_FILESYSTEMS: Final = frozenset({"gfs2", "ocfs2"})
SHARED_FILESYSTEMS: Final = CLUSTER_FILESYSTEMS | frozenset(
    {"nfs", "nfs4", "efs", "cifs", "smbfs", "none", "glusterfs", "ceph", "overlay", "overlayfs"}
    | {"tmpfs", "cvfs", "lustre"}
)
"""File systems that several nodes may mount at once: the list in the Filesystem agent."""


def advised(agent: str) -> Advice | None:
    """What an agent (``class:provider:type``) advises; None if it is not known."""
    standard = agent.partition(":")[0]
    return ADVISED.get(agent) or ADVISED.get(f"@{'lsb' if standard == 'service' else standard}")


def serves(agent: str) -> bool:
    """Whether an agent runs something that clients talk to."""
    return agent not in WITHOUT_SERVICE and not agent.startswith("stonith:")
