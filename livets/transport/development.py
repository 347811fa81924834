"""The development channel: how a browser learns that the program behind its page has changed, or is broken.

Owns the socket `/livets/dev`, what is said there (docs/cli.md has the messages) and the page that shows an exception.
Exists in development only, and says nothing to pages of other origins. Made by `app`; `livets dev` speaks through it.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Any

import msgspec
from markupsafe import escape
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from livets.config import from_environment
from livets.transport.hosts import Hosts, refuse_host
from livets.transport.origin import OriginPolicy
from livets.transport.static import Connector
from livets.wire import codes

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<script type="module" src="{script}"></script>
</head>
<body>
<main id="livets-failure" data-title="{title}" data-hint="{hint}">
<h1>{title}</h1>
<pre>{text}</pre>
<p>{hint}</p>
</main>
</body>
</html>
"""
_HINT = "Mend it and save: this page comes back by itself."
_CSP = "default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Failure(msgspec.Struct, frozen=True):
    """Something that has to be mended before pages can go on."""

    title: str
    text: str
    hint: str = _HINT


class DevChannel:
    """All open pages of a developer's browser; an ASGI endpoint for their sockets."""

    def __init__(self, origins: OriginPolicy, document: str = "") -> None:
        """`document`: changes when pages have to load again to be right, as with another title or connector."""
        self._origins = origins
        self._queues: set[asyncio.Queue[dict[str, Any]]] = set()
        self.boot = secrets.token_hex(8)
        self.document = document
        self.failure: Failure | None = None

    def tell(self, kind: str, **facts: Any) -> None:
        """Say something to every page; must be called on the event loop."""
        for queue in self._queues:
            queue.put_nowait({"kind": kind, **facts})

    def fail(self, failure: Failure | None) -> None:
        """Show a failure on every page, also on those that come later; None takes it away."""
        if failure is None and self.failure is None:
            return
        self.failure = failure
        self.tell("failure", failure=failure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One page, until it leaves."""
        await receive()  # websocket.connect
        if not self._origins.allows(scope):
            await send({"type": "websocket.close", "code": codes.CLOSE_UNAUTHORISED})
            return
        await send({"type": "websocket.accept"})
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        queue.put_nowait({"kind": "hello", "boot": self.boot, "document": self.document, "failure": self.failure})
        self._queues.add(queue)
        sender = asyncio.ensure_future(_send_all(queue, send))
        try:
            while (await receive())["type"] != "websocket.disconnect":
                pass
        finally:
            self._queues.discard(queue)
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await sender


async def _send_all(queue: asyncio.Queue[dict[str, Any]], send: Send) -> None:
    while True:
        message = await queue.get()
        await send({"type": "websocket.send", "text": msgspec.json.encode(message).decode()})


def error_page(failure: Failure, script: str) -> str:
    """The page of an exception: readable as it is; dev.js, at the URL `script`, makes it nice and brings it back."""
    return _PAGE.format(
        title=escape(failure.title), text=escape(failure.text), hint=escape(failure.hint), script=escape(script)
    )


class Broken:
    """The application that stands in for one that can't be imported: an ASGI app that shows why."""

    def __init__(self, failure: Failure) -> None:
        origins = OriginPolicy()
        self._hosts = Hosts(from_environment().allowed_hosts, origins, dev=True)
        self._channel = DevChannel(origins)
        self._channel.failure = failure
        self._connector = Connector(dev=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every page is the failure; dev.js and its channel work as usual."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif not self._hosts.allows(scope):
            await refuse_host(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["path"].startswith("/livets/dev-"):
            await self._connector(scope, receive, send)
        else:
            failure = self._channel.failure
            assert failure is not None
            page = error_page(failure, self._connector.url("dev.js"))
            headers = {"Cache-Control": "no-store", "Content-Security-Policy": _CSP}
            await HTMLResponse(page, 500, headers)(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("/livets/dev"):
            await self._channel(scope, receive, send)
            return
        await receive()
        # accepted first: browsers write handshakes that fail on the console; pages come back and ask again
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope.get("subprotocols", ())), None)})
        await send({"type": "websocket.close", "code": codes.CLOSE_OVERLOADED})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
