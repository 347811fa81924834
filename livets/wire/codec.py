"""Bytes <-> messages. Both codecs (msgpack; JSON for people who debug) carry the same arrays.

Decoding never builds anything but the Structs of `messages` and plain data; whatever is wrong with the
bytes ends as ProtocolError.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from livets.errors import ProtocolError
from livets.wire import limits
from livets.wire.call import read_call
from livets.wire.messages import ClientMessage, Event, Frame

_decode_msgpack = msgspec.msgpack.Decoder(ClientMessage).decode
_decode_json = msgspec.json.Decoder(ClientMessage).decode
_encode_msgpack = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode

_GROUPS = (("ts-value:", "named"), ("data-", "data"))
"""Attributes of the element an event came from: their prefix, and the entry of the payload they end up in."""
_SCALARS = frozenset({str, int, float, bool, type(None)})


def decode(data: bytes | str, *, max_bytes: int = limits.MAX_MESSAGE_BYTES) -> ClientMessage:
    """One client message from a WebSocket message (bytes: msgpack, str: JSON).

    Raises ProtocolError for anything that is too large, too deep, malformed or of no known type.
    """
    if len(data) > max_bytes:
        raise ProtocolError(f"message of {len(data)} bytes; the limit is {max_bytes}")
    try:
        message: ClientMessage = _decode_json(data) if isinstance(data, str) else _decode_msgpack(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise ProtocolError(f"malformed message: {error}") from None
    if type(message) is Event:
        message = _plain(message)
        for part in (message.args, message.payload, message.fields):
            if part:
                _check_plain(part, limits.MAX_DEPTH)
    return message


def _plain(event: Event) -> Event:
    """The event as views know it: a browser sends a directive's text, attributes, and a form as pairs."""
    if event.payload:
        _group(event.payload)
    if event.args or event.handler.isidentifier() or not event.handler:
        return event
    try:
        name, args = read_call(event.handler)
    except ValueError:
        return event  # nothing is called like that: the event will be refused by its name
    return event if name == event.handler else msgspec.structs.replace(event, handler=name, args=args)


def _group(payload: dict[str, Any]) -> None:
    """Put a form's pairs, and attributes of one prefix, under one name each."""
    form = payload.get("form")
    if type(form) is list:
        payload["form"] = _fields(form)
    for prefix, group in _GROUPS:
        names = [name for name in payload if name.startswith(prefix)]
        if names:
            payload[group] = {name[len(prefix) :].replace("-", "_"): payload.pop(name) for name in names}


def _fields(pairs: list[Any]) -> dict[str, Any]:
    """A form's values by name, those of the same name in a list; a file's name and content stay in the browser."""
    form: dict[str, Any] = {}
    try:
        for name, value in pairs:
            form.setdefault(name, []).append("" if value == {} else value)
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"a form is a list of pairs: {error}") from None
    return {name: values if len(values) > 1 else values[0] for name, values in form.items()}


def _check_plain(value: Any, depth_left: int) -> None:
    kind = type(value)
    if kind in _SCALARS:
        if kind is float and not math.isfinite(value):
            raise ProtocolError(f"{value} is not part of the protocol")
        return
    if depth_left == 0:
        raise ProtocolError(f"arguments nested deeper than {limits.MAX_DEPTH}")
    if kind is list:
        for item in value:
            _check_plain(item, depth_left - 1)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise ProtocolError("keys of maps in arguments must be strings")
            _check_plain(item, depth_left - 1)
    else:
        raise ProtocolError(f"{kind.__name__} values are not part of the protocol")


def encode_client(message: ClientMessage, *, json: bool = False) -> bytes | str:
    """A client message as a browser would send it (for test kits and load generators)."""
    return _encode_json(message).decode() if json else _encode_msgpack(message)


def encode_body(body: Any) -> bytes:
    """The shared part of a frame."""
    return _encode_msgpack(body)


def frame(
    kind: Frame, seq: int, done: int, durable: int, view: int = 0, body: bytes = b"", *, json: bool = False
) -> bytes | str:
    """Head and body as one WebSocket message. `body` comes from `encode_body`."""
    if not json:
        return binary_frame(kind, seq, done, durable, view, body)
    head = _head(kind, seq, done, durable, view)
    return _encode_json([head, msgspec.msgpack.decode(body)] if body else [head]).decode()


def binary_frame(kind: Frame, seq: int, done: int, durable: int, view: int = 0, body: bytes = b"") -> bytes:
    """Head and body as one binary message."""
    return _encode_msgpack(_head(kind, seq, done, durable, view)) + body


def _head(kind: Frame, seq: int, done: int, durable: int, view: int) -> tuple[int, ...]:
    if view:
        return (kind, seq, done, durable, view)
    return (kind, seq, done) if durable == done else (kind, seq, done, durable)
