"""What "it came twice" means on each link; TCP itself gives every byte once, so whole messages are repeated.

`WebSocketFrames`: every data frame but the first of each direction (the handshake of the page, which no network
repeats) goes on twice. `RedisCommands`: commands that change something are carried out twice, and the answer is that of
the second time, as when a client repeats a command whose answer was lost; published messages arrive twice. POSTs of
pages without a WebSocket are repeated by `only_http`. Made by `fault_proxy`, one for each connection.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

_CONTROL = 8
"""Opcodes from here on: close, ping, pong."""
_REPEATED = {b"EVALSHA", b"PUBLISH", b"SPUBLISH", b"SET"}
_CRLF = b"\r\n"


class Duplicates(Protocol):
    """Both directions of one connection."""

    @property
    def repeated(self) -> int:
        """How many messages went on twice."""

    def up(self, data: bytes) -> bytes:
        """What goes to the server now that this has come."""

    def down(self, data: bytes) -> bytes:
        """What goes to the client now that this has come."""


class Nothing:
    """Bytes as they are."""

    repeated = 0

    def up(self, data: bytes) -> bytes:
        """To the server."""
        return data

    down = up


class WebSocketFrames:
    """A page's connection; one that is no WebSocket is left alone."""

    def __init__(self) -> None:
        self._up, self._down = _Frames(), _Frames()

    @property
    def repeated(self) -> int:
        """In both directions."""
        return self._up.repeated + self._down.repeated

    def up(self, data: bytes) -> bytes:
        """From the page."""
        return self._up.feed(data)

    def down(self, data: bytes) -> bytes:
        """To the page."""
        return self._down.feed(data)


class _Frames:
    def __init__(self) -> None:
        self._rest = b""
        self._is_socket: bool | None = None
        self._passed = 0
        self.repeated = 0

    def feed(self, data: bytes) -> bytes:
        self._rest += data
        out = b""
        if self._is_socket is None:
            head, end, rest = self._rest.partition(2 * _CRLF)
            if not end:
                return b""
            self._is_socket = b"upgrade: websocket" in head.lower()
            out, self._rest = head + end, rest
        if not self._is_socket:
            out, self._rest = out + self._rest, b""
            return out
        while size := _frame_bytes(self._rest):
            frame, self._rest = self._rest[:size], self._rest[size:]
            is_data = frame[0] & 15 < _CONTROL
            is_repeated = is_data and self._passed > 0
            out += frame * (1 + is_repeated)
            self.repeated += is_repeated
            self._passed += is_data
        return out


def _frame_bytes(data: bytes) -> int:
    """Length of the first frame; 0 while it is not whole."""
    if len(data) < 2:
        return 0
    length, head = data[1] & 127, 2
    if length >= 126:
        head += 2 if length == 126 else 8
        if len(data) < head:
            return 0
        length = int.from_bytes(data[2:head], "big")
    head += 4 if data[1] & 128 else 0
    return head + length if len(data) >= head + length else 0


class RedisCommands:
    """A worker's connection to Redis (RESP 2)."""

    def __init__(self) -> None:
        self._up_rest = self._down_rest = b""
        self._unanswered: deque[bool] = deque()
        """For each command that Redis got: is its answer kept from the client?"""
        self._is_subscribed = False
        self.repeated = 0

    def up(self, data: bytes) -> bytes:
        """From the worker."""
        self._up_rest += data
        out = b""
        while size := _value_bytes(self._up_rest):
            command, self._up_rest = self._up_rest[:size], self._up_rest[size:]
            name = command.split(_CRLF, 3)[2].upper()
            self._is_subscribed = self._is_subscribed or name in (b"SUBSCRIBE", b"SSUBSCRIBE")
            if name in _REPEATED:
                out += command
                self._unanswered.append(True)
                self.repeated += 1
            out += command
            self._unanswered.append(False)
        return out

    def down(self, data: bytes) -> bytes:
        """To the worker."""
        self._down_rest += data
        out = b""
        while size := _value_bytes(self._down_rest):
            value, self._down_rest = self._down_rest[:size], self._down_rest[size:]
            if self._is_subscribed:
                is_message = value.split(_CRLF, 3)[2:3] in ([b"message"], [b"smessage"])
                out += value * (1 + is_message)
                self.repeated += is_message
            elif not self._unanswered.popleft():
                out += value
        return out


def _value_bytes(data: bytes, start: int = 0) -> int:
    """Length of the value that begins at `start`; 0 while it is not whole."""
    end = data.find(_CRLF, start)
    if end < 0:
        return 0
    kind, after = data[start : start + 1], end + 2
    if kind == b"$":
        length = int(data[start + 1 : end])
        after += length + 2 if length >= 0 else 0
    elif kind == b"*":
        for _ in range(int(data[start + 1 : end])):
            size = _value_bytes(data, after)
            if not size:
                return 0
            after += size
    return after - start if len(data) >= after else 0
