"""What starts at boot without asking the cluster, as far as links of a copied ``/etc`` tell."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from evaluator.lint.configuration import Configuration


def enabled_units(configuration: Configuration) -> dict[str, str]:
    """Paths of links that start a unit or init script, by its name without suffix."""
    found: dict[str, str] = {}
    for path in configuration.paths("enabled-unit"):
        name = PurePosixPath(path).name
        found.setdefault(re.sub(r"^S\d\d|\.(service|target|socket)$", "", name), path)
    return found
