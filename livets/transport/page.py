"""The HTTP side of a live route: the first render, complete and readable without JavaScript.

Owns the document's headers, the session cookie's first appearance and the error page. The view that is mounted here
is kept for the socket that follows (a view is mounted once). Called by the ASGI server through a LiveRoute.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from typing import Any
from weakref import WeakKeyDictionary

from markupsafe import Markup
from starlette._utils import get_route_path
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from livets.config import CSP
from livets.errors import EventRefused
from livets.state import StoreUnavailable
from livets.transport.development import Failure, error_page, script_tag
from livets.transport.layout import DEFAULT, Layouts, embedded_json, root
from livets.transport.registry import Ending
from livets.transport.resident import Resident
from livets.transport.routes import LiveRoute
from livets.transport.session import Session
from livets.transport.static import Connector
from livets.transport.sweeper import Sweeper
from livets.transport.worker import Worker

logger = logging.getLogger("livets.transport")

_MAX_URL_CHARACTERS = 4096
_NOT_FOUND = "<!doctype html><title>Not found</title><h1>Not found</h1>"
_UNAVAILABLE = "<!doctype html><title>Unavailable</title><h1>Try again in a moment</h1>"


class Pages:
    """Renders the pages of all live routes of an application."""

    def __init__(self, worker: Worker, sweeper: Sweeper, layouts: Layouts, connector: Connector) -> None:
        self._worker = worker
        self._sweeper = sweeper
        self._layouts = layouts
        self._connector = connector
        self._shapes: WeakKeyDictionary[Any, Markup] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD of a live route."""
        response = self._head_only() if scope["method"] == "HEAD" else await self._answer(scope)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        worker, route = self._worker, scope["route"]
        secure = worker.origins.is_secure(scope)
        known = worker.cookie.read(scope, secure=secure)
        session = (worker.cookie.renewed(known) or known) if known is not None else worker.cookie.new()
        url = get_route_path(scope)
        if scope["query_string"]:
            url += "?" + scope["query_string"].decode("latin-1")
        if len(url) > _MAX_URL_CHARACTERS:
            return self._with_headers(HTMLResponse("URI too long", 414))
        resident: Resident | None = None
        try:
            resident, html = await worker.mount(route, scope["path_params"], url, session, scope)
            document = self._document(scope, route, resident, html, session)
        except EventRefused as refusal:  # a path parameter that mount() can't take
            logger.info("no page at %r: %s", url, refusal)
            return self._with_headers(HTMLResponse(_NOT_FOUND, 404))
        except StoreUnavailable as error:
            logger.error("a page could not be made: %s", error)
            return self._with_headers(HTMLResponse(_UNAVAILABLE, 503, {"Retry-After": "5"}))
        except Exception as error:
            if resident is not None:
                worker.registry.let_go(resident, Ending.FORGET)
            return self._with_headers(HTMLResponse(self._failure(scope, route, error), 500))
        worker.registry.add_unjoined(resident)
        self._sweeper.wake()
        response = HTMLResponse(document)
        if session is not known:
            response.headers.append("set-cookie", worker.cookie.header(session, secure=secure))
        return self._with_headers(response)

    def _document(self, scope: Scope, route: LiveRoute, resident: Resident, html: str, session: Session) -> str:
        worker, view, template = self._worker, resident.runner.view, resident.runner.rendering.template
        prefix = scope.get("root_path", "")
        shape = self._shapes.get(template)
        if shape is None:
            shape = self._shapes[template] = embedded_json(template.shape)
        return self._layouts.render(
            getattr(view, "layout", None) or DEFAULT,
            title=getattr(view, "title", None) or route.title or worker.config.title,
            livets_head=Markup('<script defer src="{}"></script>').format(prefix + self._connector.url())
            + (script_tag(prefix, self._connector) if worker.config.dev else ""),
            view=root(
                html,
                token=worker.tokens.page(resident.view_id, session, resident.url, template.fingerprint),
                fingerprint=template.fingerprint,
                socket=f"{prefix}/livets/socket",
                wire="json" if worker.config.json_wire else "msgpack",
                shape=shape,
            ),
        )

    def _failure(self, scope: Scope, route: LiveRoute, error: Exception) -> str:
        """The error page: all there is to know in development, a number to look up in the log otherwise."""
        number = secrets.token_hex(4)
        logger.error("error %s: the page of %s could not be made", number, route.path, exc_info=error)
        if self._worker.config.dev:
            title = f"{type(error).__name__}: {error}"
            script = scope.get("root_path", "") + self._connector.url("dev.js")
            return error_page(Failure(title, "".join(traceback.format_exception(error))), script)
        return f"<!doctype html><title>Error</title><h1>Something went wrong</h1><p>Error number {number}</p>"

    def _head_only(self) -> Response:
        return self._with_headers(Response(media_type="text/html"))

    def _with_headers(self, response: Response) -> Response:
        headers = response.headers
        headers["Cache-Control"] = "no-store"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        if policy := self._worker.config.csp:
            headers["Content-Security-Policy"] = CSP.get(policy, policy)
        return response
