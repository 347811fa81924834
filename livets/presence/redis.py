"""Presence in Redis: one hash a topic, and one key a worker that says that it is alive.

Owns that layout and nothing more. Values are sealed and begin with their owner in clear, so that only the owner's own
entry is removed. Each command has a timeout; what fails raises StoreUnavailable and may be repeated. Called by
`service`.

`livets:presence:{TOPIC}` field `VIEW KEY` -> OWNER, NUL, sealed metadata · `livets:alive:OWNER` expires.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from livets.presence.people import Entry
from livets.redis_client import connect, failures
from livets.redis_script import Script
from livets.state import KeyRing, StoreUnavailable

_PURPOSE = "presence"
_TOPIC_TTL_S = 24 * 3600
_REMOVE = """
for i = 2, #ARGV do
  local value = redis.call('HGET', KEYS[1], ARGV[i])
  if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
"""
"""ARGV: owner and NUL, then fields"""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[str, str, dict[str, Any]]).decode


class RedisPeople:
    """Who is present, kept where all workers find it."""

    def __init__(self, url: str, keys: KeyRing, *, prefix: str = "livets:", timeout_s: float = 5.0) -> None:
        """Raises ConfigError for a URL that can't be used."""
        self._redis = connect(url, timeout_s=timeout_s, max_connections=2)
        self._failures = failures()
        self._keys = keys
        self._prefix = prefix
        self._remove = Script(self._redis, _REMOVE)

    async def put(self, topic: str, entries: Sequence[Entry]) -> None:
        """These views say that somebody is here."""
        values: dict[Any, Any] = {
            _field(entry.view_id, entry.key): entry.owner.encode() + b"\0" + self._sealed(topic, entry)
            for entry in entries
        }
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.hset(self._topic(topic), mapping=values)
                pipeline.expire(self._topic(topic), _TOPIC_TTL_S)
                await pipeline.execute()
        except self._failures as error:
            raise _unavailable(error) from error

    async def remove(self, topic: str, owner: str, entries: Sequence[tuple[str, str]]) -> None:
        """These (view id, key) are gone, unless somebody else owns them by now."""
        fields = [_field(view_id, key) for view_id, key in entries]
        try:
            await self._remove(keys=[self._topic(topic)], args=[owner.encode() + b"\0", *fields])
        except self._failures as error:
            raise _unavailable(error) from error

    async def load(self, topic: str) -> list[Entry]:
        """Everybody who is said to be here; what can't be opened is left out."""
        try:
            values: dict[Any, Any] = await self._redis.hgetall(self._topic(topic))
        except self._failures as error:
            raise _unavailable(error) from error
        entries = (self._opened(topic, value) for value in values.values())
        return [entry for entry in entries if entry is not None]

    async def beat(self, owner: str, ttl_s: float) -> bool:
        """This worker lives for another `ttl_s` seconds; False if Redis did not know of it any more."""
        try:
            return await self._redis.set(self._alive(owner), b"1", px=int(ttl_s * 1000), get=True) is not None
        except self._failures as error:
            raise _unavailable(error) from error

    async def alive(self, owners: Collection[str]) -> set[str]:
        """Those of these workers that live."""
        if not owners:
            return set()
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for owner in owners:
                    pipeline.exists(self._alive(owner))
                found = await pipeline.execute()
        except self._failures as error:
            raise _unavailable(error) from error
        return {owner for owner, exists in zip(owners, found, strict=True) if exists}

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    def _topic(self, topic: str) -> str:
        return f"{self._prefix}presence:{{{topic}}}"

    def _alive(self, owner: str) -> str:
        return f"{self._prefix}alive:{owner}"

    def _sealed(self, topic: str, entry: Entry) -> bytes:
        place = f"{topic}\0{entry.owner}".encode()
        return self._keys.encrypt(_PURPOSE, _pack((entry.view_id, entry.key, entry.meta)), place)

    def _opened(self, topic: str, value: bytes) -> Entry | None:
        owner, _, sealed = value.partition(b"\0")
        data = self._keys.decrypt(_PURPOSE, sealed, topic.encode() + b"\0" + owner)
        if data is None:
            return None
        view_id, key, meta = _unpack(data)
        return Entry(view_id, key, meta, owner.decode())


def _field(view_id: str, key: str) -> bytes:
    return f"{view_id} {key}".encode()


def _unavailable(error: BaseException) -> StoreUnavailable:
    return StoreUnavailable(f"Redis did not carry out a presence command ({type(error).__name__}: {error})")
