"""Which kind may become which, in one table: what is not in it is refused, at validation already.

A coercion is exact or it fails: no digit, key or byte is silently lost ("3.5" is no Int, 2**60+1 no Number).
`coercion` is asked once per connection, when a graph is checked; the function it returns runs for each value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from livets.engine.encoding import to_plain
from livets.engine.errors import ValueFault
from livets.engine.values import Json, Kind, kind_of

Coercion = Callable[[Any], Any]


def _int_to_number(value: int) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if number != value:
        raise ValueFault(f"{value} has more digits than a Number keeps: leave it an Int, or send it as a String")
    return number


def _number_to_int(value: float) -> int:
    if not math.isfinite(value) or not value.is_integer():
        raise ValueFault(f"{value!r} is not whole: round it before it goes to an Int port")
    return int(value)


def _text_to_int(value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise ValueFault(f"{value!r:.80} is no Int") from error


def _text_to_number(value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise ValueFault(f"{value!r:.80} is no Number") from error


def _text_to_bool(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueFault(f"{value!r:.80} is no Bool: only 'true' and 'false' are")
    return value == "true"


def _bytes_to_text(value: Any) -> str:
    if not isinstance(value, bytes):
        raise ValueFault("these bytes are kept by reference: read them from the content store first")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise ValueFault(f"these bytes are no UTF-8: {error}") from error


def _text_to_json(value: str) -> Json:
    try:
        return Json(msgspec.json.decode(value))
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise ValueFault(f"no JSON: {error}") from None


def _out_of_json(kind: Kind) -> Coercion:
    def coerce(value: Json) -> Any:
        found = kind_of(value.data)
        if found is kind:
            return value.data
        if kind is Kind.NUMBER and found is Kind.INT:
            return _int_to_number(value.data)
        raise ValueFault(f"this Json holds {found}, not {kind}")

    return coerce


def _into_json(value: Any) -> Json:
    return Json(to_plain(value))


_EXACT: dict[tuple[Kind, Kind], Coercion] = {
    (Kind.BOOL, Kind.INT): int,
    (Kind.BOOL, Kind.STRING): lambda value: "true" if value else "false",
    (Kind.INT, Kind.NUMBER): _int_to_number,
    (Kind.INT, Kind.STRING): str,
    (Kind.NUMBER, Kind.INT): _number_to_int,
    (Kind.NUMBER, Kind.STRING): repr,
    (Kind.STRING, Kind.BOOL): _text_to_bool,
    (Kind.STRING, Kind.INT): _text_to_int,
    (Kind.STRING, Kind.NUMBER): _text_to_number,
    (Kind.STRING, Kind.BYTES): str.encode,
    (Kind.BYTES, Kind.STRING): _bytes_to_text,
    (Kind.STRING, Kind.JSON): _text_to_json,
    (Kind.JSON, Kind.STRING): lambda value: msgspec.json.encode(value.data).decode(),
}
_AROUND_JSON: dict[tuple[Kind, Kind], Coercion] = {
    pair: function
    for kind in (Kind.NULL, Kind.BOOL, Kind.INT, Kind.NUMBER, Kind.ARRAY, Kind.OBJECT)
    for pair, function in (((kind, Kind.JSON), _into_json), ((Kind.JSON, kind), _out_of_json(kind)))
}
TABLE = _EXACT | _AROUND_JSON
"""(from, to) -> function. A String becomes Json by being parsed, and Json a String by being written."""


def same(value: Any) -> Any:
    """The coercion of a kind to itself."""
    return value


def coercion(source: Kind | None, target: Kind | None) -> Coercion | None:
    """Return how `source` becomes `target`, or None when it never does; a kind of None means any.

    >>> coercion(Kind.ARRAY, Kind.STRING) is None
    True
    """
    if target is None or source is target:
        return same
    if source is None:
        return lambda value: coerce(value, target)
    return TABLE.get((source, target))


def coerce(value: Any, target: Kind) -> Any:
    """Return `value` as `target`; raises ValueFault when the table has no way or this value cannot go it.

    >>> coerce("42", Kind.INT)
    42
    """
    kind = kind_of(value)
    if kind is target:
        return value
    function = TABLE.get((kind, target))
    if function is None:
        raise ValueFault(f"{kind} does not become {target}")
    return function(value)
