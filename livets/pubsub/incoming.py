"""The way in from Redis: one connection that is subscribed to what this worker wants to hear.

`want` and `unwant` never wait: a task sends the commands, and `subscribed(channel, lost)` tells when Redis has
confirmed; `lost` says that the connection was gone meanwhile, so messages may have been missed. The connection is
watched with PING, for a Redis that hangs is as silent as one that has nothing to say. Called by RedisBus only.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from livets.pubsub.stopping import stop

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

_BACKOFF_BASE_S = 0.05
_BACKOFF_MAX_S = 5.0
_CHANNELS_PER_COMMAND = 500
_logger = logging.getLogger("livets.pubsub")


class Incoming:
    """Wanted channels, and the one connection that serves them; it is opened when the first is wanted."""

    def __init__(
        self,
        client: Redis,
        *,
        receive: Callable[[bytes, bytes], None],
        subscribed: Callable[[bytes, bool], None],
        ping_s: float,
    ) -> None:
        from redis.exceptions import RedisError

        self.connected = False
        self._client = client
        self._receive = receive
        self._subscribed = subscribed
        self._ping_s = ping_s
        self._expected = (RedisError, OSError, TimeoutError)
        self._failures = 0
        """Connections in a row that gave nothing."""
        self._wanted: set[bytes] = set()
        self._asked: set[bytes] = set()
        """Channels for which SUBSCRIBE was the last command sent on this connection."""
        self._unconfirmed: Counter[bytes] = Counter()
        self._lost: set[bytes] = set()
        self._changed: set[bytes] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def want(self, channel: bytes) -> None:
        """Subscribe, soon."""
        self._wanted.add(channel)
        self._change(channel)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="livets-bus-incoming")

    def unwant(self, channel: bytes) -> None:
        """Unsubscribe, soon."""
        self._wanted.discard(channel)
        self._lost.discard(channel)
        self._change(channel)

    async def close(self) -> None:
        """Drop the connection."""
        self._closing = True
        await stop(self._task)

    def _change(self, channel: bytes) -> None:
        self._changed.add(channel)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await connection.connect()
                await self._session(connection)
            except* Exception as error:
                self._report(error.exceptions[0])
            finally:
                self.connected = False
                await connection.disconnect(nowait=True)
            if self._closing:
                return
            longest_s = min(_BACKOFF_MAX_S, _BACKOFF_BASE_S * 2 ** min(self._failures, 10))
            self._failures += 1
            await asyncio.sleep(random.uniform(0, longest_s))  # noqa: S311
            self._lost |= self._wanted

    def _report(self, cause: Exception) -> None:
        if not isinstance(cause, self._expected):
            _logger.error("the connection for messages from Redis failed", exc_info=cause)
        elif self._failures == 0:
            _logger.warning("no messages from Redis (%s: %s); trying again", type(cause).__name__, cause)

    async def _session(self, connection: AbstractConnection) -> None:
        self._asked.clear()
        self._unconfirmed.clear()
        self._changed = set(self._wanted)
        self._wake.set()
        self.connected = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write(connection))
            group.create_task(self._read(connection))

    async def _write(self, connection: AbstractConnection) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, set()
            added = [channel for channel in changed if channel in self._wanted and channel not in self._asked]
            ended = [channel for channel in changed if channel not in self._wanted and channel in self._asked]
            self._asked.update(added)
            self._asked.difference_update(ended)
            self._unconfirmed.update(added)
            for command, channels in (("SUBSCRIBE", added), ("UNSUBSCRIBE", ended)):
                for start in range(0, len(channels), _CHANNELS_PER_COMMAND):
                    part = channels[start : start + _CHANNELS_PER_COMMAND]
                    await connection.send_command(command, *part, check_health=False)

    async def _read(self, connection: AbstractConnection) -> None:
        reader = asyncio.current_task()
        assert reader is not None
        pinged = False
        while True:
            response = await connection.read_response(timeout=self._ping_s, disconnect_on_error=False)
            if reader.cancelling():  # the library takes a cancellation that comes with its timeout for the timeout
                raise asyncio.CancelledError
            if response is not None:
                pinged = False
                if self._failures:
                    _logger.warning("messages from Redis arrive again; views with subscriptions are told to resync")
                    self._failures = 0
                self._handle(response)
            elif pinged:
                raise TimeoutError(f"Redis has been silent for {2 * self._ping_s} s")
            else:
                pinged = True
                await connection.send_command("PING", check_health=False)

    def _handle(self, response: Any) -> None:
        if not isinstance(response, list) or len(response) != 3:
            return  # the answer to a PING
        kind, channel, payload = response
        if kind == b"message":
            self._receive(channel, payload)
        elif kind == b"subscribe":
            self._confirm(channel)

    def _confirm(self, channel: bytes) -> None:
        self._unconfirmed[channel] -= 1
        if self._unconfirmed[channel] > 0:
            return
        del self._unconfirmed[channel]
        if channel in self._asked and channel in self._wanted:
            lost = channel in self._lost
            self._lost.discard(channel)
            self._subscribed(channel, lost)
