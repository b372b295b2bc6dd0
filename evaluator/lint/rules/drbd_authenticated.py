"""DRBD peers should know each other by a secret."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.tree import Entry
from evaluator.lint.configuration import Configuration
from evaluator.lint.registry import found, rule
from evaluator.lint.replication import resources


@rule(
    "drbd-authenticated",
    severity=Severity.INFO,
    rationale="Whoever reaches the port of DRBD may pose as the peer; a secret counts only "
    "together with cram-hmac-alg.",
    remedy="net { cram-hmac-alg sha256; shared-secret …; }, the secret in a file of mode 0600 that "
    "is included",
    source="drbd-conf-man",
)
def check(configuration: Configuration, drbd: Entry) -> Iterator[Finding]:
    """``cram-hmac-alg`` is set, or a bundle leaves it to the build, as it holds no secret."""
    for resource in resources(drbd):
        secret = resource.option("net", "shared-secret")
        if resource.text("net", "cram-hmac-alg") or (configuration.manifest and not secret):
            continue
        message = "shared-secret counts only with cram-hmac-alg" if secret else "no cram-hmac-alg"
        yield found(f"resource {resource.name!r}: {message}", (secret or resource.entry).where)
