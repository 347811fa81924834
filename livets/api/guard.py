"""The one gate before every route, HTTP and WebSocket alike: name of the server, origin, token, rates, size.

Pure ASGI, because Starlette's middleware classes let WebSockets through unseen. Refuses by default: what is not in
`public` needs the token, also where there is no route. Decides nothing about what a request asks for.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from livets.api.body import too_large
from livets.api.problem import Problem, unexpected
from livets.api.rates import Rates
from livets.api.tickets import Tickets
from livets.api.token import Token

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLICY_VIOLATION = 1008
_PORT = re.compile(r":[0-9]{1,5}\Z")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """Wraps `app`. `public` are the (method, path) pairs without token, `streams` matches paths that take tickets.

    `judged` matches paths whose route decides for itself: `scope["livets.token"]` says whether the token was there.
    `hosts` are names that the server answers to (against DNS rebinding), `origins` pages that may call it from a
    browser besides its own.
    """

    def __init__(
        self,
        app: App,
        token: Token,
        tickets: Tickets,
        *,
        public: frozenset[tuple[str, str]],
        streams: re.Pattern[str],
        judged: re.Pattern[str],
        hosts: Iterable[str] = LOOPBACK,
        origins: Iterable[str] = (),
        max_body_bytes: int = 4_000_000,
        requests: Rates | None = None,
        failures: Rates | None = None,
    ) -> None:
        self._app, self._token, self._tickets = app, token, tickets
        self._public, self._streams, self._judged = public, streams, judged
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origins)
        self._max_body_bytes = max_body_bytes
        self._requests = requests or Rates(per_second=200, burst=1000)
        self._failures = failures or Rates(per_second=0.2, burst=20)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a problem."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            self._judge(scope)
        except Problem as problem:
            await self._refuse(scope, receive, send, problem)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def guarded_send(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                names = {name.lower() for name, _ in message["headers"]}
                extra = [(name, value) for name, value in _HEADERS if name not in names]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        try:
            await self._app(scope, receive, guarded_send)
        except Exception as error:
            response = unexpected(error, scope["path"])  # what has begun already just breaks off
            if not begun:
                await response(scope, receive, guarded_send)

    # -- judging

    def _judge(self, scope: Scope) -> None:
        self._check_host(scope)
        self._check_origin(scope)
        client = scope["client"][0] if scope.get("client") else "?"
        wait = self._requests.wait_seconds(client)
        if wait:
            raise _too_often(wait)
        if (_method(scope), scope["path"]) not in self._public:
            scope["livets.token"] = self._check_token(scope, client)
        length = _header(scope, b"content-length")
        if length is not None and length.isdigit() and int(length[:20]) > self._max_body_bytes:
            raise too_large(self._max_body_bytes)

    def _check_host(self, scope: Scope) -> None:
        host = (_header(scope, b"host") or "").lower()
        if host not in self._hosts and _PORT.sub("", host) not in self._hosts:
            names = ", ".join(sorted(self._hosts))
            mend = f"ask for one of {names}, or let the server answer to this name: --allowed-host NAME"
            raise Problem(421, "host", f"this server does not answer to {host!r:.100}", mend)

    def _check_origin(self, scope: Scope) -> None:
        if not any(name == b"origin" for name, _ in scope["headers"]):
            return  # no browser, or a page's own GET
        origin = _header(scope, b"origin")
        host = (_header(scope, b"host") or "").lower()
        scheme = "https" if scope.get("scheme") in ("https", "wss") else "http"
        if origin not in self._origins and origin != f"{scheme}://{host}":
            mend = "let pages of this origin call the server: --allowed-origin ORIGIN"
            raise Problem(403, "origin", f"pages of {origin!r:.100} may not call this server", mend)

    def _check_token(self, scope: Scope, client: str) -> bool:
        """Whether the token is there; raises Problem when it has to be and is not."""
        kind, _, given = (_header(scope, b"authorization") or "").partition(" ")
        if kind.lower() == "bearer" and self._token.matches(given.strip()):
            return True
        if not kind and self._streams.fullmatch(scope["path"]) and _method(scope) == "GET":
            ticket = re.fullmatch(rb"(?:.*&)?ticket=([A-Za-z0-9_-]{20,100})(?:&.*)?", scope["query_string"])
            if ticket is not None and self._tickets.use(ticket[1].decode()):
                return True
        if scope["type"] == "http" and self._judged.fullmatch(scope["path"]):
            return False
        if kind or b"ticket=" in scope["query_string"]:
            wait = self._failures.wait_seconds(client)
            if wait:  # guesses are slowed; whoever has the token is let in meanwhile
                raise _too_often(wait)
        raise refused_token(kind)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
        if scope["type"] == "websocket":  # before it is accepted: the browser sees a failed handshake (403)
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": problem.detail[:100]})
            return
        headers = dict(problem.headers) | {name.decode(): value.decode() for name, value in _HEADERS}
        problem.headers = headers
        await problem.response(scope["path"])(scope, receive, send)


def refused_token(kind: str) -> Problem:
    """The answer to a request without the token; `kind` is the scheme of credentials that were there instead."""
    detail = "this token is not the server's" if kind else "there is no token in this request"
    mend = "send it as  Authorization: Bearer TOKEN  ; the server showed it when it was first started, " \
           "and  livets flow serve --new-token  makes a new one"  # fmt: skip
    return Problem(401, "token", detail, mend, {"www-authenticate": 'Bearer realm="livets"'})


def _too_often(wait_seconds: float) -> Problem:
    seconds = max(1, round(wait_seconds + 0.5))
    return Problem(429, "rate", f"ask again in {seconds} s", headers={"retry-after": str(seconds)})


def _method(scope: Scope) -> str:
    return "GET" if scope["type"] == "websocket" else str(scope["method"])


def _header(scope: Scope, name: bytes) -> str | None:
    """The value of a header that must be there exactly once; None when it is not, or twice."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None
