"""An input port of a running stream node: a bounded mailbox that several edges fill and one node empties.

A full mailbox makes its writers wait: that is the back-pressure. Barriers (marks of a checkpoint) travel among the
values; an edge that has brought one is held until the others have brought theirs, so that what the node has seen at the
barrier is the same whatever the timing. One event loop, one reader.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

END: Any = object()
"""What `get` returns when no more values will come."""


class Barrier:
    """The mark of checkpoint `number`: values before it belong to the checkpoint, values after it do not."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Inlet:
    """The mailbox of one port, fed by `edges` edges; `capacity` values may wait."""

    __slots__ = (
        "_capacity",
        "_closed",
        "_ended",
        "_held",
        "_marked",
        "_queue",
        "_readable",
        "_room",
        "replay",
        "taken",
    )

    def __init__(self, edges: int, capacity: int) -> None:
        self._capacity = capacity
        self._queue: deque[Any] = deque()
        self._held = [False] * edges
        self._ended = [False] * edges
        self._marked: Barrier | None = None
        self._closed = False
        self._readable = asyncio.Event()
        self._room: list[asyncio.Future[None]] = []
        self.replay: deque[Any] = deque()
        """Values that were taken out of the way of a barrier, or come from a checkpoint; they are read first."""
        self.taken = 0

    @property
    def ended(self) -> bool:
        """True when nothing will be put any more."""
        return all(self._ended)

    async def put(self, edge: int, value: Any) -> None:
        """Put a value, waiting for room, and for the others when this edge is ahead of them by a barrier."""
        while (len(self._queue) >= self._capacity or self._held[edge]) and not self._closed:
            waiter = asyncio.get_running_loop().create_future()
            self._room.append(waiter)
            await waiter
        if self._closed:
            return
        self._queue.append((value, edge))
        self._readable.set()

    def mark(self, edge: int, barrier: Barrier) -> None:
        """An edge has reached the barrier; when all have, it stands in the mailbox."""
        if not self._closed:
            self._held[edge], self._marked = True, barrier
            self._align()

    def end(self, edge: int) -> None:
        """This edge brings nothing more."""
        self._ended[edge] = True
        self._align()
        self._readable.set()

    def close(self) -> None:
        """The node reads no more: what is put is let go, and nobody waits."""
        self._closed = True
        self._queue.clear()
        self._free_room()

    def _align(self) -> None:
        if (
            self._closed
            or self._marked is None
            or not all(h or e for h, e in zip(self._held, self._ended, strict=True))
        ):
            return
        self._queue.append(self._marked)
        self._marked = None
        self._held = [False] * len(self._held)
        self._readable.set()
        self._free_room()

    def pop(self) -> Any:
        """Return the next value or Barrier, END, or None when one must wait (values come with their edge)."""
        if self._queue:
            item = self._queue.popleft()
            self._free_room()
            return item
        if self.ended:
            return END
        self._readable.clear()
        return None

    async def wait(self) -> None:
        """Wait until `pop` has something to say."""
        await self._readable.wait()

    def _free_room(self) -> None:
        """Let every writer look again: one of them may be held back, another may have room."""
        waiting, self._room = self._room, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
