"""``crm configure verify`` on a CIB file: whether agents and their parameters exist.

The agents of this package are laid over the installed ones, in a mount namespace; a ``systemd``
unit or another provider's agent that is not installed here can be neither confirmed nor denied.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from evaluator.content import content_root
from evaluator.findings import Finding, Severity
from evaluator.lint.fencing import misspelt
from evaluator.programs import installed
from evaluator.validate import document
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

AGENTS = "/usr/lib/ocf/resource.d"
PROVIDER = "netnovation"

FENCING = "stonith:"
ON_A_NODE = "check it on a node, where it is installed"
NOT_LAID = "the agents of the package could not be laid over"

VERIFY = f"""
mount -t overlay -o "lowerdir=$2:{AGENTS}" none {AGENTS} 2>/dev/null || echo "{NOT_LAID}"
# crmsh keeps a log that belongs to accounts which are not mapped here
mount -t tmpfs none /var/log/crmsh
mount --bind "$3" /etc/group
mount --bind "$4" /etc/passwd
CIB_file=$1 exec crm -D plain configure verify
"""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SPOKEN = re.compile(r"^(?P<level>ERROR|WARNING): (?P<message>.*)$", re.MULTILINE)
MISSING = re.compile(r"(?:(\S+): )?no such resource agent|(\S+): got no meta-data")
REPEATED = re.compile(r"\(\w+\)|crm_verify:|configure: Missing requirements")
"""What crm_verify, which it calls, says of itself; and what follows from another error."""


def ask(bench: Bench, files: tuple[str, ...]) -> Iterator[Finding]:
    """Ask about each file."""
    agents = bench.scratch / "agents"
    shutil.copytree(content_root() / "deploy" / "resource-agents", agents / PROVIDER)
    for agent in (agents / PROVIDER).iterdir():
        agent.chmod(0o755)
    group, passwd = bench.scratch / "group", bench.scratch / "passwd"
    group.write_text("root:x:0:\nhaclient:x:0:\n")
    passwd.write_text("root:x:0:0::/:/bin/sh\nhacluster:x:0:0::/:/bin/sh\n")
    for name in files:
        copy = bench.scratch / "cib.xml"  # crm may write to the file that it reads
        copy.write_bytes(bench.file(name).read_bytes())
        extra = {"CIB_shadow_dir": str(bench.scratch)}
        done = bench.run_apart(VERIFY, copy, agents, group, passwd, extra=extra)
        output = COLOUR.sub("", done.output)
        yield from _findings(bench, str(bench.file(name)), output)
        if done.code and not SPOKEN.search(output):
            yield bench.refusal(done, str(bench.file(name)))


def _findings(bench: Bench, file: str, output: str) -> Iterator[Finding]:
    unknown = set()
    for match in SPOKEN.finditer(output):
        message, severity = match["message"], Severity(match["level"].lower())
        if REPEATED.match(message):
            continue
        if missing := MISSING.search(message):
            unknown.add(missing[1] or missing[2])
            continue
        yield bench.says(message, file, _line(file, message), severity=severity)
    for agent in sorted(unknown):
        yield _unknown(bench, file, agent, laid=NOT_LAID not in output)


def _unknown(bench: Bench, file: str, agent: str, *, laid: bool) -> Finding:
    """An agent without metadata: wrong if its provider is here, else merely not checked."""
    if agent.startswith(FENCING):
        return _unknown_fencing(bench, file, agent.removeprefix(FENCING))
    parts = agent.split(":")
    line = _line(file, agent)
    provider = parts[1] if len(parts) == 3 else ""
    ours = provider == PROVIDER and laid
    if ours or (provider and Path(AGENTS, provider).is_dir()):
        remedy = f"allowed: the agents in {AGENTS}/{provider}"
        return bench.says(f"there is no agent {agent}", file, line, remedy=remedy)
    message = f"agent {agent} is not installed here, so its parameters were not checked"
    return bench.says(message, file, line, severity=Severity.INFO, remedy=ON_A_NODE)


def _unknown_fencing(bench: Bench, file: str, agent: str) -> Finding:
    """A fence agent that is not here: wrong if it is a slip, else perhaps one's own."""
    line = _line(file, FENCING + agent)
    if known := misspelt(agent):
        return bench.says(
            f"there is no fence agent {agent}", file, line, remedy=f"did you mean {known!r}?"
        )
    here = installed("fence_ipmilan", bench.path) is not None
    though = "though Debian's fence agents are, " if here else ""
    message = (
        f"fence agent {agent} is not installed here, {though}so its parameters were not checked"
    )
    severity = Severity.WARNING if here else Severity.INFO
    return bench.says(message, file, line, severity=severity, remedy=ON_A_NODE)


def _line(file: str, message: str) -> int:
    """Line of the resource, the parameter of it, or the agent that a message names."""
    tree = document.tree(file)
    words = re.findall(r"[\w.:-]+", message)
    name = words[0].rstrip(":") if words else ""
    kind = name.rpartition(":")[2]
    for element in tree.iter("primitive", "clone", "group", "template"):
        if element.get("id") == name:
            for pair in element.iter("nvpair", "op"):
                if pair.get("name") in words[1:]:
                    return document.line(pair)
            return document.line(element)
    for element in tree.iter("primitive", "template"):
        if ":" in name and element.get("type") == kind:
            return document.line(element)
    return 0


VALIDATOR = Validator(
    tool="crm",
    kinds=("cib",),
    checks="whether the resource agents and their parameters exist, and advised timeouts",
    programs=(
        ("crm", "crmsh"),
        ("cibadmin", "pacemaker-cli-utils"),
        ("crm_resource", "pacemaker-cli-utils"),
        ("unshare", "util-linux"),
    ),
    version=("crm", "--version"),
    ask=ask,
    apart=True,
)
