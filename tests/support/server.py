"""An application served by a real uvicorn on the test's own event loop, so that a test can look into it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import uvicorn

from tests.support.wait import until


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """`async with serving(app) as url:` serves `app` on a free port until the block ends."""
    config = uvicorn.Config(
        app,
        port=0,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    task = asyncio.ensure_future(server._serve())  # serve() would also take over the process's signals
    try:
        await until(lambda: server.started or task.done(), "uvicorn to start")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
