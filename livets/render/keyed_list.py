"""KeyedList: an ordered collection that records its own changes, so that a list of any size costs what changed.

It owns a log of operations since the last commit (read by `render` for patches and by `live` for snapshots) and the
information to take them back; items and order are those of OrderedItems. Every operation is O(1). It never scans, never
compares items, and knows nothing of views. Application code changes it; `live` marks, undoes and commits it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from livets.errors import FieldError
from livets.render.item_changes import UNSET, changed_copy, is_frozen, overwrite, restore_attributes, restore_entries
from livets.render.order import Key, canonical_key
from livets.render.ordered_items import OrderedItems

__all__ = ["Key", "KeyedList", "Operation", "canonical_key"]

T = TypeVar("T")
Operation = tuple[Any, ...]

_SMALL_LOG: Final = 64


class KeyedList(OrderedItems[T]):
    """An ordered list of items with unique keys; rendering and saving it cost O(what changed).

    `items`: anything with an attribute (or, for dicts, an entry) named `key` that holds a str or an int and
    never changes. Keys are unique; `"1"` and `1` are the same key. `rows[x]` is the item with the *key* x,
    never the x-th item. Iteration runs over a copy of the order, so items may be removed on the way.

    Raises FieldError for a missing or duplicate key.

    >>> rows = KeyedList([{"id": 1, "label": "a"}])
    >>> rows.append({"id": 2, "label": "b"})
    >>> rows.update(1, label="A")
    >>> [row["label"] for row in rows]
    ['A', 'b']
    """

    __slots__ = ("_dropped", "_undo", "log", "version")

    def __init__(self, items: Iterable[T] = (), key: str = "id") -> None:
        super().__init__(items, key)
        self.log: list[Operation] = []
        """("insert", key, after) ("update", key) ("move", key, after) ("delete", key) ("clear",), oldest first."""
        self.version = 0
        """Counts every change ever made, undoing included."""
        self._undo: list[Operation] = []
        self._dropped = False

    # Comparing and copying

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeyedList):
            return NotImplemented
        return self.key == other.key and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"KeyedList({list(self)!r}, key={self.key!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> KeyedList[T]:
        return KeyedList(copy.deepcopy(list(self), memo), key=self.key)

    def __copy__(self) -> KeyedList[T]:
        return KeyedList(self, key=self.key)

    # Changing

    def append(self, item: T) -> None:
        """Put `item` at the end."""
        self._insert(self._free_key(item), item, self._last())

    def prepend(self, item: T) -> None:
        """Put `item` at the front."""
        self._insert(self._free_key(item), item, None)

    def insert(self, item: T, *, before: Key = UNSET, after: Key | None = UNSET) -> None:
        """Put `item` directly before or after the item with the given key; `after=None` is the front."""
        if (before is UNSET) is (after is UNSET):
            raise FieldError("KeyedList.insert needs one of before=<key> and after=<key>; use append() for the end")
        key = self._free_key(item)
        if before is not UNSET:
            self._insert(key, item, self._linked().before[self._known(before)])
        else:
            self._insert(key, item, None if after is None else self._known(after))

    def extend(self, items: Iterable[T]) -> None:
        """Append all `items`, or none of them when one has a key that is taken."""
        mark = self.mark()
        try:
            for item in items:
                self.append(item)
        except BaseException:
            self.undo(mark)
            raise

    def replace(self, item: T) -> None:
        """Put `item` in the place of the item that has the same key."""
        key = self._known(self._key_of(item))
        self._record(("update", key), ("update", key, self._items[key]))
        self._items[key] = item

    def update(self, key: Key, **changes: Any) -> None:
        """Change attributes (or dict entries) of an item; frozen items are replaced by a changed copy.

        >>> rows = KeyedList([{"id": 1, "done": False}])
        >>> rows.update(1, done=True)
        """
        known = self._known(key)
        item: Any = self._items[known]
        if self.key in changes:
            raise FieldError(f"the key {self.key!r} of an item never changes; remove the item and insert a new one")
        if isinstance(item, dict):
            old = {name: item.get(name, UNSET) for name in changes}
            item.update(changes)
            self._record(("update", known), ("entries", item, old))
        elif is_frozen(item):
            self._record(("update", known), ("update", known, item))
            try:
                self._items[known] = changed_copy(item, changes)
            except BaseException:
                self._drop_last()
                raise
        else:
            self._set_attributes(known, item, changes)

    def touch(self, key: Key) -> T:
        """Say that an item is about to be changed in place, and return it.

        Call it *before* the change: a copy is kept, so that a failing handler can be taken back.

        >>> rows = KeyedList([{"id": 1, "tags": []}])
        >>> rows.touch(1)["tags"].append("new")
        """
        known = self._known(key)
        item = self._items[known]
        self._record(("update", known), ("image", known, item, copy.deepcopy(item)))
        return item

    def remove(self, key: Key) -> None:
        """Take the item with this key out."""
        self.pop(key)

    def pop(self, key: Key) -> T:
        """Take the item with this key out and return it."""
        known = self._known(key)
        before = self._linked().unlink(known)
        item = self._items.pop(known)
        self._record(("delete", known), ("delete", known, item, before))
        return item

    def move(self, key: Key, *, after: Key | None) -> None:
        """Put the item with this key directly after another; None is the front."""
        known = self._known(key)
        anchor = None if after is None else self._known(after)
        links = self._linked()
        before = links.before[known]
        if anchor != known and anchor != before:
            links.unlink(known)
            links.link(known, anchor)
            self._record(("move", known, anchor), ("move", known, before))

    def swap(self, a: Key, b: Key) -> None:
        """Let two items change places."""
        first, second = self._known(a), self._known(b)
        before = self._linked().before
        if first == second:
            return
        if before[first] == second:
            first, second = second, first
        before_first, before_second = before[first], before[second]
        self.move(second, after=before_first)
        if before_second != first:
            self.move(first, after=before_second)

    def clear(self) -> None:
        """Take all items out."""
        if self._items:
            # no literal, which is one object for ever: readers of the log know their place by the operation itself
            self._record(tuple(["clear"]), ("clear", self._items, self._links))  # noqa: C409
            self._items, self._links = {}, None

    # Transactions (called by the framework)

    @property
    def overflowed(self) -> bool:
        """True when the log is longer than the list (or was dropped): comparing whole lists is cheaper."""
        return self._dropped or len(self.log) > max(_SMALL_LOG, len(self._items))

    def mark(self) -> int:
        """A point to which `undo` can return, valid until `settle` or `commit`."""
        return len(self._undo)

    def since(self, mark: int) -> list[Operation]:
        """The operations since `mark`."""
        count = len(self._undo) - mark
        return self.log[-count:] if count else []

    def inverses(self, count: int) -> Iterable[tuple[Operation, Operation]]:
        """The last `count` operations, newest first, each with what would take it back; nothing if one is not known."""
        if not 0 < count <= len(self._undo):
            return ()
        return zip(self.log[: -count - 1 : -1], self._undo[: -count - 1 : -1], strict=True)

    def undo(self, mark: int) -> None:
        """Take back every operation since `mark`, exactly: items, order and log."""
        while len(self._undo) > mark:
            entry = self._undo.pop()
            self.log.pop()
            self.version += 1
            self._take_back(entry)

    def settle(self) -> None:
        """Give up undoing; the log stays for a rendering that could not happen yet, unless it has overflowed."""
        self._undo.clear()
        if self.overflowed:
            self._dropped = True
            self.log.clear()

    def distrust(self) -> None:
        """Say that nobody knows what was rendered of this list: the next rendering compares the whole list."""
        self._dropped = True

    def commit(self) -> None:
        """Forget log and undo information: what the list holds now has been rendered."""
        self._undo.clear()
        self.log.clear()
        self._dropped = False

    def replay(self, log: Iterable[Operation], items: Mapping[Key, T]) -> None:
        """Apply a recorded log without recording it. `items`: final items by canonical key.

        An inserted key that is not in `items` must be deleted again by the same log. Raises LookupError for a log
        that does not belong to this list.
        """
        for operation in log:
            match operation:
                case ("insert", key, after):
                    if key in self._items:
                        raise LookupError(f"the log inserts {key!r}, which is there already")
                    self._put(key, items.get(key, UNSET), after)
                case ("update", key):
                    pass
                case ("move", key, after):
                    links = self._linked()
                    links.unlink(key)
                    links.link(key, after)
                case ("delete", key):
                    self._linked().unlink(key)
                    del self._items[key]
                case _:
                    self._items, self._links = {}, None
        for key, item in items.items():
            if key in self._items:
                self._items[key] = item
        self.version += 1

    # Inside

    def _record(self, operation: Operation, inverse: Operation) -> None:
        self.log.append(operation)
        self._undo.append(inverse)
        self.version += 1

    def _drop_last(self) -> None:
        self.log.pop()
        self._undo.pop()

    def _insert(self, key: Key, item: T, after: Key | None) -> None:
        self._put(key, item, after)
        self._record(("insert", key, after), ("insert", key))

    def _set_attributes(self, key: Key, item: Any, changes: dict[str, Any]) -> None:
        old = {name: getattr(item, name, UNSET) for name in changes}
        self._record(("update", key), ("attributes", item, old))
        try:
            for name, value in changes.items():
                setattr(item, name, value)
        except BaseException:
            self._drop_last()
            restore_attributes(item, old)
            raise

    def _take_back(self, entry: Operation) -> None:
        match entry:
            case ("insert", key):
                if self._links is None:
                    self._items.popitem()
                else:
                    self._links.unlink(key)
                    del self._items[key]
            case ("update", key, item):
                self._items[key] = item
            case ("attributes", item, old):
                restore_attributes(item, old)
            case ("entries", item, old):
                restore_entries(item, old)
            case ("image", key, item, image):
                if not overwrite(item, image):
                    self._items[key] = image
            case ("move", key, before):
                links = self._linked()
                links.unlink(key)
                links.link(key, before)
            case ("delete", key, item, before):
                self._linked().link(key, before)
                self._items[key] = item
            case (_, items, links):
                self._items, self._links = items, links
