"""uvicorn's HTTP protocols with a hole closed: a connection that never finishes asking is cut.

Owns the time that a request's head may take. Without it who sends a byte a minute holds a connection for ever, and a
worker that shuts down waits for it. Used by `server`; bodies are the application's business, and the proxy's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_DEADLINE_S: Final = 15.0
"""Longest time from the first byte of a request, or from the connection, to the end of its head."""

if TYPE_CHECKING:
    Base = H11Protocol
else:
    Base = object


class HeadDeadline(Base):
    """What is the same for both of uvicorn's HTTP protocols."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Somebody has connected, and has to say what for."""
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        """A part of a request."""
        before = self.cycle
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self or self.cycle is not before:
            self._disarm()
        elif before is None or before.response_complete:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._disarm()
        super().connection_lost(exc)

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_DEADLINE_S, self._cut)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cut(self) -> None:
        self._timer = None
        self.transport.abort()


class GuardedH11(HeadDeadline, H11Protocol):
    """Without httptools; h11 bounds the size of a head by itself."""
