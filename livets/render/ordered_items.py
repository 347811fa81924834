"""Items by their keys, in an order: the dict's own until something is inserted, moved or removed, then links.

It owns items, keys and order, and reading them; every step is O(1). It records nothing and never compares items.
KeyedList is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from livets.errors import FieldError
from livets.render.item_changes import UNSET
from livets.render.order import Key, Links, canonical_key

T = TypeVar("T")


class OrderedItems(Generic[T]):
    """An ordered collection whose items are found by key; what KeyedList is without changes."""

    __slots__ = ("_items", "_links", "key")

    def __init__(self, items: Iterable[T] = (), key: str = "id") -> None:
        self.key = key
        """Name of the attribute or dict entry that identifies an item."""
        self._items: dict[Key, T] = {}
        self._links: Links | None = None  # None: the order is the dict's
        for item in items:
            self._items[self._free_key(item)] = item

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        if self._links is None:
            return iter(list(self._items.values()))
        items = self._items
        return iter([items[key] for key in self._links])

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str | int) and canonical_key(key) in self._items

    def __getitem__(self, key: Key) -> T:
        return self._items[self._known(key)]

    def get(self, key: Key, default: T | None = None) -> T | None:
        """The item with this key, or `default`."""
        return self._items.get(canonical_key(key), default)

    def keys(self) -> list[Key]:
        """All keys in order. A string of digits comes back as the int of the same form."""
        return list(self._items) if self._links is None else list(self._links)

    def predecessors(self, keys: Iterable[Key]) -> dict[Key, Key | None]:
        """The key before each of `keys` (all in the list), None before the first: O(1) each once rows have moved.

        Until then the order is the dict's, and the way goes from its end to the first of `keys`: short for rows
        that were appended.

        >>> OrderedItems([{"id": 1}, {"id": 2}]).predecessors([2])
        {2: 1}
        """
        if self._links is not None:
            before = self._links.before
            return {key: before[key] for key in keys}
        wanted = set(keys)
        found: dict[Key, Key | None] = {}
        if not wanted:
            return found
        following: Key | None = None
        for key in reversed(self._items):
            if following in wanted and following is not None:
                found[following] = key
                if len(found) == len(wanted):
                    return found
            following = key
        if following is not None:
            found[following] = None
        return found

    # Order

    def _put(self, key: Key, item: T, after: Key | None) -> None:
        if self._links is not None or after != self._last():
            self._linked().link(key, after)
        self._items[key] = item

    def _linked(self) -> Links:
        if self._links is None:
            self._links = Links(self._items)
        return self._links

    def _last(self) -> Key | None:
        return next(reversed(self._items), None) if self._links is None else self._links.before[None]

    def _key_of(self, item: T) -> Key:
        key = item.get(self.key, UNSET) if isinstance(item, dict) else getattr(item, self.key, UNSET)
        if not isinstance(key, str | int) or isinstance(key, bool):
            found = "nothing" if key is UNSET else repr(key)
            raise FieldError(
                f"an item of a KeyedList needs a str or int in {self.key!r}, found {found} in {type(item).__name__}; "
                f"name another one with KeyedList(key=...)"
            )
        return canonical_key(key)

    def _free_key(self, item: T) -> Key:
        key = self._key_of(item)
        if key in self._items:
            raise FieldError(f"the KeyedList has an item with the key {key!r} already; use replace() or another key")
        return key

    def _known(self, key: Key) -> Key:
        canonical = canonical_key(key)
        if canonical not in self._items:
            raise KeyError(
                f"no item of this KeyedList has {key!r} as its {self.key!r} (items are found by key, not by position; "
                f"get({key!r}) is None when there is none)"
            )
        return canonical
