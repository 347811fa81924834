"""Effects that leave a view: broadcasts get a number, wait for their commit to be durable, and go out in order (D5).

It owns the numbers and the queue of what may leave. It never decides when: the runner releases effects after the
write that contains them. A bus that is down is tried again, later effects wait behind it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, Protocol

import msgspec

from livets.live.retry import pause_s
from livets.pubsub import Bus, BusError, MessageRefused, check_message, check_topic

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, bytes, str]).decode
_log = logging.getLogger("livets")


def encode_broadcast(topic: str, data: Any) -> bytes:
    """What leaves for `LiveView.broadcast`. Raises MessageRefused for what may not be sent, or not on this topic."""
    try:
        encoded = msgspec.msgpack.encode(data)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MessageRefused(
            f"broadcast({topic!r:.80}): {type(data).__name__} can't be sent to other processes: {error}. Send "
            f"plain values, lists, dicts, dataclasses or msgspec Structs; of what lives in a database send the id"
        ) from None
    check_message(topic, encoded)
    check_topic(topic)
    return encoded


class Owner(Protocol):
    """Who has made the effects (`commit.Commits`)."""

    def sent(self, numbers: set[int]) -> None:
        """These have left."""


class Effects:
    """The outgoing effects of one view."""

    __slots__ = ("_bus", "_owner", "_queue", "_task", "_view_id", "count", "generation")

    def __init__(self, view_id: str, bus: Bus, owner: Owner, generation: int = 0) -> None:
        self.generation = generation
        """Part of every number, so that numbers of an earlier owner of the view are never used again."""
        self._view_id = view_id
        self._bus = bus
        self._owner = owner
        self.count = 0
        """How many were numbered under this generation."""
        self._queue: deque[tuple[int, bytes]] | None = None
        self._task: asyncio.Task[None] | None = None

    def number(self, broadcasts: list[tuple[str, bytes]], ref: int) -> dict[int, bytes]:
        """Effects as `Change.effects` keeps them: topic, data, and an id that stays the same when sent again."""
        numbered = {}
        for topic, data in broadcasts:
            self.count += 1
            number = self.generation << 32 | self.count
            numbered[number] = _encode((topic, data, f"{self._view_id}:{ref}:{number}"))
        return numbered

    def release(self, effects: dict[int, bytes]) -> None:
        """These are durable: send them, after those released before."""
        if not effects:
            return
        if self._queue is None:
            self._queue = deque()
        self._queue.extend(sorted(effects.items()))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._send())

    @property
    def unsent(self) -> dict[int, bytes]:
        """What was released and has not left yet."""
        return dict(self._queue or ())

    async def drained(self) -> None:
        """Wait until everything released has been sent (or sending was stopped)."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def stop(self) -> None:
        """Send nothing more; what has not left is still in the snapshot."""
        if self._task is not None:
            self._task.cancel()

    async def _send(self) -> None:
        try:
            while self._queue:
                sent: set[int] = set()
                while self._queue:
                    number, effect = self._queue[0]
                    await self._publish(effect)
                    self._queue.popleft()
                    sent.add(number)
                self._owner.sent(sent)
        finally:
            self._task = self._queue = None

    async def _publish(self, effect: bytes) -> None:
        topic, data, effect_id = _decode(effect)
        attempt = 0
        while True:
            try:
                await self._bus.publish(topic, data, effect_id)
                return
            except MessageRefused as error:
                _log.error("a broadcast to %r is dropped: %s", topic, error)  # trying again would hold up the next
                return
            except Exception as error:
                attempt += 1
                wait_s = pause_s(attempt)
                # An outage the bus tells of, once and for all broadcasts.
                level = logging.DEBUG if isinstance(error, BusError) else logging.WARNING
                _log.log(level, "broadcast to %r failed (%s); trying again in %.1f s", topic, error, wait_s)
                await asyncio.sleep(wait_s)
