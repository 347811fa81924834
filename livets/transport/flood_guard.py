"""uvicorn's WebSocket protocol with five holes closed that lie below ASGI.

Owns three bounds: a client that reads nothing is not read from either (else its pings pile up as unsent pongs); a
message has so many fragments at most (empty ones count nothing towards its size); and of one connection so many frames
are taken at once, and then a second, whatever is in them: a flood waits in the client's own buffers. And text that is
no UTF-8 ends its socket without a traceback for each in the log, as a handshake that can't be read is answered. Used
by `server`.
"""

from __future__ import annotations

import asyncio
from operator import methodcaller
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_FRAGMENTS: Final = 256
FRAMES_PER_S: Final = 1_000
FRAMES_BURST: Final = 500
"""Far more than a page sends (heartbeats are seconds apart, events have limits of their own), and one per cent of a
core."""
_PIECE_BYTES: Final = 1_024
"""So much is looked at before the frames in it are counted: about a hundred of the smallest."""
_MOST_BYTES: Final = 1024 * 1024


_UNREADABLE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_is_ascii: Final = methodcaller("isascii")


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """One connection."""

    _tokens: float = FRAMES_BURST
    _counted_s: float = 0.0
    _rest = b""
    _pause: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Bytes of the client; those of too many frames wait."""
        if self._pause is not None:  # they were read before reading stopped
            self._rest += data
            self.transport.pause_reading()
            if len(self._rest) > _MOST_BYTES:
                self.transport.abort()
            return
        for start in range(0, len(data), _PIECE_BYTES):
            super().data_received(data[start : start + _PIECE_BYTES])
            if self._tokens < 0 and not self._goes_on():
                self._rest = data[start + _PIECE_BYTES :]
                return

    def handle_events(self) -> None:
        """Frames are whole: they count."""
        self._tokens -= len(self.conn.events)
        super().handle_events()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._pause is not None:
            self._pause.cancel()
        self._rest = b""
        super().connection_lost(exc)

    def _goes_on(self) -> bool:
        """Whether more may be read now; if not, reading stops for a while."""
        now_s = self.loop.time()
        self._tokens = min(FRAMES_BURST, self._tokens + (now_s - self._counted_s) * FRAMES_PER_S)
        self._counted_s = now_s
        if self._tokens >= 0 or self.transport.is_closing():
            return True
        self.transport.pause_reading()
        self._pause = self.loop.call_later(-self._tokens / FRAMES_PER_S, self._go_on)
        return False

    def _go_on(self) -> None:
        self._pause = None
        rest, self._rest = self._rest, b""
        if rest and not self.transport.is_closing():
            self.data_received(rest)
        if self._pause is None and not self.read_paused and self.writable.is_set() and not self.transport.is_closing():
            self.transport.resume_reading()

    def connection_made(self, transport: Any) -> None:
        """The HTTP protocol hands over a connection, and then the whole handshake at once."""
        super().connection_made(transport)
        self._counted_s = self.loop.time()
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
        if (self._pause is not None or not self.writable.is_set()) and self.transport.is_reading():
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
