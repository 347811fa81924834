"""HTTP and WebSocket byte by byte, for what no well-behaved client library would send."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

WAIT_S = 10.0


async def exchange(origin: str, request: bytes) -> bytes:
    """All that the server answers to these bytes until it closes."""
    reader, writer = await connected(origin)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), WAIT_S)
    finally:
        writer.close()


async def get(origin: str, path: str, *headers: str, method: str = "GET", host: str = "") -> bytes:
    """The answer to one request whose path and headers go out as they are."""
    host = host or urlsplit(origin).netloc
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "Connection: close", "", ""]
    return await exchange(origin, "\r\n".join(lines).encode("latin-1"))


def status(answer: bytes) -> int:
    """Its status; 0 when there is no answer at all."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def head(answer: bytes) -> dict[str, str]:
    """Its headers by lower-case name."""
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


class RawSocket:
    """A WebSocket whose every byte is ours."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self.answer = answer
        self.status = status(answer)

    @classmethod
    async def open(
        cls, origin: str, headers: Mapping[str, str | None] | None = None, *more: str, path: str = "/livets/socket"
    ) -> Self:
        """Shake hands; `headers` replace the usual ones (None: left out), `more` are further header lines."""
        usual: dict[str, str | None] = {
            "Host": urlsplit(origin).netloc,
            "Origin": origin,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Protocol": "livets.1.msgpack",
        }
        lines = [f"{name}: {value}" for name, value in {**usual, **(headers or {})}.items() if value is not None]
        reader, writer = await connected(origin)
        writer.write("\r\n".join([f"GET {path} HTTP/1.1", *lines, *more, "", ""]).encode("latin-1"))
        try:
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
        except asyncio.IncompleteReadError as error:
            answer = error.partial
        return cls(reader, writer, answer)

    def send(self, data: bytes) -> None:
        """These bytes, as they are."""
        self._writer.write(data)

    async def ending(self) -> int:
        """The code with which the server closes; 1006 when it just hangs up."""
        async with asyncio.timeout(WAIT_S):
            try:
                while True:
                    first, length = await self._reader.readexactly(2)
                    size = length & 0x7F
                    if size >= 126:
                        wide = await self._reader.readexactly(2 if size == 126 else 8)
                        size = int.from_bytes(wide, "big")
                    body = await self._reader.readexactly(size)
                    if first & 0x0F == 8:
                        return int.from_bytes(body[:2], "big") if body else 1005
            except (asyncio.IncompleteReadError, ConnectionError):
                return 1006

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def handshake(
    origin: str, headers: Mapping[str, str | None] | None = None, *more: str, path: str = "/livets/socket"
) -> int:
    """The status with which a handshake is answered, 101 for an open socket; nothing stays open."""
    socket = await RawSocket.open(origin, headers, *more, path=path)
    socket.close()
    return socket.status


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True, length: int | None = None
) -> bytes:
    """One WebSocket frame, right or wrong; `length`: what it claims."""
    first = (0x80 if fin else 0) | (rsv << 4) | opcode
    size, mask_bit = len(payload) if length is None else length, 0x80 if masked else 0
    if size < 126:
        lead = struct.pack("!BB", first, mask_bit | size)
    elif size < 65536:
        lead = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        lead = struct.pack("!BBQ", first, mask_bit | 127, size)
    return lead + (b"\0\0\0\0" + payload if masked else payload)


async def connected(origin: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which nothing has been said."""
    where = urlsplit(origin)
    return await asyncio.open_connection(where.hostname, where.port)
