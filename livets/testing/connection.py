"""The browser's end of the protocol: join, events with their numbers, frames with theirs; without a DOM.

Owns one socket of one page, what was sent and what has come. The frames are decoded by the real codec. Whoever has
the page gives `on_diff`, `on_done` and `on_failure`. Used by `local`; the browser engine reads frames with `unpack`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from livets.testing.asgi import ORIGIN, App, Cookies, Wire
from livets.testing.errors import Refused
from livets.wire import ClientMessage, Event, Frame, Heal, Join, Resume, decode, encode_client, limits


class Received(NamedTuple):
    """A frame of the server."""

    kind: Frame
    seq: int
    done: int
    durable: int
    body: Any
    size: int
    """Bytes on the wire."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the browser."""

    message: ClientMessage
    """As the server decodes it."""
    size: int
    """Bytes on the wire."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A diff that the page has got."""

    diff: list[Any]
    """Pairs of address and change (docs/protocol.md)."""
    size: int
    """Bytes on the wire."""
    seq: int


def unpack(raw: bytes | str) -> Received:
    """A frame from a WebSocket message."""
    if isinstance(raw, str):
        head, *rest = msgspec.json.decode(raw)
        body = rest[0] if rest else None
        size = len(raw.encode())
    else:
        head, end = _head(raw)
        body = msgspec.msgpack.decode(raw[end:]) if len(raw) > end else None
        size = len(raw)
    kind, seq, done, *more = head
    return Received(Frame(kind), seq, done, more[0] if more else done, body, size)


def _head(raw: bytes) -> tuple[list[int], int]:
    """The first of two msgpack values one after the other, and where it ends: an array of a few integers."""
    at, numbers = 1, []
    for _ in range(raw[0] & 0x0F):
        first = raw[at]
        size = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}.get(first, 0)
        numbers.append(int.from_bytes(raw[at + 1 : at + 1 + size], "big") if size else first)
        at += 1 + size
    return numbers, at


class Connection:
    """One page's conversation with the server."""

    def __init__(self, app: App, cookies: Cookies, *, token: str, fingerprint: str, socket: str, wire: str) -> None:
        self._app = app
        self._cookies = cookies
        self._token = token
        self._socket = socket
        self._subprotocol = limits.SUBPROTOCOL_JSON if wire == "json" else limits.SUBPROTOCOL_MSGPACK
        self._unsettled: list[Event] = []
        self._secret = ""
        self.fingerprint = fingerprint
        self.wire: Wire | None = None
        self.id = ""
        """The view's id on the server, once joined."""
        self.is_joined = False
        self.ref = 0
        """The last event that was sent."""
        self.seen = 0
        self.done = 0
        self.received: list[Received] = []
        self.sent: list[Sent] = []
        self.patches: list[Patch] = []
        self.refusal: Refused | None = None
        self.on_diff: Callable[[list[Any]], None] = lambda _diff: None
        self.on_done: Callable[[int], None] = lambda _done: None
        self.on_failure: Callable[[str, str, Any], None] = lambda _code, _message, _body: None

    def open(self, url: str) -> None:
        """Open the socket and join, or resume after `drop`."""
        headers = [(b"origin", ORIGIN.encode()), *self._cookies.header()]
        self.wire = wire = Wire(self._app, self._socket, headers, [self._subprotocol])
        wire.on_message = self._take
        wire.open()
        if self._secret:
            self._send(Resume(0, self.id, self._secret, url, self.seen, self.done, self.fingerprint))
            for event in self._unsettled:
                self._send(event)
        else:
            self._send(Join(0, self._token, url))

    async def close(self) -> None:
        """The page goes away, or loses its connection."""
        self.is_joined = False
        if self.wire is not None:
            await self.wire.close()

    def push(self, handler: str, payload: dict[str, Any], fields: dict[str, Any], args: Sequence[Any] = ()) -> int:
        """Send an event, now or after the connection is back; returns its number.

        `handler`: the text of a directive, which the server reads; or a name, with its arguments in `args`.
        """
        self.ref += 1
        event = Event(self.ref, 0, handler, list(args), payload, fields, self.seen)
        self._unsettled.append(event)
        self._send(event)
        return self.ref

    def heal(self, address: list[int | str]) -> None:
        """Ask for a block."""
        self._send(Heal(0, address))

    @property
    def is_idle(self) -> bool:
        """Nothing is on its way, and every event has been answered."""
        if self.wire is None or self.wire.closed is not None:
            return True
        return self.wire.is_waiting and self.is_joined and self.done >= self.ref

    async def joined(self) -> None:
        """Wait for the answer to the join. Raises Refused."""
        while not self.is_joined:
            if self.refusal is not None:
                raise self.refusal
            if self.wire is None or self.wire.closed is not None:
                code = None if self.wire is None else self.wire.closed
                raise Refused("closed", f"the server closed the socket with code {code} before the view was joined")
            await asyncio.sleep(0)

    def _send(self, message: ClientMessage) -> None:
        if self.wire is None or self.wire.closed is not None:
            return
        data = encode_client(message, json=True)
        self.sent.append(Sent(decode(data), len(data.encode() if isinstance(data, str) else data)))
        self.wire.send(data)

    def _take(self, raw: bytes | str) -> None:
        frame = unpack(raw)
        self.received.append(frame)
        if frame.kind is Frame.PATCH and frame.seq <= self.seen:
            return
        self.done = max(self.done, frame.done)
        self.on_done(self.done)
        if frame.kind is Frame.PATCH:
            self.seen = frame.seq
            self._patch(frame.body, frame.size, frame.seq)
        elif frame.kind is Frame.JOINED:
            self.id, self._secret, _, _, diff = frame.body
            self.seen = frame.seq
            if diff:
                self._patch(diff, frame.size, frame.seq)
            self.is_joined = True
        elif frame.kind is Frame.ERROR:
            self.on_failure(frame.body[0], frame.body[1], frame.body)
        elif frame.kind is Frame.REFUSED:
            self.refusal = Refused(frame.body[0], frame.body[1])
        self._unsettled = [event for event in self._unsettled if event.ref > frame.durable]

    def _patch(self, diff: list[Any], size: int, seq: int) -> None:
        self.patches.append(Patch(diff, size, seq))
        self.on_diff(diff)
