"""Keys are long, and nobody else's to read."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Where
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule

KEY_BYTES = 256
OTHERS = 0o077
IN_TEXT = 0o007
"""Files with more in them than a key may be their group's to read."""
KEYS = ("corosync-authkey", "pacemaker-authkey", "authkeys")


@rule(
    "secrets-mode",
    rationale="Who has the key is a member of the cluster: it can stop the service and have nodes "
    "fenced.  What was once in a bundle, a report or a repository is known for ever.",
    remedy="make it with corosync-keygen (256 bytes) and chmod 0400; keep it out of bundles and "
    "repositories",
    source=("corosync-conf-man", "heartbeat-docs", "drbd-conf-man", "ours"),
)
def check(configuration: Configuration) -> Iterator[Finding]:
    """Key files: 256 bytes or more (corosync's), mode 0400 or 0600, and none in a bundle.

    A DRBD file with a ``shared-secret`` is not everybody's to read.
    """
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
    trees = (configuration.drbd, *(tree for trees in configuration.copies for tree in trees))
    secrets = (e for tree in trees if tree for e in tree.walk() if e.key == "shared-secret")
    for where in dict.fromkeys(entry.where for entry in secrets):
        mode = configuration.modes.get(where.file, 0)
        if configuration.manifest is not None:
            yield found("a secret is in the bundle", where)
        if mode & IN_TEXT:
            message = f"everybody may read the shared-secret: mode is {mode:04o}; allowed: 0600"
            yield found(message, where, "chmod 0600")
