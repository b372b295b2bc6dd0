"""``corosync -t``: exit code 8 when corosync would not start.

It wants a key, and an address of the node list on this machine: it gets a throw-away key, and the
addresses in a network namespace, where host names, which only the nodes can resolve, have one too.
It is given a copy that differs in where it logs, so that it is heard and writes to no file of this
machine; lines keep their numbers.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from evaluator.findings import Finding
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

START = """
ip link set lo up
mount -t tmpfs none /etc/corosync
config=$1
cp "$2" /etc/corosync/authkey
mount --bind "$3" /etc/hosts
shift 3
for address; do ip address add "$address" dev lo; done
exec corosync -t -c "$config"
"""
PLACED = re.compile(
    r"^parser error: (?P<file>/[^\n]*?):(?P<line>\d+): (?P<message>.*)$"
    r"|^\w{3} \d+ [\d:.]+ (?:crit|error|emerg) *\[\w+ *\] "
    r"(?P<other>(?!Corosync Cluster Engine exit).*)$",
    re.MULTILINE,
)
ADDRESS = re.compile(r"^\s*(ring\d+_addr|bindnetaddr)\s*:\s*(\S+)\s*$", re.MULTILINE)
HOST = re.compile(r"(?=.*[a-z])[a-z0-9._-]+", re.IGNORECASE)
ONLY_IPV6 = re.compile(r"^\s*ip_version\s*:\s*ipv6\s*$", re.MULTILINE)
BENCHMARKS = ipaddress.IPv4Address("198.18.0.0")
"""A network that is nobody's (RFC 2544)."""
HEARD = {"to_stderr": "yes", "to_logfile": "no", "to_syslog": "no", "logfile": "/dev/null"}


def ask(bench: Bench, files: tuple[str, ...]) -> Iterator[Finding]:
    """Ask about each file."""
    key = bench.scratch / "authkey"
    key.write_bytes(bytes(256))  # never a real one: only its length is looked at
    for name in files:
        file = bench.file(name)
        text = file.read_text(errors="replace")
        copy = bench.scratch / "corosync.conf"
        copy.write_text(_quiet(text, str(key)))
        names = _hosts(text)
        hosts = bench.scratch / "hosts"
        hosts.write_text("".join(f"{address} {name}\n" for name, address in names.items()))
        addresses = dict.fromkeys(names.get(typed, typed) for _, typed in ADDRESS.findall(text))
        done = bench.run_apart(START, copy, key, hosts, *_prefixed(addresses))
        found = 0
        for match in PLACED.finditer(done.output):
            found += 1
            if match["other"]:
                yield bench.says(match["other"], *bench.quoted(match["other"], str(file)))
            else:
                yield bench.says(match["message"], str(file), int(match["line"]))
        if done.code and not found:
            yield bench.refusal(done, str(file))


def _quiet(text: str, key: str) -> str:
    for word, value in {**HEARD, "keyfile": key}.items():
        text = re.sub(rf"^(\s*{word}\s*:).*$", rf"\1 {value}", text, flags=re.MULTILINE)
    return text


def _hosts(text: str) -> dict[str, str]:
    """An address for each host name, of the family of its link's other addresses."""
    typed = ADDRESS.findall(text)
    six = {link for link, address in typed if ":" in address or ONLY_IPV6.search(text)}
    names = {name: link for link, name in typed if HOST.fullmatch(name)}
    return {
        name: f"fd00::{number:x}" if link in six else str(BENCHMARKS + number)
        for number, (name, link) in enumerate(names.items(), 1)
    }


def _prefixed(addresses: Iterable[str]) -> list[str]:
    """Addresses of all nodes for ``ip``; corosync takes itself for the first."""
    found = []
    for typed in addresses:
        try:
            address = ipaddress.ip_address(typed)
        except ValueError:
            continue
        found.append(f"{address}/{address.max_prefixlen}")
    return found


VALIDATOR = Validator(
    tool="corosync",
    kinds=("corosync",),
    checks="whether corosync would start with this configuration",
    programs=(("corosync", "corosync"), ("ip", "iproute2"), ("unshare", "util-linux")),
    version=("corosync", "-v"),
    ask=ask,
    apart=True,
)
