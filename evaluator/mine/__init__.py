"""Mining: sources of a study to one pseudonymous snapshot."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluator.mine.known import known_identities
    from evaluator.mine.progress import Progress
    from evaluator.mine.run import Mined, failures, mine

__all__ = ["Mined", "Progress", "failures", "known_identities", "mine"]

_PLACES = {"known_identities": "known", "Progress": "progress"}


def __getattr__(name: str) -> Any:
    """Import what mining needs when it is asked for: an evaluation needs nothing of it."""
    if name not in __all__:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_PLACES.get(name, 'run')}"), name)
