"""Who may look at runs and steer them: by default nobody but this machine; by a token, or as the application says.

Owns that decision and the page where a token is given. A request that came through a proxy is never this machine's.
Views ask when they are mounted, resumed, and before each command. Called by the views and by `Studio`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import inspect
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from livets.errors import ConfigError
from livets.studio.files import document

Authorize = Callable[[Any], bool | Awaitable[bool]]
"""Gets the view's `session` (its `user` is who signed in with `app.login`), says whether that may use the studio."""

MIN_TOKEN = 16
_KEY = "livets_studio"
_WAIT_S = 0.5
"""A wrong token is answered this late."""
_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


class Access:
    """One of three rules: `authorize`, `token`, or this machine alone. Raises ConfigError for a token that is short."""

    def __init__(self, token: str | None = None, authorize: Authorize | None = None) -> None:
        if token is not None and authorize is not None:
            raise ConfigError(
                "Studio(token=..., authorize=...): give one of them; `authorize` can check a token itself"
            )
        if token is not None and len(token) < MIN_TOKEN:
            raise ConfigError(
                f"Studio(token=...): {len(token)} characters can be guessed; take {MIN_TOKEN} or more: "
                'python -c "import secrets; print(secrets.token_urlsafe(24))"'
            )
        self._authorize = authorize
        self._token = token
        self._proof = "" if token is None else hashlib.sha256(f"livets studio {token}".encode()).hexdigest()[:32]

    @property
    def wants_token(self) -> bool:
        """A person gets in by giving the token."""
        return self._token is not None

    async def allows(self, session: Any, request: HTTPConnection | None) -> bool:
        """May who has this session, and made this request, use the studio?"""
        if self._authorize is not None:
            answer = self._authorize(session)
            return bool(await answer if inspect.isawaitable(answer) else answer)
        if self._token is not None:
            return hmac.compare_digest(str(session.get(_KEY, "")), self._proof)
        return request is not None and is_this_machine(request)

    def knows(self, token: str) -> bool:
        """Is this the token?"""
        return self._token is not None and hmac.compare_digest(token.encode(), self._token.encode())

    def data(self) -> dict[str, str]:
        """What the session of somebody who knows the token holds; worth nothing once the token is another."""
        return {_KEY: self._proof}


def is_this_machine(request: HTTPConnection) -> bool:
    """Did a browser of this machine ask, for a name that only this machine has, and not through a proxy?

    The name matters: a page of a stranger whose host name has come to mean 127.0.0.1 (DNS rebinding) has its own.
    """
    if any(name in request.headers for name in _PROXY):
        return False
    client = request.client.host if request.client else ""
    return _is_loopback(client) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Entrance:
    """The endpoint where a token is given: a form, or `?token=` in the link that the command line prints."""

    def __init__(self, access: Access, home: str, style: str) -> None:
        self._access, self._home, self._style = access, home, style

    async def answer(self, request: Request) -> Response:
        """Let in who knows the token; the address it came with is left at once."""
        live = request.app
        base = request.scope.get("root_path", "").rstrip("/")
        home, style = base + live.url_for(self._home), base + live.url_for(self._style)
        given = request.query_params.get("token", "")
        if request.method == "POST":
            given = str((await request.form()).get("token", ""))
        if given and self._access.knows(given):
            response = RedirectResponse(home, 303, headers={"Referrer-Policy": "no-referrer"})
            known = live.worker.cookie.read(request.scope, secure=live.worker.origins.is_secure(request.scope))
            user, data = ("studio", {}) if known is None or not known.user else (known.user, known.data)
            await live.login(request, response, user, {**data, **self._access.data()})
            return response
        if given:
            await asyncio.sleep(_WAIT_S)
        said = "That is not the token." if given else ""
        return HTMLResponse(document(said, style), 403 if given else 200, headers={"Cache-Control": "no-store"})
