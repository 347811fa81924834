"""Pages without a browser, as cheap as they can be: HTTP and WebSocket by hand over asyncio streams.

It owns one connection each: fetch the page, join, send events, read frames, leave. It checks nothing but what it needs.
Used by `memory`, `broadcast` and `soak`, which measure the server's process and want this one to cost little.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livets.wire import Event, Join, encode_client, limits

_TOKEN = re.compile(rb'data-livets="([^"]+)"')
_COOKIE = re.compile(rb"set-cookie: ([^;\r]+)", re.IGNORECASE)
_BINARY, _CLOSE = 2, 8


class Page:
    """One page of the server on `port`."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._path = path
        self._seen = 1
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def open(self) -> None:
        """Fetch the page and join its view."""
        html, cookie = await self._fetch()
        found = _TOKEN.search(html)
        assert found is not None, html[:500]
        await self.connect("/livets/socket", cookie)
        self._send(encode_client(Join(0, found[1].decode(), self._path)))
        await self.frame()

    async def connect(self, path: str, cookie: bytes = b"") -> None:
        """Open a WebSocket."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=4096)
        own = f"http://127.0.0.1:{self._port}"
        key = base64.b64encode(os.urandom(16)).decode()
        self._writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nOrigin: {own}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {limits.SUBPROTOCOL_MSGPACK}\r\nCookie: {cookie.decode()}\r\n\r\n".encode()
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head

    async def event(self, ref: int, handler: str, *args: int) -> None:
        """Send an event and wait for the next frame."""
        self.send_event(ref, handler, *args)
        await self.frame()

    def send_event(self, ref: int, handler: str, *args: int) -> None:
        """Send an event."""
        self._send(encode_client(Event(ref, 0, handler, list(args), {}, {}, self._seen)))

    async def pour(self, message: bytes | str, count: int) -> None:
        """Send a message so many times, as fast as the socket takes it."""
        for _ in range(count):
            self._send(message)
        await self._writer.drain()

    async def message(self, data: bytes) -> bytes:
        """Send anything and wait for the next frame."""
        self._send(data)
        return await self.frame()

    async def frame(self) -> bytes:
        """The next message of the server."""
        start = await self._reader.readexactly(2)
        size = start[1]
        if size == 126:
            size = int.from_bytes(await self._reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self._reader.readexactly(8), "big")
        data = await self._reader.readexactly(size)
        assert start[0] & 15 == _BINARY, (start, data)
        return data

    async def close(self) -> None:
        """Leave as a browser does that is closed."""
        self._write(_CLOSE, b"\x03\xe9")
        while await self._reader.read(4096):
            pass
        self._writer.close()

    def abort(self) -> None:
        """Leave without a word."""
        self._writer.transport.abort()

    def _send(self, message: bytes | str) -> None:
        self._write(_BINARY, message if isinstance(message, bytes) else message.encode())

    def _write(self, kind: int, data: bytes) -> None:
        # The mask is zero, so the bytes stay as they are.
        size = bytes([128 + len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        self._writer.write(bytes([128 + kind]) + size + bytes(4) + data)

    async def _fetch(self) -> tuple[bytes, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read(-1)
        writer.close()
        cookie = _COOKIE.search(answer)
        return answer, cookie[1] if cookie else b""


@asynccontextmanager
async def opened(port: int, path: str, count: int) -> AsyncIterator[list[Page]]:
    """So many joined pages, opened eight at a time."""
    pages = [Page(port, path) for _ in range(count)]
    try:
        await eight_at_a_time(pages)
        yield pages
    finally:
        for page in pages:
            page.abort()


async def eight_at_a_time(pages: list[Page]) -> None:
    """Open them."""
    waiting = iter(pages)

    async def open_some() -> None:
        for page in waiting:
            await page.open()

    await asyncio.gather(*(open_some() for _ in range(8)))
