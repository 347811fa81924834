"""Ending a background task for certain.

One `cancel()` is not enough: a task group that sees a failure and a cancellation at the same moment tells of the
failure only, and some waits of client libraries lose a cancellation that comes as they end.
"""

from __future__ import annotations

import asyncio

_PATIENCE_S = 0.2


async def stop(task: asyncio.Task[None] | None) -> None:
    """Cancel `task`, again if need be, and return when it has ended; what it raised is dropped."""
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_PATIENCE_S)
    if task is not None and not task.cancelled():
        task.exception()
