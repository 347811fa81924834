"""The application under test in this process: started, watched, at rest, stopped.

Owns the application's lifespan, what its views log as errors, what they broadcast, and the question whether everything
that follows from an action has happened. Shared by all clients and pages of one test. Used by `person` and `page`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from livets.app import LiveTS
from livets.mirror.misfit import Misfit
from livets.testing import asgi
from livets.testing.errors import TimedOut
from livets.testing.watch import Broadcast, Failures, HeardBus
from livets.transport.routes import LiveRoute
from livets.wire import Event

if TYPE_CHECKING:
    from livets.live import ViewRunner
    from livets.pubsub import Bus
    from livets.testing.engine import Engine
    from livets.testing.steps import Steps
    from livets.transport.resident import Resident

_QUICK_LOOKS = 50
_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.01


class OpenPage(Protocol):
    """What the host knows of a page."""

    engine: Engine
    steps: Steps
    goes_on: bool
    """True while a handler runs that a test did not want to wait for."""

    def look(self) -> None:
        """Check what the page shows, and note what it was told."""


class Host:
    """An application and the pages that are open in it."""

    def __init__(self, app: asgi.App, *, timeout_s: float, failures: Failures, broadcasts: list[Broadcast]) -> None:
        self.app = app
        self.timeout_s = timeout_s
        self.lives = list(_lives(app, set()))
        self.pages: list[OpenPage] = []
        self.failures = failures
        self.broadcasts = broadcasts
        self._buses: list[tuple[LiveTS, Bus]] = []
        self.extras: dict[str, Any] = {}
        """What an engine keeps for all pages: the server's address, browser contexts."""
        self._exit = contextlib.AsyncExitStack()
        self.is_running = False

    async def start(self) -> None:
        """Start the application, once."""
        if self.is_running:
            return
        self.is_running = True
        for live in self.lives:
            self._buses.append((live, live.worker.bus))
            live.worker.bus = HeardBus(live.worker.bus, self.broadcasts)
        await self._exit.enter_async_context(self._running())

    def on_stop(self, do: Callable[[], Awaitable[Any]]) -> None:
        """Await this when all pages are closed, before the application stops; the last one first."""
        self._exit.push_async_callback(do)

    async def stop(self) -> None:
        """Close all pages and stop the application."""
        if not self.is_running:
            return
        try:
            for page in self.pages:
                await page.engine.close()
            await self._exit.aclose()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Watch the application no longer."""
        self.is_running = False
        for live, bus in self._buses:
            live.worker.bus = bus
        self._buses.clear()

    def resident(self, view_id: str) -> Resident | None:
        """The running view of a page."""
        for live in self.lives:
            if view_id and (found := live.registry.get(view_id)) is not None:
                return found
        return None

    def _running(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Start and stop, by the application's own words for it: what ASGI would say to it comes to the same."""
        if isinstance(self.app, LiveTS) and type(self.app).__call__ is LiveTS.__call__:
            return asgi.held(self.app.lifespan())
        return asgi.lifespan(self.app)

    # At rest

    async def settle(self) -> None:
        """Wait until every event is handled, every message delivered and everything shown, in all pages.

        Pages that a test let go on (`wait=False`) are not waited for. Raises TimedOut.
        """
        deadline_s = asyncio.get_running_loop().time() + self.timeout_s
        looks = 0
        while True:
            before = self._activity()
            is_at_rest = await self._look()
            if is_at_rest and before == self._activity():
                return
            if asyncio.get_running_loop().time() > deadline_s:
                raise TimedOut(self._unrest())
            await asyncio.sleep(0 if looks < _QUICK_LOOKS else _PAUSE_S)
            looks += 1

    async def rest(self) -> None:
        """Settle, then let every page check itself. Raises what views have raised meanwhile."""
        deadline_s = asyncio.get_running_loop().time() + self.timeout_s
        while True:
            await self.settle()
            try:
                for page in self.pages:
                    page.look()
                break
            except Misfit:
                # A browser may still be at it; the model in this process never is.
                is_late = asyncio.get_running_loop().time() > deadline_s
                if is_late or not self.extras:
                    raise
                await asyncio.sleep(_LONGEST_PAUSE_S)
        self.failures.check()

    async def wait_until(self, holds: Callable[[], Any], words: str, timeout_s: float | None) -> Any:
        """Wait until `holds()` is true, asked again whenever a page has changed; returns what it returned."""
        limit_s = self.timeout_s if timeout_s is None else timeout_s
        deadline_s = asyncio.get_running_loop().time() + limit_s
        pause_s = 0.0
        while True:
            for page in self.pages:
                await page.engine.refresh()
            if value := holds():
                return value
            if asyncio.get_running_loop().time() > deadline_s:
                raise TimedOut(f"waited {limit_s:g} s in vain for {words}")
            await self._changed(pause_s)
            pause_s = min(pause_s + _PAUSE_S, _LONGEST_PAUSE_S)

    async def _changed(self, longest_s: float) -> None:
        """Something has come from the server, or a moment is over: fields can change without a word to the page."""
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not change.done():
                change.set_result(None)

        for page in self.pages:
            page.engine.on_change = wake
        await asyncio.wait([change], timeout=longest_s)
        change.cancel()

    async def _look(self) -> bool:
        """One look at everything; runs what can be run to its end."""
        await asyncio.sleep(0)
        for page in self.pages:
            await page.engine.refresh()
        busy = set()
        for page in self.pages:
            if page.goes_on:
                page.goes_on = not page.engine.is_idle
            if page.goes_on:
                busy.add(page.engine.view_id)
            elif not page.engine.is_idle:
                return False
        for live in self.lives:
            for resident in live.registry:
                if resident.view_id not in busy:
                    await _rest(resident)
        return True

    def _activity(self) -> tuple[int, ...]:
        return (len(self.broadcasts), *[len(page.engine.received) for page in self.pages],
                *[len(page.engine.sent) for page in self.pages])  # fmt: skip

    def _unrest(self) -> str:
        words = []
        for page in self.pages:
            if not page.engine.is_idle and not page.goes_on:
                events = [sent.message for sent in page.engine.sent if isinstance(sent.message, Event)]
                what = f"its event {events[-1].handler!r}" if events else "its server"
                words.append(f"the page {page.engine.url} still waits for {what}")
        return (
            f"after {self.timeout_s:g} s not everything is done: {'; '.join(words) or 'views keep each other busy'}. "
            f"A handler that waits for what the test does next is started with `wait=False`."
        )


async def _rest(resident: Resident) -> None:
    runner: ViewRunner = resident.runner
    await runner.settle()
    await runner.durable()
    if resident.page is not None:
        await resident.page.channel.finished()


def _lives(app: Any, seen: set[int]) -> Iterator[LiveTS]:
    """The livets applications in an ASGI application: itself, what it mounts, what its middlewares wrap."""
    if app is None or id(app) in seen:
        return
    seen.add(id(app))
    if isinstance(app, LiveTS):
        yield app
        inner: list[Any] = [route for route in app.routes if not isinstance(route, LiveRoute)]
    else:
        inner = [*(getattr(app, "routes", None) or ()), getattr(app, "app", None), getattr(app, "router", None)]
    for each in inner:
        if not isinstance(each, str):
            yield from _lives(each, seen)
