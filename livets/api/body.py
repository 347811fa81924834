"""Reads the body of a request: of the right kind, no larger and no deeper than allowed, JSON (or YAML for workflows).

Owns the limits of what is read. The guard has refused what announces itself as too large already; here it is counted.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request

from livets.api.problem import Problem

MAX_DEPTH = 64
"""Levels of arrays and objects in a body."""


async def read_body(request: Request, *kinds: str) -> tuple[str, bytes]:
    """Return media type and bytes; raises Problem unless it is one of `kinds` (default: application/json)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (kinds or ("application/json",)):
        said = f"{kind!r:.80}" if kind else "nothing"
        raise Problem(
            415, "media-type", f"Content-Type says {said}", f"send {' or '.join(kinds or ('application/json',))}"
        )
    return kind, await read_bytes(request, request.app.state.max_body_bytes)


async def read_bytes(request: Request, limit: int) -> bytes:
    """Return the body as it is; raises Problem above `limit` bytes."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
    except ClientDisconnect:
        raise Problem(400, "disconnected", "the body broke off") from None
    return b"".join(parts)


async def read_json(request: Request, *, empty: Any = None) -> Any:
    """Return what the JSON body says, plain lists and dicts; no body at all is `empty`, if that is given."""
    if empty is not None and request.headers.get("content-length", "0") == "0" and not _is_chunked(request):
        return empty
    return decode((await read_body(request))[1])


async def read_object(request: Request, allowed: frozenset[str], *, optional: bool = False) -> dict[str, Any]:
    """Return the JSON object of the body; raises Problem for another kind of value, and for unknown members."""
    found = await read_json(request, empty={} if optional else None)
    if not isinstance(found, dict):
        raise Problem(422, "invalid-body", f"an object is wanted, not {_named(found)}")
    unknown = sorted(set(found) - allowed)
    if unknown:
        known = ", ".join(sorted(allowed)) or "none"
        raise Problem(422, "invalid-body", f"unknown member {unknown[0]!r:.80}; there are: {known}")
    return found


def decode(data: bytes) -> Any:
    """Return the plain value of JSON text; raises Problem when it is none, or too deep."""
    try:
        plain = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise Problem(400, "no-json", f"the body is no JSON: {error}") from None
    except RecursionError:
        raise _too_deep() from None
    todo = [(plain, 1)]
    while todo:
        item, depth = todo.pop()
        inner = item.values() if type(item) is dict else item if type(item) is list else ()
        if depth > MAX_DEPTH and inner:
            raise _too_deep()
        todo += [(one, depth + 1) for one in inner if type(one) is dict or type(one) is list]
    return plain


def too_large(limit: int) -> Problem:
    """The answer to a body above `limit` bytes."""
    return Problem(413, "too-large", f"a body may have {limit} bytes", headers={"connection": "close"})


def _too_deep() -> Problem:
    return Problem(422, "too-deep", f"the body is nested deeper than {MAX_DEPTH} levels")


def _is_chunked(request: Request) -> bool:
    return "transfer-encoding" in request.headers


def _named(value: Any) -> str:
    return {list: "an array", str: "a string", bool: "a truth value", type(None): "null"}.get(type(value), "a number")
