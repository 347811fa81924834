"""The way out to Redis: messages leave in the order in which they were published, many per round trip.

One task carries what waits, and ends when nothing does. Each message costs a SET beside its PUBLISH: the key says
"something was published here a moment ago", which is how a new subscriber learns what it just missed
(see `livets.pubsub.redis`). In a cluster both have the same hash tag, so that one node gets them, in order. Called by
RedisBus only.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from livets.pubsub.dialect import PLAIN
from livets.pubsub.refusal import BusError
from livets.pubsub.stopping import stop
from livets.redis_client import Client, failures

if TYPE_CHECKING:
    from livets.pubsub.topology import Topology

RECENT_MS = 10_000
"""How long the key beside a channel lives."""
BATCH = 256
MAX_WAITING = 10_000
MAX_WAITING_BYTES = 32 * 1024 * 1024


_logger = logging.getLogger("livets.pubsub")


class _Waiting(NamedTuple):
    channel: bytes
    recent_key: bytes
    sealed: bytes
    sent: asyncio.Future[None]


class Outgoing:
    """A queue in front of Redis, bounded in count and bytes."""

    def __init__(self, client: Client, topology: Topology | None = None) -> None:
        """`topology`: of the cluster that `client` talks to, if it does."""
        self._client = client
        self._topology = topology
        self._failures = failures()
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._is_away = False

    async def send(self, channel: bytes, recent_key: bytes, sealed: bytes) -> None:
        """Publish; returns when Redis has it, raises BusError when it may not have it."""
        if len(self._waiting) >= MAX_WAITING or self._waiting_bytes + len(sealed) > MAX_WAITING_BYTES:
            raise BusError(f"{len(self._waiting)} messages wait for Redis already; it is slow or gone")
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(channel, recent_key, sealed, sent))
        self._waiting_bytes += len(sealed)
        if self._task is None:
            self._task = asyncio.create_task(self._carry(), name="livets-bus-outgoing")
        await sent

    async def close(self) -> None:
        """Give up what waits."""
        await stop(self._task)
        self._fail(self._take(len(self._waiting)), "the bus is closed")

    async def _carry(self) -> None:
        batch: list[_Waiting] = []
        try:
            while batch := self._take(BATCH):
                await self._send_batch(batch)
        finally:
            self._task = None
            self._fail(batch, "the bus was stopped")

    async def _send_batch(self, batch: list[_Waiting]) -> None:
        try:
            publish = PLAIN.publish if self._topology is None else (await self._topology.dialect()).publish
            async with self._client.pipeline(transaction=False) as pipeline:
                for message in batch:
                    pipeline.set(message.recent_key, b"", px=RECENT_MS)
                    pipeline.execute_command(publish, message.channel, message.sealed)
                answers = await pipeline.execute(raise_on_error=False)
        except self._failures as error:
            answers = [error] * (2 * len(batch))
        for message, answer in zip(batch, answers[1::2], strict=True):
            if isinstance(answer, BaseException):
                if self._topology is not None:
                    self._topology.doubt()
                self._fail([message], f"{type(answer).__name__}: {answer}")
                self._tell(answer)
            elif not message.sent.done():
                message.sent.set_result(None)
                self._tell(None)

    def _tell(self, error: BaseException | None) -> None:
        """Say once that Redis takes no messages, and once that it does again."""
        if error is not None and not self._is_away:
            _logger.warning("Redis takes no messages (%s: %s); trying again", type(error).__name__, error)
        elif error is None and self._is_away:
            _logger.warning("Redis takes messages again")
        self._is_away = error is not None

    def _take(self, most: int) -> list[_Waiting]:
        batch = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._waiting_bytes -= sum(len(message.sealed) for message in batch)
        return batch

    @staticmethod
    def _fail(batch: list[_Waiting], why: str) -> None:
        for message in batch:
            if not message.sent.done():
                message.sent.set_exception(
                    BusError(f"Redis did not take a message on {message.channel.decode()!r}: {why}")
                )
