"""A TCP proxy that misbehaves on demand: latency, bandwidth, blackhole, half-open, reset, refusal, duplicates.

It runs in a thread of its own, so blocking tests can use it. Faults are plain attributes of `up` (client to
target) and `down`, and may be changed while connections are open. `tc netem` needs a kernel module that is
missing on many machines; this does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from tests.support.duplicates import Duplicates, Nothing, WebSocketFrames
from tests.support.listener import closed_after, stop_listening
from tests.support.loop_thread import LoopThread
from tests.support.ports import HOST

_CHUNK_BYTES = 65536
_QUEUE_CHUNKS = 64


@dataclass
class Direction:
    """What happens to bytes that go one way."""

    latency_s: float = 0.0
    bytes_per_s: float = 0.0
    """0: no limit."""
    blackhole: bool = False
    """Swallow what comes; the connection stays open, and takes nothing in this direction any more. One direction of the
    two: half-open."""
    total_bytes: int = 0
    swallowed_bytes: int = 0


class FaultProxy:
    """`with FaultProxy(port) as proxy:` then connect to `proxy.port`."""

    def __init__(
        self,
        target_port: int,
        *,
        latency_s: float = 0.0,
        listen_port: int = 0,
        repeats: Callable[[], Duplicates] = WebSocketFrames,
    ) -> None:
        """`repeats`: what comes twice, once `duplicates` is set."""
        self.target_port = target_port
        self.port = listen_port
        self.up = Direction(latency_s)
        self.down = Direction(latency_s)
        self.refuse = False
        """New connections are reset at once."""
        self.connections = 0
        """Accepted so far."""
        self.duplicates = False
        """On connections from now on, messages come twice."""
        self._repeats = repeats
        self._repeating: list[Duplicates] = []
        self._thread = LoopThread("fault-proxy")
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> FaultProxy:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; `port` is known afterwards."""
        self._thread.start()
        self._thread.call(self._listen())

    def stop(self) -> None:
        """Close the listener and every connection."""
        if not self._thread.loop.is_closed():
            self._thread.call(self._close())
            self._thread.stop()

    @property
    def repeated(self) -> int:
        """How many messages have come twice."""
        return sum(one.repeated for one in self._repeating)

    def reset(self) -> None:
        """Cut every open connection with a TCP reset."""
        self._thread.loop.call_soon_threadsafe(self._reset_all)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(closed_after(self._accept), HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            await stop_listening(self._server)
        self._reset_all()

    def _reset_all(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # only `stop` cancels, and asyncio would log each one
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refuse:
            _reset(writer)
            return
        try:
            target_reader, target_writer = await asyncio.open_connection(HOST, self.target_port)
        except OSError:
            _reset(writer)
            return
        pair = {writer, target_writer}
        self._open |= pair
        repeats = self._repeats() if self.duplicates else Nothing()
        self._repeating.append(repeats)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_carry(reader, target_writer, lambda: self.up, repeats.up))
                group.create_task(_carry(target_reader, writer, lambda: self.down, repeats.down))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open -= pair
            for end in pair:
                end.close()


async def _carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    direction: Callable[[], Direction],
    passed: Callable[[bytes], bytes],
) -> None:
    """Move bytes one way; reading and writing are apart, so latency does not limit throughput."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_QUEUE_CHUNKS)

    async def read() -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await waiting.put((loop.time() + direction().latency_s, data))
        await waiting.put((loop.time() + direction().latency_s, b""))

    async def write() -> None:
        is_lost = False
        while True:
            due, data = await waiting.get()
            if (wait_s := due - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            faults = direction()
            if not data:
                if writer.can_write_eof() and not (is_lost or faults.blackhole):
                    writer.write_eof()
                return
            if is_lost or faults.blackhole:  # no network loses a part and brings the rest
                is_lost = True
                faults.swallowed_bytes += len(data)
                continue
            faults.total_bytes += len(data)
            data = passed(data)
            writer.write(data)
            await writer.drain()
            if faults.bytes_per_s:
                await asyncio.sleep(len(data) / faults.bytes_per_s)

    async with asyncio.TaskGroup() as group:
        group.create_task(read())
        group.create_task(write())


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
