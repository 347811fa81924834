"""The smallest ASGI application: says GREETING and its process id."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    """Answer any HTTP request."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"text/html"), (b"content-security-policy", os.environ.get("CSP", "").encode())]
    headers.append((b"connection", b"close"))
    body = "" if scope["path"] == "/favicon.ico" else f"{os.environ.get('GREETING')} {os.getpid()}"
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
