"""How a declared field becomes bytes and comes back: one codec per field, built when the class is made.

It decides which types can be kept at all (D1) and knows which of them can change in place. It never sees a
view. Called by `fields` at class creation, by `tracking` and `snapshot` for values.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import inspect

from livets.errors import FieldError
from livets.render.keyed_list import Key, KeyedList, Operation, canonical_key

_encode = msgspec.msgpack.Encoder().encode

_IMMUTABLE_KINDS = (
    inspect.NoneType,
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.StrType,
    inspect.BytesType,
    inspect.DateTimeType,
    inspect.TimeType,
    inspect.DateType,
    inspect.TimeDeltaType,
    inspect.UUIDType,
    inspect.DecimalType,
    inspect.EnumType,
    inspect.LiteralType,
)
_IMMUTABLE_SHELLS = (
    inspect.Metadata,
    inspect.UnionType,
    inspect.NamedTupleType,
    inspect.TupleType,
    inspect.VarTupleType,
    inspect.FrozenSetType,
)


class Codec(Protocol):
    """Bytes of one field's values."""

    mutable: bool
    """True when values can change without being assigned."""
    is_open: bool
    """True when the type says "anything" somewhere (`list`, `dict[str, Any]`): each value shows whether it fits."""

    def encode(self, value: Any) -> bytes:
        """Raises TypeError and the like for values that cannot be kept."""

    def decode(self, data: bytes) -> Any:
        """Raises msgspec.DecodeError when the bytes do not fit the type."""


class PlainCodec:
    """A field of any type that msgspec can decode."""

    __slots__ = ("decode", "encode", "is_open", "mutable")

    def __init__(self, kind: Any, is_open: bool) -> None:
        self.is_open = is_open
        self.encode: Callable[[Any], bytes] = _encode
        self.decode: Callable[[bytes], Any] = msgspec.msgpack.Decoder(kind).decode
        self.mutable = not _is_immutable(inspect.type_info(kind), set())


class KeyedCodec:
    """A KeyedList: a base of all items, and batches of operations after it (ADR 0004)."""

    __slots__ = ("_decode_base", "_decode_batch", "is_open", "mutable")

    def __init__(self, item: Any, is_open: bool) -> None:
        self.is_open = is_open
        self._decode_base = msgspec.msgpack.Decoder(tuple[str, list[item]]).decode
        self._decode_batch = msgspec.msgpack.Decoder(tuple[int, int, list[list[str | int | None]], list[item]]).decode
        self.mutable = True

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, KeyedList):
            raise TypeError(f"expected a KeyedList, found {type(value).__name__}")
        return _encode((value.key, list(value)))

    def decode(self, data: bytes) -> KeyedList[Any]:
        key, items = self._decode_base(data)
        return KeyedList(items, key=key)

    def encode_batch(self, value: KeyedList[Any], operations: Sequence[Operation], start: int) -> bytes:
        """One commit's operations, and the final items they inserted or changed.

        `start`: how many operations the log holds before these; a batch that a store has twice shows by it.
        Raises FieldError for an item that would come back as another one.
        """
        touched = {operation[1]: None for operation in operations if operation[0] in ("insert", "update")}
        order = [operation for operation in operations if operation[0] != "update"]
        items = [value[key] for key in touched if key in value]
        batch = _encode((start, len(operations), order, items))
        if self.is_open:
            _check_alike(items, self._decode_batch(batch)[3])
        return batch

    def replay(self, value: KeyedList[Any], batch: bytes, length: int) -> int:
        """Bring `value`, at `length` operations after its base, to after a commit; returns the new length.

        A batch that was replayed already (its write was repeated, because nobody knew that it had worked) is left
        out. Raises LookupError when batches before it are missing.
        """
        start, count, operations, items = self._decode_batch(batch)
        if start < length:
            return length
        if start > length:
            raise LookupError(f"operations {length} to {start} of the list's log are missing")
        value.replay((tuple(operation) for operation in operations), self._by_key(value, items))
        return start + count

    @staticmethod
    def _by_key(value: KeyedList[Any], items: list[Any]) -> Mapping[Key, Any]:
        name = value.key
        return {canonical_key(item[name] if isinstance(item, dict) else getattr(item, name)): item for item in items}


def build(kind: Any) -> Codec:
    """The codec of a type. Raises TypeError saying why values of it would not come back as they were."""
    if typing.get_origin(kind) is KeyedList:
        (item,) = typing.get_args(kind)
        return KeyedCodec(item, _check(inspect.type_info(item), set()))
    if kind is KeyedList:
        raise TypeError("KeyedList does not say what is in it; write KeyedList[Row]")
    return PlainCodec(kind, _check(inspect.type_info(kind), set()))


def refuse_custom(kind: Any) -> None:
    """Raises TypeError for a type that plain data cannot be turned into."""
    _check(inspect.type_info(kind), set())


def _check(info: inspect.Type, seen: set[Any]) -> bool:
    """Whether the type says "anything" somewhere. Raises TypeError for what never comes back."""
    if isinstance(info, inspect.AnyType):
        return True
    if isinstance(info, inspect.RawType | inspect.ExtType | inspect.MemoryViewType):
        raise TypeError(f"{type(info).__name__.removesuffix('Type')} is a view of bytes, not a value")
    if isinstance(info, inspect.CustomType):
        if typing.get_origin(info.cls) is KeyedList or info.cls is KeyedList:
            raise TypeError("a KeyedList must be a field of its own, not part of another type")
        raise TypeError(f"{info.cls.__name__} is no type that msgspec can decode")
    parts = [_check(part, seen) for part in _parts(info, seen)]
    return True in parts


def _is_immutable(info: inspect.Type, seen: set[Any]) -> bool:
    if isinstance(info, inspect.StructType | inspect.DataclassType):
        if info.cls in seen:
            return True
        if not is_frozen(info.cls):
            return False
    elif not isinstance(info, (*_IMMUTABLE_KINDS, *_IMMUTABLE_SHELLS)):
        return False
    return all(_is_immutable(part, seen) for part in _parts(info, seen))


def is_frozen(kind: type) -> bool:
    """True for frozen Structs and frozen dataclasses."""
    if issubclass(kind, msgspec.Struct):
        return bool(kind.__struct_config__.frozen)
    parameters = getattr(kind, "__dataclass_params__", None)
    return bool(parameters and parameters.frozen)


def _parts(info: inspect.Type, seen: set[Any]) -> list[inspect.Type]:
    """The types directly inside a type; those of a class only once."""
    match info:
        case inspect.Metadata():
            return [info.type]
        case inspect.UnionType():
            return list(info.types)
        case inspect.TupleType():
            return list(info.item_types)
        case inspect.DictType():
            return [info.key_type, info.value_type]
        case inspect.ListType() | inspect.SetType() | inspect.FrozenSetType() | inspect.VarTupleType():
            return [info.item_type]
        case inspect.CollectionType():
            return [info.item_type]
        case inspect.StructType() | inspect.DataclassType() | inspect.NamedTupleType() | inspect.TypedDictType():
            if info.cls in seen:
                return []
            seen.add(info.cls)
            return [part.type for part in info.fields]
    return []


def check_round_trip(codec: Codec, value: Any, data: bytes) -> None:
    """Raises FieldError when `data` does not decode to an equal value (D1).

    Asked in development, and always for open types: what is in those is known by nobody but the value.
    """
    try:
        back = codec.decode(data)
    except msgspec.DecodeError as error:
        raise FieldError(f"{_short(value)} does not fit the declared type: {error}") from None
    if codec.is_open:
        _check_alike(value, back)
    elif back != value and repr(back) != repr(value):
        raise FieldError(f"{_short(value)} would come back as {_short(back)}")


def _check_alike(value: Any, back: Any) -> None:
    """Alike in type too, all the way down: a StrEnum equals its text, and a tuple comes back as a list."""
    if repr(value) != repr(back):
        place, value, back = _unlike(value, back)
        raise FieldError(f"{place}{_short(value)} would come back as {_short(back)}")


def _unlike(value: Any, back: Any, place: str = "") -> tuple[str, Any, Any]:
    """The innermost place that differs."""
    pairs: list[tuple[Any, Any, Any]] = []
    if type(value) is type(back) is list:
        pairs = [(number, *pair) for number, pair in enumerate(zip(value, back, strict=False))]
    elif type(value) is type(back) is dict:
        pairs = [(key, value[key], back.get(key)) for key in value]
    for at, inner, inner_back in pairs:
        if repr(inner) != repr(inner_back):
            return _unlike(inner, inner_back, f"{place}[{at!r}]")
    return (f"{place}: " if place else ""), value, back


def _short(value: Any) -> str:
    text = f"{value!r} ({type(value).__name__})"
    return text if len(text) <= 120 else f"{text[:110]}… ({type(value).__name__})"
