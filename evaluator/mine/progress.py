"""How mining tells how it goes on."""

from __future__ import annotations


class Progress:
    """Told how mining goes on; this one keeps it to itself."""

    def reading(self, source: str, done: int, total: int) -> None:
        """So many of so many items of a source are read."""

    def finished(self, source: str, outcome: str, new: int, done: int, total: int) -> None:
        """A source is finished, with so many new items; so many of so many sources are."""
