"""Presence of several workers over one real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest_asyncio

from livets.presence import Presence, PresenceChange, RedisPeople
from livets.pubsub import Message, RedisBus
from livets.state import KeyRing
from tests.support.redis_server import RedisServer

TTL_S = 1.0
KEYS = KeyRing(["a secret that all workers share, long enough"])


class Here:
    """One worker's presence, and what its only view was told."""

    def __init__(self, url: str) -> None:
        self.bus = RedisBus(url, KEYS.derived("bus"), self._heard, timeout_s=1.0, ping_s=0.3)
        self.presence = Presence(self.bus, self._told, RedisPeople(url, KEYS, timeout_s=1.0), ttl_s=TTL_S)
        self.changes: list[PresenceChange] = []

    def _heard(self, view_id: str, name: str, message: Message) -> None:
        self.presence.heard(message.topic, message.data, gap=message.gap)

    def _told(self, view_id: str, handler: str, topic: str, change: PresenceChange) -> None:
        self.changes.append(change)

    def people(self, topic: str = "room") -> set[str]:
        """Who is here."""
        return set(self.presence.list(topic))

    @property
    def left(self) -> list[str]:
        """Who has been told to have left."""
        return [key for change in self.changes for key in change.left]

    async def close(self) -> None:
        """An end without a word to the others."""
        await self.presence.close()
        await self.bus.close()


MakeHere = Callable[..., Here]


@pytest_asyncio.fixture
async def make_here(redis_server: RedisServer) -> AsyncIterator[MakeHere]:
    """Makes workers."""
    made: list[Here] = []

    def make(url: str = "", **_: Any) -> Here:
        made.append(Here(url or redis_server.url))
        return made[-1]

    yield make
    for here in made:
        await here.close()
