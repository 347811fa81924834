"""Which node of a Redis Cluster serves a channel, and whether the cluster has sharded pub/sub.

Owns what is known of the cluster for the bus, and when it has to be asked again. Knows nothing of topics. Called by
`shards` (the way in) and `outgoing` (the way out).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from livets.pubsub.dialect import PLAIN, SHARDED, Dialect
from livets.redis_client import Client

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection


class Topology:
    """The nodes of one cluster, as its client knows them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._dialect: Dialect | None = None
        self._is_doubtful = True

    def doubt(self) -> None:
        """Something went wrong at a node: ask the cluster before it is relied on again."""
        self._is_doubtful = True

    async def dialect(self) -> Dialect:
        """Sharded where every primary has it, else plain, which each node passes on to all. Raises what Redis does."""
        await self._refresh()
        if self._dialect is None:
            primaries = self._client.get_primaries()
            known = await self._client.execute_command("COMMAND INFO", "spublish", target_nodes=primaries)
            answers = known.values() if isinstance(known, dict) else [known]
            has_it = [bool(answer) and None not in answer for answer in answers]
            self._dialect = SHARDED if has_it and all(has_it) else PLAIN
        return self._dialect

    async def node_of(self, channel: bytes) -> str:
        """Name of the primary that serves the channel's slot. Raises what Redis does."""
        await self._refresh()
        return str(self._client.get_node_from_key(channel).name)

    def connection(self, node: str) -> AbstractConnection:
        """One to this node; to any when the node is gone or has no name. Not connected yet."""
        found = self._client.get_node(node_name=node) if node else None
        found = found or random.choice(self._client.get_primaries())  # noqa: S311
        connection: AbstractConnection = found.connection_class(**found.connection_kwargs)
        return connection

    async def _refresh(self) -> None:
        if self._is_doubtful:
            self._is_doubtful = False
            try:
                await self._client.initialize()
                await self._client.nodes_manager.initialize()
            except BaseException:
                self._is_doubtful = True
                raise
