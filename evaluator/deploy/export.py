"""From a running cluster back to the declaration that it could have been rendered from.

The nodes keep the declaration that they were built from.  What runs may differ from it by now, so
each value that the running configuration states is read from there; then the files are rendered
again and held against the live ones.  What the declaration has no words for is told, not lost.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from evaluator.bundle import render
from evaluator.cluster import Declaration, written
from evaluator.cluster import read as read_declaration
from evaluator.deploy.live import overlaid
from evaluator.deploy.plan import checked
from evaluator.deploy.playbook import Access, Watch, refuse, run
from evaluator.files import write_whole
from evaluator.findings import EvaluationError, ExitCode, Finding, Severity, Where

DECLARATION = "cluster.yml"
LIVE = {
    "corosync.conf": "corosync/corosync.conf",
    "haproxy.cfg": "haproxy/haproxy.cfg",
    "cib.xml": "pacemaker/cib.xml",
    "ha.cf": "heartbeat/ha.cf",
    "haresources": "heartbeat/haresources",
    "keepalived.conf": "keepalived/{node}.conf",
    "hosts": "hosts/{node}",
    "nftables.conf": "nftables/{node}.nft",
}
"""Name of a fetched file, and of the bundle's file that it was installed from."""


def export(
    bundle: Path, access: Access, into: Path, *, watch: Watch | None = None
) -> tuple[Path, list[Finding]]:
    """Write ``cluster.yml`` of the running cluster into a folder.

    ``bundle`` is any bundle whose inventory names the nodes.  Gives the path of the file, and a
    warning for each difference that it cannot express.

    Raises
    ------
    EvaluationError
        As :func:`evaluator.deploy.plan.checked`; with exit code 4 when the nodes cannot be read,
        or were not built from a bundle.
    """
    checked(bundle)
    with tempfile.TemporaryDirectory(prefix="evaluate-export-") as scratch:
        outcome = run("export", bundle.absolute(), access, variables={"into": scratch}, watch=watch)
        refuse(outcome.findings)
        live = {
            node.name: {p.name: p.read_bytes() for p in sorted(node.rglob("*")) if p.is_file()}
            for node in sorted(Path(scratch).iterdir())
            if node.is_dir()
        }
        declaration, found = _common(Path(scratch), live)
    declaration, changed = overlaid(declaration, live)
    found += changed + _beyond(declaration, live)
    return write_whole(into / DECLARATION, written(declaration)), found


def _common(
    folder: Path, live: Mapping[str, Mapping[str, bytes]]
) -> tuple[Declaration, list[Finding]]:
    """The declaration that the nodes were built from; they should agree on it."""
    kept = {node: files[DECLARATION] for node, files in live.items() if DECLARATION in files}
    if not kept:
        message = "no node keeps the declaration that it was built from"
        remedy = "only clusters that were built by 'evaluate deploy apply' can be exported yet"
        raise EvaluationError(
            Finding("not-built-from-a-bundle", message, remedy=remedy), ExitCode.CLUSTER
        )
    first = min(kept)
    found = [
        Finding(
            "nodes-differ",
            f"it was built from another declaration than {first}",
            Where(node),
            "apply the bundle again",
            Severity.WARNING,
        )
        for node, content in sorted(kept.items())
        if content != kept[first]
    ]
    (path,) = (folder / first).rglob(DECLARATION)
    return read_declaration(path)[0], found


def _beyond(declaration: Declaration, live: Mapping[str, Mapping[str, bytes]]) -> list[Finding]:
    """Live files that the declaration does not give again, byte for byte or line by line."""
    files = render(declaration).files
    found = []
    for node, fetched in sorted(live.items()):
        for name, content in sorted(fetched.items()):
            rendered = files.get(_rendered_name(name, node))
            if rendered is None or name == "cib.xml" or content == rendered:
                continue
            line = _first_difference(rendered.decode(), content.decode(errors="replace"))
            found.append(
                Finding(
                    "not-expressible",
                    f"{name} says what the declaration has no words for",
                    Where(f"{node}:{name}", line, 1),
                    "'evaluate deploy plan' shows the difference, 'apply' takes it away",
                    Severity.WARNING,
                )
            )
    return found


def _rendered_name(name: str, node: str) -> str:
    if name.endswith((".res", "global_common.conf")):
        return f"drbd/{name}"
    return LIVE.get(name, name).format(node=node)


def _first_difference(rendered: str, live: str) -> int:
    pairs = zip(rendered.splitlines(), live.splitlines(), strict=False)
    for number, (one, other) in enumerate(pairs, start=1):
        if one != other:
            return number
    return min(rendered.count("\n"), live.count("\n")) + 1
