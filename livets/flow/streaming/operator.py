"""One node of a run in push mode: reads its inlets, hands on what it gives, takes part in checkpoints.

At a barrier the node stands between two values: everything before is handed on, nothing after is seen. So its memory,
with the values that other ports hold back, is all that a later run needs to go on from there. Sources are asked for a
barrier by the coordinator, and stand between two values whenever they are not handing one on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from time import perf_counter as clock
from typing import Any

from livets.engine.coercion import Coercion
from livets.engine.encoding import pack, unpack
from livets.engine.errors import NodeError, ValueFault
from livets.engine.scheduler import TURN_SECONDS
from livets.flow.forms import CompiledNode
from livets.flow.streaming.context import Incoming
from livets.flow.streaming.inlet import Barrier, Inlet

Acknowledge = Callable[["Operator", Barrier], None]


class Operator:
    """A node, its inlets by port, and the inlets that its outputs lead to."""

    def __init__(self, node: CompiledNode, acknowledge: Acknowledge) -> None:
        self.node = node
        self.memory: dict[str, Any] = {}
        self.incoming: dict[str, Incoming] = {}
        self.targets: dict[str, list[tuple[Inlet, int]]] = {}
        self.partial: dict[str, Any] = {}
        """Values that were read and wait for their partners at other ports."""
        self.given = self.dropped = 0
        self.last: dict[str, Any] = {}
        self.state = "pending"
        self._acknowledge = acknowledge
        self._sending = False
        self._turn = clock()
        self._asked: Barrier | None = None

    @property
    def is_source(self) -> bool:
        """True when nothing leads into the node."""
        return not self.incoming

    @property
    def taken(self) -> int:
        """How many values it has read."""
        return sum(one.inlet.taken for one in self.incoming.values())

    def add_input(self, port: str, inlet: Inlet, changes: Sequence[Coercion | None]) -> None:
        """Let `inlet` feed the port; `changes` are the coercions of its edges."""
        self.incoming[port] = Incoming(port, inlet, changes, self._align)

    # -- values

    async def run(self, values: AsyncIterator[dict[str, Any]]) -> None:
        """Hand on all of `values` (objects by port), then end what follows."""
        async with contextlib.aclosing(values):  # type: ignore[type-var]
            async for outputs in values:
                await self._send(outputs)
        self.state = "completed"
        self.end()

    async def _send(self, outputs: dict[str, Any]) -> None:
        self._sending = True
        for port, value in outputs.items():
            self.last[port] = value
            for inlet, edge in self.targets.get(port, ()):
                await inlet.put(edge, value)
        if clock() - self._turn > TURN_SECONDS:  # a source that never waits, and whom nobody makes wait
            await asyncio.sleep(0)
            self._turn = clock()
        self._sending = False
        self.given += 1
        if self._asked is not None:
            barrier, self._asked = self._asked, None
            self._pass(barrier)

    def end(self) -> None:
        """Tell what follows that nothing more comes, and what leads here that nothing more is wanted."""
        for one in self.incoming.values():
            one.inlet.close()
        for targets in self.targets.values():
            for inlet, edge in targets:
                inlet.end(edge)

    # -- checkpoints

    def ask(self, barrier: Barrier) -> None:
        """Of a source: let the barrier go out, after the value that is being handed on."""
        if self._sending:
            self._asked = barrier
        else:
            self._pass(barrier)

    async def _align(self, port: Incoming, barrier: Barrier) -> None:
        """A barrier came at one port: read the others up to theirs, keep what came before, then pass it on."""
        for other in self.incoming.values():
            if other is not port:
                await other.read_up_to_barrier()
        self._pass(barrier)

    def _pass(self, barrier: Barrier) -> None:
        """Remember, acknowledge, and mark every edge that leads on. Nothing here waits: no value comes in between."""
        self._acknowledge(self, barrier)
        for targets in self.targets.values():
            for inlet, edge in targets:
                inlet.mark(edge, barrier)

    def snapshot(self) -> dict[str, Any]:
        """Return what a later run needs to go on from here."""
        held = {
            name: [*([self.partial[name]] if name in self.partial else ()), *one.inlet.replay]
            for name, one in self.incoming.items()
        }
        found = {"memory": self.memory, "held": held, "given": self.given, "ended": self.state == "completed"}
        try:
            copy: dict[str, Any] = unpack(pack(found))
        except ValueFault as error:
            message = f"node {self.node.id!r} holds what no checkpoint can keep: {error}"
            raise NodeError(message, "checkpoint", retryable=False) from error
        return copy

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        self.memory, self.given = snapshot["memory"], snapshot["given"]
        if snapshot["ended"]:
            self.state = "completed"
        for name, values in snapshot["held"].items():
            self.incoming[name].inlet.replay.extend(values)
