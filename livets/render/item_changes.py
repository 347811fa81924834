"""One item of a KeyedList: changed, and put back as it was.

It owns what differs between dicts, structs, dataclasses and plain objects there. It knows no list. KeyedList uses it.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import msgspec

UNSET: Final[Any] = object()
"""An attribute or entry that was not there."""


def is_frozen(item: Any) -> bool:
    """True for records that are never changed in place."""
    if isinstance(item, msgspec.Struct):
        return item.__struct_config__.frozen
    parameters = getattr(type(item), "__dataclass_params__", None)
    return bool(parameters and parameters.frozen)


def changed_copy(item: Any, changes: dict[str, Any]) -> Any:
    """A frozen record with some attributes changed."""
    if isinstance(item, msgspec.Struct):
        return msgspec.structs.replace(item, **changes)
    return dataclasses.replace(item, **changes)


def overwrite(item: Any, image: Any) -> bool:
    """Make `item` equal to `image`, its earlier copy, keeping the object; False if it has to be replaced."""
    if isinstance(item, dict):
        item.clear()
        item.update(image)
        return True
    if is_frozen(item):
        return False
    if isinstance(item, msgspec.Struct):
        names = set(item.__struct_fields__)
    else:
        names = {name for kind in type(item).__mro__ for name in getattr(kind, "__slots__", ())}
        names |= set(getattr(item, "__dict__", ())) | set(getattr(image, "__dict__", ()))
    restore_attributes(item, {name: getattr(image, name, UNSET) for name in names - {"__dict__", "__weakref__"}})
    return True


def restore_entries(item: dict[str, Any], old: dict[str, Any]) -> None:
    """Entries as they were."""
    for name, value in old.items():
        if value is UNSET:
            item.pop(name, None)
        else:
            item[name] = value


def restore_attributes(item: Any, old: dict[str, Any]) -> None:
    """Attributes as they were."""
    for name, value in old.items():
        if value is not UNSET:
            setattr(item, name, value)
        elif hasattr(item, name):
            delattr(item, name)
