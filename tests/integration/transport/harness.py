"""A server in this process and a browser that speaks the protocol: no DOM, every frame visible."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx
import msgspec
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from livets.app import LiveTS
from livets.transport.server import options
from livets.wire import Beat, Event, Frame, Heal, Join, JoinMode, ReservedOp, Resume, encode_client, limits

SECRET = "an integration test's secret that is long enough"
WAIT_S = 10.0
SERVERS: list[uvicorn.Server] = []
"""Those that run, for tests that look below ASGI."""


class Server(uvicorn.Server):
    """uvicorn on a free port of this event loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The test run keeps its own."""
        yield

    @property
    def port(self) -> int:
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def serving(app: Any, worker: Any = None, **more: Any) -> AsyncIterator[str]:
    """Serve an ASGI app; yields its origin, `http://127.0.0.1:PORT`."""
    settings = options(app.worker if worker is None else worker)
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", **{**settings, **more}))
    task = asyncio.create_task(server.serve())
    SERVERS.append(server)
    while not server.started:
        await asyncio.sleep(0.005)
        if task.done():
            task.result()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        SERVERS.remove(server)
        server.should_exit = True
        await task


class Received(NamedTuple):
    """A server frame."""

    kind: int
    seq: int
    done: int
    durable: int
    view: int
    body: Any


class Closed(Exception):
    """The server has closed the socket."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Socket:
    """A WebSocket to the server."""

    def __init__(self, connection: ClientConnection, *, json: bool) -> None:
        self.connection = connection
        self.json = json

    async def send(self, message: Any) -> None:
        """Send a protocol message, or bytes or text as they are."""
        raw = message if isinstance(message, bytes | str) else encode_client(message, json=self.json)
        with contextlib.suppress(ConnectionClosed):
            await self.connection.send(raw)

    async def receive(self) -> Received:
        """The next frame; raises Closed."""
        try:
            raw = await asyncio.wait_for(self.connection.recv(), WAIT_S)
        except ConnectionClosed as closed:
            raise Closed(closed.rcvd.code if closed.rcvd else 1006) from None
        if isinstance(raw, str):
            head, *body = msgspec.json.decode(raw)
            return _received(head, body[0] if body else None)
        return _received(*split(raw))

    async def receive_kind(self, kind: Frame) -> Received:
        """The next frame of that kind; others are passed over."""
        while (frame := await self.receive()).kind != kind:
            pass
        return frame

    async def closed(self) -> int:
        """Wait for the server to close; the code."""
        try:
            while True:
                await self.receive()
        except Closed as closed:
            return closed.code

    async def close(self) -> None:
        """Close from this side."""
        await self.connection.close()

    def abort(self) -> None:
        """Lose the connection without a word."""
        self.connection.transport.abort()


class Browser:
    """Cookies and one page."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = httpx.AsyncClient(base_url=origin, timeout=WAIT_S, verify=False)
        self.html = ""
        self.path = "/"
        self.token = ""
        self.fingerprint = ""
        self.socket_path = ""
        self.id = ""
        self.secret = ""
        self.seen = 0
        self.done = 0
        self._sockets: list[Socket] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for socket in self._sockets:
            await socket.close()
        await self.http.aclose()

    async def open(self, path: str = "/", *, at: str | None = None) -> httpx.Response:
        """GET a page (from another worker: `at`)."""
        response = await self.http.get((at or self.origin) + path)
        self.html, self.path = response.text, path
        if found := re.search(r'data-livets="([^"]*)" data-fp="([^"]*)" data-socket="([^"]*)"', self.html):
            self.token, self.fingerprint, self.socket_path = found.groups()
        return response

    async def connect(self, *, at: str | None = None, json: bool = False, **more: Any) -> Socket:
        """Open the page's socket."""
        base = at or self.origin
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        headers = more.pop("headers", {"Cookie": cookies} if cookies else {})
        connection = await connect(
            base.replace("http", "ws", 1) + (self.socket_path or "/livets/socket"),
            origin=more.pop("origin", base),
            subprotocols=more.pop("subprotocols", [limits.SUBPROTOCOL_JSON if json else limits.SUBPROTOCOL_MSGPACK]),
            additional_headers=headers,
            ping_interval=None,
            max_size=None,
            compression=None,
            **more,
        )
        socket = Socket(connection, json=json)
        self._sockets.append(socket)
        return socket

    async def join(self, *, at: str | None = None, json: bool = False) -> Socket:
        """Connect and Join; returns the socket after JOINED."""
        socket = await self.connect(at=at, json=json)
        await socket.send(Join(0, self.token, self.path))
        self.joined(await socket.receive())
        return socket

    async def resume(
        self, *, at: str | None = None, done: int | None = None, events: list[Event] | None = None
    ) -> Socket:
        """Connect, Resume, and send unsettled events; returns the socket at once."""
        socket = await self.connect(at=at)
        done = self.done if done is None else done
        await socket.send(Resume(0, self.id, self.secret, self.path, self.seen, done, self.fingerprint))
        for event in events or []:
            await socket.send(event)
        return socket

    def joined(self, frame: Received) -> JoinMode:
        """Take over what JOINED says."""
        assert frame.kind == Frame.JOINED, frame
        self.id, self.secret, mode, self.fingerprint, self.joined_diff = frame.body
        self.note(frame)
        return JoinMode(mode)

    async def begun_anew(self, socket: Socket, ref: int = 1, **fields: Any) -> None:
        """JOINED says that the old view is gone: say what was typed, and take what the new one shows."""
        assert self.joined(await socket.receive_kind(Frame.JOINED)) is JoinMode.REMOUNTED
        assert self.joined_diff[:1] == [ReservedOp.NAVIGATE], "the page is asked, and its values left alone"
        await socket.send(Event(ref, 0, "@typed", [], {}, fields, 0))
        self.joined_diff = self.note(await socket.receive_kind(Frame.PATCH)).body

    def note(self, frame: Received) -> Received:
        """Remember what has been seen."""
        self.seen, self.done = max(self.seen, frame.seq), max(self.done, frame.done)
        return frame


def event(ref: int, handler: str, *args: Any, seen: int = 0, **fields: Any) -> Event:
    """An event of view 0."""
    return Event(ref, 0, handler, list(args), {}, fields, seen)


def beat(seen: int = 0) -> Beat:
    """A heartbeat."""
    return Beat(seen)


def heal(*address: int | str) -> Heal:
    """Ask for a block of view 0."""
    return Heal(0, list(address))


def split(raw: bytes) -> tuple[list[int], Any]:
    """Head and body of a msgpack message."""
    for cut in range(2, min(len(raw), 64) + 1):
        try:
            head = msgspec.msgpack.decode(raw[:cut])
        except msgspec.DecodeError:
            continue
        return head, msgspec.msgpack.decode(raw[cut:]) if len(raw) > cut else None
    raise AssertionError(f"no frame: {raw[:80]!r}")


def _received(head: list[int], body: Any) -> Received:
    kind, seq, done, *rest = head
    return Received(kind, seq, done, rest[0] if rest else done, rest[1] if len(rest) > 1 else 0, body)


def app(**settings: Any) -> LiveTS:
    """An application with the tests' secret."""
    return LiveTS(secret_key=SECRET, **settings)
