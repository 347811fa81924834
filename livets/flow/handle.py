"""A run while it runs: wait for it, watch it, signal it, cancel it."""

from __future__ import annotations

import asyncio
from typing import Any

from livets.engine.errors import EngineError
from livets.engine.values import check
from livets.flow.result import RunResult
from livets.flow.running import Running
from livets.flow.streaming import StreamExecution


class RunHandle:
    """What `FlowRuntime.start` returns; `id` names the run in the journal."""

    def __init__(self, id: str, running: Running, task: asyncio.Task[RunResult]) -> None:
        self.id = id
        self._running, self._task = running, task
        self._scope, self._execution = running.scope, running.execution

    async def result(self) -> RunResult:
        """Wait for the end; giving up waiting does not cancel the run."""
        return await asyncio.shield(self._task)

    async def ended(self, patience_s: float | None = None) -> bool:
        """Wait up to `patience_s` seconds (None: for ever) for the end; returns whether it has come. Never raises."""
        return bool((await asyncio.wait([self._task], timeout=patience_s))[0])

    @property
    def done(self) -> bool:
        """True when the run has ended."""
        return self._task.done()

    def states(self) -> dict[str, str]:
        """Return the state of each node, by id, now."""
        return self._execution.states()

    def node_counts(self) -> dict[str, int]:
        """Return how many nodes are in each state, now."""
        return self._execution.node_counts()

    def counts(self) -> dict[str, dict[str, int]]:
        """Of a run in push mode: how many values each node has read ("in"), given ("out") and "dropped"."""
        return self._execution.counts() if isinstance(self._execution, StreamExecution) else {}

    async def checkpoint(self) -> None:
        """Of a run in push mode: write a checkpoint now; returns when it is durable."""
        if not isinstance(self._execution, StreamExecution):
            raise EngineError(f"run {self.id} is not in push mode: each of its nodes is recorded as it completes")
        await self._execution.checkpoint()

    def waiting(self) -> list[str]:
        """Return the paths of the nodes that wait durably (for a time, an input, an approval)."""
        return sorted(self._scope.waiting)

    async def cancel(self, why: str = "cancelled") -> None:
        """Cancel every running node at once; returns when the run has ended."""
        self.stop(why)
        await asyncio.wait([self._task])

    def stop(self, why: str) -> None:
        """Cancel every running node at once, and return while they end."""
        self._running.stop(why)

    async def signal(self, node: str, value: Any = None) -> None:
        """End the durable wait of the node at that path with `value`; durable before this returns.

        Raises EngineError when the node does not wait for a signal, ValueFault when `value` is no value.
        """
        found = self._scope.waiting.get(node)
        if found is None:
            names = ", ".join(self.waiting()) or "none"
            raise EngineError(f"node {node!r} of run {self.id} does not wait; those that do: {names}")
        check(value)
        self._scope.recorder.emit("flow.node.signalled", {"node": node, "value": value})
        await self._scope.recorder.commit()
        execution, number = found
        execution.wake_by_signal(number, value)
