"""``crm_verify``: the CIB against Pacemaker's own schema, then by the eyes of the scheduler.

The schema's errors have lines.  The scheduler looks at a copy of which ``crm_simulate`` says that
all nodes are up, for without a status it only tells that there is no quorum; its words name ids,
which are found again in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from evaluator.findings import Finding, Severity
from evaluator.validate import document
from evaluator.validate.bench import Bench
from evaluator.validate.validator import Validator

SCHEMA = re.compile(
    r"^/[^\n]*?:(?P<line>\d+): element \S+: (?:Relax-NG )?validity error : "
    r"(?P<message>.*)$",
    re.MULTILINE,
)
NOT_XML = re.compile(
    r"XML Error: /[^\n]*?:(?P<line>\d+): parser error : (?P<message>.*)$", re.MULTILINE
)
SPOKEN = re.compile(
    r"^\((?P<function>\w+)\)\s+(?P<level>error|warning): (?P<message>.*)$", re.MULTILINE
)
NO_SCHEMA = "Schema validation of configuration is disabled"
MOST_NODES = 32
"""Nodes that are said to be up (corosync's own limit)."""


def ask(bench: Bench, files: tuple[str, ...]) -> Iterator[Finding]:
    """Ask about each file; the scheduler only about one that fulfils its schema."""
    for name in files:
        file = str(bench.file(name))
        extra = {"CIB_shadow_dir": str(bench.scratch)}
        done = bench.run("crm_verify", "-V", "-x", file, extra=extra)
        for pattern in (NOT_XML, SCHEMA):
            found = list(bench.placed(done, pattern, file))
            if pattern.search(done.output):
                yield from found
                break
        else:
            if NO_SCHEMA in done.output:
                message = "validate-with names no schema, so it was not checked against one"
                yield bench.says(message, file, _line(file, ["cib"]), severity=Severity.WARNING)
            yield from _scheduler(bench, file, extra)


def _scheduler(bench: Bench, file: str, extra: dict[str, str]) -> Iterator[Finding]:
    up, down = bench.scratch / "up.xml", bench.scratch / "down.xml"
    root = document.tree(file)
    # crm_simulate aborts on the mark of a newer Pacemaker, which does not matter here
    root.attrib.pop("crm_feature_set", "")
    down.write_bytes(etree.tostring(root))
    found = root.iterfind("configuration/nodes/node")
    nodes = [n.get("uname", "-") for n in found][:MOST_NODES]
    words = [w for n in nodes if not n.startswith("-") for w in ("-u", n)]
    made = bench.run(
        "crm_simulate", "-x", down, "-Q", "--quorum=true", *words, "-O", up, extra=extra
    )
    if made.code != 0 or not up.exists():
        yield bench.refusal(made, file)
        return
    done = bench.run("crm_verify", "-V", "-x", up, extra=extra)
    spoken = 0
    for match in SPOKEN.finditer(done.output):
        spoken += 1
        line = _line(file, re.findall(r"[\w.-]+", match["message"]))
        yield bench.says(match["message"], file, line, severity=Severity(match["level"]))
    if done.code and not spoken:
        yield bench.refusal(done, file)


def _line(file: str, words: list[str]) -> int:
    """Line of the first element that one of the words names: by id, name of an option, or tag."""
    root = document.tree(file)
    for word in words:
        for element in root.iter("*"):
            name = element.get("name") if element.tag == "nvpair" else element.tag
            if word in (element.get("id"), name):
                return document.line(element)
    return 0


VALIDATOR = Validator(
    tool="crm_verify",
    kinds=("cib",),
    checks="the CIB against Pacemaker's schema, and what the scheduler would object to",
    programs=(("crm_verify", "pacemaker-cli-utils"), ("crm_simulate", "pacemaker-cli-utils")),
    version=("crm_verify", "--version"),
    ask=ask,
)
