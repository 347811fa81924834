"""A person with a browser, for tests: opens pages of an application in this process.

Owns the cookies of that person and, with all others of the test, the running application. `client(app)` is the way
in; the pytest plugin hands one out as `livets_client`.
"""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

import msgspec

from livets.app import LiveTS
from livets.config import Config
from livets.live import LiveView
from livets.render import Templates
from livets.testing import asgi
from livets.testing.errors import NoPage, TestingError
from livets.testing.host import Broadcast, Host
from livets.testing.local import LocalPage
from livets.testing.page import Page

if TYPE_CHECKING:
    from livets.testing.chromium import Chromium

_SECRET = "a secret of the testing kit, long enough"  # noqa: S105 (it seals what never leaves the process)
_TEMPLATES = Templates()
"""Templates of views that are mounted without an application, compiled once for all tests."""


class Client:
    """A person with a browser of their own. Close it when done, or use it as `async with client(app) as person:`.

    `app`: any ASGI application that is or contains a `LiveTS`. `timeout_s`: longest wait for what follows from an
    action. `check`: after every action compare the page with a fresh render of the view's state.
    """

    def __init__(
        self,
        app: asgi.App | None = None,
        *,
        timeout_s: float = 5.0,
        check: bool = True,
        chromium: Chromium | None = None,
        host: Host | None = None,
    ) -> None:
        self._app = app
        self._timeout_s = timeout_s
        self._check = check
        self._chromium = chromium
        self._cookies = asgi.Cookies()
        self._host = host
        self._hosts: list[Host] = [] if host is None else [host]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close(quietly=error is not None)

    async def open(self, path: str = "/") -> Page:
        """Open a page of the application and wait until its view is live.

        Raises what `mount` or the template raises, and NoPage when the answer is an error.
        """
        if self._host is None:
            if self._app is None:
                raise TestingError(
                    "there is no application to open a page of. Name it: `livets_app = main:app` under "
                    '[tool.pytest.ini_options] (or [tool.livets] app = "main:app") in pyproject.toml, or write a '
                    "fixture `livets_app` that returns it; `mount(View)` needs none."
                )
            self._host = self._new_host(self._app)
        return await self._page(self._host, path)

    async def mount(self, view: type[LiveView], **params: Any) -> Page:
        """Open a page that shows one view class, without any application.

        `params` go to its `mount`; those that it does not take become the URL's query (for `handle_params`).
        """
        taken = inspect.signature(view.mount).parameters
        takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values())
        is_own = view.mount is not LiveView.mount
        path = {name: value for name, value in params.items() if is_own and (name in taken or takes_any)}
        query = {name: value for name, value in params.items() if name not in path}
        app = self._mounting_app()
        app.live("/" + "/".join(f"{{{name}}}" for name in path), view)
        url = "/" + "/".join([quote(str(value), safe="") for value in path.values()])
        return await self._page(self._new_host(app), url + (f"?{urlencode(query, doseq=True)}" if query else ""))

    async def get(self, url: str) -> asgi.Response:
        """GET anything of the application, with this person's cookies; whatever the status."""
        if self._host is None and self._app is not None:
            self._host = self._new_host(self._app)
        if self._host is None:
            raise TestingError("there is no application to get anything from")
        await self._host.start()
        response = await asgi.request(self._host.app, "GET", url, self._cookies.header())
        self._cookies.take(response)
        return response

    def another(self) -> Client:
        """Another person: the same application, a browser and cookies of their own."""
        if self._host is None and self._app is not None:
            self._host = self._new_host(self._app)
        return Client(self._app, timeout_s=self._timeout_s, check=self._check, chromium=self._chromium, host=self._host)

    def expect_errors(self) -> AbstractContextManager[list[BaseException]]:
        """`with person.expect_errors() as errors:` collects what would be raised, so that the page can be looked at."""
        return self._any_host().expecting()

    @property
    def broadcasts(self) -> list[Broadcast]:
        """What the application's views have broadcast: topic and data."""
        return self._any_host().broadcasts

    async def broadcast(self, topic: str, data: Any) -> None:
        """Tell a topic something from outside, and wait until every page shows what follows from it."""
        host = self._any_host()
        for live in host.lives:
            number = len(host.broadcasts)
            await live.worker.bus.publish(topic, msgspec.msgpack.encode(data), f"livets.testing:{number}:{id(self)}")
        await host.rest()

    async def close(self, *, quietly: bool = False) -> None:
        """Close all pages and stop the application. Raises errors that nobody has been told yet, unless `quietly`."""
        hosts, self._hosts = self._hosts, []
        for host in hosts:
            await host.stop()
        if not quietly:
            for host in hosts:
                host.check()

    def abandon(self) -> None:
        """The event loop is gone: leave the application to itself, as far as `close` has not been called."""
        hosts, self._hosts = self._hosts, []
        for host in hosts:
            host.abandon()

    async def _page(self, host: Host, path: str) -> Page:
        await host.start()
        page = Page(await self._engine(host), host, check=self._check)
        try:
            await page.engine.load(path)
        except NoPage:
            host.failures.check()
            raise
        host.pages.append(page)
        await page.settle()
        return page

    async def _engine(self, host: Host) -> Any:
        if self._chromium is None:
            return LocalPage(host.app, self._cookies)
        return await self._chromium.page(host, self)

    def _new_host(self, app: asgi.App) -> Host:
        host = Host(app, timeout_s=self._timeout_s)
        self._hosts.append(host)
        return host

    def _any_host(self) -> Host:
        host = self._host or (self._hosts[-1] if self._hosts else None)
        if host is None and self._app is not None:
            host = self._host = self._new_host(self._app)
        if host is None:
            raise TestingError("open a page first")
        return host

    def _mounting_app(self) -> LiveTS:
        """An application for one view; it shares templates and settings with the application under test."""
        own = self._app if isinstance(self._app, LiveTS) else None
        app = LiveTS(_SECRET, config=Config(dev=True) if own is None else own.config)
        app.worker.templates = _TEMPLATES if own is None else own.worker.templates
        return app


def client(app: asgi.App | None = None, *, timeout_s: float = 5.0, check: bool = True) -> Client:
    """A person with a browser, in this process: `async with client(app) as person: page = await person.open("/")`.

    >>> import asyncio
    >>> from livets import LiveView, event
    >>> class Counter(LiveView):
    ...     count: int = 0
    ...     template = '<b>{{ count }}</b> <button ts-on:click="add">+1</button>'
    ...
    ...     @event
    ...     async def add(self):
    ...         self.count += 1
    >>> async def test():
    ...     async with client() as person:
    ...         page = await person.mount(Counter)
    ...         await page.find("button").click()
    ...         return page.find("b").text
    >>> asyncio.run(test())
    '1'
    """
    return Client(app, timeout_s=timeout_s, check=check)
