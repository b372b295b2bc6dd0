"""README of a bundle, for the operator who builds and runs the cluster."""

from __future__ import annotations

import re
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from evaluator.bundle.cib import (
    FAILURE_TIMEOUT_SECONDS,
    MIGRATION_THRESHOLD,
    SERVICE_MIGRATION_THRESHOLD,
    failure_timeout_seconds,
)
from evaluator.cluster.model import (
    OPERATING_SYSTEM,
    SECRETS_FOLDER,
    STONITH_TIMEOUT_SECONDS,
    ClusterModel,
    Member,
)


def readme(cluster: ClusterModel) -> bytes:
    """Render ``README.md``: a frame for all, with blocks that each manager fills."""
    # Markdown for a terminal and a pager, not HTML; every text has passed evaluator.cluster.check
    environment = Environment(  # noqa: S701
        loader=FunctionLoader(_template),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = plain
    quorum, endpoints = cluster.quorum, cluster.application.endpoints
    text = environment.get_template(f"README-{cluster.manager}.md.j2").render(
        c=cluster,
        operating_system=OPERATING_SYSTEM,
        secrets=SECRETS_FOLDER,
        threshold=MIGRATION_THRESHOLD,
        forgotten_minutes=FAILURE_TIMEOUT_SECONDS // 60,
        service_threshold=SERVICE_MIGRATION_THRESHOLD,
        service_forgotten_hours=failure_timeout_seconds(cluster.application) // 3600,
        own={m.name: m.addresses[cluster.vip.network] for m in cluster.carriers},
        votes=quorum.members + (quorum.device_votes if quorum.witness else 0),
        fencing_seconds=STONITH_TIMEOUT_SECONDS,
        unheard_seconds=f"{cluster.detection_seconds:g}",
        # one script for each device, however many nodes it switches, on whichever level
        passwords=list({f.device: f for f in cluster.fencing}.values()),
        second=sorted({d for m in cluster.members for d in _fallbacks(cluster, m)}),
        single=[m.name for m in cluster.members if not _fallbacks(cluster, m)],
        pcs="pcs" in cluster.declaration.stack.components.values(),
        proxied=[e for e in endpoints if e.proxy_protocol],
        unproxied=[e for e in endpoints if not e.proxy_protocol],
    )
    # blocks that stay empty leave their blank lines behind
    return re.sub(r"\n{3,}", "\n\n", text).encode()


def plain(text: str) -> str:
    """A free text that a forge shows as it is, and not as markup."""
    return re.sub(r"([\\`*_\[\]<>|&])", r"\\\1", text)


def _fallbacks(cluster: ClusterModel, member: Member) -> set[str]:
    """Devices that are tried when those of a member's first level have failed; SBD's disk last."""
    own = [f for f in cluster.fencing if f.target == member.name]
    later = {f.device for f in own if f.level > min(each.level for each in own)}
    messages = cluster.watchdog and cluster.watchdog.devices
    return later | {"fence-sbd"} if messages else later


def _template(name: str) -> str:
    return files("evaluator.bundle").joinpath(name).read_text(encoding="utf-8")
