"""The machine before and after a laboratory, which must leave it as it was."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from evaluator.findings import Finding
from evaluator.lab.command import bounded
from evaluator.lab.node import group_roots

ASKED = {
    "links": ("ip", "-oneline", "link", "show"),
    "addresses": ("ip", "-oneline", "address", "show"),
    "routes": ("ip", "route", "show", "table", "all"),
    "routes of IPv6": ("ip", "-6", "route", "show", "table", "all"),
    "routing rules": ("ip", "rule", "show"),
    "packet filter": ("nft", "--stateless", "list", "ruleset"),
    "network namespaces": ("ip", "netns", "list"),
    "loop devices": ("losetup", "--noheadings", "--list", "--output", "NAME,BACK-FILE"),
}
SETTINGS = Path("/proc/sys")
COUNTERS = re.compile(
    r"(dentry-state|file-nr|inode-(nr|state)|ns_last_pid|pty/nr|nf_conntrack_count|random/\w+"
    r"|quota/\w+|perf_event_max_sample_rate)$"
)
"""What the kernel says there of itself, and changes by itself."""

_LIFETIME = re.compile(r" expires \d+sec")

Snapshot = Mapping[str, frozenset[str]]


def snapshot() -> Snapshot:
    """What there is now, as lines by kind."""
    found = {name: frozenset(_lines(argv)) for name, argv in ASKED.items()}
    found["mounts"] = frozenset(_mounts())
    found["kernel settings"] = frozenset(_settings())
    found["control groups"] = frozenset(
        str(group) for root in group_roots() for group in root.iterdir() if group.is_dir()
    )
    found["processes in other namespaces"] = frozenset(_strangers())
    return found


def _lines(argv: tuple[str, ...]) -> list[str]:
    with suppress(OSError):
        done = bounded(argv, timeout=30)
        # after a backslash come lifetimes of addresses, which run down by themselves as routes' do
        lines = (line.partition("\\")[0].rstrip() for line in done.stdout.splitlines())
        met: Counter[str] = Counter()
        found = []
        for line in (_LIFETIME.sub("", line) for line in lines):
            met[line] += 1  # of two rules alike one may be left
            found.append(line if met[line] == 1 else f"{line} ({met[line]})")
        return found
    return []  # what is not installed changes nothing


def _mounts() -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        folder, what = line.split()[4], line.partition(" - ")[2]
        # iproute2 makes it with the first namespace of all and never takes it away; what is below
        # are the namespaces
        if not folder.startswith("/run/netns"):
            yield f"{folder} {what}"  # the numbers of mounts are given anew


def _settings() -> Iterator[str]:
    for folder, _, names in os.walk(SETTINGS):
        for path in (Path(folder, name) for name in names):
            if not COUNTERS.search(str(path)):
                with suppress(OSError):  # some can only be written
                    value = path.read_text(errors="replace").strip()
                    yield f"{path.relative_to(SETTINGS)} = {value}"


def _strangers() -> Iterator[str]:
    """Processes that do not see this one's network or processes: the insides of containers."""
    own = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "pid")}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if any(os.readlink(entry / "ns" / kind) != own[kind] for kind in own):
                    born = (entry / "stat").read_text().rpartition(")")[2].split()[19]
                    yield f"{entry.name} {born} {(entry / 'comm').read_text().strip()}"


def differences(before: Snapshot, after: Snapshot) -> list[Finding]:
    """A finding for each line that came or went.

    A setting that there was not before is that of a module which the kernel has loaded since.
    """
    found = []
    for name, lines in before.items():
        now = after[name]
        if name == "kernel settings":
            there = {line.partition(" = ")[0] for line in lines}
            now = frozenset(line for line in now if line.partition(" = ")[0] in there)
        for verb, some in (("is new", now - lines), ("is gone", lines - now)):
            found += [Finding("host-changed", f"{name}: {line!r} {verb}") for line in sorted(some)]
    return found
