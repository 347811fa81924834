"""A scripted server for the connector: it serves a hand-made page and does and says only what the test tells it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from playwright.async_api import Page
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from livets.wire import codec
from livets.wire.messages import ClientMessage, Event, Frame, Heal, Join, JoinMode, Resume
from tests.e2e.connector.gateway import Gateway

STATIC = Path(__file__).parents[3] / "livets" / "static"
PATIENCE_S = 5.0


class Script:
    """One page, one scripted server. `received` is what the browser sent on the current socket, in order."""

    def __init__(self, page: Page, transport: str = "websocket") -> None:
        self.page = page
        self.transport = transport
        self._gateway: Gateway | None = None
        self.wire = "msgpack"
        self.body = ""
        self.shape: list[Any] = []
        self.foreign = ""
        self.received: list[ClientMessage] = []
        self.sockets = 0
        self.socket: ServerConnection | None = None
        self.subprotocol: str | None = None
        self.violations: list[str] = []
        self.console: list[str] = []
        self.refuse_sockets = False
        self.missing: set[str] = set()
        """Files that can't be had."""
        self.around = ""
        """HTML behind the root."""
        self.is_strict = True
        """Does a violation of the policy or an error in the page fail the test?"""
        self.answer: Callable[[ClientMessage], Any] | None = None
        """Called with each message; the default answers Join and Resume."""
        self.seq = 0
        self.done = 0
        self.mode = JoinMode.ADOPTED
        self._changed = asyncio.Condition()
        self._server: Server | None = None

    # serving

    async def start(self) -> None:
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            0,
            subprotocols=["livets.1.msgpack", "livets.1.json"],  # type: ignore[list-item]
            compression=None,
            process_request=self._http,
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        if self.transport == "http":
            self._gateway = Gateway(port)
            port = await self._gateway.start()
        self.origin = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        assert self._server
        if self._gateway is not None:
            await self._gateway.stop()
        self._server.close()
        await self._server.wait_closed()

    def _http(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path == "/livets/socket":
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "") if self.refuse_sockets else None
        name = request.path.partition("?")[0][1:]
        extra = name.replace("-json", "")
        if name in ("connector.js", "connector-json.js") or extra in ("edits.js", "navigation.js", "http.js"):
            if name in self.missing:
                return connection.respond(HTTPStatus.NOT_FOUND, "")
            file = name if name.startswith("connector") else extra
            return self._response("text/javascript", (STATIC / file).read_bytes())
        if request.path == "/foreign.js":
            return self._response("text/javascript", self.foreign.encode())
        if request.path == "/" or request.path.startswith("/?"):
            return self._response("text/html; charset=utf-8", self._document().encode())
        return connection.respond(HTTPStatus.NOT_FOUND, "")

    def _response(self, kind: str, body: bytes) -> Response:
        headers = Headers()
        headers["Content-Type"] = kind
        headers["Content-Length"] = str(len(body))
        headers["Content-Security-Policy"] = "default-src 'self'; base-uri 'none'; form-action 'self'"
        headers["Connection"] = "close"
        return Response(200, "OK", headers, body)

    def _document(self) -> str:
        shape = json.dumps(self.shape).replace("<", "\\u003c")
        foreign = '<script defer src="/foreign.js"></script>' if self.foreign else ""
        lines = '<script type="module" src="/http.js"></script>' if self.transport == "http" else ""
        return (
            f"<!doctype html><html><head><title>t</title>{lines}"
            f'<script defer src="/connector{"-json" if self.wire == "json" else ""}.js"></script>{foreign}</head><body>'
            f'<div id="livets" data-livets="TOKEN" data-fp="F1" data-socket="/livets/socket" data-wire="{self.wire}">'
            f"{self.body}</div>{self.around}"
            f'<script type="application/json" id="livets-shape">{shape}</script></body></html>'
        )

    async def _talk(self, connection: ServerConnection) -> None:
        self.socket = connection
        self.subprotocol = connection.subprotocol
        self.sockets += 1
        received = self.received = []
        with contextlib.suppress(ConnectionClosed):
            async for data in connection:
                message = codec.decode(data)
                async with self._changed:
                    received.append(message)
                    self._changed.notify_all()
                if self.answer is not None:
                    await self.answer(message)
                elif isinstance(message, Join | Resume):
                    await self.joined(self.mode)

    # what the server says

    async def send(
        self,
        kind: Frame,
        body: Any = None,
        *,
        done: int | None = None,
        durable: int | None = None,
        seq: int | None = None,
    ) -> None:
        if done is not None:
            self.done = done
        if seq is None:
            if kind in (Frame.PATCH, Frame.JOINED):
                self.seq += 1
            seq = self.seq
        assert self.socket
        is_json = self.wire == "json"
        data = codec.frame(
            kind,
            seq,
            self.done,
            self.done if durable is None else durable,
            body=b"" if body is None else codec.encode_body(body),
            json=is_json,
        )
        await self.socket.send(data)

    async def joined(self, mode: JoinMode = JoinMode.ADOPTED, diff: Any = (), **head: Any) -> None:
        if mode is JoinMode.REMOUNTED:
            self.seq = 0
        await self.send(Frame.JOINED, ["view-id", f"secret-{self.sockets}", int(mode), "F1", list(diff)], **head)

    async def patch(self, *diff: Any, **head: Any) -> None:
        """Send a diff and wait until the page has applied it."""
        before = await self.page.evaluate("document.documentElement.patches")
        await self.send(Frame.PATCH, list(diff), **head)
        await self.page.wait_for_function("n => document.documentElement.patches > n", arg=before)

    async def patch_later(self, *diff: Any) -> None:
        """Send a diff that the page can't apply yet."""
        await self.send(Frame.PATCH, list(diff))

    async def cut(self) -> None:
        """Lose the connection without a word."""
        assert self.socket
        self.socket.transport.abort()

    # what the browser said

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.received if isinstance(message, kind)]

    @property
    def events(self) -> list[Event]:
        return self.of(Event)

    async def wait(self, condition: Callable[[], Any]) -> Any:
        """Until the condition holds of what was received."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(condition), PATIENCE_S)
        return condition()

    async def event(self, count: int = 1) -> Event:
        """The event of that number on this socket."""
        await self.wait(lambda: len(self.events) >= count)
        return self.events[count - 1]

    async def heal(self, count: int = 1) -> list[Any]:
        await self.wait(lambda: len(self.of(Heal)) >= count)
        return self.of(Heal)[count - 1].address

    async def settled(self) -> None:
        """All that the browser wanted to send so far has arrived: it was asked to send one thing more."""
        count = len(self.events)
        await self.page.evaluate(
            "() => { const b = document.createElement('button'); b.setAttribute('ts-on:change', 'probe');"
            " const r = document.querySelector('#livets'); r.append(b);"
            " b.dispatchEvent(new Event('change', {bubbles: true})); b.remove(); }"
        )
        await self.wait(lambda: any(e.handler == "probe" for e in self.events[count:]))

    # the page

    async def open(
        self, body: str, shape: list[Any], *, wire: str = "msgpack", foreign: str = "", wait: bool = True
    ) -> Page:
        self.body, self.shape, self.wire, self.foreign = body, shape, wire, foreign
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))
        await self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective));"
            "const count = () => { const e = document.documentElement; if (e) e.patches = (e.patches || 0) + 1; };"
            "document.addEventListener('livets:patched', count);"
        )
        if self.transport == "http":  # as the server knows of a browser that has once found out
            await self.page.context.add_cookies([{"name": "livets_http", "value": "1", "url": self.origin}])
        await self.page.goto(self.origin + "/?q=1")
        if wait:
            await self.connected()
        return self.page

    async def connected(self) -> None:
        await self.page.wait_for_selector("#livets.livets-connected", state="attached")
        await self.page.wait_for_function("() => document.documentElement.patches > 0")

    async def html(self, selector: str = "#livets") -> str:
        return await self.page.inner_html(selector)

    async def text(self, selector: str = "#livets") -> str:
        return await self.page.evaluate("s => document.querySelector(s).textContent", selector)
