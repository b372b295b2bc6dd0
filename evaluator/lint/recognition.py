"""What a file is: by its name and, failing that, by its content."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from pathlib import PurePosixPath

MOST_FILES = 5_000
MOST_BYTES = 100_000_000
"""Files and bytes of a folder that are read (ours: a copy of a system's /etc is below)."""
HEAD_BYTES = 65_536

BACKUP = re.compile(
    r"~$|\.(bak|orig|old|sav|save|swp|tmp|rpmnew|rpmsave|dpkg-\w+|ucf-\w+|example|sample)$"
)
OTHERS = re.compile(
    r"(^|/)(multipath|(modprobe|modules-load|sysctl|tmpfiles|sysusers|logrotate|rsyslog)\.d|dbus-1|usr/share/doc)/"
)
"""Folders whose files bear the names of the programs that they are about."""
BY_PATH = tuple(
    (kind, re.compile(rf"(?:^|/)(?:{pattern})$"))
    for kind, pattern in (
        ("enabled-unit", r"[^/]+\.(wants|requires)/[^/]+|rc[2-5]\.d/S\d\d[^/]+"),
        ("unit", r"keepalived\.service\.d/[^/]+\.conf|service/unit\.conf"),
        ("corosync", r"[^/]*corosync\.conf"),
        ("corosync-authkey", r"corosync/authkey"),
        ("pacemaker-authkey", r"pacemaker/authkey"),
        ("corosync-authkey", r"[^/]*authkey"),
        ("cib", r"cib[^/]*\.xml"),
        ("crmsh", r"cib\.txt|[^/]+\.crm(sh)?"),
        ("drbd", r"drbd\.conf|global_common\.conf|drbd(\.d)?/[^/]+\.(conf|res)"),
        ("haproxy", r"haproxy[^/]*\.cfg|haproxy/(.+/)?[^/]+\.cfg"),
        ("keepalived", r"[^/]*keepalived[^/]*\.conf|keepalived/(.+/)?[^/]+\.conf"),
        ("ha_cf", r"ha\.cf"),
        ("haresources", r"haresources"),
        ("authkeys", r"authkeys"),
        ("sbd", r"(default|sysconfig|sbd)/sbd"),
        ("nftables", r"nftables\.conf|[^/]+\.nft"),
        ("fstab", r"fstab"),
        ("inventory", r"ansible/inventory\.ya?ml"),
        ("manifest", r"manifest\.json"),
        ("declaration", r"cluster\.yml"),
    )
)
TEXT_SUFFIXES = frozenset({"", ".conf", ".cfg", ".cf", ".xml", ".res", ".crm", ".inc", ".txt"})
"""Others, such as .md or .sh, may quote a configuration without being one."""

BY_CONTENT = tuple(
    (kind, tuple(re.compile(p.encode(), re.MULTILINE) for p in patterns))
    for kind, *patterns in (
        ("cib", r"\A\s*+<", r"<(cib[\s>]|crm_config[\s/>])"),
        ("corosync", r"^[ \t]*totem[ \t]*\{"),
        ("keepalived", r"^[ \t]*(vrrp_instance|vrrp_sync_group|virtual_server|global_defs)\b.*\{"),
        ("drbd", r"^[ \t]*resource[ \t]+\S+\s*\{"),
        ("drbd", r"^[ \t]*(common|global)\s*\{", r"\b(protocol|net|disk|usage-count)\b"),
        (
            "haproxy",
            r"^[ \t]*(frontend|backend|listen)[ \t]+\S+",
            r"^[ \t]*(bind|server|mode)[ \t]",
        ),
        ("sbd", r"^[ \t]*SBD_[A-Z_]+="),
        ("sbd_dump", r"^==Dumping header on disk "),
        ("ha_cf", r"^[ \t]*(keepalive|deadtime|warntime|initdead)[ \t]+\d"),
        (
            "crmsh",
            r"^primitive[ \t]+\S+[ \t]+\S+",
            r"^(property|order|colocation|location|group|ms|clone)[ \t]",
        ),
    )
)
"""Every pattern of a kind stands in the file."""


def kind_of(path: str, content: bytes) -> str:
    """The kind of a file, '' if it is none that we know."""
    if BACKUP.search(path) or OTHERS.search(path):
        return ""
    for kind, pattern in BY_PATH:
        if pattern.search(path):
            return kind
    if PurePosixPath(path).suffix.lower() not in TEXT_SUFFIXES:
        return ""
    head = content[:HEAD_BYTES].removeprefix(BOM_UTF8)
    if head.startswith(b"#!"):
        return ""
    for kind, patterns in BY_CONTENT:
        if all(pattern.search(head) for pattern in patterns):
            return kind
    return ""
