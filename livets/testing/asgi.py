"""An ASGI application called as a server would call it, in this process and without any network.

Owns scopes, the HTTP exchange, the WebSocket as two queues, and the application's lifespan. Knows nothing of livets.
Used by `person` and `connection`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Message = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

HOST = "testserver"
ORIGIN = f"http://{HOST}"
_STARTUP_S = 30.0


@dataclass(slots=True)
class Response:
    """What the server answered to a request."""

    status: int
    headers: dict[str, str]
    """By lower-case name; repeated ones joined by commas."""
    body: bytes
    cookies: list[str] = field(default_factory=list)
    """The Set-Cookie headers."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Cookies:
    """The cookies of one browser."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def take(self, response: Response) -> None:
        """Keep what the server sets, as browsers do: values as they are written, quotes and all."""
        for line in response.cookies:
            pair, *settings = line.split(";")
            name, _, value = (part.strip() for part in pair.partition("="))
            if any(setting.strip().lower() == "max-age=0" for setting in settings):
                self.values.pop(name, None)
            else:
                self.values[name] = value

    def header(self) -> list[tuple[bytes, bytes]]:
        """The Cookie header, if there are any."""
        text = "; ".join([f"{name}={value}" for name, value in self.values.items()])
        return [(b"cookie", text.encode("latin-1"))] if text else []


def scope(kind: str, url: str, headers: list[tuple[bytes, bytes]], **more: Any) -> Message:
    """The scope of a request or a socket for `url`: path and query."""
    path, _, query = url.partition("?")
    return {
        "type": kind, "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
        "scheme": "ws" if kind == "websocket" else "http", "path": unquote(path), "raw_path": path.encode(),
        "root_path": "", "query_string": query.encode("latin-1"), "server": (HOST, 80), "client": ("127.0.0.1", 50000),
        "headers": [(b"host", HOST.encode()), (b"user-agent", b"livets.testing"), *headers], "state": {}, **more,
    }  # fmt: skip


async def request(app: App, method: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> Response:
    """One HTTP exchange. What the application raises is raised here."""
    response = Response(0, {}, b"")
    incoming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if incoming:
            return incoming.pop()
        await asyncio.get_running_loop().create_future()  # nobody disconnects
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status = message["status"]
            for raw_name, raw in message.get("headers", ()):
                name, value = raw_name.decode("latin-1").lower(), raw.decode("latin-1")
                if name == "set-cookie":
                    response.cookies.append(value)
                else:
                    response.headers[name] = f"{response.headers[name]}, {value}" if name in response.headers else value
        elif message["type"] == "http.response.body":
            response.body += message.get("body", b"")

    await app(scope("http", url, headers, method=method), receive, send)
    return response


class Wire:
    """A WebSocket to an application: messages go in by `send`, and come out at `on_message`."""

    def __init__(self, app: App, url: str, headers: list[tuple[bytes, bytes]], subprotocols: list[str]) -> None:
        self._app = app
        self._scope = scope("websocket", url, headers, subprotocols=subprotocols)
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.is_waiting = False
        """True while the server has taken every message and waits for the next one."""
        self.closed: int | None = None
        """The code with which the server has ended it."""
        self.subprotocol: str | None = None
        self.on_message: Callable[[bytes | str], None] = lambda _data: None
        self.on_close: Callable[[], None] = lambda: None

    def open(self) -> None:
        """Begin; the server answers in its own time."""
        self._incoming.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.get_running_loop().create_task(self._run())

    def send(self, data: bytes | str) -> None:
        """A message to the server."""
        if self.closed is None:
            self.is_waiting = False
            kind = "text" if isinstance(data, str) else "bytes"
            self._incoming.put_nowait({"type": "websocket.receive", kind: data})

    async def close(self, code: int = 1001) -> None:
        """Leave, as a page does that is closed, and wait until the server has noticed."""
        if self._task is not None and not self._task.done():
            self._incoming.put_nowait({"type": "websocket.disconnect", "code": code})
            await asyncio.wait([self._task], timeout=5)
            if not self._task.done():
                self._task.cancel()
        self._ended(code)

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            self._ended(1006)

    async def _receive(self) -> Message:
        self.is_waiting = self._incoming.empty()
        message = await self._incoming.get()
        self.is_waiting = False
        return message

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.subprotocol = message.get("subprotocol")
        elif message["type"] == "websocket.send":
            data = message.get("bytes")
            self.on_message(message["text"] if data is None else data)
        elif message["type"] == "websocket.close":
            self._ended(message.get("code", 1000))

    def _ended(self, code: int) -> None:
        if self.closed is None:
            self.closed = code
            self.is_waiting = True
            self.on_close()


@contextlib.asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    """The application is started before the block and stopped after it; one without a lifespan is left alone."""
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    outgoing: asyncio.Queue[Message] = asyncio.Queue()

    async def run() -> None:
        try:
            await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, incoming.get, outgoing.put)
        finally:
            outgoing.put_nowait({"type": "ended"})

    task = asyncio.get_running_loop().create_task(run())
    incoming.put_nowait({"type": "lifespan.startup"})
    async with asyncio.timeout(_STARTUP_S):
        answer = await outgoing.get()
    if answer["type"] == "lifespan.startup.failed":
        await asyncio.wait([task])
        raise task.exception() or RuntimeError(f"the application did not start: {answer.get('message', '')}")
    try:
        yield
    finally:
        if answer["type"] == "lifespan.startup.complete":
            incoming.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.wait([task])
        if answer["type"] == "lifespan.startup.complete" and not task.cancelled() and (error := task.exception()):
            raise error


@contextlib.asynccontextmanager
async def held(context: AbstractAsyncContextManager[Any]) -> AsyncIterator[None]:
    """`context` entered before the block and left after it, both by one task of its own, as servers do it.

    Whoever leaves the block may be another task than the one that came in; `context` may hold a task group.
    """
    loop = asyncio.get_running_loop()
    started: asyncio.Future[None] = loop.create_future()
    ending: asyncio.Future[None] = loop.create_future()

    async def run() -> None:
        try:
            async with context:
                started.set_result(None)
                await ending
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    task = loop.create_task(run())
    try:
        async with asyncio.timeout(_STARTUP_S):
            await started
    except BaseException:
        task.cancel()
        await asyncio.wait([task])
        raise
    try:
        yield
    finally:
        ending.set_result(None)
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            raise error
