"""Where workers find each other's people, as `service` needs it; `redis.RedisPeople` is one.

It owns no code. Every method raises StoreUnavailable when the store cannot be reached.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from livets.presence.people import Entry


class PeopleStore(Protocol):
    """Where workers find each other's people (`redis.RedisPeople`). Every method raises StoreUnavailable."""

    async def put(self, topic: str, entries: Sequence[Entry]) -> None:
        """These views say that somebody is here."""

    async def remove(self, topic: str, owner: str, entries: Sequence[tuple[str, str]]) -> None:
        """These (view id, key) are gone, unless somebody else owns them by now."""

    async def load(self, topic: str) -> list[Entry]:
        """Everybody who is said to be here."""

    async def beat(self, owner: str, ttl_s: float) -> bool:
        """This worker lives; False if that was not known any more."""

    async def alive(self, owners: Collection[str]) -> set[str]:
        """Those of these workers that live."""

    async def close(self) -> None:
        """Give the connections back."""
