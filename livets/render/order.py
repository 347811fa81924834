"""Keys of a KeyedList and their order: one form for each key, and links between neighbours.

It owns both, and nothing of items. KeyedList uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

Key = str | int

_LARGEST_INT: Final = 2**53
"""Above this JavaScript numbers lose digits; such keys are kept as strings."""


def canonical_key(key: Key) -> Key:
    """The one form of a key: an int for every integer that JavaScript can hold, else a string.

    >>> canonical_key("7"), canonical_key("07"), canonical_key(2**60)
    (7, '07', '1152921504606846976')
    """
    if isinstance(key, int):
        return key if -_LARGEST_INT < key < _LARGEST_INT else str(key)
    if key and len(key) <= 17 and (key[-1:].isdecimal()):
        try:
            number = int(key)
        except ValueError:
            return key
        if str(number) == key and -_LARGEST_INT < number < _LARGEST_INT:
            return number
    return key


class Links:
    """The order as two dicts between neighbours; None stands before the first and after the last key."""

    __slots__ = ("after", "before")

    def __init__(self, keys: Iterable[Key]) -> None:
        ring: list[Key | None] = [None, *keys]
        following = [*ring[1:], None]
        self.after = dict(zip(ring, following, strict=True))
        self.before = dict(zip(following, ring, strict=True))

    def __iter__(self) -> Iterator[Key]:
        after = self.after
        key = after[None]
        while key is not None:
            yield key
            key = after[key]

    def link(self, key: Key, anchor: Key | None) -> None:
        """Put `key` after `anchor`."""
        following = self.after[anchor]
        self.after[anchor] = self.before[following] = key
        self.after[key], self.before[key] = following, anchor

    def unlink(self, key: Key) -> Key | None:
        """Take `key` out; returns what stood before it."""
        before, following = self.before.pop(key), self.after.pop(key)
        self.after[before], self.before[following] = following, before
        return before
