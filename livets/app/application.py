"""LiveTS: the ASGI application. The one place that wires the parts together.

Owns construction, routes, start and stop. It contains no logic of its own: pages and sockets are `transport`, views
`live`, templates `render`. Called by application code and the ASGI server.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from livets.app.backends import Backends
from livets.app.directories import home_of, located, static_in
from livets.app.settings import settings_over, several
from livets.config import Config, from_environment
from livets.live import LiveView
from livets.live.once import render_to_string
from livets.render import Templates
from livets.state import KeyRing, SnapshotStore, host_secret
from livets.transport import (
    Assets,
    Connector,
    DevChannel,
    Fallback,
    Guest,
    Hosts,
    Layouts,
    OriginPolicy,
    Pages,
    Parts,
    Refresher,
    Refusals,
    Registry,
    SessionCookie,
    Socket,
    Sweeper,
    Tokens,
    Worker,
    checked_route,
    is_forged,
    refuse_host,
    sign_in,
    sign_out,
)

if TYPE_CHECKING:
    from jinja2.ext import Extension


_SOCKET = "/livets/socket"
_FORGED = "This request was made by a page of another site. Config.allowed_origins lists those that may."
F = TypeVar("F", bound=Callable[..., Any])
V = TypeVar("V", bound=type[LiveView])


class LiveTS:
    """A web application of live views; runs by itself and inside any Starlette or FastAPI application.

    >>> from livets import LiveTS, LiveView
    >>> class Hello(LiveView):
    ...     template = "<h1>Hello</h1>"
    >>> app = LiveTS(secret_key="a secret of at least 32 characters")
    >>> app.live("/", Hello)
    """

    def __init__(
        self,
        secret_key: str | Sequence[str] | None = None,
        redis_url: str | None = None,
        templates: str | Path | Sequence[str | Path] = "templates",
        static: str | Path | None = "static",
        wire: Literal["msgpack", "json"] = "msgpack",
        dev: bool | None = None,
        allowed_origins: Sequence[str] | None = None,
        title: str | None = None,
        head: str | None = None,
        *,
        layout: str | None = None,
        lifespan: Callable[[LiveTS], AbstractAsyncContextManager[Any]] | None = None,
        config: Config | None = None,
        template_globals: Mapping[str, Any] | None = None,
        template_filters: Mapping[str, Any] | None = None,
        template_tests: Mapping[str, Any] | None = None,
        template_extensions: Sequence[str | type[Extension]] = (),
        **settings: Any,
    ) -> None:
        """Arguments win over `config`, which wins over the environment; `settings` are other fields of Config.

        `templates` and `static`: directories, looked for beside the module that calls this, then in the working
        directory. `template_globals`, `template_filters`, `template_tests`: functions and values for Jinja2, by name;
        `template_extensions`: of Jinja2, such as "jinja2.ext.i18n". `lifespan`: an async context manager around all
        requests, called with this application.
        Raises ConfigError when the application can't work as it is put together.
        """
        home = home_of(sys._getframe(1))
        self.config = config = settings_over(
            config or from_environment(),
            secret_keys=None if secret_key is None else several(secret_key),
            redis_url=redis_url,
            templates=tuple(located(home, directory) for directory in several(templates)),
            static=static_in(home, static),
            json_wire=wire == "json" or None,
            dev=dev,
            allowed_origins=None if allowed_origins is None else tuple(allowed_origins),
            title=title,
            head=head,
            layout=layout,
            **settings,
        )
        keys = KeyRing(config.secret_keys or [host_secret(config.state_dir, str(home))])
        self._backends = backends = Backends.of(config, keys)
        self.worker = Worker(
            config,
            cookie=SessionCookie(keys, name=config.session_cookie, max_age_s=config.session_max_age_s),
            tokens=Tokens(keys, page_max_age_s=config.page_token_max_age_s, resume_max_age_s=config.resume_max_age_s),
            used=backends.used,
            origins=OriginPolicy(config.allowed_origins, trust_forwarded=config.trust_forwarded),
            store=backends.store,
            bus=backends.bus,
            epochs=backends.epochs,
            presence=backends.presence,
            templates=Templates(
                config.templates,
                globals={"static": self._static, **(template_globals or {})},
                filters=template_filters,
                tests=template_tests,
                extensions=template_extensions,
                reload=config.dev,
            ),
        )
        backends.bus.deliver = self.worker.deliver
        self._hosts = Hosts(config.allowed_hosts, self.worker.origins, known=config.allowed_origins, dev=config.dev)
        self._sweeper = Sweeper(self.worker)
        connector = Connector(dev=config.dev, json=config.json_wire)
        layouts = Layouts(
            config.templates, lang=config.lang, head=config.head, stylesheets=config.stylesheets, dev=config.dev
        )
        self.development: DevChannel | None = None
        self.refresher: Refresher | None = None
        if config.dev:
            document = f"{config.title} {config.lang} {config.head} {config.stylesheets} {config.csp} {connector.url()}"
            self.development = DevChannel(self.worker.origins, document)
            self.refresher = Refresher(self.worker, layouts, self.development)
        self._refusals = Refusals(layouts, csp=config.csp, dev=config.dev)
        self._pages = Pages(self.worker, self._sweeper, layouts, connector, self._refusals)
        self._parts = Parts()
        if lifespan is not None:
            self._parts.add(lambda: lifespan(self))
        self.routes = self.worker.routes.all
        self._router = Router(lifespan=self.lifespan, redirect_slashes=False, default=self._nowhere)
        self._router.routes = self.routes
        self._socket = Socket(self.worker, self._sweeper)
        fallback = Fallback(self.worker, self._sweeper)
        self.routes += [
            WebSocketRoute(_SOCKET, self._socket),
            Route("/livets/down", fallback, methods=["POST"]),
            Route("/livets/up", fallback, methods=["POST"]),
            Route("/livets/{name}", connector, methods=["GET"]),
        ]
        if self.development is not None:
            self.routes.insert(0, WebSocketRoute("/livets/dev", self.development))
        if config.static is not None:
            self.worker.routes.assets = Assets(config.static, dev=config.dev)
            self.routes.append(Mount("/static", self.worker.routes.assets, name="static"))
        self._app = ExceptionMiddleware(self._router, handlers={HTTPException: self._refuse})

    @property
    def store(self) -> SnapshotStore:
        """Where this worker keeps snapshots."""
        return self._backends.store

    @property
    def templates(self) -> Templates:
        """The templates of this application; their `environment` is Jinja2's, for what the constructor does not take.

        >>> app = LiveTS(secret_key="a secret of at least 32 characters")
        >>> app.templates.environment.filters["euro"] = lambda cents: f"{cents / 100:.2f} €"
        """
        return self.worker.templates

    @property
    def registry(self) -> Registry:
        """The views of this worker."""
        return self.worker.registry

    @overload
    def live(self, path: str, view: type[LiveView], title: str | None = None, *, name: str | None = None) -> None: ...
    @overload
    def live(
        self, path: str, view: None = None, title: str | None = None, *, name: str | None = None
    ) -> Callable[[V], V]: ...
    def live(
        self, path: str, view: Any = None, title: str | None = None, *, name: str | None = None
    ) -> Callable[[V], V] | None:
        """Serve `view` at `path`; its parameters (`/todos/{id:int}`) become arguments of `mount`.

        A view may have several paths. `name` is for `url_for` (default: the name of the class). Without a view this is
        a decorator. Raises ConfigError for what could never be served.

        >>> from livets import LiveTS, LiveView
        >>> app = LiveTS(secret_key="a secret of at least 32 characters")
        >>> @app.live("/items/{id:int}", name="item")
        ... class Item(LiveView):
        ...     template = "<h1>Item {{ params.id }}</h1>"
        >>> app.url_for("item", id=7, tab="notes")
        '/items/7?tab=notes'
        """
        if view is None:

            def decorate(view: V) -> V:
                self.live(path, view, title, name=name)
                return view

            return decorate
        self.routes.append(checked_route(self.worker.routes, path, self._pages, view, title, name))
        return None

    def route(
        self, path: str, endpoint: Any = None, *, methods: Sequence[str] | None = None, name: str | None = None
    ) -> Any:
        """Serve a plain Starlette endpoint (a function of the request, or a class) at `path`; also a decorator."""
        if endpoint is None:

            def decorate(endpoint: F) -> F:
                self.route(path, endpoint, methods=methods, name=name)
                return endpoint

            return decorate
        self.routes.append(Route(path, endpoint, methods=methods and list(methods), name=name))
        return endpoint

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Hand everything below `path` to another ASGI application (FastAPI, Starlette, …), lifespan included."""
        guest = Guest(path, app, name)
        self._parts.add(guest.running)
        self.routes.append(guest)

    async def login(
        self, request: HTTPConnection, response: Response, user: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """Sign `user` in: `response` gives the browser a new session, which views see as `self.session`.

        `user`: the id that you know them by, `self.session.user`. `data`: what else `self.session` holds (plain data,
        a few hundred bytes; sealed in the cookie). Call it from an endpoint that has checked the password. Raises
        StoreUnavailable.

        >>> from starlette.responses import RedirectResponse
        >>> async def sign_in(request):
        ...     response = RedirectResponse("/", 303)
        ...     await request.app.login(request, response, "ada")
        ...     return response
        """
        await sign_in(self.worker, request, response, user, None if data is None else dict(data))

    async def logout(self, request: HTTPConnection, response: Response) -> None:
        """Sign this browser out: its session ends on every worker, its open pages within a second."""
        await sign_out(self.worker, request, response)

    async def disconnect(self, user: str) -> None:
        """End every session of `user`: open pages within a second on every worker, and none of them is resumed.

        Raises StoreUnavailable when Redis could not take note of it; then nothing has ended elsewhere.
        """
        await self.worker.revocation.user(user)

    def url_for(self, target: str | type[LiveView], **values: Any) -> str:
        """The URL below this application's mount point of a route, by name or view; other values become the query.

        Inside a view use `self.url_for`, and in templates `url_for`, which know where the application is mounted.
        Raises NavigationError when no route fits.
        """
        return self.worker.routes.url_for(target, values)

    async def render_to_string(
        self, view: type[LiveView], params: Mapping[str, Any] | None = None, *, session: Mapping[str, Any] | None = None
    ) -> str:
        """The HTML of a view, without a page or a socket; see `livets.render_to_string`."""
        return await render_to_string(
            view, params, session=session, templates=self.worker.templates, places=self.worker.routes
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] != "lifespan":
            if not self._hosts.allows(scope):
                await refuse_host(scope, receive, send)
                return
            if self.config.csrf and is_forged(scope, self.worker.origins):
                await PlainTextResponse(_FORGED, 403)(scope, receive, send)
                return
            scope["app"] = self
            if not self._parts.are_running:
                await self._parts.start()
        if scope["type"] == "websocket" and get_route_path(scope) == _SOCKET:
            # Straight on: what Starlette wraps around an endpoint would stay in memory with each page, and in the way
            # of each frame.
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Any = None) -> AsyncIterator[None]:
        """Start and stop; give it to the application that this one is mounted in: `Starlette(lifespan=live.lifespan)`.

        Without it a mounted application works (what is to be started starts at the first request), but it is not told
        when the server stops.
        """
        self.worker.is_stopping = False
        await self._parts.start()
        try:
            yield
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Write every snapshot, end every socket, give connections back; within `Config.shutdown_s`."""
        await self.worker.stop()
        self._sweeper.stop()
        await self._parts.stop()
        await self._backends.close()

    def run(self, host: str = "127.0.0.1", port: int = 8000, **options: Any) -> None:
        """Serve the application in this process until it is told to stop; `options` go to `uvicorn.Config`."""
        from livets.transport.server import serve

        serve(self, self.worker, host, port, options)

    async def _nowhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        """No route answers at this path; perhaps one does with, or without, a slash at its end."""
        url = self.worker.routes.slashed(scope) if scope["type"] == "http" else None
        if url is None:
            await self._router.not_found(scope, receive, send)
        else:
            await RedirectResponse(url, 307)(scope, receive, send)

    def _static(self, name: str) -> str:
        return self.worker.routes.static(name)

    async def _refuse(self, request: Request, error: Exception) -> Response:
        """The answer to what a route, or no route, refused."""
        assert isinstance(error, HTTPException)
        if error.status_code == 404 and request.url.path == "/favicon.ico":  # browsers ask by themselves
            return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})
        paths = [str(route.path) for route in self.worker.routes] if error.status_code == 404 else []
        return self._refusals.response(
            request.scope, error.status_code, error.detail, paths=paths, headers=error.headers
        )
