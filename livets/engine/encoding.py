"""Values written down: lossless as JSON (files, APIs) and as msgpack (journals), and one canonical form to hash.

JSON form: what JSON can say is said plainly. The rest is an object with exactly one key: `{"$bytes": base64}`,
`{"$blob": [hash, size]}`, `{"$json": ...}`, `{"$number": "nan"|"inf"|"-inf"}`, and `{"$object": {...}}` around an
object that would look like one of these. So no object of a user is ever taken for a tag. Never pickles or calls.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from typing import Any

import msgspec

from livets.engine.errors import ValueFault
from livets.engine.values import Blob, Json, check

_EXT_JSON, _EXT_BLOB, _EXT_INT = 1, 2, 3
_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1
_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def to_json(value: Any) -> bytes:
    """Return the lossless JSON form of `value`; raises ValueFault when it is no value or a Stream.

    >>> to_json({"a": b"hi", "n": 1.0})
    b'{"a":{"$bytes":"aGk="},"n":1.0}'
    """
    check(value)
    return msgspec.json.encode(to_plain(value))


def from_json(text: bytes | str) -> Any:
    """Return the value that `to_json` wrote; raises ValueFault for anything malformed."""
    try:
        plain = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise ValueFault(f"no JSON: {error}") from None
    value = from_plain(plain)
    check(value)
    return value


def to_plain(value: Any) -> Any:
    """Return the JSON form as plain lists and dicts, for embedding in a larger document."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else {"$number": repr(value)}
    if kind is list:
        return [to_plain(x) for x in value]
    if kind is dict:
        plain = {key: to_plain(x) for key, x in value.items()}
        return {"$object": plain} if len(plain) == 1 and next(iter(plain)).startswith("$") else plain
    if kind is bytes:
        return {"$bytes": base64.b64encode(value).decode()}
    if kind is Blob:
        return {"$blob": [value.hash, value.size]}
    if kind is Json:
        return {"$json": value.data}
    if getattr(kind, "__livets_stream__", False):
        raise ValueFault("a Stream cannot be written down: collect it first")
    return value


def from_plain(plain: Any, path: str = "$") -> Any:
    """Return the value whose JSON form is `plain`; raises ValueFault, naming the place, for a broken tag."""
    if type(plain) is list:
        return [from_plain(x, f"{path}[{i}]") for i, x in enumerate(plain)]
    if type(plain) is not dict:
        return plain
    if len(plain) == 1:
        ((tag, inner),) = plain.items()
        if tag.startswith("$"):
            return _untag(tag, inner, path)
    return {key: from_plain(x, f"{path}.{key}") for key, x in plain.items()}


def _untag(tag: str, inner: Any, path: str) -> Any:
    try:
        if tag == "$object":
            return {key: from_plain(x, f"{path}.{key}") for key, x in inner.items()}
        if tag == "$bytes":
            return base64.b64decode(inner, validate=True)
        if tag == "$number":
            return _NUMBERS[inner]
        if tag == "$json":
            return Json(inner)
        if tag == "$blob":
            return _blob(inner)
    except ValueFault:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ValueFault(f"broken {tag}: {inner!r:.80}", path) from error
    raise ValueFault(f"unknown tag {tag!r}: wrap your own object as {{'$object': {{...}}}}", path)


def _blob(inner: Any) -> Blob:
    hash_, size = inner
    if type(size) is not int or size < 0 or len(bytes.fromhex(hash_)) != 32:
        raise ValueError(inner)
    return Blob(hash_, size)


def pack(value: Any) -> bytes:
    """Return the lossless msgpack form of `value`; raises ValueFault when it is no value or a Stream."""
    check(value)
    return pack_checked(value)


def pack_checked(value: Any) -> bytes:
    """`pack` for what has been checked already."""
    try:
        return _encoder.encode(value)
    except OverflowError:
        return _encoder.encode(_tag_ints(value))


def unpack(data: bytes) -> Any:
    """Return the value that `pack` wrote; raises ValueFault for anything malformed."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise ValueFault(f"no packed value: {error}") from error


def _tag_ints(value: Any) -> Any:
    kind = type(value)
    if kind is int and not _INT_MIN <= value <= _INT_MAX:
        return msgspec.msgpack.Ext(_EXT_INT, str(value).encode())
    if kind is list:
        return [_tag_ints(x) for x in value]
    if kind is dict:
        return {key: _tag_ints(x) for key, x in value.items()}
    return value


def _enc_hook(value: Any) -> Any:
    if type(value) is Json:
        return msgspec.msgpack.Ext(_EXT_JSON, msgspec.json.encode(value.data))
    if type(value) is Blob:
        return msgspec.msgpack.Ext(_EXT_BLOB, value.size.to_bytes(8, "big") + bytes.fromhex(value.hash))
    if getattr(type(value), "__livets_stream__", False):
        raise ValueFault("a Stream cannot be written down: collect it first")
    raise ValueFault(f"{type(value).__name__} is no value")


def _ext_hook(code: int, data: memoryview) -> Any:
    if code == _EXT_JSON:
        return Json(msgspec.json.decode(data))
    if code == _EXT_BLOB:
        return Blob(bytes(data[8:]).hex(), int.from_bytes(data[:8], "big"))
    if code == _EXT_INT:
        return int(bytes(data))
    raise ValueFault(f"unknown msgpack extension {code}")


_encoder = msgspec.msgpack.Encoder(enc_hook=_enc_hook)
_decoder = msgspec.msgpack.Decoder(ext_hook=_ext_hook)


def canonical(value: Any) -> bytes:
    """Return the one form that equal values share: JSON form, sorted keys, bytes as their hash (wherever kept).

    1 and 1.0 differ, as do "1" and 1. The order of an object's keys does not matter.

    >>> canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1})
    True
    """
    check(value)
    return msgspec.json.encode(to_plain(_by_hash(value)), order="sorted")


def content_hash(value: Any) -> str:
    """Return the SHA-256 (hex) of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _by_hash(value: Any) -> Any:
    kind = type(value)
    if kind is bytes:
        return Blob(hashlib.sha256(value).hexdigest(), len(value))
    if kind is list:
        return [_by_hash(x) for x in value]
    if kind is dict:
        return {key: _by_hash(x) for key, x in value.items()}
    return value
