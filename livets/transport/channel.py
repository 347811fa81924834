"""The outgoing side of one WebSocket: what waits to be sent, in order, and how the socket ends.

Owns the queue of frames, its bound, and who sends: whoever puts a frame, where there is a way `straight` to the server
and nothing waits; else one task while there is something to send. Heads are written at the last moment, and
acknowledgements by themselves at the end of the loop turn, so that they ride on a patch. Never waits for the browser on
behalf of a view: above the high-water mark views stop rendering, and a socket that takes nothing is cut.
Called by `outbox` (put, want_ack), `dialogue` (beats, close) and `sweeper` (stalls).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from livets import telemetry
from livets.transport.sending import Send, Sending, closing
from livets.transport.straight import Straight
from livets.wire import Frame, binary_frame, frame, limits

logger = logging.getLogger("livets.transport")

_HEAD_BYTES = 32


class Source(Protocol):
    """What a channel asks of the outbox whose frames it sends, at the moment when it sends them."""

    view_id: str
    view: int
    seq: int
    done: int
    durable: int

    def tells(self, done: int, durable: int) -> bool:
        """Note that a frame with these numbers leaves; False when the browser was told them before."""


class _Waiting(NamedTuple):
    outbox: Source | None
    kind: Frame
    view: int
    seq: int
    done: int
    body: bytes


class Channel:
    """Sends frames over one socket, and closes it."""

    __slots__ = (
        "_acks", "_closing", "_loop", "_queue", "_room", "_sender", "_sending", "closing_at_s",
        "has_beat", "has_ended", "heard_at_s", "is_full", "json", "on_room", "opened_at_s", "unsent_bytes",
    )  # fmt: skip

    def __init__(self, send: Send, *, json: bool) -> None:
        self.json = json
        self._loop = asyncio.get_running_loop()
        self._sending = Sending(send, self._loop)
        self._queue: deque[_Waiting] | None = None
        self._acks: dict[Source, None] | None = None
        self._sender: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._closing: tuple[int, str] | None = None
        self.opened_at_s = self.heard_at_s = self._loop.time()
        self.closing_at_s = 0.0
        self.unsent_bytes = 0
        self.is_full = False
        """True from the high-water mark until half of it has been sent."""
        self.on_room: Callable[[], None] | None = None
        """Called when the socket is no longer full: views render what they have put off."""
        self.has_beat = False
        self.has_ended = False
        """True once nothing can be sent any more."""

    @property
    def has_room(self) -> bool:
        """Whether views on this socket may render."""
        return not self.is_full and self._closing is None and not self.has_ended

    @property
    def is_sending(self) -> bool:
        """Whether frames or a close are still under way."""
        return self._sender is not None

    def heard(self) -> None:
        """The browser has sent something."""
        self.heard_at_s = self._loop.time()

    @property
    def is_closing(self) -> bool:
        """Whether the socket has ended or is about to."""
        return self._closing is not None or self.has_ended

    def put(self, outbox: Source, kind: Frame, seq: int, done: int, body: bytes) -> None:
        """Send a frame of a view."""
        straight = self._sending.straight
        if (
            kind is Frame.PATCH
            and straight is not None
            and self._queue is None
            and self._sender is None
            and self._closing is None
            and not self.has_ended
            and not self.json
            and straight.is_free
        ):
            self._write(straight, outbox, seq, done, body)
        else:
            self._enqueue(_Waiting(outbox, kind, outbox.view, seq, done, body))

    def refuse(self, view: int, body: bytes) -> None:
        """Send REFUSED for a view that is not on this socket."""
        self._enqueue(_Waiting(None, Frame.REFUSED, view, 0, 0, body))

    def move(self) -> None:
        """Ask the page to connect to another worker."""
        self._enqueue(_Waiting(None, Frame.MOVE, 0, 0, 0, b""))

    def beat(self, outbox: Source | None) -> None:
        """Answer a heartbeat; at most one answer waits."""
        if not self.has_beat:
            self.has_beat = True
            seq, done = (outbox.seq, outbox.done) if outbox is not None else (0, 0)
            self._enqueue(_Waiting(outbox, Frame.BEAT, 0, seq, done, b""))

    def want_ack(self, outbox: Source) -> None:
        """Let `outbox.done` and `durable` reach the browser with this loop turn's frames, or by themselves."""
        if self._acks is None:
            self._acks = {}
        self._acks[outbox] = None
        self._wake()

    def close(self, code: int, reason: str = "", *, now: bool = False) -> None:
        """End the socket after what waits has been sent (`now`: without it)."""
        if self.is_closing:
            return
        self._closing = (code, reason)
        self.closing_at_s = self._loop.time()
        if now:
            self._queue = None
            self._acks = None
        self._wake()
        self._make_room()

    def abort(self) -> None:
        """End the connection without waiting for anything; what waits is dropped."""
        self.ended()
        if self._sender is not None:
            self._sender.cancel()
        self._sending.abort()

    def ended(self) -> None:
        """The socket is gone."""
        self.has_ended = True
        self.on_room = None
        self._queue = self._acks = None
        self.unsent_bytes = 0
        self._make_room()

    def has_stalled(self, now_s: float) -> bool:
        """Whether the browser has taken nothing of one frame for longer than any line needs."""
        return self._sending.has_stalled(now_s)

    async def drained(self) -> None:
        """Wait until there is room again, or the socket ends."""
        while not self.has_room and not self.is_closing:
            if self._room is None:
                self._room = self._loop.create_future()
            await asyncio.shield(self._room)

    async def finished(self) -> None:
        """Wait until the sender has nothing left to do."""
        if self._sender is not None:
            await asyncio.wait([self._sender])

    def _write(self, straight: Straight, outbox: Source, seq: int, done: int, body: bytes) -> None:
        """A patch before which nothing waits leaves here and now: that saves a task and a turn of the loop."""
        durable = min(outbox.durable, done)
        acks = outbox.tells(done, durable)
        if acks:
            telemetry.mark("ack.sending", outbox.view_id, durable)
        try:
            straight.write(binary_frame(Frame.PATCH, seq, done, durable, outbox.view, body))
        except Exception as error:
            self._cut(error)
            return
        telemetry.mark("patch.sent", outbox.view_id, done)
        if acks:
            telemetry.mark("ack.sent", outbox.view_id, durable)

    def _enqueue(self, waiting: _Waiting) -> None:
        if self.is_closing:
            return
        if self._queue is None:
            self._queue = deque()
        self._queue.append(waiting)
        self._count(waiting)
        self._wake()

    def _count(self, waiting: _Waiting) -> None:
        self.unsent_bytes += len(waiting.body) + _HEAD_BYTES
        self.is_full = self.is_full or self.unsent_bytes >= limits.HIGH_WATER_BYTES

    def _wake(self) -> None:
        if not self.is_sending and not self.has_ended:
            self._sender = self._loop.create_task(self._drain())

    async def _drain(self) -> None:
        """Send everything that waits; runs from the first frame of a burst to its last."""
        try:
            while not self.has_ended:
                if self._queue:
                    await self._send_frame(self._queue.popleft())
                elif self._acks:
                    await self._send_acks()
                else:
                    break
            last = None if self.has_ended else self._closing
            if last is not None and not await self._sending.send(closing(*last), 0):
                self.ended()
        except Exception as error:
            self._cut(error)
        finally:
            self._sender = None
            self._queue = self._queue or None
            self._acks = self._acks or None

    def _cut(self, error: Exception) -> None:
        logger.error("a frame could not be made; the socket is cut", exc_info=error)
        self._loop.call_soon(self.abort)

    async def _send_frame(self, waiting: _Waiting) -> None:
        outbox, size = waiting.outbox, len(waiting.body) + _HEAD_BYTES
        durable = waiting.done if outbox is None else min(outbox.durable, waiting.done)
        data = frame(waiting.kind, waiting.seq, waiting.done, durable, waiting.view, waiting.body, json=self.json)
        acks = outbox is not None and outbox.tells(waiting.done, durable)
        if outbox is not None and acks:
            telemetry.mark("ack.sending", outbox.view_id, durable)
        if waiting.kind is Frame.BEAT:
            self.has_beat = False
        if not await self._sending.send({"type": "websocket.send", "text" if self.json else "bytes": data}, size):
            self.ended()
        if outbox is not None:
            if waiting.kind is Frame.PATCH:
                telemetry.mark("patch.sent", outbox.view_id, waiting.done)
            if acks:
                telemetry.mark("ack.sent", outbox.view_id, durable)
        self.unsent_bytes = max(0, self.unsent_bytes - size)
        if self.is_full and self.unsent_bytes <= limits.HIGH_WATER_BYTES // 2:
            self.is_full = False
            self._make_room()
            if self.on_room is not None and not self.is_closing:
                self.on_room()

    async def _send_acks(self) -> None:
        acks, self._acks = self._acks or {}, None
        for outbox in acks:
            durable = min(outbox.durable, outbox.done)
            if not outbox.tells(outbox.done, durable):
                continue
            telemetry.mark("ack.sending", outbox.view_id, durable)
            data = frame(Frame.ACK, outbox.seq, outbox.done, durable, outbox.view, json=self.json)
            if not await self._sending.send({"type": "websocket.send", "text" if self.json else "bytes": data}, 0):
                self.ended()
            telemetry.mark("ack.sent", outbox.view_id, durable)

    def _make_room(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)
