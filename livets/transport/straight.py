"""Messages straight to uvicorn's transport, and straight from it: no task, no ASGI message, no object for a frame.

Owns what is known of uvicorn's WebSocket protocol below ASGI, and the head of an unmasked frame (RFC 6455, 5.2). It
writes only what uvicorn would write at this moment, and never waits; what can't go this way goes by ASGI. Made by
`sending`, asked by `channel` and `dialogue`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_UVICORN: Final = "uvicorn.protocols.websockets.websockets_sansio_impl"
_BINARY: Final = 0x82
"""A whole message in one frame."""
_SHORT_BYTES: Final = 126
_MIDDLE_BYTES: Final = 65536


class Straight:
    """The way to one socket's transport."""

    __slots__ = ("_conn", "_open", "_transport", "_writable")

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        """`protocol` has accepted the socket."""
        self._conn = protocol.conn
        self._open = type(protocol.conn.state).OPEN
        self._transport = protocol.transport
        self._writable = protocol.writable

    @property
    def is_free(self) -> bool:
        """Whether the socket is open and the server has room for a message here and now."""
        return self._conn.state is self._open and self._writable.is_set() and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write a binary message; ask `is_free` before."""
        self._transport.write(head(len(data)) + data)


def straight_to(send: Any) -> Straight | None:
    """The way straight to where `send` leads; None when it is not uvicorn's own, or its frames are compressed."""
    server = sys.modules.get(_UVICORN)  # a server that nobody has imported is not the one that serves
    protocol = getattr(send, "__self__", None)
    if server is None or not isinstance(protocol, server.WebSocketsSansIOProtocol) or protocol.conn.extensions:
        return None
    return Straight(protocol)


def listen(receive: Any, listener: Callable[[bytes | str], bool] | None) -> None:
    """Offer the messages that come to `receive` to a listener first, if it belongs to livets' own server."""
    protocol = getattr(receive, "__self__", None)
    if protocol is not None and hasattr(protocol, "listener"):
        protocol.listener = listener


def head(length: int) -> bytes:
    """The head of a frame that holds a whole binary message of so many bytes.

    >>> head(3).hex(), head(200).hex(), head(70_000).hex()
    ('8203', '827e00c8', '827f0000000000011170')
    """
    if length < _SHORT_BYTES:
        return bytes((_BINARY, length))
    if length < _MIDDLE_BYTES:
        return bytes((_BINARY, 126)) + length.to_bytes(2)
    return bytes((_BINARY, 127)) + length.to_bytes(8)
