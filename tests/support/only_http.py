"""The proxy that some offices have: browsers are told to use it, it passes plain HTTP on, and no WebSocket.

For a WebSocket Chromium asks an HTTP proxy for a tunnel (CONNECT); it gets one, and the Upgrade in it is refused.
Because the browser is told (`tests/support/browser.py`), one proxy stands before every server of every test.
"""

from __future__ import annotations

import asyncio
import contextlib
import re

from tests.support.listener import Listener

_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TARGET = re.compile(rb"^([A-Z]+) http://([^/:\s]+)(?::(\d+))?(/\S*)? HTTP/1\.1\r\n")
_TUNNEL = re.compile(rb"^CONNECT ([^:\s]+):(\d+) HTTP/1\.1\r\n")
_HOP = re.compile(rb"\r\n(?:Proxy-Connection|Connection|Keep-Alive):[^\r]*", re.IGNORECASE)
_UPGRADE = re.compile(rb"\r\nUpgrade:\s*websocket", re.IGNORECASE)


class OnlyHttp(Listener):
    """`with OnlyHttp() as proxy:` then tell a browser that `proxy.url` is its proxy."""

    def __init__(self) -> None:
        super().__init__("only-http")
        self.refused = 0
        """WebSockets that were asked for."""
        self.repeats_posts = False
        """Send each POST of a page twice: its answer is that of the second time, the first one is cut."""
        self.repeated = 0

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.transport.abort()  # all that was written has been sent, or nobody wants it

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        tunnel = _TUNNEL.match(head)
        if tunnel is not None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
        if _UPGRADE.search(head):
            self.refused += 1
            writer.write(_REFUSED)
            await _flushed(writer)
            return
        if tunnel is not None:
            host, port = tunnel.groups()
        else:
            found = _TARGET.match(head)
            assert found is not None, head
            method, host, port, path = found.groups()
            rest = _HOP.sub(b"", head[found.end() - 2 : -4]) + b"\r\nConnection: close\r\n\r\n"
            head = b"%s %s HTTP/1.1%s" % (method, path or b"/", rest)
        if self.repeats_posts and re.match(rb"POST \S*/livets/(up|down) ", head):
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            head += await reader.readexactly(int(length[1]) if length else 0)
            await self._once(head, host.decode(), int(port or 80))
        target_reader, target_writer = await asyncio.open_connection(host.decode(), int(port or 80))
        target_writer.write(head)
        up = asyncio.ensure_future(_copy(reader, target_writer))
        down = asyncio.ensure_future(_copy(target_reader, writer))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            if down.done() and not down.cancelled():
                await _flushed(writer)
        finally:
            target_writer.close()  # before anything is awaited: `stop` cancels the wait
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _once(self, request: bytes, host: str, port: int) -> None:
        """Send it, and be gone as soon as the answer begins."""
        target_reader, target_writer = await asyncio.open_connection(host, port)
        target_writer.write(request)
        if await target_reader.read(1):
            self.repeated += 1
        target_writer.transport.abort()


async def _flushed(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()
        await writer.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
