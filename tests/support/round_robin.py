"""A TCP load balancer as dumb as they come: each new connection goes to the next live backend.

No stickiness, no HTTP: the worker that renders a page is usually not the one that its socket reaches.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from tests.support.listener import Listener
from tests.support.ports import HOST

_CHUNK_BYTES = 65536


class RoundRobin(Listener):
    """`with RoundRobin([8001, 8002]) as balancer:` then connect to `balancer.port`; runs in its own thread."""

    def __init__(self, backends: Sequence[int]) -> None:
        super().__init__("round-robin")
        self.backends = list(backends)
        self.served: dict[int, int] = dict.fromkeys(backends, 0)
        """Connections given to each backend."""
        self.passed_bytes: dict[int, int] = dict.fromkeys(backends, 0)
        """Bytes handed to each backend."""
        self._turn = 0
        self._clients: dict[asyncio.StreamWriter, int] = {}

    def cut(self, backend: int) -> None:
        """Reset the client's side of every connection to `backend`; the backend gets what was sent, then an end."""
        self._thread.loop.call_soon_threadsafe(self._cut, backend)

    def _cut(self, backend: int) -> None:
        for client in [client for client, port in self._clients.items() if port == backend]:
            client.transport.abort()

    async def _backend(self) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self.backends:
            port = self.backends[self._turn % len(self.backends)]
            self._turn += 1
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(HOST, port)
                self.served[port] = self.served.get(port, 0) + 1
                return port, reader, writer
        return None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # only `stop` cancels, and asyncio would log each one
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        backend = await self._backend()
        if backend is None:
            writer.transport.abort()
            return
        port, backend_reader, backend_writer = backend
        self._clients[writer] = port
        both = [
            asyncio.ensure_future(self._copy(reader, backend_writer, port)),
            asyncio.ensure_future(self._copy(backend_reader, writer, 0)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._clients[writer]
            for end in (writer, backend_writer):  # before anything is awaited: `stop` cancels the wait
                end.close()
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK_BYTES):
                writer.write(data)
                self.passed_bytes[port] = self.passed_bytes.get(port, 0) + len(data)
                await writer.drain()
