"""The one clock of a worker: everything that happens because time has passed.

Owns the task that looks at all sockets and views every second while there are any: join deadlines, silent or stalled
sockets, sessions that end, views whose time is over, snapshots that must not expire. Woken by `page` and `socket`.
"""

from __future__ import annotations

import asyncio
import logging
import time

from livets.state import StoreUnavailable
from livets.transport.resident import Page
from livets.transport.worker import Worker
from livets.wire import codes, limits

logger = logging.getLogger("livets.transport")

_EVERY_S = 1.0
_GRACE_S = 5.0


class Sweeper:
    """Ends what has lasted too long."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._task: asyncio.Task[None] | None = None
        self._sessions_checked_s = 0.0

    def wake(self) -> None:
        """There is something to look after."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """No more sweeps."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while self._worker.pages or len(self._worker.registry):
            await asyncio.sleep(min(_EVERY_S, self._worker.config.idle_after_s or _EVERY_S))
            try:
                await self.sweep()
            except Exception:
                logger.exception("a sweep failed")

    async def sweep(self) -> None:
        """Look at everything once."""
        worker, now_s = self._worker, asyncio.get_running_loop().time()
        checks_sessions = now_s - self._sessions_checked_s >= worker.config.session_check_s
        if checks_sessions:
            self._sessions_checked_s = now_s
        for page in list(worker.pages):
            self._check(page, now_s)
        worker.registry.expire()
        worker.idling.look(now_s)
        if checks_sessions:
            await self._renew()
            worker.spawn(self._close_revoked())

    def _check(self, page: Page, now_s: float) -> None:
        channel = page.channel
        if channel.has_stalled(now_s):
            logger.info("a socket that takes no data is cut")
            channel.abort()
        elif channel.is_closing:
            if now_s - channel.closing_at_s > _GRACE_S:
                channel.abort()
        elif not page.views and now_s - channel.opened_at_s > limits.JOIN_DEADLINE_S:
            channel.close(codes.CLOSE_TIMEOUT, "no view was joined in time")
        elif now_s - channel.heard_at_s > limits.HEARTBEAT_TIMEOUT_S:
            channel.close(codes.CLOSE_TIMEOUT, "no heartbeat")
        elif page.session is not None and self._worker.cookie.has_expired(page.session):
            channel.close(codes.CLOSE_UNAUTHORISED, "the session has expired")

    async def _close_revoked(self) -> None:
        """Find those who were revoked without this worker's hearing of it."""
        worker = self._worker
        sessions = {page.session.id: page.session for page in worker.pages if page.session is not None}
        try:
            for session in await worker.revocation.revoked(sessions.values()):
                worker.close_pages(lambda page, gone=session: page.session is not None and page.session.id == gone)  # type: ignore[misc]
        except StoreUnavailable as error:
            logger.warning("whether users are still signed in can't be told now: %s", error)

    async def _renew(self) -> None:
        """Keep the snapshots of joined views from expiring while nothing changes them."""
        worker, now_s = self._worker, time.monotonic()
        for resident in worker.registry:
            if resident.page is not None and now_s - resident.touched_s > worker.config.snapshot_ttl_s / 3:
                if resident.touched_s:
                    self._worker.spawn(resident.renew())
                resident.touched_s = now_s
