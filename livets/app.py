"""LiveTS: the ASGI application. The one place that wires the parts together.

Owns construction, routes, start and stop. It contains no logic of its own: pages and sockets are `transport`, views
`live`, templates `render`. Called by application code and the ASGI server.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from starlette.routing import BaseRoute, Mount, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from livets.config import Config, from_environment
from livets.errors import ConfigError
from livets.live import LiveView
from livets.pubsub.memory import MemoryBus
from livets.render import Templates
from livets.state import KeyRing, MemoryStore, RedisStore, SnapshotStore, host_secret
from livets.transport import (
    Connector,
    DevChannel,
    Layouts,
    LiveRoute,
    OriginPolicy,
    Pages,
    Refresher,
    Registry,
    SessionCookie,
    Socket,
    Sweeper,
    Tokens,
    UsedTokens,
    UsedTokensHere,
    Worker,
)

if TYPE_CHECKING:
    from livets.pubsub.redis import RedisBus


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
        static: str | Path | None = None,
        wire: Literal["msgpack", "json"] = "msgpack",
        dev: bool | None = None,
        allowed_origins: Sequence[str] | None = None,
        title: str | None = None,
        head: str | None = None,
        *,
        config: Config | None = None,
        template_globals: Mapping[str, Any] | None = None,
        template_filters: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        """Arguments win over `config`, which wins over the environment; `settings` are other fields of Config.

        Raises ConfigError when the application can't work as it is put together.
        """
        self.config = config = _config(
            config or from_environment(),
            secret_keys=None if secret_key is None else _several(secret_key),
            redis_url=redis_url,
            templates=tuple(Path(directory) for directory in _several(templates)),
            static=None if static is None else Path(static),
            json_wire=wire == "json" or None,
            dev=dev,
            allowed_origins=None if allowed_origins is None else tuple(allowed_origins),
            title=title,
            head=head,
            **settings,
        )
        keys = KeyRing(config.secret_keys or [host_secret(config.state_dir)])
        store, used, bus = _backends(config, keys)
        self._store = store
        self._bus = bus
        self.worker = Worker(
            config,
            cookie=SessionCookie(keys, name=config.session_cookie, max_age_s=config.session_max_age_s),
            tokens=Tokens(keys, page_max_age_s=config.page_token_max_age_s, resume_max_age_s=config.resume_max_age_s),
            used=used,
            origins=OriginPolicy(config.allowed_origins, trust_forwarded=config.trust_forwarded),
            store=store,
            bus=bus,
            templates=Templates(
                config.templates, globals=template_globals, filters=template_filters, reload=config.dev
            ),
        )
        bus.deliver = self.worker.deliver
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
        self._pages = Pages(self.worker, self._sweeper, layouts, connector)
        routes: list[BaseRoute] = [
            WebSocketRoute("/livets/socket", Socket(self.worker, self._sweeper)),
            Route("/livets/{name}", connector, methods=["GET"]),
        ]
        if self.development is not None:
            routes.insert(0, WebSocketRoute("/livets/dev", self.development))
        if config.static is not None:
            from starlette.staticfiles import StaticFiles

            routes.append(Mount("/static", StaticFiles(directory=config.static)))
        self._router = Router(routes, lifespan=self.lifespan)

    @property
    def store(self) -> SnapshotStore:
        """Where this worker keeps snapshots."""
        return self._store

    @property
    def registry(self) -> Registry:
        """The views of this worker."""
        return self.worker.registry

    def live(self, path: str, view: type[LiveView], title: str | None = None) -> None:
        """Serve `view` at `path`; its parameters (`/todos/{id:int}`) become arguments of `mount`."""
        if not (isinstance(view, type) and issubclass(view, LiveView)):
            raise ConfigError(f"live({path!r}, {view!r}): the second argument must be a subclass of LiveView")
        if not path.startswith("/") or path.startswith("/livets/"):
            raise ConfigError(f"live({path!r}): a path starts with '/', and those below /livets/ are taken")
        route = LiveRoute(path, self._pages, view, title)
        self.worker.routes.add(route)
        self._router.routes.append(route)

    def mount(self, path: str, app: ASGIApp) -> None:
        """Hand everything below `path` to another ASGI application."""
        self._router.routes.append(Mount(path, app))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        await self._router(scope, receive, send)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Any = None) -> AsyncIterator[None]:
        """Start and stop; give it to the application that this one is mounted in: `Starlette(lifespan=live.lifespan)`.

        Without it a mounted application works, but is not told when the server stops.
        """
        self.worker.is_stopping = False
        try:
            yield
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Write every snapshot, end every socket, give connections back; within `Config.shutdown_s`."""
        await self.worker.stop()
        self._sweeper.stop()
        for part in (self._bus, self._store):
            close = getattr(part, "close", None)
            if close is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(close(), 2.0)

    def run(self, host: str = "127.0.0.1", port: int = 8000, **options: Any) -> None:
        """Serve the application in this process until it is told to stop; `options` go to `uvicorn.Config`."""
        from livets.transport.server import serve

        serve(self, self.worker, host, port, options)


def _several(value: str | Path | Sequence[str | Path]) -> tuple[Any, ...]:
    return (value,) if isinstance(value, (str, Path)) else tuple(value)


def _config(base: Config, **changes: Any) -> Config:
    try:
        return replace(base, **{name: value for name, value in changes.items() if value is not None})
    except TypeError as error:
        raise ConfigError(f"LiveTS(…): {error}; the settings are the fields of livets.config.Config") from None


def _backends(config: Config, keys: KeyRing) -> tuple[SnapshotStore, UsedTokens, MemoryBus | RedisBus]:
    """What workers share: Redis if there is one, else this process alone."""
    if config.redis_url is None:
        store = MemoryStore(max_bytes=config.snapshot_max_bytes, ttl_s=config.snapshot_ttl_s)
        return store, UsedTokensHere(), MemoryBus()
    from livets.pubsub.redis import RedisBus

    redis = RedisStore(config.redis_url, ttl_s=config.snapshot_ttl_s, unjoined_ttl_s=config.unjoined_snapshot_ttl_s)
    return redis, redis, RedisBus(config.redis_url, keys.derived("bus"))
