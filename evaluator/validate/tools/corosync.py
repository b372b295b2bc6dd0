"""``corosync -t``: exit code 8 when corosync would not start.

It wants a key, and an address of the node list on this machine: it gets a throw-away key, and the
addresses in a network namespace.  It is given a copy that differs in where it logs, so that it is
heard and writes to no file of this machine; lines keep their numbers.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from evaluator.findings import Finding
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

START = """
ip link set lo up
mount -t tmpfs none /etc/corosync
config=$1
cp "$2" /etc/corosync/authkey
shift 2
for address; do ip address add "$address" dev lo; done
exec corosync -t -c "$config"
"""
PLACED = re.compile(
    r"^parser error: (?P<file>/[^\n]*?):(?P<line>\d+): (?P<message>.*)$"
    r"|^\w{3} \d+ [\d:.]+ (?:crit|error|emerg) *\[\w+ *\] "
    r"(?P<other>(?!Corosync Cluster Engine exit).*)$",
    re.MULTILINE,
)
ADDRESS = re.compile(r"^\s*(?:ring\d+_addr|bindnetaddr)\s*:\s*(\S+)\s*$", re.MULTILINE)
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
        done = bench.run_apart(START, copy, key, *_addresses(text))
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


def _addresses(text: str) -> list[str]:
    """Addresses of all nodes; corosync takes itself for the first."""
    found = []
    for typed in dict.fromkeys(ADDRESS.findall(text)):
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
