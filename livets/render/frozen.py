"""Which items can't change in place, so that identity tells whether they are the same.

It owns the question only. `lists` asks it for the items of plain lists and for names that rows read.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import types
import typing
import uuid
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

import msgspec
from jinja2.utils import missing

from livets.render.environment import Scope

SCALARS: Final = frozenset({str, int, float, bool, bytes, type(None)})
_PLAIN: Final = SCALARS | {
    complex,
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
}
_known: dict[type, bool] = {}


def all_frozen(items: Iterable[Any]) -> bool:
    """True when no item can change in place."""
    kinds = set(map(type, items))
    if tuple in kinds:
        kinds.remove(tuple)
        if not all_frozen(chain.from_iterable(item for item in items if type(item) is tuple)):
            return False
    return all(map(_is_frozen, kinds))


def _is_frozen(kind: type) -> bool:
    known = _known.get(kind)
    if known is None:
        known = _known[kind] = kind in _PLAIN or _is_frozen_record(kind)
    return known


def _is_frozen_record(kind: type) -> bool:
    if issubclass(kind, enum.Enum):
        return True
    if issubclass(kind, msgspec.Struct):
        if not kind.__struct_config__.frozen:
            return False
    else:
        parameters = getattr(kind, "__dataclass_params__", None)
        if not (dataclasses.is_dataclass(kind) and parameters is not None and parameters.frozen):
            return False
    try:
        hints = typing.get_type_hints(kind)
    except Exception:  # a hint that can't be resolved: nobody knows what the field holds
        return False
    _known[kind] = True  # while it is looked at: a record may hold its own kind
    frozen = all(map(_is_frozen_hint, hints.values()))
    _known[kind] = frozen
    return frozen


def _is_frozen_hint(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin is None:
        return hint is None or (isinstance(hint, type) and _is_frozen(hint))
    arguments = typing.get_args(hint)
    if origin is typing.Literal:
        return True
    if origin in (typing.Union, types.UnionType, tuple, frozenset):
        return all(argument is ... or _is_frozen_hint(argument) for argument in arguments)
    if origin is typing.Annotated:
        return _is_frozen_hint(arguments[0])
    return False


class Remembered:
    """The names that rows read from outside, as they were when the rows were last sent."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def resolve(self, name: str) -> Any:
        """The value of a name."""
        return self.values[name]

    @classmethod
    def of(cls, names: Iterable[str], scope: Scope) -> Remembered | None:
        """The names as they are now; None when one of them could change in place."""
        values = {name: scope.resolve(name) for name in names}
        fits = all(type(value) in SCALARS or value is missing for value in values.values())
        return cls(values) if fits else None

    def changed(self, other: Remembered) -> set[str]:
        """The names whose value differs."""
        return {
            name
            for name, value in self.values.items()
            if value is not other.values[name]
            and (type(value) is not type(other.values[name]) or value != other.values[name])
        }
