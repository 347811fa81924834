"""A TCP listener on a thread of its own, the common ground of proxies that stand before a server under test."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from tests.support.loop_thread import LoopThread
from tests.support.ports import HOST


class Listener(ABC):
    """`with` it, then connect to `port`."""

    def __init__(self, name: str) -> None:
        self.port = 0
        self._thread = LoopThread(name)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._thread.call(self._listen())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._server is not None:
            self._thread.loop.call_soon_threadsafe(self._server.close)
        self._thread.stop()

    @property
    def url(self) -> str:
        """`http://…` of the listener."""
        return f"http://{HOST}:{self.port}"

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    @abstractmethod
    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection has come."""
