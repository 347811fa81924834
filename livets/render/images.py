"""What a small value holds, as something that never changes and equals only the image of a value that shows the same.

It owns that comparison: types count everywhere, so 1, True and 1.0 differ, and so do a list and a tuple. Only plain
data is looked into; an object of another kind that can't change is itself. `sharing` calls it.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final, NamedTuple

import msgspec

from livets.render.frozen import all_frozen

LARGEST: Final = 64
"""Values within a value; to compare more would cost more than it saves."""
_SCALARS: Final = frozenset({str, int, bool, bytes, type(None)})


class Image(NamedTuple):
    """Of one value."""

    kind: type
    parts: tuple[Any, ...]


def image(value: Any) -> Image:
    """The image of a value. Raises LookupError for what is too large, or of a kind that could hold anything.

    >>> image([1, {"a": 2}]) == image([1, {"a": 2}]), image([1]) == image([True]), image([1]) == image((1,))
    (True, False, False)
    """
    parts: list[Any] = []
    _take(value, parts)
    return Image(type(value), tuple(parts))


def _take(value: Any, parts: list[Any]) -> None:
    kind = type(value)
    if len(parts) > 3 * LARGEST:
        raise LookupError("too large")
    if kind in _SCALARS:
        parts += (kind, value)
    elif kind is float:
        parts += (kind, repr(value))
    elif kind is list or kind is tuple:
        parts += (kind, len(value))
        for inner in value:
            _take(inner, parts)
    elif kind is dict:
        parts += (kind, len(value))
        for name, inner in value.items():
            _take(name, parts)
            _take(inner, parts)
    elif isinstance(value, msgspec.Struct) and not hasattr(value, "__dict__"):
        parts.append(kind)
        for name in kind.__struct_fields__:
            _take(getattr(value, name), parts)
    elif dataclasses.is_dataclass(kind) and hasattr(value, "__dict__"):
        parts.append(kind)
        _take(vars(value), parts)
    elif all_frozen((value,)):
        parts += (kind, _Same(value))
    else:
        raise LookupError(f"{kind.__name__} objects may hold anything")


class _Same:
    """Equals only what is wrapped around the very same object."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._value is other._value

    __hash__ = None  # type: ignore[assignment]
