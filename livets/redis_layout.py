"""Which node of a Redis Cluster serves which slot, and one client for each node.

Owns what is known of the cluster: it is asked when it is first needed, and again when somebody doubts it; a node that
says MOVED is believed at once, for that slot. Never cuts a command that is under way: the client of a node that has
left is closed when its commands have had their time. Called by `redis_cluster`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

Address: TypeAlias = tuple[str, int]
NodeClient: TypeAlias = Any
"""`redis.asyncio.Redis` of one node."""

_ANSWER_S = 1.0
"""A node that does not tell the layout in this time is passed over: it may be frozen."""


class Layout:
    """Slots, their primaries, and the clients of these."""

    def __init__(self, startup: Iterable[Address], make: Callable[[str, int], NodeClient], *, timeout_s: float) -> None:
        """`make(host, port)` is the client of one node; its commands take at most `timeout_s` seconds."""
        self._startup = list(startup)
        self._make = make
        self._timeout_s = timeout_s
        self._clients: dict[Address, NodeClient] = {}
        self._owners: dict[int, Address] = {}
        self._lock = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()
        self.version = 0
        """How often the cluster has been asked."""
        self._is_doubtful = True

    def doubt(self, version: int | None = None) -> None:
        """Ask the cluster before it is relied on again, unless that was done since `version`."""
        if version is None or version == self.version:
            self._is_doubtful = True

    def moved(self, slot: int, address: Address) -> None:
        """A node says that this one serves the slot."""
        self._owners[slot] = address

    async def owner(self, slot: int) -> Address:
        """The primary of a slot. Raises what Redis does, ClusterDownError for a slot that nobody serves."""
        from redis.exceptions import ClusterDownError

        await self._learn()
        try:
            return self._owners[slot]
        except KeyError:
            self.doubt()
            raise ClusterDownError(f"no node of the Redis Cluster serves slot {slot}") from None

    async def primaries(self) -> list[Address]:
        """All that serve a slot. Raises what Redis does."""
        await self._learn()
        return sorted(set(self._owners.values()))

    def any(self) -> Address:
        """One of the nodes that are known, of which some may be gone."""
        return random.choice(sorted(set(self._owners.values()) or self._startup))  # noqa: S311

    def client(self, address: Address) -> NodeClient:
        """That of one node, known or not."""
        if address not in self._clients:
            self._clients[address] = self._make(*address)
        return self._clients[address]

    async def close(self) -> None:
        """Cut everything."""
        retiring, clients = list(self._retiring), list(self._clients.values())
        for task in retiring:
            task.cancel()
        self._clients.clear()
        await asyncio.gather(*retiring, return_exceptions=True)
        await asyncio.gather(*(client.aclose() for client in clients))

    async def _learn(self) -> None:
        """Ask one node after the other until one knows."""
        from redis.exceptions import ConnectionError as RedisConnectionError
        from redis.exceptions import RedisError

        if not self._is_doubtful:
            return
        async with self._lock:
            if not self._is_doubtful:
                return
            known = list(set(self._owners.values()) - set(self._startup))
            random.shuffle(known)
            failure: BaseException | None = None
            for address in [*random.sample(self._startup, len(self._startup)), *known]:
                try:
                    async with asyncio.timeout(min(_ANSWER_S, self._timeout_s)):
                        slots = await self.client(address).execute_command("CLUSTER", "SLOTS")
                except (RedisError, OSError, TimeoutError, RuntimeError) as error:
                    failure = error
                    continue
                self._accept(address, slots)
                return
            raise RedisConnectionError(f"no node of the Redis Cluster tells its slots: {failure}") from failure

    def _accept(self, asked: Address, slots: list[Any]) -> None:
        """What CLUSTER SLOTS says: first and last slot, then host, port and more of the primary, of the replicas."""
        owners: dict[int, Address] = {}
        for first, last, primary, *_ in slots:
            host = (primary[0] or b"").decode()
            address = (host if host not in ("", "?") else asked[0], int(primary[1]))
            owners |= dict.fromkeys(range(first, last + 1), address)
        self._owners = owners
        self.version += 1
        self._is_doubtful = False
        for address in self._clients.keys() - set(owners.values()) - set(self._startup):
            task = asyncio.create_task(self._retire(self._clients.pop(address)))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    async def _retire(self, client: NodeClient) -> None:
        try:
            await asyncio.sleep(self._timeout_s)
        finally:
            await client.aclose()
