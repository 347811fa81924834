"""A TCP listener on a thread of its own, the common ground of proxies that stand before a server under test."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from tests.support.loop_thread import LoopThread
from tests.support.ports import HOST

_TURNS_TO_BEGIN = 5
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def closed_after(accept: Accept) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """What `start_server` calls: `accept` in a task, at whose end the connection is closed, even if it never began."""

    tasks: set[asyncio.Future[None]] = set()  # nobody else holds them

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def end(task: asyncio.Future[None]) -> None:
            tasks.remove(task)
            writer.close()

        task = asyncio.ensure_future(accept(reader, writer))
        tasks.add(task)
        task.add_done_callback(end)

    return accepted


async def stop_listening(server: asyncio.Server) -> None:
    """Close it, after what it has already accepted has begun: a closed one would lose these without closing them."""
    for listening in server.sockets:
        server.get_loop().remove_reader(listening.fileno())
    for _ in range(_TURNS_TO_BEGIN):
        await asyncio.sleep(0)
    server.close()


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
            self._thread.call(stop_listening(self._server))
        self._thread.stop()

    @property
    def url(self) -> str:
        """`http://…` of the listener."""
        return f"http://{HOST}:{self.port}"

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(closed_after(self._accept), HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    @abstractmethod
    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection has come."""
