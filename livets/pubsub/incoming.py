"""The way in from one Redis server: one connection that is subscribed to what this worker wants to hear.

`want` and `unwant` never wait: a task sends the commands, and `subscribed(channel, lost)` tells when Redis has
confirmed; `lost` says that the connection was gone meanwhile, so messages may have been missed. The connection is
watched with PING, for a Redis that hangs is as silent as one that has nothing to say. Called by RedisBus, and by
`shards` with one of these for each node of a cluster.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from livets.pubsub.dialect import PLAIN, Dialect
from livets.pubsub.stopping import stop
from livets.redis_client import failures

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

_BACKOFF_BASE_S = 0.05
_BACKOFF_MAX_S = 5.0
_logger = logging.getLogger("livets.pubsub")


class Incoming:
    """Wanted channels, and the one connection that serves them; it is opened when the first is wanted."""

    def __init__(
        self,
        connection: Callable[[], AbstractConnection],
        *,
        receive: Callable[[bytes, bytes], None],
        subscribed: Callable[[bytes, bool], None],
        ping_s: float,
        dialect: Dialect = PLAIN,
        strayed: Callable[[int, bytes], None] = lambda slot, channel: None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """`connection` makes one, not connected yet.

        `strayed` is told of a slot, or a channel (the other is -1 or empty), that this node of a cluster serves no
        more, `failed` that a connection has ended.
        """
        self.connected = False
        self._connection = connection
        self._receive = receive
        self._subscribed = subscribed
        self._ping_s = ping_s
        self._dialect = dialect
        self._strayed = strayed
        self._failed = failed
        self._expected = failures()
        self._failures = 0
        """Connections in a row that gave nothing."""
        self._wanted: set[bytes] = set()
        self._asked: set[bytes] = set()
        """Channels for which SUBSCRIBE was the last command sent on this connection."""
        self._unconfirmed: Counter[bytes] = Counter()
        self._ending: Counter[bytes] = Counter()
        """UNSUBSCRIBEs that Redis has not confirmed."""
        self._lost: set[bytes] = set()
        self._changed: set[bytes] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def wanted(self) -> frozenset[bytes]:
        """What it is to hear."""
        return frozenset(self._wanted)

    def want(self, channel: bytes, *, lost: bool = False) -> None:
        """Subscribe, soon. `lost`: messages may have been missed before this node was asked."""
        self._wanted.add(channel)
        if lost:
            self._lost.add(channel)
        self._change(channel)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="livets-bus-incoming")

    def unwant(self, channel: bytes) -> None:
        """Unsubscribe, soon."""
        self._wanted.discard(channel)
        self._lost.discard(channel)
        self._change(channel)

    def drop(self, channel: bytes) -> None:
        """The node serves this channel no more: there is nobody to unsubscribe from."""
        for channels in (self._wanted, self._lost, self._asked, self._changed):
            channels.discard(channel)
        self._unconfirmed.pop(channel, None)
        self._ending.pop(channel, None)

    async def close(self) -> None:
        """Drop the connection."""
        self._closing = True
        await stop(self._task)

    def _change(self, channel: bytes) -> None:
        self._changed.add(channel)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            connection = self._connection()
            try:
                await connection.connect()  # type: ignore[no-untyped-call]
                await self._session(connection)
            except* Exception as error:
                self._report(error.exceptions[0])
            finally:
                self.connected = False
                await connection.disconnect(nowait=True)
            if self._closing:
                return
            self._failed()
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
        self._ending.clear()
        self._changed = set(self._wanted)
        self._wake.set()
        self.connected = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write(connection))
            group.create_task(self._read(connection))

    async def _write(self, connection: AbstractConnection) -> None:
        while True:
            _heed_cancellation()
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, set()
            added = [channel for channel in changed if channel in self._wanted and channel not in self._asked]
            ended = [channel for channel in changed if channel not in self._wanted and channel in self._asked]
            self._asked.update(added)
            self._asked.difference_update(ended)
            self._unconfirmed.update(added)
            self._ending.update(ended)
            for command, channels in ((self._dialect.subscribe, added), (self._dialect.unsubscribe, ended)):
                for portion in self._dialect.portions(channels):
                    await connection.send_command(command, *portion, check_health=False)

    async def _read(self, connection: AbstractConnection) -> None:
        from redis.exceptions import MovedError

        pinged = False
        while True:
            _heed_cancellation()
            try:
                response = await connection.read_response(timeout=self._ping_s, disconnect_on_error=False)
            except MovedError as moved:
                self._strayed(moved.slot_id, b"")
                continue
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
        if kind == self._dialect.message:
            self._receive(channel, payload)
        elif kind == self._dialect.subscribed:
            self._confirm(channel)
        elif kind == self._dialect.unsubscribed:
            self._end(channel)

    def _end(self, channel: bytes) -> None:
        """Unsubscribed, as we had asked for, or because the channel's slot has gone to another node."""
        if self._ending[channel] > 0:
            self._ending[channel] -= 1
        elif channel in self._asked:
            self._strayed(-1, channel)
        if not self._ending[channel]:
            del self._ending[channel]

    def _confirm(self, channel: bytes) -> None:
        self._unconfirmed[channel] -= 1
        if self._unconfirmed[channel] > 0:
            return
        del self._unconfirmed[channel]
        if channel in self._asked and channel in self._wanted:
            lost = channel in self._lost
            self._lost.discard(channel)
            self._subscribed(channel, lost)


def _heed_cancellation() -> None:
    """Raises CancelledError when this task was cancelled and the client library has kept it to itself.

    It takes a cancellation that comes together with its own timeout for the timeout, and `asyncio.wait_for` of Python
    3.11 drops one that comes as its work ends. A task group cancels once: whoever goes on then goes on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
