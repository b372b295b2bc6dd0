"""README of a bundle, for the operator who builds and runs the cluster."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from evaluator.bundle.cib import (
    FAILURE_TIMEOUT_SECONDS,
    MIGRATION_THRESHOLD,
    SERVICE_MIGRATION_THRESHOLD,
    failure_timeout_seconds,
)
from evaluator.bundle.cluster import (
    DRBD_MODULE,
    OPERATING_SYSTEM,
    SECRETS_FOLDER,
    STONITH_TIMEOUT_SECONDS,
    ClusterModel,
)

TEMPLATE = "README.md.j2"


def readme(cluster: ClusterModel) -> bytes:
    """Render ``README.md``."""
    # Markdown for a terminal and a pager, not HTML; every text has passed evaluator.bundle.check
    environment = Environment(  # noqa: S701
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    source = files("evaluator.bundle").joinpath(TEMPLATE).read_text(encoding="utf-8")
    return (
        environment.from_string(source)
        .render(
            c=cluster,
            drbd_module=DRBD_MODULE,
            operating_system=OPERATING_SYSTEM,
            secrets=SECRETS_FOLDER,
            threshold=MIGRATION_THRESHOLD,
            forgotten_minutes=FAILURE_TIMEOUT_SECONDS // 60,
            service_threshold=SERVICE_MIGRATION_THRESHOLD,
            service_forgotten_hours=failure_timeout_seconds(cluster.application) // 3600,
            own={m.name: dict(m.addresses)[cluster.vip.network] for m in cluster.members},
            fencing_seconds=STONITH_TIMEOUT_SECONDS,
            proxied=[e for e in cluster.application.endpoints if e.proxy_protocol],
            unproxied=[e for e in cluster.application.endpoints if not e.proxy_protocol],
        )
        .encode()
    )
