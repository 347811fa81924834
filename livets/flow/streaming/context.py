"""What a stream node is handed: its inputs as asynchronous iterators, and a memory that checkpoints keep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from livets.engine.coercion import Coercion
from livets.engine.context import Cancellation, NodeContext
from livets.flow.streaming.inlet import END, Barrier, Inlet


class StreamContext(NodeContext):
    """The context of a node in push mode.

    `inputs` holds an `Incoming` for each connected port, and plain values for the others. `memory` is a dict of the
    node's own (of values only) that is saved with each checkpoint and is there again after a resume. A source changes
    it right before the `yield` that it describes, with no `await` in between.
    """

    __slots__ = ("memory",)

    def __init__(
        self,
        run: str,
        node: str,
        inputs: Mapping[str, Any],
        config: Any,
        state: Any,
        emit: Callable[[str, str, Mapping[str, Any]], None],
        cancel: Cancellation,
        memory: dict[str, Any],
    ) -> None:
        super().__init__(run, node, inputs, config, state, 1, emit, cancel)
        self.memory = memory


Align = Callable[["Incoming", Barrier], Awaitable[None]]
"""What a node does when a barrier has come at one of its ports."""


class Incoming:
    """The values that arrive at one port: `async for value in incoming`, or `await incoming.get(seconds)`."""

    __slots__ = ("_align", "_changes", "inlet", "name")

    def __init__(self, name: str, inlet: Inlet, changes: Sequence[Coercion | None], align: Align) -> None:
        self.name, self.inlet = name, inlet
        self._changes, self._align = changes, align

    def __aiter__(self) -> Incoming:
        return self

    async def __anext__(self) -> Any:
        value = await self.get()
        if value is END:
            raise StopAsyncIteration
        return value

    async def get(self, seconds: float | None = None) -> Any:
        """Return the next value, or END when there will be none; raises TimeoutError after `seconds` without one."""
        inlet = self.inlet
        while True:
            if inlet.replay:
                inlet.taken += 1
                return inlet.replay.popleft()
            item = inlet.pop()
            if item is None:
                async with asyncio.timeout(seconds):
                    await inlet.wait()
            elif item is END:
                return END
            elif type(item) is Barrier:
                await self._align(self, item)
            else:
                inlet.taken += 1
                return self._changed(*item)

    async def read_up_to_barrier(self) -> None:
        """Take every value before the next barrier (or the end) out of the way; they are read later, in their order."""
        while True:
            item = self.inlet.pop()
            if item is None:
                await self.inlet.wait()
            elif item is END or type(item) is Barrier:
                return
            else:
                self.inlet.replay.append(self._changed(*item))

    def _changed(self, value: Any, edge: int) -> Any:
        change = self._changes[edge]
        return value if change is None else change(value)
