"""uvicorn's WebSocket protocol with four holes closed that lie below ASGI.

Owns two bounds: a client that reads nothing is not read from either (else its pings pile up as unsent pongs), and a
message has so many fragments at most (empty ones count nothing towards its size). And text that is no UTF-8 ends its
socket without a traceback for each in the log, as a handshake that can't be read is answered. Used by `server`.
"""

from __future__ import annotations

from operator import methodcaller
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_FRAGMENTS: Final = 256


_UNREADABLE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_is_ascii: Final = methodcaller("isascii")


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """One connection."""

    def connection_made(self, transport: Any) -> None:
        """The HTTP protocol hands over a connection, and then the whole handshake at once."""
        super().connection_made(transport)
        self.data_received = self._asked  # type: ignore[method-assign]  # for the first piece only: others are many

    def _asked(self, data: bytes) -> None:
        """The handshake. To one that can't be read (a line of more than 8 KiB) uvicorn says nothing, and waits."""
        del self.data_received
        self.data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(_UNREADABLE)
            self.transport.close()

    def pause_writing(self) -> None:
        """The client takes no more bytes."""
        super().pause_writing()
        if self.transport.is_reading():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    async def receive(self) -> Any:
        """As uvicorn does, which starts to read again here."""
        message = await super().receive()
        if not self.writable.is_set() and self.transport.is_reading():
            self.transport.pause_reading()
        return message

    def send_receive_event_to_app(self) -> None:
        """A message is whole. Text that is none ends the socket, and is worth no traceback in the log."""
        if self.curr_msg_data_type == "text" and not all(map(_is_ascii, self.frames)):
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(1007, "no UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_cont(self, event: Any) -> None:
        """One more fragment of a message."""
        if len(self.frames) >= MAX_FRAGMENTS:
            self.frames = []
            self.conn.fail(1009, "too many fragments")
            self.handle_parser_exception()
            return
        super().handle_cont(event)
