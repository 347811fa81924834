"""A TCP proxy that lets plain HTTP through and no WebSocket: it refuses Upgrade, or never answers it (`is_silent`)."""

from __future__ import annotations

import asyncio
import contextlib

from tests.support.listener import Listener
from tests.support.ports import HOST

_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class NoUpgrade(Listener):
    """`with NoUpgrade(port) as proxy:` then connect to `proxy.port`."""

    def __init__(self, target_port: int, *, is_silent: bool = False) -> None:
        super().__init__("no-upgrade")
        self.target_port = target_port
        self.is_silent = is_silent
        self.refused = 0

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"\r\nupgrade: websocket" in head.lower():  # a handshake is always the first request of its connection
            self.refused += 1
            if self.is_silent:
                await reader.read()
            else:
                writer.write(_REFUSED)
                await writer.drain()
            return
        target_reader, target_writer = await asyncio.open_connection(HOST, self.target_port)
        target_writer.write(head)
        both = [
            asyncio.ensure_future(_copy(reader, target_writer)),
            asyncio.ensure_future(_copy(target_reader, writer)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            target_writer.close()  # before anything is awaited: `stop` cancels the wait
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
