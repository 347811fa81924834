"""What lets the scripted server talk to pages that have no WebSocket: it makes each of their lines a socket there.

Owns nothing of the script: plain requests are passed on byte by byte. Used where LIVETS_TEST_TRANSPORT=http.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import secrets

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from tests.support.ports import HOST

_LINES = (b"POST /livets/down ", b"POST /livets/up ")
_HEAD = b"HTTP/1.1 %s\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Gateway:
    """In front of the server on `target_port`, on the same event loop."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self._lines: dict[str, ClientConnection] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._accept, HOST, 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more; lines end with their sockets."""
        assert self._server is not None
        self._server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ConnectionClosed):
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(_LINES):
                await self._pass_on(head, reader, writer)
            else:
                length = re.search(rb"(?i)\r\ncontent-length:\s*(\d+)", head)
                asked = json.loads(await reader.readexactly(int(length[1]) if length else 0))
                await (self._down if head.startswith(_LINES[0]) else self._up)(asked, reader, writer)
        writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(HOST, self.target_port)
        to_server.write(head)
        while data := await from_server.read(65536):
            writer.write(data)
        await writer.drain()
        to_server.close()

    async def _down(self, asked: list[object], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol, messages = asked
        url = f"ws://{HOST}:{self.target_port}/livets/socket"
        try:
            socket = await connect(url, subprotocols=[Subprotocol(str(protocol))], compression=None, ping_interval=None)
        except (InvalidHandshake, OSError):
            writer.write(_HEAD % b"503 Refused")
            return
        name = secrets.token_hex(8)
        self._lines[name] = socket
        gone = asyncio.ensure_future(self._ends(reader, socket))
        try:
            writer.write(_HEAD % b"200 OK" + f"event:line\ndata:{name}\n\n".encode())
            await _send(socket, messages)
            async for data in socket:
                kind = "event:text\n" if isinstance(data, str) else ""
                body = base64.b64encode(data.encode() if isinstance(data, str) else data).decode()
                writer.write(f"{kind}data:{body}\n\n".encode())
        finally:
            gone.cancel()
            del self._lines[name]
            await socket.close()

    async def _ends(self, reader: asyncio.StreamReader, socket: ClientConnection) -> None:
        """The page has let its line go."""
        await reader.read()
        await socket.close()

    async def _up(self, asked: list[object], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not asked:  # the module asks whether anybody is there
            writer.write(_HEAD % b"400 Bad Request")
            return
        name, _number, messages = asked
        socket = self._lines.get(str(name))
        if socket is not None:
            await _send(socket, messages)
        writer.write(_HEAD % (b"410 Gone" if socket is None else b"204 No Content"))


async def _send(socket: ClientConnection, messages: object) -> None:
    assert isinstance(messages, list)
    for message in messages:
        await socket.send(message)
