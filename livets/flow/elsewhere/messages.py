"""What travels between a run and its workers, as bytes in the engine's lossless msgpack form: never a pickled object.

Work goes there, an answer comes back, reports come in between. Large bytes of the inputs are taken out and travel by
reference. Pure: sends nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import msgspec

from livets.engine.encoding import pack, unpack
from livets.engine.errors import EngineError, NodeError, ValueFault
from livets.engine.node import Outputs, Suspend
from livets.engine.retry import kind_of_error
from livets.engine.store import LARGE_BYTES
from livets.engine.values import Blob, to_value
from livets.flow.location import Given, Work

FORM = 1
"""The form of these messages: a run and its workers must have the same."""


class Told(IntEnum):
    """What a report is."""

    BEGUN = 0
    EVENT = 1
    LOG = 2


def write_work(work: Work, session: str) -> tuple[bytes, dict[str, bytes]]:
    """Return the message, and the large bytes in its inputs by hash; raises NodeError for inputs that are no values."""
    large: dict[str, bytes] = {}
    fields = msgspec.structs.asdict(work)
    try:
        fields["inputs"] = taken_out(to_value(work.inputs), large)
        return pack({"form": FORM, "session": session, **to_value(fields)}), large
    except ValueFault as error:
        message = f"it cannot run elsewhere, for what it takes cannot be sent: {error}"
        raise NodeError(message, "input", retryable=False) from error


def read_work(message: bytes, large: Mapping[str, bytes]) -> tuple[Work, str]:
    """Return the work and the session that it belongs to; raises EngineError when the run speaks another form."""
    fields = unpack(message)
    if fields.pop("form") != FORM:
        raise EngineError("the run and this worker have different versions of livets: install the same")
    session = fields.pop("session")
    fields["inputs"] = put_back(fields["inputs"], large)
    return Work(**fields), session


def taken_out(value: Any, large: dict[str, bytes]) -> Any:
    """Return `value` with large bytes put into `large` and replaced by references."""
    kind = type(value)
    if kind is bytes:
        if len(value) < LARGE_BYTES:
            return value
        blob = Blob(hashlib.sha256(value).hexdigest(), len(value))
        large[blob.hash] = value
        return blob
    if kind is list:
        return [taken_out(x, large) for x in value]
    if kind is dict:
        return {key: taken_out(x, large) for key, x in value.items()}
    return value


def put_back(value: Any, large: Mapping[str, bytes]) -> Any:
    """Return `value` with the references to what is in `large` replaced by the bytes; others stay references."""
    kind = type(value)
    if kind is Blob:
        return large.get(value.hash, value)
    if kind is list:
        return [put_back(x, large) for x in value]
    if kind is dict:
        return {key: put_back(x, large) for key, x in value.items()}
    return value


def write_answer(result: Any, writes: list[list[Any]]) -> bytes:
    """Return the message that says what a node gave; raises NodeError when that is no value."""
    shape, value = "value", result
    if type(result) is Outputs:
        shape, value = "outputs", dict(result)
    elif type(result) is Suspend:
        shape, value = "suspend", [result.until, result.signal, result.data]
    try:
        return pack({"shape": shape, "value": to_value(value), "writes": to_value(writes)})
    except ValueFault as error:
        raise NodeError(f"what it gave cannot be sent back: {error}", "output", retryable=False) from error


def write_error(error: BaseException) -> bytes:
    """Return the message that says how a node failed, as failures are said in the journal."""
    message = str(error) or type(error).__name__
    if not isinstance(error, EngineError):
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    what: dict[str, Any] = {
        "kind": kind_of_error(error),
        "message": message[:2000].encode("utf-8", "replace").decode(),
        "retryable": getattr(error, "retryable", True),
        "after": getattr(error, "retry_after_s", None),
    }
    return pack({"error": what})


def read_answer(message: bytes) -> Given:
    """Return what the node gave; raises the NodeError with which it failed."""
    fields = unpack(message)
    failed = fields.get("error")
    if failed is not None:
        after = failed["after"]
        raise NodeError(failed["message"], failed["kind"], retryable=failed["retryable"], retry_after_s=after)
    value = fields["value"]
    if fields["shape"] == "outputs":
        value = Outputs(value)
    elif fields["shape"] == "suspend":
        value = Suspend(*value)
    return Given(value, fields["writes"])


def write_report(key: str, told: Told, kind: str = "", data: Mapping[str, Any] | None = None) -> bytes:
    """Return the message that tells something about the work called `key`; raises ValueFault for what is no value."""
    return pack([key, int(told), kind, to_value(dict(data or {}))])


def read_report(message: bytes) -> tuple[str, Told, str, dict[str, Any]]:
    """Return key, what it is, kind and data."""
    key, told, kind, data = unpack(message)
    return key, Told(told), kind, data
