"""The cluster to be: what is declared, what is refused, and the one model of all its files.

``declare(site, stack)`` takes from a site and a stack what matters to the machines; the file
``cluster.yml`` of a bundle holds the same.  ``build(declaration)`` refuses what cannot become a
safe cluster and derives the :class:`ClusterModel` that every renderer reads.
"""

from __future__ import annotations

from evaluator.cluster.declaration import Declaration, declare, read, written
from evaluator.cluster.derive import build
from evaluator.cluster.model import ClusterModel

__all__ = ["ClusterModel", "Declaration", "build", "declare", "read", "written"]
