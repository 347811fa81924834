"""One view's way to its browser; it outlives sockets (the port is `livets.live.Outbox`).

Owns the numbers of frames, the ring of frames that the browser may not have yet, and what is acknowledged. Never
waits and never holds more than the ring's limits; the bytes on their way are the channel's.
Called by the view's runner (patch, ack, error) and by `joining` and `dialogue` (attach, joined, seen).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livets import telemetry
from livets.errors import ProtocolError
from livets.transport.channel import Channel
from livets.wire import Frame, encode_body, limits

_MAX_ERRORS_KEPT = 32


class ViewOutbox:
    """Numbers a view's frames and keeps those that the browser has not confirmed."""

    __slots__ = (
        "_bytes", "_channel", "_errors", "_first", "_floor", "_on_close", "_ring", "_told_done", "_told_durable",
        "done", "durable", "is_held", "seq", "view", "view_id",
    )  # fmt: skip

    def __init__(self, view_id: str, on_close: Callable[[int, str], None]) -> None:
        self.view_id = view_id
        self.view = 0
        """The view's number on its socket."""
        self.seq = 0
        self.done = 0
        self.durable = 0
        self._told_done = 0
        self._told_durable = 0
        self.is_held = False
        """The page must not be shown anything yet (`anew`)."""
        self._on_close = on_close
        self._channel: Channel | None = None
        self._ring: list[tuple[int, bytes]] = []
        """PATCHes: `done` and body."""
        self._first = 1
        """The number of the ring's first frame."""
        self._floor = 1
        """Who has seen less than this can't be helped by the ring; before the first JOINED nobody can."""
        self._bytes = 0
        self._errors: list[tuple[str, str, int, dict[str, Any] | None]] | None = None

    # The port.

    def ready(self) -> bool:
        """False while detached, held or above the high-water mark: then the view does not render."""
        return self._channel is not None and self._channel.has_room and not self.is_held

    def patch(self, diff: list[Any] | bytes, done: int, durable: int = 0) -> None:
        """Send a PATCH whose result covers events up to `done`; those up to `durable` need not be kept any more."""
        body = diff if isinstance(diff, bytes) else encode_body(diff)
        telemetry.mark("patch.encoded", self.view_id, done)
        if done > self.done:
            self.done = done
        if durable > self.durable:
            self.durable = durable
        self.seq += 1
        self._ring.append((done, body))
        self._bytes += len(body)
        while len(self._ring) > limits.RING_MAX_FRAMES or self._bytes > limits.RING_MAX_BYTES:
            self._drop_first()
        if self._channel is not None:
            self._channel.put(self, Frame.PATCH, self.seq, done, body)

    def ack(self, done: int, durable: int) -> None:
        """`done`/`durable` have moved; goes out with the next frame, or as ACK at the end of this loop turn."""
        self.done = max(self.done, done)
        self.durable = max(self.durable, durable)
        if self._channel is not None:
            self._channel.want_ack(self)

    def error(self, code: str, message: str, ref: int, extra: dict[str, Any] | None = None) -> None:
        """Tell the browser that event `ref` was refused or failed; while detached, after the next join."""
        if self._channel is not None:
            body = [code, message, ref] if extra is None else [code, message, ref, extra]
            self._channel.put(self, Frame.ERROR, self.seq, self.done, encode_body(body))
            return
        if self._errors is None:
            self._errors = []
        if len(self._errors) < _MAX_ERRORS_KEPT:
            self._errors.append((code, message, ref, extra))

    def close(self, code: int, reason: str) -> None:
        """The runner has to let go of its browser (fenced out, overloaded)."""
        self._on_close(code, reason)

    # The browser's side.

    @property
    def channel(self) -> Channel | None:
        """The socket that the view is on."""
        return self._channel

    def can_replay(self, seen: int) -> bool:
        """Whether the ring holds every frame after `seen`."""
        return self._floor <= seen <= self.seq

    def joined(self, channel: Channel, body: list[Any], *, seen: int, done: int, replay: bool) -> int:
        """Put the view on `channel` with a JOINED as frame `seen + 1`, then the frames that the browser has missed.

        The browser has nothing after `seen`, so the missed frames are numbered anew behind JOINED; returns its number.
        `done`: the last event whose result the browser has once it has read JOINED (not yet the missed frames).
        """
        missed = self._ring[max(0, seen + 1 - self._first) :] if replay else []
        self.seq = joined = seen + 1
        self._floor = seen if replay else joined
        self._first = joined + 1
        self._ring = missed
        self._bytes = sum(len(body) for _, body in missed)
        self._channel = channel
        self._told_done = self._told_durable = -1
        channel.put(self, Frame.JOINED, joined, done, encode_body(body))
        for missed_done, missed_body in missed:
            self.seq += 1
            channel.put(self, Frame.PATCH, self.seq, missed_done, missed_body)
        errors, self._errors = self._errors, None
        for error in errors or ():
            self.error(*error)
        channel.want_ack(self)
        return joined

    def hold(self) -> None:
        """The page has JOINED and nothing to show: until it is filled nothing is sent, and no ring can help it."""
        self.is_held = True
        self._floor = self.seq + 1

    def detach(self) -> None:
        """The socket is gone; frames stay for a resume."""
        self.is_held = False
        self._channel = None

    def seen(self, seq: int) -> None:
        """The browser has every frame up to `seq`. Raises ProtocolError when there are not so many."""
        if seq > self.seq:
            raise ProtocolError(f"frame {seq} can't have been seen; {self.seq} have been sent")
        if seq < self._first:
            self._floor = max(self._floor, seq)
            return
        self._floor = seq
        count = seq + 1 - self._first
        for _, body in self._ring[:count]:
            self._bytes -= len(body)
        del self._ring[:count]
        self._first = seq + 1

    def tells(self, done: int, durable: int) -> bool:
        """A frame with these numbers leaves: whether it tells the browser anything that it was not told before."""
        if done <= self._told_done and durable <= self._told_durable:
            return False
        if done > self._told_done:
            self._told_done = done
        if durable > self._told_durable:
            self._told_durable = durable
        return True

    @property
    def ring_bytes(self) -> int:
        """Bytes of frames kept for a resume."""
        return self._bytes

    def _drop_first(self) -> None:
        self._bytes -= len(self._ring.pop(0)[1])
        self._floor = max(self._floor, self._first)
        self._first += 1
