"""What a view remembers of a list that it shows: values or hashes of rows, frozen items, or a KeyedList and its log.

It owns how much that takes (D18) and when two are the same. It never finds out what changed; `lists` does.
"""

from __future__ import annotations

from array import array
from operator import is_
from typing import Any

from livets.render.frozen import Remembered
from livets.render.keyed_list import KeyedList

_MANY_ROWS = 1000
"""Rows above which a plain list keeps one hash a row instead of its values (D18)."""


class ValueRows:
    """Any list: the keys, and the values or (for many rows) the hashes of the rows."""

    __slots__ = ("__weakref__", "doubled", "hashes", "keys", "rows")

    def __init__(self, keys: list[int | str], doubled: bool, rows: list[Any]) -> None:
        self.keys = keys
        self.doubled = doubled
        self.rows: list[Any] | None = rows
        self.hashes: array[int] | None = None
        if len(rows) > _MANY_ROWS:
            self.rows, self.hashes = None, array("q", map(hash, rows))

    def is_like(self, other: State) -> bool:
        """The same rows."""
        return (
            isinstance(other, ValueRows)
            and (self.keys, self.doubled, self.hashes) == (other.keys, other.doubled, other.hashes)
            and self.rows == other.rows
        )


class FrozenRows:
    """Items that can't change: the items themselves, and the outer names that rows read."""

    __slots__ = ("__weakref__", "items", "outer")

    def __init__(self, items: list[Any], outer: Remembered) -> None:
        self.items = items
        self.outer = outer

    def is_like(self, other: State) -> bool:
        """The same items, and the same outside of them."""
        return (
            isinstance(other, FrozenRows)
            and len(self.items) == len(other.items)
            and all(map(is_, self.items, other.items))
            and not self.outer.changed(other.outer)
        )


class LoggedRows:
    """A KeyedList: which one, the outer names, and the values of rows only when they have structure."""

    is_own = True
    """No other view remembers this one."""
    __slots__ = ("kept", "last", "outer", "read", "source", "version")

    def __init__(self, source: KeyedList[Any], outer: Remembered, kept: dict[Any, Any] | None) -> None:
        self.source = source
        self.outer = outer
        self.kept = kept
        self.version = source.version
        self.read = len(source.log)
        self.last = source.log[-1] if source.log else None

    def news(self) -> list[Any]:
        """The log since this was remembered, whether or not the list was committed in between."""
        log = self.source.log
        read = self.read
        return log[read:] if 0 < read <= len(log) and log[read - 1] is self.last else log


State = ValueRows | FrozenRows | LoggedRows
