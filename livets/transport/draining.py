"""The end of a worker's sockets: pages move to other workers, a few at a time, each after its view is safe.

Owns the order and the pace, within a time that is given. A page that takes no data is cut, and moves all the same. The
browsers add jitter of their own (a random part of a second after MOVE), so the other workers meet no crowd.
Called by `worker`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livets.transport.resident import Page

logger = logging.getLogger("livets.transport")

BATCH = 50
"""Pages that move together, at least."""
PAUSE_S = 0.05
"""Between batches."""
_SAFE_S = 0.5
"""A view may take this long to be written before its page moves; its browser has what is not written yet."""
_CLOSE_S = 1.0

CLOSE_RESTART = 1012
"""WebSocket's own code for a service that restarts."""


async def move(pages: Collection[Page], within_s: float) -> None:
    """Ask every page to connect to another worker, and end its socket behind that; takes `within_s` at most."""
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + within_s
    waiting = list(pages)
    random.shuffle(waiting)
    batch = max(BATCH, round(len(waiting) * PAUSE_S / max(PAUSE_S, within_s / 2)))
    for start in range(0, len(waiting), batch):
        part, left_s = waiting[start : start + batch], ends_s - loop.time() - _CLOSE_S
        if start and left_s > 0:
            await asyncio.sleep(min(PAUSE_S * random.uniform(0.5, 1.5), left_s))  # noqa: S311
        await _settled(part, min(_SAFE_S, left_s))
        for page in part:
            page.channel.move()
            page.channel.close(CLOSE_RESTART, "this worker is going away")
    await _ended(waiting, max(0.1, ends_s - loop.time()))


async def _settled(pages: Sequence[Page], within_s: float) -> None:
    """Until what these pages have done is in the store, or it takes too long."""
    residents = [resident for page in pages for resident in page.views.values()]
    runners = [resident.runner for resident in residents if resident.asleep is None]  # who sleeps has been written
    if runners and within_s > 0:
        waits = [asyncio.ensure_future(runner.durable()) for runner in runners]
        _, late = await asyncio.wait(waits, timeout=within_s)
        for wait in late:
            wait.cancel()


async def _ended(pages: Sequence[Page], within_s: float) -> None:
    waits = [asyncio.ensure_future(page.channel.finished()) for page in pages]
    if waits:
        _, late = await asyncio.wait(waits, timeout=within_s)
        for wait in late:
            wait.cancel()
    deaf = [page for page in pages if page.channel.is_sending]
    for page in deaf:
        page.channel.abort()
    if deaf:
        logger.info("%d sockets that took no data are cut", len(deaf))
