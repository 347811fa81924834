"""Chromium for tests that are run with `--livets-browser`: one browser for all tests, a real server for each.

Owns the browser's process, on an event loop in a thread of its own (a test's loop ends with the test), and the server
on the test's loop. What a page is, `browserpage` knows. Made by the plugin; asked by `person`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn

from livets.testing.browserpage import BrowserPage
from livets.transport.server import options

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

    from livets.testing.host import Host

T = TypeVar("T")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
              "--disable-background-timer-throttling", "--disable-renderer-backgrounding"]  # fmt: skip
_START_S = 60.0
_GLASS = Path(__file__).with_name("glass.js")


class Missing(Exception):
    """Something that is needed for tests in a browser is not installed."""


class _Server(uvicorn.Server):
    """Leaves the process's signals to the test runner."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


class Chromium:
    """The browser. Raises Missing when it can't be had."""

    def __init__(self) -> None:
        try:
            from playwright.async_api import async_playwright
        except ImportError:
            raise Missing("--livets-browser needs Playwright: run `pip install playwright`") from None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="livets-chromium", daemon=True)
        self._thread.start()
        self._playwright = async_playwright()
        self._browser: Browser
        try:
            self._wait(self._launch())
        except Exception as error:
            self._end()
            raise Missing(
                f"Chromium did not start: {error}\nInstall it (`playwright install chromium`, or `apt install "
                f"chromium`), or name its binary in LIVETS_CHROMIUM."
            ) from None

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of Playwright's on the browser's loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def page(self, host: Host, browser_of: object, cookies: dict[str, str]) -> BrowserPage:
        """A new page in the browser of one person (`browser_of` names the person), who has these cookies."""
        origin = await self._origin(host)
        contexts: dict[object, BrowserContext] = host.extras.setdefault("contexts", {})
        if browser_of not in contexts:
            contexts[browser_of] = context = await self.run(self._context(origin))
            host.on_stop(lambda: self.run(context.close()))
        if cookies:
            given: list[Any] = [{"name": name, "value": value, "url": origin} for name, value in cookies.items()]
            await self.run(contexts[browser_of].add_cookies(given))
        page = await self.run(contexts[browser_of].new_page())
        return BrowserPage(page, host, self.run)

    def stop(self) -> None:
        """End the browser."""
        self._wait(self._close())
        self._end()

    async def _launch(self) -> None:
        started = await self._playwright.start()
        path = os.environ.get("LIVETS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
        self._browser = await started.chromium.launch(executable_path=path, args=_ARGUMENTS)

    async def _context(self, origin: str) -> BrowserContext:
        context = await self._browser.new_context(base_url=origin)
        context.set_default_timeout(5_000)
        await context.add_init_script(path=_GLASS)
        return context

    async def _close(self) -> None:
        await self._browser.close()
        await self._playwright.__aexit__()

    def _wait(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_S)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _origin(self, host: Host) -> str:
        """Where the host's application is served; the server is started when it is first asked for."""
        if "origin" not in host.extras:
            settings = options(host.lives[0].worker) if host.lives else {}
            server = _Server(uvicorn.Config(host.app, port=0, lifespan="off", log_level="warning", **settings))
            task = asyncio.create_task(server.serve())
            while not server.started:
                if task.done():
                    task.result()
                await asyncio.sleep(0.002)

            async def stop() -> None:
                server.should_exit = True
                await task

            host.on_stop(stop)
            host.extras["origin"] = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        return str(host.extras["origin"])
