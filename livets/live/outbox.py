"""The port through which a running view reaches its browser; `transport` implements it.

Nothing here knows of Starlette or sockets: imports run downwards.
"""

from __future__ import annotations

from typing import Any, Protocol


class Outbox(Protocol):
    """One view's way to its browser; it outlives sockets. Numbers frames, keeps the ring, coalesces."""

    def ready(self) -> bool:
        """False while detached or above the high-water mark: then the view does not render."""

    def patch(self, diff: list[Any] | bytes, done: int, durable: int = 0) -> None:
        """Send a PATCH whose result covers events up to `done`; it acknowledges like `ack`. bytes: a shared body."""

    def ack(self, done: int, durable: int) -> None:
        """`done`/`durable` have moved; goes out with the next frame, or as ACK at the end of this loop turn."""

    def error(self, code: str, message: str, ref: int, extra: dict[str, Any] | None = None) -> None:
        """Tell the browser that event `ref` (0: something else) was refused or failed. `extra`: in development only."""

    def close(self, code: int, reason: str) -> None:
        """Cut the socket, if there is one (fenced out, overloaded)."""
