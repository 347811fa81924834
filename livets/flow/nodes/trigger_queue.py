"""trigger.queue: begins runs with what arrives in a Redis stream or list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec

from livets.engine.errors import NodeError
from livets.flow.streaming.context import StreamContext
from livets.flow.trigger import Trigger

_BLOCK_MS = 1_000


class QueueTrigger(Trigger):
    """Fires for each entry of the Redis stream (or list) `key` on the granted server `server`.

    Of a stream gives `{"id", "fields"}`, and remembers the id: it goes on right after the last one that was taken;
    `begin` says where it starts at first. Of a list gives `{"id", "value"}`: an entry waits in `<key>:taken` until the
    run that it begins is recorded, and comes again when that did not happen. Text that is no UTF-8 is given as bytes.
    """

    type = "trigger.queue"
    stays = True

    class Config(msgspec.Struct):
        server: str
        key: str
        kind: Literal["stream", "list"] = "stream"
        begin: Literal["new", "oldest"] = "oldest"
        batch: int = 100
        sample: Any = None

    @classmethod
    def key_of(cls, fired: Any) -> str | None:
        return fired["id"] or None

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        import redis.asyncio
        from redis.exceptions import RedisError

        client = redis.asyncio.Redis.from_url(self.grants.redis_url(self.config.server))
        try:
            entries = self._stream(client, ctx) if self.config.kind == "stream" else self._list(client, ctx)
            async for entry in entries:
                yield entry
        except RedisError as error:
            raise NodeError(f"Redis: {type(error).__name__}: {error}", "connection") from error
        finally:
            await client.aclose()

    async def _stream(self, client: Any, ctx: StreamContext) -> AsyncIterator[Any]:
        memory, config = ctx.memory, self.config
        if "last" not in memory:
            newest = await client.xrevrange(config.key, count=1) if config.begin == "new" else []
            memory["last"] = _text(newest[0][0]) if newest else "0-0"
        while True:
            _heed(ctx)
            found = await client.xread({config.key: memory["last"]}, count=config.batch, block=_BLOCK_MS)
            for _, entries in found or ():
                for id, fields in entries:
                    memory["last"] = _text(id)
                    yield {"id": memory["last"], "fields": {str(_text(k)): _text(v) for k, v in fields.items()}}

    async def _list(self, client: Any, ctx: StreamContext) -> AsyncIterator[Any]:
        key, taken = self.config.key, f"{self.config.key}:taken"
        for value in (await client.lrange(taken, 0, -1))[::-1]:  # what an earlier one took and did not finish
            yield {"id": "", "value": _text(value)}
            await client.lrem(taken, -1, value)
        while True:
            _heed(ctx)
            value = await client.blmove(key, taken, _BLOCK_MS / 1000, "LEFT", "LEFT")
            if value is not None:
                yield {"id": "", "value": _text(value)}
                await client.lrem(taken, -1, value)


def _heed(ctx: StreamContext) -> None:
    """Raises CancelledError when the run has been cancelled: a wait of the client that ended just then has lost it."""
    if ctx.cancel.requested:
        raise asyncio.CancelledError


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
