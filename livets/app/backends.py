"""What workers share: Redis if there is one, else the memory of this process.

It owns the choice; what is chosen are the stores of `state`, the buses of `pubsub` and the people of `presence`.
Called by `application`.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from livets.config import Config
from livets.presence import Presence, RedisPeople
from livets.pubsub.memory import MemoryBus
from livets.state import KeyRing, MemoryStore, RedisStore, SnapshotStore
from livets.transport import UsedTokens, UsedTokensHere

if TYPE_CHECKING:
    from livets.pubsub.redis import RedisBus


@dataclass(frozen=True, slots=True)
class Backends:
    """Where one worker keeps views, notes used tokens, sends messages and knows who is present."""

    store: SnapshotStore
    used: UsedTokens
    bus: MemoryBus | RedisBus
    presence: Presence

    @classmethod
    def of(cls, config: Config, keys: KeyRing) -> Backends:
        """Those that the configuration asks for."""
        if config.redis_url is None:
            store = MemoryStore(
                max_bytes=config.snapshot_max_bytes, ttl_s=config.snapshot_ttl_s, max_view_bytes=config.view_max_bytes
            )
            bus = MemoryBus()
            return cls(store, UsedTokensHere(), bus, Presence(bus, store=None, ttl_s=config.presence_ttl_s))
        from livets.pubsub.redis import RedisBus

        redis = RedisStore(
            config.redis_url,
            ttl_s=config.snapshot_ttl_s,
            unjoined_ttl_s=config.unjoined_snapshot_ttl_s,
            keys=keys,
            max_view_bytes=config.view_max_bytes,
        )
        shared = RedisBus(config.redis_url, keys.derived("bus"))
        people = RedisPeople(config.redis_url, keys)
        return cls(redis, redis, shared, Presence(shared, store=people, ttl_s=config.presence_ttl_s))

    @property
    def epochs(self) -> RedisStore | None:
        """Who was signed out, as all workers know it."""
        return self.store if isinstance(self.store, RedisStore) else None

    async def close(self) -> None:
        """Give connections back, within some seconds."""
        for part in (self.presence, self.bus, self.store):
            close = getattr(part, "close", None)
            if close is not None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(2.0):
                        await close()
