"""Two buses on one Redis: two workers, as far as Redis can tell."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.pubsub.worker import MakeWorker, Worker
from tests.support.redis_server import RedisServer


@pytest_asyncio.fixture
async def make_worker(redis_server: RedisServer) -> AsyncIterator[MakeWorker]:
    """Makes workers on this test's Redis (or the given url)."""
    made: list[Worker] = []

    def make(url: str | None = None, **options: object) -> Worker:
        made.append(Worker(url or redis_server.url, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for worker in made:
        await worker.bus.close()
