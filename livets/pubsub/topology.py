"""Which node of a Redis Cluster serves a channel, and whether the cluster has sharded pub/sub.

Owns which of the two pub/subs is spoken; what is known of the nodes is the client's. Knows nothing of topics. Called by
`shards` (the way in) and `outgoing` (the way out).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from livets.pubsub.dialect import PLAIN, SHARDED, Dialect

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

    from livets.redis_cluster import RedisCluster
    from livets.redis_layout import Address


class Topology:
    """The nodes of one cluster, as its client knows them."""

    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster
        self._dialect: Dialect | None = None

    def doubt(self) -> None:
        """Something went wrong at a node: ask the cluster before it is relied on again."""
        self._cluster.doubt()

    async def dialect(self) -> Dialect:
        """Sharded where every primary has it, else plain, which each node passes on to all. Raises what Redis does."""
        if self._dialect is None:
            primaries = await self._cluster.primaries()
            known = await asyncio.gather(*(_knows_sharded(primary) for primary in primaries))
            self._dialect = SHARDED if all(known) else PLAIN
        return self._dialect

    async def node_of(self, channel: bytes) -> Address:
        """The primary that serves the channel's slot. Raises what Redis does."""
        return await self._cluster.node_of(channel)

    def connection(self, node: Address | None) -> AbstractConnection:
        """One to this node, or to any that is known; not connected yet."""
        return self._cluster.connection(node)


async def _knows_sharded(primary: Any) -> bool:
    answer = await primary.execute_command("COMMAND INFO", "spublish")
    return bool(answer) and None not in answer
