"""A Stream: values still to come, as a bounded channel between one writer and one reader.

A full channel makes the writer wait (back-pressure); `close` ends it, `fail` ends it with an error the reader gets
after what was sent before. `tee` gives several readers the same values, at the slowest's pace. Lives in one event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, ClassVar

from livets.engine.errors import EngineError


class StreamClosed(EngineError):
    """Something was sent on a stream that has ended."""


class Stream:
    """A bounded channel of values; `capacity` is how many may wait unread (at least 1).

    >>> async def main():
    ...     stream = Stream(2)
    ...     await stream.send(1); await stream.send(2); stream.close()
    ...     return [value async for value in stream]
    >>> asyncio.run(main())
    [1, 2]
    """

    __livets_stream__: ClassVar[bool] = True
    __slots__ = ("_capacity", "_closed", "_error", "_queue", "_readable", "_writable")

    def __init__(self, capacity: int = 64) -> None:
        if capacity < 1:
            raise ValueError("a stream needs room for at least one value")
        self._capacity = capacity
        self._queue: deque[Any] = deque()
        self._closed = False
        self._error: BaseException | None = None
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def closed(self) -> bool:
        """True when nothing can be sent any more; unread values may still wait."""
        return self._closed

    def __len__(self) -> int:
        return len(self._queue)

    async def send(self, value: Any) -> None:
        """Put `value` at the end, waiting for room; raises StreamClosed when the stream has ended."""
        while len(self._queue) >= self._capacity and not self._closed:
            self._writable.clear()
            await self._writable.wait()
        if self._closed:
            raise StreamClosed("this stream has ended: nothing more can be sent")
        self._queue.append(value)
        self._readable.set()

    def close(self) -> None:
        """End the stream; the reader still gets what waits. Closing twice is nothing."""
        self._closed = True
        self._readable.set()
        self._writable.set()

    def fail(self, error: BaseException) -> None:
        """End the stream with `error`, raised at the reader after the values that wait."""
        if not self._closed:
            self._error = error
        self.close()

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Any:
        while not self._queue:
            if self._closed:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._readable.clear()
            await self._readable.wait()
        value = self._queue.popleft()
        self._writable.set()
        return value

    async def collect(self) -> list[Any]:
        """Return every value up to the end."""
        return [value async for value in self]

    def tee(self, count: int, capacity: int = 64) -> tuple[list[Stream], asyncio.Task[None]]:
        """Return `count` streams with the same values, and the task that feeds them; read this one no more."""
        readers = [Stream(capacity) for _ in range(count)]

        async def feed() -> None:
            try:
                async for value in self:
                    for reader in readers:
                        if not reader.closed:
                            await reader.send(value)
            except Exception as error:  # the readers must learn of it, whatever it is
                for reader in readers:
                    reader.fail(error)
            else:
                for reader in readers:
                    reader.close()

        return readers, asyncio.create_task(feed())
