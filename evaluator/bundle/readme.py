"""README of a bundle, for the operator who builds and runs the cluster."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from evaluator.bundle.cluster import DRBD_MODULE, OPERATING_SYSTEM, SECRETS_FOLDER, ClusterModel

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
        )
        .encode()
    )
