"""A server's `send` for one socket: how long it may take, whether it would wait, and how it is cut off.

It knows nothing of the server behind ASGI but what `straight` tells. It never queues and never looks into a message.
Made by `channel`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from types import FunctionType
from typing import Any, Final

from livets.transport.straight import straight_to
from livets.wire import limits

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_STARLETTE_WRAPS: Final = "starlette._exception_handler"
_SLOWEST_BYTES_PER_S: Final = 8 * 1024


class Sending:
    """The way out of one socket."""

    __slots__ = ("_allowed_s", "_loop", "_send", "_since_s", "straight")

    def __init__(self, send: Send, loop: asyncio.AbstractEventLoop) -> None:
        self._send = send = _innermost(send)
        self._loop = loop
        self._since_s = 0.0
        """When the send that is under way began; 0: none is."""
        self._allowed_s = 0.0
        self.straight = straight_to(send)
        """The way of binary messages that can leave here and now; None: the server is not known."""

    def has_stalled(self, now_s: float) -> bool:
        """Whether the browser has taken nothing of one frame for longer than any line needs."""
        return self._since_s > 0 and now_s - self._since_s > self._allowed_s

    async def send(self, message: MutableMapping[str, Any], size: int) -> bool:
        """Send a message of about `size` bytes; False: the socket is gone."""
        self._allowed_s = limits.WRITE_STALL_S + size / _SLOWEST_BYTES_PER_S
        self._since_s = self._loop.time()
        try:
            await self._send(message)
        except Exception:  # whatever a server raises for a socket that is gone; the receiving side cleans up
            return False
        finally:
            self._since_s = 0.0
        return True

    def abort(self) -> None:
        """Cut the connection without waiting for anything."""
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:  # uvicorn's own; ASGI has no word for this
            transport.abort()


def _innermost(send: Send) -> Send:
    """The server's own `send`, out of what Starlette wraps around it to see responses start: frames are none."""
    while getattr(send, "__module__", "") == _STARLETTE_WRAPS and isinstance(send, FunctionType) and send.__closure__:
        send = send.__closure__[send.__code__.co_freevars.index("send")].cell_contents
    return send


def closing(code: int, reason: str) -> MutableMapping[str, Any]:
    """The message that ends a socket: its reason fits 123 bytes, and holds nothing that a log could take for a line."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in reason[:120])
    return {"type": "websocket.close", "code": code, "reason": plain}
