"""A view that lives on this worker, together with what transport has to know of it.

Owns nothing but the connection of runner, outbox and credentials, and whether the view sleeps: who asks for its runner
wakes it. Made by `worker`, kept by `registry`, put to sleep by `idling`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from livets import telemetry
from livets.live import Asleep, ViewRunner
from livets.state import StoreUnavailable
from livets.transport.channel import Channel
from livets.transport.outbox import ViewOutbox
from livets.transport.routes import LiveRoute
from livets.transport.session import Session

logger = logging.getLogger("livets.transport")

VIEW_BYTES = 4 * 1024
"""What a view takes besides what its HTML suggests, for the bound on unjoined views."""


class Page(Protocol):
    """The browser page at the other end of a socket, as far as views and worker know it (`visitor`)."""

    channel: Channel
    session: Session | None
    views: dict[int, Resident]

    def lose(self, resident: Resident) -> None:
        """The page has gone on with this view on another socket."""


class Resident:
    """A view of this worker, running or asleep."""

    __slots__ = (
        "_runner", "alarm", "asleep", "awaits_first", "is_called", "joined_seq", "outbox", "page", "page_bytes",
        "quiet_since_s", "route", "secrets", "since_s", "touched_s", "view_id",
    )  # fmt: skip

    def __init__(self, runner: ViewRunner, outbox: ViewOutbox, route: LiveRoute) -> None:
        self.view_id = runner.view_id
        self._runner: ViewRunner | None = runner
        self.asleep: Asleep | None = None
        """The view, while it sleeps."""
        self.outbox = outbox
        self.route = route
        self.page: Page | None = None
        """Who shows the view, while it is on a socket."""
        self.secrets = b""
        """Hashes of the resume secrets that are accepted, the newest first."""
        self.joined_seq = 0
        """Number of the last JOINED: a browser that has seen it has the newest secret."""
        self.awaits_first = False
        """After a new mount at a socket: the page's events count from 1 again, older ones still on their way don't."""
        self.page_bytes = VIEW_BYTES
        self.since_s = 0.0
        self.touched_s = 0.0
        self.quiet_since_s = 0.0
        """Since when nothing has happened to the view, on the clock of the event loop."""
        self.alarm: asyncio.TimerHandle | None = None
        """Wakes a view that sleeps for its next timer."""
        self.is_called = False
        """It is about to be woken."""

    @property
    def runner(self) -> ViewRunner:
        """The running view; one that sleeps wakes."""
        if self._runner is None:
            self.wake()
            assert self._runner is not None
        return self._runner

    def sleep(self, quiet_s: float) -> bool:
        """Put the view to sleep if nothing keeps it awake. `quiet_s`: how long nothing has happened to it."""
        if self._runner is None:
            return True
        self.asleep = self._runner.sleep(quiet_s)
        if self.asleep is None:
            return False
        self._runner = None
        telemetry.mark("view.asleep", self.view_id, self.asleep.ref)
        return True

    def wake(self) -> None:
        """Let the view run again; one that runs is left alone."""
        self.is_called = False
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
        asleep, self.asleep = self.asleep, None
        if asleep is not None:
            self._runner = ViewRunner.woken(asleep, None if self.page is None else self.outbox)
            telemetry.mark("view.awake", self.view_id, asleep.ref)

    async def renew(self) -> None:
        """Say to the store that the view is still wanted; a view that sleeps goes on sleeping if that is all."""
        asleep = self.asleep
        try:
            if asleep is None or not await asleep.renew():
                await self.runner.renew()
        except StoreUnavailable as error:
            logger.warning("the snapshot of a view that sleeps is not renewed now: %s", error)

    @property
    def url(self) -> str:
        """Path below the mount point, and query, of where the view is now."""
        return self.runner.location.url

    def leave(self) -> None:
        """Take the view off its socket; frames and state stay."""
        self.page = None
        self.outbox.detach()
        if self.asleep is not None:
            self.asleep.page_lost()
        else:
            self.runner.detach()
