"""What can go wrong with a block, other than a place that can't be split (markup.Hard).

It owns the two faults that are about a whole element. Whoever builds a block raises them; `attempts` answers.
"""

from __future__ import annotations

from livets.render.markup import Hard


class Torn(Hard):
    """Branches that open or close an element without its other end."""

    def __init__(self, index: int, reason: str, *, is_steady: bool) -> None:
        super().__init__(index, reason, enclosing=True)
        self.is_steady = is_steady


class Unbalanced(Exception):
    """A block as a whole can't stand alone; whatever encloses it must become opaque."""
