"""What a page and its worker say to each other, by whichever transport: an ASGI application around one.

Tests that look at messages use it, so that they mean the same over a WebSocket and over the lines that stand for one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import MutableMapping
from typing import Any

_BLANK_LINE = b"\n\n"


class Overheard:
    """`serving(Overheard(app))`, then look at `down` and `up`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.down: list[bytes | str] = []
        """Frames of the server, in order."""
        self.up: list[bytes | str] = []
        """Messages of pages, in order."""

    @property
    def heals(self) -> list[str]:
        """Blocks that a page has asked for."""
        return [str(message) for message in self.up if str(message).startswith("[4,")]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As the application; what goes through is written down."""
        path = scope.get("path", "")
        is_line = path.endswith(("/livets/down", "/livets/up"))
        body = b""

        async def heard() -> MutableMapping[str, Any]:
            nonlocal body
            message: MutableMapping[str, Any] = await receive()
            if message["type"] == "websocket.receive":
                self.up.append(message["text"] if message.get("bytes") is None else message["bytes"])
            elif is_line and message["type"] == "http.request":
                body += message.get("body", b"")
                if not message.get("more_body"):
                    asked = json.loads(body)
                    self.up += asked[-1] if asked else []
            return message

        async def said(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "websocket.send":
                self.down.append(message["text"] if message.get("bytes") is None else message["bytes"])
            elif is_line and path.endswith("down") and message["type"] == "http.response.body":
                self.down += _frames(message.get("body", b""))
            await send(message)

        await self._app(scope, heard, said)


def _frames(events: bytes) -> list[bytes | str]:
    """Each event is written whole."""
    found: list[bytes | str] = []
    for event in events.split(_BLANK_LINE):
        kind, _, data = event.rpartition(b"data:")
        if kind == b"":
            found += [base64.b64decode(data)] if data else []
        elif kind == b"event:text\n":
            found.append(base64.b64decode(data).decode())
    return found
