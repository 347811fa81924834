"""Group commit: one writer thread that commits everything that gathered while it was busy as one transaction.

So a hundred writers pay for one disk flush together, and none waits for a timer.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable

from livets.engine.log.request import Request

MAX_BATCH = 1000

_Waiting = tuple[Request, "asyncio.Future[None]"]


class GroupCommit:
    """Hands appends to a thread that calls `commit(requests)`; what it raises is raised at each of those writers."""

    def __init__(self, commit: Callable[[list[Request]], None]) -> None:
        self._commit = commit
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def commit(self, request: Request) -> None:
        """Return when `request` is committed, with its result set."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="livets-log-writer", daemon=True)
            self._thread.start()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((request, future))
        await asyncio.shield(future)

    async def close(self) -> None:
        """Commit what waits, then end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def _work(self) -> None:
        going_on = True
        while going_on:
            batch: list[_Waiting] = []
            item = self._queue.get()
            while item is not None:
                batch.append(item)
                if len(batch) == MAX_BATCH or self._queue.empty():
                    break
                item = self._queue.get()
            going_on = item is not None
            if batch:
                self._run(batch)

    def _run(self, batch: list[_Waiting]) -> None:
        error: Exception | None = None
        try:
            self._commit([request for request, _ in batch])
        except Exception as caught:  # each writer of the batch must hear of it
            error = caught
        for loop in {future.get_loop() for _, future in batch}:
            futures = [future for _, future in batch if future.get_loop() is loop]
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, futures, error)


def _settle(futures: list[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
