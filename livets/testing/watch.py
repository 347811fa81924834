"""What a test hears of the application's views besides their pages: exceptions, and broadcasts.

Owns the log handler that catches exceptions with their tracebacks and the bus that notes what passes. Changes nothing
of what the application does. Used by `stage` and `host`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from livets.pubsub import Bus


class Broadcast(NamedTuple):
    """What a view has told a topic."""

    topic: str
    data: Any


class HeardBus:
    """A bus that notes what is published."""

    def __init__(self, bus: Bus, heard: list[Broadcast]) -> None:
        self.bus = bus
        self._heard = heard

    async def publish(self, topic: str, data: bytes, effect_id: str) -> None:
        self._heard.append(Broadcast(topic, msgspec.msgpack.decode(data)))
        await self.bus.publish(topic, data, effect_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bus, name)


class Failures(logging.Handler):
    """Exceptions that livets has logged: those of handlers, hooks and templates."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.raised: list[BaseException] = []
        self.expected: list[BaseException] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception of a record."""
        if record.exc_info and (error := record.exc_info[1]) is not None:
            error.add_note(f"livets: {record.getMessage()}")
            (self.raised if self.expected is None else self.expected).append(error)

    def note(self, error: BaseException) -> None:
        """An error that was not logged."""
        (self.raised if self.expected is None else self.expected).append(error)

    def check(self) -> None:
        """Raises the first one."""
        if self.raised:
            first, self.raised = self.raised[0], []
            raise first
