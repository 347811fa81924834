"""Chromium for browser tests: one process a session, one clean context a test, nothing wrong on the console.

The asynchronous Playwright API is used throughout, on the session's event loop: the synchronous one leaves a
running loop behind in the main thread, which breaks every other asyncio test of the session.

    async def test_it(page: Page, page_log: PageLog) -> None: ...        (`tests/conftest.py` picks the loop)

With LIVETS_TEST_TRANSPORT=http every page goes through a proxy that lets no WebSocket through; tests marked
`both_transports` run both ways in any case.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, async_playwright, expect

from tests.support.only_http import OnlyHttp

MISSING = (
    "Chromium was not found. `make test` installs Debian's package where apt is there; otherwise put `chromium` "
    "on PATH or name its binary in LIVETS_CHROMIUM and run the tests again."
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
]  # fmt: skip
_PATIENCE_MS = (5_000, 10_000)
"""Of `expect`; a first page without a WebSocket needs up to three seconds until it is live."""
TRANSPORTS = ("websocket", "http")
_REFUSED = r"WebSocket connection to .* failed|livets/(up|down)\b"
"""What Chromium itself writes about a refused WebSocket, and about the lines that stand for it when a server goes."""
_REPORT_CSP = """document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP violation: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile));"""


def binary() -> str:
    """Path of Chromium; fails the test with instructions when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("LIVETS_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.fail(MISSING, pytrace=False)
    return path


@dataclass
class PageLog:
    """What the pages of one test complained about; whatever was not allowed fails the test at its end."""

    complaints: list[str] = field(default_factory=list)
    _allowed: list[re.Pattern[str]] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Complaints that match this regular expression are expected in this test."""
        self._allowed.append(re.compile(pattern))

    def watch(self, context: BrowserContext) -> None:
        """Collect from every page that the context opens."""
        context.on("page", self._watch_page)

    def unexpected(self) -> list[str]:
        """Those not allowed."""
        return [line for line in self.complaints if not any(pattern.search(line) for pattern in self._allowed)]

    def _watch_page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", self._page_error)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location
            if where.get("url", "").endswith("/favicon.ico"):
                return  # browsers ask every site for one
            self.complaints.append(f"{message.type}: {message.text} ({where.get('url')}:{where.get('lineNumber')})")

    def _page_error(self, error: Error) -> None:
        self.complaints.append(f"uncaught: {error.stack or error.message}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium, one for the whole session."""
    path = binary()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def page_log() -> PageLog:
    """Complaints of this test's pages; `allow()` what is expected."""
    return PageLog()


def transport_of_run() -> str:
    """What the switch says: by which transport the pages of this run live."""
    chosen = os.environ.get("LIVETS_TEST_TRANSPORT", TRANSPORTS[0])
    assert chosen in TRANSPORTS, f"LIVETS_TEST_TRANSPORT={chosen}: it is one of {', '.join(TRANSPORTS)}"
    return chosen


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> str:
    """By which transport the pages of this test live: `websocket` or `http`."""
    return str(getattr(request, "param", transport_of_run()))


@pytest.fixture(scope="session")
def only_http() -> Iterator[OnlyHttp]:
    """The proxy without WebSockets, one for the whole session."""
    with OnlyHttp() as proxy:
        yield proxy


@pytest.fixture
def way(transport: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What `browser.new_context` is told of the way to servers."""
    if transport == "websocket":
        return {}
    return {"proxy": {"server": request.getfixturevalue("only_http").url, "bypass": "<-loopback>"}}


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, page_log: PageLog, way: dict[str, Any]) -> AsyncIterator[BrowserContext]:
    """A context of this test's own (cookies, storage), watched by `page_log`."""
    context = await browser.new_context(**way)
    context.set_default_timeout(10_000)
    expect.set_options(timeout=_PATIENCE_MS[bool(way)])
    if way:
        page_log.allow(_REFUSED)
    await context.add_init_script(_REPORT_CSP)
    page_log.watch(context)
    yield context
    await context.close()
    assert not page_log.unexpected(), "the console must be clean:\n" + "\n".join(page_log.unexpected())


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    """A blank page in `context`."""
    return await context.new_page()
