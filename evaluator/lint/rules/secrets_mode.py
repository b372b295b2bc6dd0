"""Keys are long, and nobody else's to read."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Where
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule

KEY_BYTES = 256
OTHERS = 0o077
KEYS = ("corosync-authkey", "pacemaker-authkey", "authkeys")


@rule(
    "secrets-mode",
    rationale="Who has the key is a member of the cluster: it can stop the service and have nodes "
    "fenced.  What was once in a bundle, a report or a repository is known for ever.",
    remedy="make it with corosync-keygen (256 bytes) and chmod 0400; keep it out of bundles and "
    "repositories",
    source=("corosync-conf-man", "heartbeat-docs", "ours"),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """Key files: 256 bytes or more (corosync's), mode 0400 or 0600, and none in a bundle."""
    for file in configuration.files:
        if file.kind not in KEYS:
            continue
        where, mode = Where(file.path), configuration.modes.get(file.path)
        if configuration.manifest is not None:
            yield found("a secret is in the bundle", where)
        if mode is not None and mode & OTHERS:
            wanted = "0600" if file.kind == "authkeys" else "0400"
            yield found(f"mode is {mode:04o}; allowed: {wanted}", where, f"chmod {wanted}")
        if file.kind == "corosync-authkey" and file.size < KEY_BYTES:
            yield found(f"the key has {file.size} bytes; at least {KEY_BYTES}", where)
