"""A person with a browser, for tests: opens pages of an application in this process.

Owns the cookies of that person and, with all others of the test, the running application. `client(app)` is the way
in; the pytest plugin hands one out as `livets_client`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode
from weakref import WeakKeyDictionary

import msgspec
from starlette.requests import HTTPConnection
from starlette.responses import Response as Answer

from livets.app import LiveTS
from livets.config import Config
from livets.live import LiveView
from livets.render import Templates
from livets.testing import asgi
from livets.testing.errors import NoPage, TestingError
from livets.testing.host import Host
from livets.testing.local import LocalPage
from livets.testing.page import Page
from livets.testing.stage import Stage
from livets.testing.watch import Broadcast

if TYPE_CHECKING:
    from livets.testing.chromium import Chromium

_SECRET = "a secret of the testing kit, long enough"  # noqa: S105 (it seals what never leaves the process)
_TEMPLATES = Templates()
"""Templates of views that are mounted without an application, compiled once for all tests."""


class _Nothing:
    """Stands for the application where there is none."""


_MOUNTED: WeakKeyDictionary[Any, dict[tuple[type[LiveView] | None, str], LiveTS]] = WeakKeyDictionary()
"""Applications made for `mount`, by the application under test: making one costs more than a test."""


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
        stage: Stage | None = None,
    ) -> None:
        self._app = app
        self._timeout_s = timeout_s
        self._check = check
        self._chromium = chromium
        self._cookies = asgi.Cookies()
        self._stage = stage or Stage(timeout_s)
        self._is_first = stage is None

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
        return await self._page(await self._host(), path)

    async def mount(self, view: type[LiveView], **params: Any) -> Page:
        """Open a page that shows one view class, without any application.

        `params` go to its `mount`; those that it does not take become the URL's query (for `handle_params`).
        """
        taken = inspect.signature(view.mount).parameters
        takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values())
        is_own = view.mount is not LiveView.mount
        path = {name: value for name, value in params.items() if is_own and (name in taken or takes_any)}
        query = {name: value for name, value in params.items() if name not in path}
        app = self._mounting_app(view, "/" + "/".join([f"{{{name}}}" for name in path]))
        url = "/" + "/".join([quote(str(value), safe="") for value in path.values()])
        return await self._page(
            await self._stage.host(app), url + (f"?{urlencode(query, doseq=True)}" if query else "")
        )

    async def get(self, url: str) -> asgi.Response:
        """GET anything of the application, with this person's cookies; whatever the status, redirects not followed."""
        return await self._request("GET", url, b"")

    async def post(self, url: str, data: Mapping[str, Any]) -> asgi.Response:
        """POST a form to an endpoint of the application, as a page of it would, with this person's cookies."""
        return await self._request("POST", url, urlencode(data, doseq=True).encode())

    async def login(self, user: str, data: Mapping[str, Any] | None = None) -> None:
        """Be `user` from here on, as after `app.login`: pages that are opened see `self.session.user`."""
        host = await self._stage.host(self._mounting_app() if self._app is None else self._app)
        for live in host.lives:
            response = Answer()
            await live.login(HTTPConnection(asgi.scope("http", "/", self._cookies.header())), response, user, data)
            self._cookies.take(asgi.Response(200, {}, b"", response.headers.getlist("set-cookie")))

    def another(self) -> Client:
        """Another person: the same application, a browser and cookies of their own."""
        return Client(
            self._app, timeout_s=self._timeout_s, check=self._check, chromium=self._chromium, stage=self._stage
        )

    def expect_errors(self) -> AbstractContextManager[list[BaseException]]:
        """`with person.expect_errors() as errors:` collects what would be raised, so that the page can be looked at."""
        return self._stage.expecting()

    @property
    def broadcasts(self) -> list[Broadcast]:
        """What the application's views have broadcast: topic and data."""
        return self._stage.broadcasts

    async def broadcast(self, topic: str, data: Any) -> None:
        """Tell a topic something from outside, and wait until every page shows what follows from it."""
        encoded = msgspec.msgpack.encode(data)
        for host in self._stage.hosts:
            for live in host.lives:
                await live.worker.bus.publish(topic, encoded, f"livets.testing:{len(self.broadcasts)}")
            await host.rest()

    async def close(self, *, quietly: bool = False) -> None:
        """Close all pages and stop the application. Raises errors that nobody has been told yet, unless `quietly`.

        Only the first person of a test does so; the others leave with that one.
        """
        if self._is_first:
            pages = [page for host in self._stage.hosts for page in host.pages]
            await self._stage.stop()
            for page in () if quietly else pages:
                page.steps.check()
            if not quietly:
                self._stage.failures.check()

    def abandon(self) -> None:
        """The event loop is gone: leave the application to itself, as far as `close` has not been called."""
        self._stage.abandon()

    async def _page(self, host: Host, path: str) -> Page:
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
        return await self._chromium.page(host, self, self._cookies.values)

    async def _request(self, method: str, url: str, body: bytes) -> asgi.Response:
        host = await self._host()
        headers = self._cookies.header()
        if method != "GET":
            headers += [(b"origin", asgi.ORIGIN.encode()), (b"content-type", b"application/x-www-form-urlencoded")]
        response = await asgi.request(host.app, method, url, headers, body)
        self._cookies.take(response)
        return response

    async def _host(self) -> Host:
        """The application under test. Raises TestingError when nobody has said which one that is."""
        if self._app is None:
            raise TestingError(
                "there is no application to open a page of. Name it: `livets_app = main:app` under "
                '[tool.pytest.ini_options] (or [tool.livets] app = "main:app") in pyproject.toml, or write a '
                "fixture `livets_app` that returns it; `mount(View)` needs none."
            )
        return await self._stage.host(self._app)

    def _mounting_app(self, view: type[LiveView] | None = None, path: str = "") -> LiveTS:
        """An application for one view, kept for the next test; with templates and settings of the one under test."""
        own = self._app if isinstance(self._app, LiveTS) else None
        known = _MOUNTED.setdefault(own or _Nothing, {})
        if (view, path) not in known:
            app = LiveTS(_SECRET, config=Config(dev=True)) if own is None else LiveTS(config=own.config)
            app.worker.templates = _TEMPLATES if own is None else own.worker.templates
            if view is not None:
                app.live(path, view)
            known[view, path] = app
        return known[view, path]


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
