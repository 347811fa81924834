"""The body of a request, in the words of httpx; used by http.request only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from livets.engine.errors import NodeError
from livets.engine.stream import Stream
from livets.flow.nodes.json_stringify import as_json


class Part(msgspec.Struct):
    """One file of a multipart body: the form's field, and which field of the input's object has the content."""

    field: str
    content: str
    filename: str = ""
    type: str = "application/octet-stream"


def encoded(how: str, body: Any, files: list[Part]) -> dict[str, Any]:
    """Return the keyword arguments of httpx that say `body`; raises NodeError when it cannot be sent like that."""
    if isinstance(body, Stream):
        return {"content": _streamed(body)}
    if body is None and not files:
        return {}
    if how == "json":
        return {"content": msgspec.json.encode(as_json(body)), "headers": {"content-type": "application/json"}}
    if how in ("form", "multipart"):
        if not isinstance(body, dict):
            raise NodeError(f"a form is an object, not {type(body).__name__}", "input", retryable=False)
        parts = {part.field: _file(part, body) for part in files}
        fields = {name: _field(value) for name, value in body.items() if name not in {part.content for part in files}}
        if how == "form":
            return {"data": fields}
        return {"data": fields, "files": parts or {"": ("", b"", "application/octet-stream")}}
    if not isinstance(body, str | bytes):
        raise NodeError(f"{how} is text or bytes, not {type(body).__name__}", "input", retryable=False)
    return {"content": body}


def _file(part: Part, body: dict[str, Any]) -> tuple[str, Any, str]:
    content = body.get(part.content)
    if not isinstance(content, str | bytes):
        raise NodeError(f"the file {part.field!r} has no content at {part.content!r}", "input", retryable=False)
    return part.filename or part.field, content, part.type


def _field(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [_field(item) for item in value]
    if isinstance(value, dict):
        return msgspec.json.encode(as_json(value)).decode()
    return "" if value is None else value if isinstance(value, bytes) else str(value)


async def _streamed(body: Stream) -> AsyncIterator[bytes]:
    async for chunk in body:
        if not isinstance(chunk, str | bytes):
            raise NodeError(f"a stream that is sent has text or bytes, not {type(chunk).__name__}", "input")
        yield chunk.encode() if isinstance(chunk, str) else chunk
