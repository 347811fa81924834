"""A line: a WebSocket made of HTTP, for browsers whose way to us lets no WebSocket through.

Owns one streaming response (down: server-sent events) and the queue of messages that POSTs bring (up), and offers
both as the ASGI messages of a WebSocket, so that everything behind it is the same. What comes up is numbered: a
repetition is dropped, a gap ends the line, and its page resumes. Bounded like a socket. Made by `fallback`.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import MutableMapping, Sequence
from typing import Any, Final

from starlette.types import Receive, Send

MAX_QUEUED: Final = 256
"""Messages of a page that wait to be read; a page keeps a window of 32 events in flight."""

_HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]
_DISCONNECT: Final = {"type": "websocket.disconnect", "code": 1005}


class Line:
    """One page's connection."""

    def __init__(self, id: str, session: bytes, receive: Receive, send: Send) -> None:
        self.id = id
        self.session = session
        """Hash of the session that opened the line; no other sends on it."""
        self._http_receive = receive
        self._http_send = send
        self._queue: deque[str] = deque()
        self._came = asyncio.Event()
        self._last = 0
        self._is_over = False
        self._has_begun = False
        self._watcher: asyncio.Task[None] | None = None
        self.transport = self
        """`Channel.abort` looks for it where uvicorn has its own."""

    async def begin(self) -> None:
        """Answer the request, and tell the page what its line is called."""
        await self._http_send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        self._has_begun = True
        await self._event("line", self.id)
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    def take(self, number: int, messages: Sequence[str]) -> None:
        """What the `number`-th POST of the page has brought (0: the request that opened the line)."""
        if self._is_over or number < self._last + (number > 0):
            return
        if number > self._last + 1 or len(self._queue) + len(messages) > MAX_QUEUED:
            self.abort()
            return
        self._last = number
        self._queue.extend(messages)
        self._came.set()

    async def receive(self) -> MutableMapping[str, Any]:
        """The next message, as of a WebSocket."""
        while not self._queue:
            if self._is_over:
                return dict(_DISCONNECT)
            self._came.clear()
            await self._came.wait()
        return {"type": "websocket.receive", "text": self._queue.popleft()}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send a message down, or close, as of a WebSocket."""
        if self._is_over:
            raise OSError("the line is gone")
        if message["type"] == "websocket.close":
            await self._event("close", f"{message.get('code', 1000)} {message.get('reason') or ''}".strip())
            self.abort()
            return
        data = message.get("bytes")
        if data is None:
            await self._event("text", base64.b64encode(message["text"].encode()).decode())
        else:
            await self._event("", base64.b64encode(data).decode())

    def abort(self) -> None:
        """End it; what waits is not read any more."""
        self._is_over = True
        self._queue.clear()
        self._came.set()

    async def end(self) -> None:
        """The conversation is over: so is the response."""
        self.abort()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._has_begun:
            await self._http_send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _event(self, name: str, data: str) -> None:
        head = f"event:{name}\n" if name else ""
        body = f"{head}data:{data}\n\n".encode("ascii", "replace")
        await self._http_send({"type": "http.response.body", "body": body, "more_body": True})

    async def _watch(self) -> None:
        """Until the browser has gone."""
        while (await self._http_receive())["type"] != "http.disconnect":
            pass
        self.abort()
