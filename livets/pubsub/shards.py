"""The way in from a Redis Cluster: an `Incoming` at each node that serves a channel which this worker wants to hear.

Owns which channel is heard at which node. A slot that moves, or a node that is replaced, takes its channels along: they
are subscribed at the new node as `lost`, so that whoever listens is told of a gap. Without sharded pub/sub any node
hears everything, and there is one `Incoming`. Called by RedisBus in the place of an `Incoming`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import TypeAlias

from livets.pubsub.dialect import PLAIN, Dialect
from livets.pubsub.incoming import Incoming
from livets.pubsub.stopping import stop
from livets.pubsub.topology import Topology
from livets.redis_client import failures
from livets.redis_layout import Address

_BACKOFF_BASE_S = 0.05
_BACKOFF_MAX_S = 2.0
_logger = logging.getLogger("livets.pubsub")

Place: TypeAlias = Address | None
"""A node; None is any of them."""


class Shards:
    """Wanted channels, and the nodes at which they are heard."""

    def __init__(
        self,
        topology: Topology,
        *,
        receive: Callable[[bytes, bytes], None],
        subscribed: Callable[[bytes, bool], None],
        ping_s: float,
    ) -> None:
        self._topology = topology
        self._receive = receive
        self._subscribed = subscribed
        self._ping_s = ping_s
        self._failures = failures()
        self._nodes: dict[Place, Incoming] = {}
        self._at: dict[bytes, Place] = {}
        """Where each channel is heard."""
        self._unplaced: dict[bytes, bool] = {}
        """Channels whose node has to be found -> whether something may have been missed."""
        self._rechecks = False
        self._tried = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether everything wanted can arrive at this moment."""
        return bool(self._nodes) and not self._unplaced and all(node.connected for node in self._nodes.values())

    def want(self, channel: bytes) -> None:
        """Subscribe, soon."""
        self._place_later({channel: False})

    def unwant(self, channel: bytes) -> None:
        """Unsubscribe, soon."""
        self._unplaced.pop(channel, None)
        node = self._at.pop(channel, None)
        if node is not None:
            self._nodes[node].unwant(channel)

    async def close(self) -> None:
        """Drop all connections."""
        await stop(self._task)
        await asyncio.gather(*(node.close() for node in self._nodes.values()))

    def _place_later(self, channels: dict[bytes, bool]) -> None:
        self._unplaced |= channels
        self._wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="livets-bus-shards")

    def _strayed(self, node: Place, slot: int, channel: bytes) -> None:
        """The node serves a slot, or a channel, no more."""
        from redis.crc import key_slot

        there = [one for one, place in self._at.items() if place == node]
        gone = [one for one in there if one == channel or key_slot(one) == slot]
        for one in gone:
            del self._at[one]
            self._nodes[node].drop(one)
        self._topology.doubt()
        self._place_later(dict.fromkeys(gone, True))

    def _failed(self) -> None:
        """A connection has ended: perhaps its node has, and others serve its slots by now."""
        self._topology.doubt()
        self._rechecks = True
        self._place_later({})

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._place()
                self._tried = 0
            except self._failures as error:
                if self._tried == 0:
                    _logger.warning("the Redis Cluster can't be asked for its nodes (%s); trying again", error)
                longest_s = min(_BACKOFF_MAX_S, _BACKOFF_BASE_S * 2 ** min(self._tried, 10))
                self._tried += 1
                await asyncio.sleep(random.uniform(0, longest_s))  # noqa: S311
                self._topology.doubt()
                self._wake.set()

    async def _place(self) -> None:
        """Hear every channel at its node."""
        dialect = await self._topology.dialect()
        if self._rechecks:
            self._rechecks = False
            for channel, node in list(self._at.items()):
                if await self._home(channel, dialect) != node and self._at.get(channel) == node:
                    del self._at[channel]
                    self._nodes[node].drop(channel)
                    self._unplaced[channel] = True
        for channel in list(self._unplaced):
            home = await self._home(channel, dialect)
            lost = self._unplaced.pop(channel, None)
            if lost is not None:
                self._at[channel] = home
                self._incoming(home, dialect).want(channel, lost=lost)
        for name in [name for name, node in self._nodes.items() if not node.wanted and not node.connected]:
            await self._nodes.pop(name).close()

    async def _home(self, channel: bytes, dialect: Dialect) -> Place:
        return None if dialect is PLAIN else await self._topology.node_of(channel)

    def _incoming(self, name: Place, dialect: Dialect) -> Incoming:
        if name not in self._nodes:
            self._nodes[name] = Incoming(
                lambda: self._topology.connection(name),
                receive=self._receive,
                subscribed=self._subscribed,
                ping_s=self._ping_s,
                dialect=dialect,
                strayed=lambda slot, channel: self._strayed(name, slot, channel),
                failed=self._failed,
            )
        return self._nodes[name]
