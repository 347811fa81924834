"""The HTTP side of a live route: the first render, complete and readable without JavaScript.

Owns the document's headers, the session cookie's first appearance and the error page. The view that is mounted here
is kept for the socket that follows (a view is mounted once). Called by the ASGI server through a LiveRoute.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any
from weakref import WeakKeyDictionary

from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from livets.config import CSP
from livets.errors import EventRefused, NotFound, Redirected, UrlRefused
from livets.live.address import MAX_CHARACTERS
from livets.live.failure import trace
from livets.live.scope import ViewScope
from livets.state import StoreUnavailable
from livets.transport.development import Failure, error_page
from livets.transport.layout import DEFAULT, Layouts, embedded_json, root
from livets.transport.origin import header
from livets.transport.refusals import Refusals
from livets.transport.registry import Ending
from livets.transport.request import prefix_of, url_of
from livets.transport.resident import Resident
from livets.transport.routes import LiveRoute
from livets.transport.session import Session
from livets.transport.static import Connector
from livets.transport.sweeper import Sweeper
from livets.transport.worker import Worker

logger = logging.getLogger("livets.transport")

_NO_SOCKETS = "livets_http"
"""The cookie that connector/src/extras/http.js sets; it says nothing that anybody could use."""


class Pages:
    """Renders the pages of all live routes of an application."""

    def __init__(
        self, worker: Worker, sweeper: Sweeper, layouts: Layouts, connector: Connector, refusals: Refusals
    ) -> None:
        self._worker = worker
        self._sweeper = sweeper
        self._layouts = layouts
        self._connector = connector
        self._refusals = refusals
        self._shapes: WeakKeyDictionary[Any, Markup] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD of a live route; HEAD is told what GET would be, and its view is not kept."""
        response = await self._answer(scope)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        worker, route = self._worker, scope["route"]
        secure = worker.origins.is_secure(scope)
        known = worker.cookie.read(scope, secure=secure)
        url = url_of(scope)
        if len(url) > MAX_CHARACTERS:
            return self._refusals.response(scope, 414)
        resident: Resident | None = None
        try:
            session = await self._session(known)
            resident, html = await worker.mount(route, scope["path_params"], url, session, scope)
            response: Response = HTMLResponse(self._document(scope, route, resident, html, session))
        except Redirected as elsewhere:
            response = RedirectResponse(elsewhere.url, 303)
        except Exception as error:
            if resident is not None:
                worker.registry.let_go(resident, Ending.FORGET)
            return self._refused(scope, route, url, error)
        if resident is not None:
            self._keep(resident, is_wanted=scope["method"] != "HEAD")
        if session is not known:
            response.headers.append("set-cookie", worker.cookie.header(session, secure=secure))
        return self._with_headers(response)

    async def _session(self, known: Session | None) -> Session:
        """The session that this page belongs to: the one it came with, if that is still good."""
        worker = self._worker
        if known is None or await worker.revocation.is_revoked(known):
            return worker.cookie.new()
        return worker.cookie.renewed(known) or known

    def _keep(self, resident: Resident, *, is_wanted: bool) -> None:
        """Let the view wait for its socket, if one will come."""
        if is_wanted:
            self._worker.registry.add_unjoined(resident)
            self._sweeper.wake()
        else:
            self._worker.registry.let_go(resident, Ending.FORGET)

    def _document(self, scope: Scope, route: LiveRoute, resident: Resident, html: str, session: Session) -> str:
        worker, view, template = self._worker, resident.runner.view, resident.runner.rendering.template
        prefix, location = resident.runner.location.prefix, resident.runner.location
        shape = self._shapes.get(template)
        if shape is None:
            shape = self._shapes[template] = embedded_json(template.shape)
        names = ViewScope(view)
        return self._layouts.render(
            view.layout or worker.config.layout or DEFAULT,
            names,
            static=location.static,
            title=view.title or route.title or worker.config.title,
            body_class=view.body_class,
            head=self._layouts.head(view.head, names) if isinstance(view.head, str) else Markup(view.head()),  # noqa: S704
            livets_head=self._head(scope, prefix),
            view=root(
                html,
                token=worker.tokens.page(resident.view_id, session, resident.url, template.fingerprint),
                fingerprint=template.fingerprint,
                socket=f"{prefix}/livets/socket",
                wire="json" if worker.config.json_wire else "msgpack",
                shape=shape,
                navigates=type(view).__livets__.query is not None or "ts-link" in html,
            ),
        )

    def _head(self, scope: Scope, prefix: str) -> Markup:
        """What connects the page, and before all else what stands in for a WebSocket that does not get through."""
        connector, styles, stand_in, dev = self._connector.urls("connector.js", "livets.css", "http.js", "dev.js")
        base = escape(prefix)
        tags = [
            f'<script defer src="{base}{connector}"></script>\n<link rel="stylesheet" href="{base}{styles}">',
            f'<script type="module" src="{base}{dev}"></script>' if self._worker.config.dev else "",
        ]
        if f"{_NO_SOCKETS}=1" in (header(scope, b"cookie") or ""):  # the browser has found that out
            tags.insert(0, f'<script type="module" src="{base}{stand_in}"></script>\n')
        return Markup("".join(tags))  # noqa: S704

    def _refused(self, scope: Scope, route: LiveRoute, url: str, error: Exception) -> Response:
        """The answer when there is no page: what the visitor may know of the reason."""
        refuse = self._refusals.response
        if isinstance(error, EventRefused | NotFound | HTTPException):
            status = error.status if isinstance(error, UrlRefused) else getattr(error, "status_code", 404)
            logger.info("no page at %r (%d): %r", url, status, str(error))
            return refuse(scope, status, str(error), headers=getattr(error, "headers", None))
        if isinstance(error, StoreUnavailable):
            logger.error("a page could not be made: %s", error)
            return refuse(scope, 503, str(error), headers={"Retry-After": "5"})
        number = secrets.token_hex(4)
        logger.error("error %s: the page of %s could not be made", number, route.path, exc_info=error)
        if not self._worker.config.dev:
            return refuse(scope, 500, number=number)
        failure = Failure(f"{type(error).__name__}: {error}", trace(error))
        script = prefix_of(scope) + self._connector.url("dev.js")
        return self._with_headers(HTMLResponse(error_page(failure, script), 500))

    def _with_headers(self, response: Response) -> Response:
        headers = response.headers
        headers["Cache-Control"] = "no-store"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        if policy := self._worker.config.csp:
            headers["Content-Security-Policy"] = CSP.get(policy, policy)
        return response
