"""The application under load: a counter whose handler also counts in Redis how often it has run, and a long page."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from livets import LiveTS, LiveView, event

logging.basicConfig(level=logging.INFO)
_REDIS = Redis.from_url(os.environ.get("LIVETS_TEST_COUNTS_URL") or os.environ["LIVETS_REDIS_URL"])
"""Where effects are counted: in the Redis of the views, unless that is a cluster."""


async def _count(event_id: str) -> None:
    """Outside. What fails in a handler is the end of its event, so a Redis that is away is asked until it answers."""
    while True:
        try:
            await _REDIS.sadd("load:events", event_id)  # type: ignore[misc]
            await _REDIS.incr("load:effects")
            return
        except (RedisError, OSError, RuntimeError):  # RuntimeError: uvloop of a connection that was lost
            await asyncio.sleep(0.02)


class Counter(LiveView):
    """Counts, here and outside."""

    count: int = 0
    template = "<p>{{ count }}</p>"

    @event
    async def increment(self) -> None:
        """One more. The counter outside counts runs of the handler, with the id of each event."""
        await _count(self.event.id)
        self.count += 1


class Long(LiveView):
    """As much text as you like."""

    count: int = 0
    text: str = ""
    template = "<p>{{ count }}</p><p>{{ text }}</p>"

    @event
    async def grow(self, size: int) -> None:
        """Another text."""
        self.count += 1
        self.text = str(self.count % 10) * min(size, 3_000_000)


@asynccontextmanager
async def lifespan(app: LiveTS) -> AsyncIterator[None]:
    """Give the connection back."""
    yield
    await _REDIS.aclose()


app = LiveTS(
    idle_after_s=float(os.environ.get("LIVETS_FAULT_IDLE_S", "300")),
    title="Load",
    templates=Path(__file__).parent,
    lifespan=lifespan,
    detached_keep_s=float(os.environ.get("LIVETS_TEST_DETACHED_S", "60")),
)


@app.route("/tasks")
async def tasks(request: Request) -> PlainTextResponse:
    """How many tasks this worker has, this request's own left out."""
    return PlainTextResponse(str(len(asyncio.all_tasks()) - 1))


app.live("/", Counter)
app.live("/long", Long)
