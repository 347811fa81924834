"""Puts the API over workflows together: routes, errors, the guard around it all, and what happens at start and end.

Owns which routes are public. A route that ROUTES does not name makes a test fail (tests/unit/api/test_inventory.py).
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import AsyncIterator, Iterable

from fastapi import FastAPI

from livets.api import problem
from livets.api.flow import events, hooks, nodes, runs, system, workflows
from livets.api.flow.service import Service
from livets.api.guard import LOOPBACK, Guard, Receive, Scope, Send
from livets.api.tickets import Tickets
from livets.api.token import Token
from livets.flow import FlowRuntime

logger = logging.getLogger("livets.api")
PUBLIC = frozenset({("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/docs")})
"""What is answered without a token: nothing there tells of workflows or runs."""
STREAMS = re.compile(r"/api/events|/api/runs/[^/]+/events/(stream|ws)")
"""Paths of event streams: they take a ticket instead of a token."""
HOOKS = re.compile(r"/hooks/.+")
"""Webhooks judge their requests by signature; without a secret of their own they need the token."""
_TRACE = (b"traceparent", b"tracestate", b"baggage")
DESCRIPTION = """Stored workflows, their runs, and what happens in them.

Send the token as `Authorization: Bearer TOKEN`. Errors are `application/problem+json` with `code`-like `type`, `detail`
and `mend`. Values have the lossless JSON form: bytes are `{"$bytes": base64}`, large ones `{"$blob": [hash, size]}`.
"""


class FlowApi:
    """The ASGI application; `service` is what the routes act on, `guard` what stands before them."""

    def __init__(self, service: Service, guard: Guard, app: FastAPI, *, tracing: bool) -> None:
        self.service, self.guard, self.app, self._tracing = service, guard, app, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; runs that it begins belong to the trace that it names."""
        if not self._tracing or scope["type"] != "http":
            await self.guard(scope, receive, send)
            return
        from livets.flow.telemetry.tracing import continued

        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in _TRACE}
        with continued(named):
            await self.guard(scope, receive, send)


def build(
    runtime: FlowRuntime,
    token: Token,
    *,
    hosts: Iterable[str] = LOOPBACK,
    origins: Iterable[str] = (),
    max_body_bytes: int = 4_000_000,
    max_runs: int = 1000,
    max_streams: int = 200,
    tracing: bool = False,
) -> FlowApi:
    """Return the application. `hosts` are the names it answers to, `origins` pages that may call it besides its own.

    `max_runs` may be under way at once, `max_streams` event streams open; a body has `max_body_bytes` at most. With
    `tracing` the header traceparent says what trace a run belongs to.
    """
    service = Service(runtime, max_runs)
    tickets = Tickets()

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        for run in await service.begin():
            logger.info("run %s goes on", run, extra={"run": run})
        yield
        await service.end()

    app = FastAPI(
        title="livets flow",
        version="1",
        description=DESCRIPTION,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.service, app.state.tickets = service, tickets
    app.state.max_body_bytes = max_body_bytes
    app.state.streams = events.Streams(max_streams)
    for router in (system.router, nodes.router, workflows.router, runs.router, hooks.router, events.router):
        app.include_router(router)
    problem.install(app)
    guard = Guard(
        app,
        token,
        tickets,
        public=PUBLIC,
        streams=STREAMS,
        judged=HOOKS,
        hosts=hosts,
        origins=origins,
        max_body_bytes=max_body_bytes,
    )
    return FlowApi(service, guard, app, tracing=tracing)
