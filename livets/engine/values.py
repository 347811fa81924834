"""The values that flow between nodes: plain Python inside, ten named kinds outside.

None, bool, int, float, str, bytes, list and dict are themselves; `Json` wraps an opaque JSON document, `Blob` stands
for bytes kept in the content store, `Stream` (livets.engine.stream) for values still to come. `check` is strict and
iterative: no tuples, sets, dates or foreign objects slip through: they would not come back the same from a journal.
Used by every engine; does no I/O.
"""

from __future__ import annotations

import dataclasses
import math
from enum import StrEnum
from typing import Any

import msgspec

from livets.engine.errors import ValueFault

MAX_DEPTH = 200
"""Arrays and objects may be nested this deep; deeper ones (and such that contain themselves) are refused."""


class Kind(StrEnum):
    """The kinds of values, named as workflow files name them."""

    NULL = "Null"
    BOOL = "Bool"
    INT = "Int"
    NUMBER = "Number"
    STRING = "String"
    BYTES = "Bytes"
    JSON = "Json"
    ARRAY = "Array"
    OBJECT = "Object"
    STREAM = "Stream"


class Json:
    """A JSON document as one opaque value: no engine looks inside, merges it or by accident reads it as something else.

    >>> Json({"type": "x"}) == Json({"type": "x"})
    True
    """

    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        self.data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Json) and self.data == other.data

    def __hash__(self) -> int:
        return hash(msgspec.json.encode(self.data, order="sorted"))

    def __repr__(self) -> str:
        return f"Json({self.data!r})"


class Blob:
    """Bytes by reference: `hash` (SHA-256, hex) names them in the content store, `size` counts them."""

    __slots__ = ("hash", "size")

    def __init__(self, hash: str, size: int) -> None:
        self.hash, self.size = hash, size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blob) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"Blob({self.hash[:12]}…, {self.size} bytes)"


_KINDS: dict[type, Kind] = {
    type(None): Kind.NULL,
    bool: Kind.BOOL,
    int: Kind.INT,
    float: Kind.NUMBER,
    str: Kind.STRING,
    bytes: Kind.BYTES,
    Blob: Kind.BYTES,
    Json: Kind.JSON,
    list: Kind.ARRAY,
    dict: Kind.OBJECT,
}
_FLAT = frozenset({type(None), bool, int, float, bytes, Blob})
_SCALARS = _FLAT | {str}


def kind_of(value: object) -> Kind:
    """Return the kind of `value`; raises ValueFault when it has none.

    >>> kind_of(1), kind_of(1.0), kind_of(True)
    (<Kind.INT: 'Int'>, <Kind.NUMBER: 'Number'>, <Kind.BOOL: 'Bool'>)
    """
    kind = _KINDS.get(type(value))
    if kind is not None:
        return kind
    if getattr(type(value), "__livets_stream__", False):
        return Kind.STREAM
    raise ValueFault(_why(value))


def check(value: object, path: str = "$") -> None:
    """Raise ValueFault, naming the place, unless `value` is a value through and through (a Stream is, but only whole).

    >>> check({"a": [1, (2, 3)]})
    Traceback (most recent call last):
    livets.engine.errors.ValueFault: $.a[1]: a tuple is no value: ...
    """
    kind = type(value)
    if kind in _FLAT or (kind is dict and _is_plain(value)):  # type: ignore[arg-type]
        return
    if getattr(kind, "__livets_stream__", False):
        return
    todo: list[tuple[object, str, int]] = [(value, path, 0)]
    while todo:
        item, where, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise ValueFault(f"nested deeper than {MAX_DEPTH}, or contains itself", path)
        kind = type(item)
        if kind in _FLAT:
            continue
        if kind is str:
            _check_text(item, where)
        elif kind is list:
            if not set(map(type, item)) <= _FLAT:  # type: ignore[call-overload]
                todo += [(x, f"{where}[{i}]", depth + 1) for i, x in enumerate(item)]  # type: ignore[arg-type, var-annotated]
        elif kind is dict:
            _check_keys(item, where)  # type: ignore[arg-type]
            if not set(map(type, item.values())) <= _FLAT:  # type: ignore[attr-defined]
                todo += [(x, f"{where}.{k}", depth + 1) for k, x in item.items()]  # type: ignore[attr-defined]
        elif kind is Json:
            _check_json(item.data, where)  # type: ignore[attr-defined]
        else:
            raise ValueFault(_why(item), where)


def _is_plain(item: dict[Any, Any]) -> bool:
    """True for a small object of scalars, the commonest thing that nodes give."""
    for key, value in item.items():
        if type(key) is not str or not key.isascii():
            return False
        if type(value) not in _FLAT and not (type(value) is str and value.isascii()):
            return False
    return True


def to_value(thing: Any) -> Any:
    """Return `thing` with tuples as lists, Structs and dataclasses as dicts; a value comes back itself.

    >>> to_value((1, {"a": (2,)}))
    [1, {'a': [2]}]
    """
    kind = type(thing)
    if kind in _SCALARS or kind is Json:
        return thing
    if kind is list:
        if set(map(type, thing)) <= _SCALARS:
            return thing
        return _kept(thing, [to_value(x) for x in thing])
    if kind is dict:
        new = {key: to_value(x) for key, x in thing.items()}
        return thing if all(new[key] is x for key, x in thing.items()) else new
    if isinstance(thing, tuple):
        return [to_value(x) for x in thing]
    if isinstance(thing, msgspec.Struct):
        return {name: to_value(getattr(thing, name)) for name in thing.__struct_fields__}
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {f.name: to_value(getattr(thing, f.name)) for f in dataclasses.fields(thing)}
    return thing


def _kept(old: list[Any], new: list[Any]) -> list[Any]:
    return old if all(a is b for a, b in zip(old, new, strict=True)) else new


def _check_text(text: Any, where: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueFault("a string with half of a surrogate pair cannot be written down", where) from error


def _check_keys(item: dict[Any, Any], where: str) -> None:
    for key in item:
        if type(key) is not str:
            raise ValueFault(f"the key {key!r} is no string: write it as one", where)
        _check_text(key, where)


def _check_json(data: object, where: str) -> None:
    todo: list[tuple[object, int]] = [(data, 0)]
    while todo:
        item, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise ValueFault(f"Json nested deeper than {MAX_DEPTH}, or contains itself", where)
        kind = type(item)
        if kind is list:
            todo += [(x, depth + 1) for x in item]  # type: ignore[attr-defined]
        elif kind is dict:
            _check_keys(item, where)  # type: ignore[arg-type]
            todo += [(x, depth + 1) for x in item.values()]  # type: ignore[attr-defined]
        elif kind is str:
            _check_text(item, where)
        elif kind is float:
            if not math.isfinite(item):  # type: ignore[arg-type]
                raise ValueFault(f"JSON has no {item!r}: use a Number outside of Json, or null", where)
        elif kind not in _FLAT or kind in (bytes, Blob):
            raise ValueFault(f"Json holds JSON only, not {_named(item)}", where)


def _named(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _why(value: object) -> str:
    return f"{_named(value)} is no value: use None, bool, int, float, str, bytes, list, dict, Json or Stream"
