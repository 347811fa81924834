"""Ordinary nodes in push mode: called once for each value, with the retries, limits and error ports that they have.

Values at several ports belong together in the order in which they come: one of each makes a call. A wait that a node
asks for (time.delay) is waited here; those for a signal are refused, there is nobody to name a value among thousands.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.foreign import as_failure, is_from_outside
from livets.engine.limits import Limiter
from livets.engine.node import Node, Suspend
from livets.engine.retry import kind_of_error
from livets.engine.values import to_value
from livets.flow.fitting import fit
from livets.flow.forms import CompiledNode
from livets.flow.scope import Scope
from livets.flow.state import StateView
from livets.flow.streaming.inlet import END
from livets.flow.streaming.operator import Operator


class Items:
    """Calls one node again and again; iterate `values()`."""

    def __init__(
        self, operator: Operator, scope: Scope, instance: Node | None, fixed: Mapping[str, Any], limits: list[Limiter]
    ) -> None:
        self._operator, self._scope, self._instance = operator, scope, instance
        self._node: CompiledNode = operator.node
        self._fixed, self._limits = fixed, limits

    async def values(self) -> AsyncIterator[dict[str, Any]]:
        """Give what the node gives, call by call, by port."""
        if not self._operator.incoming:
            outputs = await self._settled({})
            if outputs:
                yield outputs
            return
        partial = self._operator.partial
        while True:
            for port, incoming in self._operator.incoming.items():
                value = await incoming.get()
                if value is END:
                    return
                partial[port] = value
            arrived = {}
            for port, value in partial.items():
                many = self._node.inputs[port].many
                arrived[port] = [value] if many == "list" else {port: value} if many == "object" else value
            partial.clear()
            outputs = await self._settled(arrived)
            if outputs:
                yield outputs

    async def _settled(self, arrived: dict[str, Any]) -> dict[str, Any] | None:
        """One value through the node, tried again as its policy says; None when it is dropped."""
        node, attempt = self._node, 1
        while True:
            try:
                return await self._limited({**self._fixed, **arrived}, attempt)
            except Exception as error:  # whatever a node raises
                message = str(error) or type(error).__name__
                what = {"node": node.id, "attempt": attempt, "kind": kind_of_error(error), "message": message[:2000]}
                if node.retry.allows(attempt, error):
                    wait = node.retry.wait_seconds(attempt)
                    self._scope.recorder.emit("flow.node.retrying", {**what, "wait_s": wait})
                    await asyncio.sleep(wait)
                    attempt += 1
                    continue
                if node.on_error == "stop":
                    raise
                self._operator.dropped += 1
                self._scope.recorder.emit("flow.node.item_failed", what)
                return {"error": what} if node.on_error == "port" else None

    async def _limited(self, inputs: dict[str, Any], attempt: int) -> dict[str, Any]:
        taken: list[Limiter] = []
        try:
            for limiter in self._limits:
                await self._take(limiter)
                taken.append(limiter)
            limit = asyncio.timeout(self._node.spec.timeout_s)
            async with limit:
                return fit(self._node, await self._call(inputs, attempt))
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise NodeError(f"it took longer than {self._node.spec.timeout_s} s", "timeout") from error
        except Exception:
            raise
        except BaseException as error:
            if is_from_outside(error, asyncio.current_task()):
                raise
            raise as_failure(error) from error
        finally:
            for limiter in taken:
                limiter.give_back(unused=False)

    async def _take(self, limiter: Limiter) -> None:
        while not limiter.take():
            free = asyncio.get_running_loop().create_future()
            limiter.wait(lambda free=free: free.done() or free.set_result(None), node_priority(self._node))  # type: ignore[misc]
            try:
                await free
            except asyncio.CancelledError:
                if free.done() and not free.cancelled() and limiter.take():  # called to a place that it will not take
                    limiter.give_back(unused=True)
                raise

    async def _call(self, inputs: dict[str, Any], attempt: int) -> Any:
        scope, node = self._scope, self._node
        for name, struct in node.structs.items():
            if type(inputs.get(name)) is dict:
                inputs[name] = msgspec.convert(inputs[name], struct)
        wake: Any = None
        while True:
            view = StateView(scope.state)
            emit = emitter(scope)
            context = NodeContext(
                scope.run, node.id, inputs, node.config, view, attempt, emit, scope.cancellation, wake
            )
            if node.function is not None:
                result = node.function(**inputs, ctx=context) if node.takes_ctx else node.function(**inputs)
            else:
                assert self._instance is not None
                result = self._instance.execute(context)
            if inspect.isawaitable(result):
                result = await result
            if type(result) is not Suspend:
                return result
            if result.until is None or result.signal is not None:
                raise NodeError("it waits for a signal, which values in a stream cannot do", "stream", retryable=False)
            await asyncio.sleep(max(0.0, result.until - time.time()))
            wake = {"by": "time"}


def node_priority(node: CompiledNode) -> int:
    """Which of those who wait for a pool goes first."""
    return node.spec.priority


def emitter(scope: Scope) -> Any:
    """Return what `ctx.emit` calls."""

    def emit(node: str, kind: str, data: Mapping[str, Any]) -> None:
        scope.recorder.emit("flow.node.event", {"node": node, "kind": kind, "data": to_value(dict(data))})

    return emit
