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

Listener = Callable[[bytes | str], bool]
"""Takes a message here and now, or is False."""

_UVICORN: Final = "uvicorn.protocols.websockets.websockets_sansio_impl"
_PARTS: Final = ("conn", "transport", "writable", "queue", "frames", "curr_msg_data_type", "close_sent")
"""Of uvicorn's protocol; a release that has them otherwise gets its messages by ASGI."""
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


class Offer:
    """Stands before a protocol's way of handing messages on: each is offered to a listener first."""

    __slots__ = ("_listener", "_protocol")

    def __init__(self, protocol: WebSocketsSansIOProtocol, listener: Listener) -> None:
        self._protocol, self._listener = protocol, listener
        protocol.send_receive_event_to_app = self  # type: ignore[method-assign]

    def end(self) -> None:
        """From here on messages go as they do by themselves."""
        del self._protocol.send_receive_event_to_app

    def __call__(self) -> None:
        """A message is whole. What others are before, or the listener does not take, goes the way of all messages."""
        protocol = self._protocol
        if protocol.close_sent or not protocol.queue.empty() or not self._is_taken(protocol):
            type(protocol).send_receive_event_to_app(protocol)

    def _is_taken(self, protocol: WebSocketsSansIOProtocol) -> bool:
        data = protocol.frames[0] if len(protocol.frames) == 1 else b"".join(protocol.frames)
        try:
            if not self._listener(data.decode() if protocol.curr_msg_data_type == "text" else data):
                return False
        except UnicodeDecodeError:
            return False
        protocol.frames = []
        return True


def straight_to(send: Any) -> Straight | None:
    """The way straight to where `send` leads; None when it is not uvicorn's own, or its frames are compressed."""
    protocol = _protocol_of(send)
    return None if protocol is None or protocol.conn.extensions else Straight(protocol)


def listen(receive: Any, listener: Listener) -> Offer | None:
    """Offer a listener the messages that come to `receive`, where it is uvicorn's own, until `Offer.end`."""
    protocol = _protocol_of(receive)
    return None if protocol is None else Offer(protocol, listener)


def _protocol_of(method: Any) -> WebSocketsSansIOProtocol | None:
    """uvicorn's protocol, whose `send` or `receive` this is; None for other servers, and where somebody wraps it."""
    server = sys.modules.get(_UVICORN)  # a server that nobody has imported is not the one that serves
    protocol = getattr(method, "__self__", None)
    if server is None or not isinstance(protocol, server.WebSocketsSansIOProtocol):
        return None
    return protocol if all(hasattr(protocol, part) for part in _PARTS) else None


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
