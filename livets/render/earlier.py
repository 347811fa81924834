"""Items of a KeyedList as they were before its last operations, so that one changed column of a row costs one cell.

It owns the way back, on copies: the items themselves stay as they are. What can't be told is left out; a log with a
"clear" in it is never asked about. `lists` calls it.
"""

from __future__ import annotations

import copy
from typing import Any

from livets.render.item_changes import restore_attributes, restore_entries
from livets.render.keyed_list import Key, KeyedList


def earlier_items(source: KeyedList[Any], count: int) -> dict[Key, Any]:
    """By key: the items that the last `count` operations updated, as they were before; none once undoing was given up.

    >>> rows = KeyedList([{"id": 1, "label": "a", "done": False}])
    >>> rows.update(1, done=True)
    >>> earlier_items(rows, 1)
    {1: {'id': 1, 'label': 'a', 'done': False}}
    """
    found: dict[Key, Any] = {}
    gone: set[Key] = set()
    for operation, inverse in source.inverses(count):
        kind, key = operation[:2]
        if kind != "update":
            # an item that was out of the list may have been changed there by anybody
            if kind != "move":
                gone.add(key)
            continue
        match inverse:
            case ("update", _, item):
                found[key] = item
            case ("image", _, _, image):
                found[key] = copy.copy(image)
            case (kind, item, old):
                if key not in found:
                    found[key] = copy.copy(item)
                (restore_entries if kind == "entries" else restore_attributes)(found[key], old)
    for key in gone:
        found.pop(key, None)
    return found
