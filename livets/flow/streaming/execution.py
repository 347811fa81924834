"""Runs a workflow in push mode: every node at once, values flowing between them, checkpoints from time to time.

Starts a task for each node, asks the sources for barriers, and writes a checkpoint down when every node has passed one.
What was done after the last checkpoint is done again after a kill: memories are exactly as they were, what nodes did
outside may be repeated. Has the face of `Execution`, so that runtime and handle need not know which it is.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from livets.engine.coercion import coerce
from livets.engine.errors import NodeError
from livets.engine.foreign import as_failure, is_from_outside
from livets.engine.retry import kind_of_error
from livets.flow.compiled import CompiledWorkflow
from livets.flow.fitting import fit
from livets.flow.model import StreamSettings
from livets.flow.result import NodeFailure, RunResult, Status
from livets.flow.scope import Scope
from livets.flow.state import StateView
from livets.flow.streaming.context import StreamContext
from livets.flow.streaming.inlet import Barrier, Inlet
from livets.flow.streaming.items import Items, emitter
from livets.flow.streaming.operator import Operator

_AGAIN_S = 5.0
"""How long a node may take to clean up before it is cancelled once more."""


class StreamExecution:
    """One run of `compiled` in push mode; `checkpoint` is where it goes on from."""

    def __init__(
        self,
        compiled: CompiledWorkflow,
        scope: Scope,
        inputs: Mapping[str, Any],
        checkpoint: dict[str, Any] | None = None,
    ) -> None:
        self.compiled, self.scope = compiled, scope
        self._inputs = inputs
        self._settings = compiled.head.settings.stream or StreamSettings()
        self._operators = [Operator(node, self._acknowledged) for node in compiled.nodes]
        self._connect()
        self._number = 0
        self._barrier: Barrier | None = None
        self._one_at_a_time = asyncio.Lock()
        self._passed: dict[str, dict[str, Any]] = {}
        self._complete: asyncio.Event | None = None
        self._failures: list[NodeFailure] = []
        self._begun = False
        self._stopped: str | None = None
        self._ending: asyncio.Task[None] | None = None
        self._tasks: dict[asyncio.Task[None], Operator] = {}
        self.checkpoints = 0
        """How many checkpoints this run has written."""
        if checkpoint is not None:
            self._number = checkpoint["number"]
            for operator in self._operators:
                operator.restore(checkpoint["nodes"][operator.node.id])

    def _connect(self) -> None:
        for operator in self._operators:
            ports: dict[str, list[tuple[int, str, Any]]] = {}
            for source, from_port, to_port, change in operator.node.feeds:
                ports.setdefault(to_port, []).append((source, from_port, change))
            for port, feeds in ports.items():
                inlet = Inlet(len(feeds), self._settings.capacity)
                operator.add_input(port, inlet, [change for _, _, change in feeds])
                for edge, (source, from_port, _) in enumerate(feeds):
                    self._operators[source].targets.setdefault(from_port, []).append((inlet, edge))

    # -- the face of an execution

    async def execute(self) -> RunResult:
        """Run until every source has ended, a node has failed, or `stop`; return what it came to."""
        began, self._begun = time.perf_counter(), True
        for operator in self._operators:
            if operator.state == "completed":  # it had ended before the checkpoint
                operator.end()
            else:
                operator.state = "running"
                self.scope.recorder.emit("flow.node.started", {"node": operator.node.id, "attempt": 1})
                task = asyncio.create_task(self._run(operator), name=f"stream {operator.node.id}")
                self._tasks[task] = operator
        pace = asyncio.create_task(self._keep_checkpoints())
        pace.add_done_callback(self._pace_ended)
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            self._cancel_nodes()
            await self._cancel([pace])
            if self._ending is not None:
                await self._ending
        failed = None if pace.cancelled() else pace.exception()
        if failed is not None:
            raise failed
        return self._result(time.perf_counter() - began)

    def stop(self, why: str) -> bool:
        """Cancel every node now; the run can be resumed from its last checkpoint. False when it has not begun."""
        if self._begun:
            self._stopped = self._stopped or why
            self._cancel_nodes()
        return self._begun

    def _pace_ended(self, pace: asyncio.Task[None]) -> None:
        if not pace.cancelled() and pace.exception() is not None:  # no checkpoints, no run
            self._cancel_nodes()

    def _cancel_nodes(self) -> None:
        if self._ending is None and self._tasks:
            self._ending = asyncio.create_task(self._cancel([*self._tasks]))

    def states(self) -> dict[str, str]:
        """Return the state of each node by id, now."""
        return {operator.node.id: operator.state for operator in self._operators}

    def node_counts(self) -> dict[str, int]:
        """Return how many nodes are in each state, now."""
        states = [operator.state for operator in self._operators]
        return {state: states.count(state) for state in set(states)}

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many values each node has read, given and dropped."""
        return {one.node.id: {"in": one.taken, "out": one.given, "dropped": one.dropped} for one in self._operators}

    # -- nodes

    async def _run(self, operator: Operator) -> None:
        node = operator.node
        try:
            await operator.run(self._values(operator))
            self.scope.recorder.emit("flow.node.completed", {"node": node.id, "attempt": 1, "ms": 0.0, "outputs": {}})
            self._passed_by_end(operator)
        except BaseException as raised:
            if is_from_outside(raised, asyncio.current_task()):
                operator.state = "cancelled"
                raise
            error: BaseException = raised if isinstance(raised, Exception) else as_failure(raised)
            operator.state = "failed"
            message = str(error) or type(error).__name__
            kind = kind_of_error(error)
            what = {"node": node.id, "attempt": 1, "kind": kind, "message": message[:2000]}
            self.scope.recorder.emit("flow.node.failed", what)
            self._failures.append(NodeFailure(node.id, kind, message, 1))
            raise error from (None if error is raised else raised)

    def _values(self, operator: Operator) -> AsyncIterator[dict[str, Any]]:
        node = operator.node
        instance = self.scope.instances(self.compiled).get(node.number)
        fixed = node.fixed.copy()
        for name, (given, port) in node.references.items():
            value = self._inputs[given]
            fixed[name] = value if port.kind is None or value is None else coerce(value, port.kind)
        if node.node_type.streams:
            return self._generated(operator, instance, fixed)
        named = [("pool", node.spec.pool), ("rate", node.spec.rate)]
        limits = [self.scope.limiter(self.compiled, kind, name, "") for kind, name in named if name is not None]
        return Items(operator, self.scope, instance, fixed, limits).values()

    async def _generated(
        self, operator: Operator, instance: Any, fixed: Mapping[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        """What an asynchronous generator gives; a source that fails is begun again as its retry policy says."""
        node, attempt = operator.node, 1
        while True:
            made = self._generator(operator, instance, fixed)
            try:
                async for result in made:
                    yield fit(node, result)
                    attempt = 1
                return
            except Exception as error:
                if not operator.is_source or not node.retry.allows(attempt, error):
                    raise
                wait = node.retry.wait_seconds(attempt)
                what = {"attempt": attempt, "kind": kind_of_error(error), "message": str(error)[:2000], "wait_s": wait}
                self.scope.recorder.emit("flow.node.retrying", {"node": node.id, **what})
                await asyncio.sleep(wait)
                attempt += 1
            finally:
                await made.aclose()

    def _generator(self, operator: Operator, instance: Any, fixed: Mapping[str, Any]) -> Any:
        node, scope = operator.node, self.scope
        inputs = {**fixed, **operator.incoming}
        view = StateView(scope.state)
        context = StreamContext(
            scope.run, node.id, inputs, node.config, view, emitter(scope), scope.cancellation, operator.memory
        )
        if node.function is None:
            made = instance.stream(context)
        else:
            made = node.function(**inputs, ctx=context) if node.takes_ctx else node.function(**inputs)
        if not inspect.isasyncgen(made):
            raise NodeError("stream() must be an asynchronous generator: use  yield", "stream", retryable=False)
        return made

    # -- checkpoints

    async def _keep_checkpoints(self) -> None:
        seconds = self._settings.checkpoint_s
        while seconds > 0:
            await asyncio.sleep(seconds)
            await self.checkpoint()

    async def checkpoint(self) -> None:
        """Write a checkpoint down, and return when it is durable."""
        async with self._one_at_a_time:
            await self._checkpoint()

    async def _checkpoint(self) -> None:
        self._number += 1
        barrier = self._barrier = Barrier(self._number)
        self._complete = asyncio.Event()
        self._passed = {one.node.id: one.snapshot() for one in self._operators if one.state == "completed"}
        for operator in self._operators:
            if operator.is_source and operator.state == "running":
                operator.ask(barrier)
        self._check_complete()
        await self._complete.wait()
        self._barrier = None
        await self._write(barrier.number)

    def _acknowledged(self, operator: Operator, barrier: Barrier) -> None:
        if barrier is self._barrier:
            self._passed[operator.node.id] = operator.snapshot()
            self._check_complete()

    def _passed_by_end(self, operator: Operator) -> None:
        """A node that has ended stands after its last value for good."""
        if self._barrier is not None and operator.node.id not in self._passed:
            self._passed[operator.node.id] = operator.snapshot()
            self._check_complete()

    def _check_complete(self) -> None:
        if self._complete is not None and len(self._passed) == len(self._operators):
            self._complete.set()

    async def _write(self, number: int) -> None:
        recorder = self.scope.recorder
        recorder.emit("flow.stream.checkpoint", {"number": number, "counts": self.counts()})
        if recorder.log is not None:
            await recorder.commit()
            state = {"number": number, "nodes": self._passed}
            await recorder.log.save_snapshot(
                recorder.stream, 1, state
            )  # always in the same place: only the last counts
        self.checkpoints += 1

    # -- the end

    async def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        """Cancel them, again if need be: a wait that ends just then can lose a cancellation (asyncio of 3.11 does)."""
        pending = set(tasks)
        while pending:
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # failures are known by now

    def _result(self, seconds: float) -> RunResult:
        status: Status = "completed" if not self._failures and self._stopped is None else "failed"
        if self._stopped is not None and self._stopped != "timed out":
            status = "cancelled"
        states = list(self.states().values())
        outputs = {}
        for operator in self._operators:
            if operator.node.number in self.compiled.sinks and operator.last:
                single = set(operator.last) == {operator.node.out_name}
                outputs[operator.node.id] = next(iter(operator.last.values())) if single else dict(operator.last)
        return RunResult(
            run=self.scope.run,
            status=status,
            reason=self._stopped or ("failed" if self._failures else ""),
            outputs=outputs,
            counts={state: states.count(state) for state in dict.fromkeys(states)},
            failures=self._failures,
            seconds=seconds,
        )
