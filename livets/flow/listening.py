"""Listens for the triggers of a workflow and starts a run for each firing. Headless: who serves HTTP calls `deliver`.

What a trigger remembers is written down after the run that it began is recorded, and the run is named after the firing
where that has a name of its own (a schedule's time, a message's id). So a firing that is repeated after a kill finds
its run there already and begins no second one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol

import msgspec

from livets.engine.context import Cancellation
from livets.engine.encoding import content_hash
from livets.engine.errors import EngineError, NodeError
from livets.engine.events import NewEvent
from livets.engine.log import EventLog
from livets.engine.node import Node
from livets.engine.values import to_value
from livets.flow.compiled import CompiledWorkflow
from livets.flow.forms import CompiledNode
from livets.flow.handle import RunHandle
from livets.flow.nodes.trigger_webhook import WebhookTrigger
from livets.flow.result import RunExists
from livets.flow.streaming.context import StreamContext
from livets.flow.trigger import Trigger

logger = logging.getLogger("livets.flow")
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_STOP_AGAIN_S = 1.0


class Reply(msgspec.Struct, frozen=True):
    """What a webhook's caller is told: an HTTP status and a body that is a value."""

    status: int
    body: dict[str, Any]


class Runs(Protocol):
    """Who runs what the triggers begin: a FlowRuntime."""

    log: EventLog | None

    async def instances(self, compiled: CompiledWorkflow) -> dict[int, Node]:
        """Return the initialized nodes of a workflow."""

    async def start(
        self,
        workflow: CompiledWorkflow,
        inputs: Mapping[str, Any] | None = None,
        *,
        run: str | None = None,
        trigger: Mapping[str, Any] | None = None,
    ) -> RunHandle:
        """Begin a run."""


class Listener:
    """Use it as `async with runtime.listen(workflow) as listener:`; runs begin while the block lasts."""

    def __init__(self, runtime: Runs, compiled: CompiledWorkflow, inputs: Mapping[str, Any]) -> None:
        self._runtime, self._compiled, self._inputs = runtime, compiled, inputs
        self._tasks: list[asyncio.Task[None]] = []
        self._triggers: dict[str, tuple[CompiledNode, Trigger]] = {}
        self.fired = 0
        """How many runs this listener has begun."""

    async def __aenter__(self) -> Listener:
        instances = await self._runtime.instances(self._compiled)
        for node in self._compiled.nodes:
            instance = instances.get(node.number)
            if isinstance(instance, Trigger):
                self._triggers[node.id] = (node, instance)
        if not self._triggers:
            raise EngineError(f"{self._compiled.head.id!r} has no trigger: add one, or run it yourself")
        for node, instance in self._triggers.values():
            if not isinstance(instance, WebhookTrigger):
                self._tasks.append(asyncio.create_task(self._listen(node, instance), name=f"trigger {node.id}"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # More than once: what arrives at that very moment may swallow a cancellation inside of a client library.
        while waiting := [task for task in self._tasks if not task.done()]:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting, timeout=_STOP_AGAIN_S)

    async def wait(self) -> None:
        """Return when every trigger has ended; most never do."""
        await asyncio.gather(*self._tasks)

    # -- triggers that fire by themselves

    async def _listen(self, node: CompiledNode, trigger: Trigger) -> None:
        """Listen, and begin again after a failure, with pauses."""
        failures = 0
        while True:
            before = self.fired
            try:
                await self._fire_all(node, trigger)
                return
            except Exception as error:  # whatever a trigger raises, the others must go on
                if isinstance(error, NodeError) and not error.retryable:
                    logger.error("trigger %s cannot listen: %s", node.id, error)
                    raise
                failures = 0 if self.fired > before else failures + 1
                pause = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
                logger.warning("trigger %s failed (%s), again in %.0f s", node.id, error, pause)
                await asyncio.sleep(pause)

    async def _fire_all(self, node: CompiledNode, trigger: Trigger) -> None:
        memory = await self._remembered(node)
        context = StreamContext("", node.id, {}, node.config, None, lambda *_: None, Cancellation(), memory)
        async with contextlib.aclosing(trigger.stream(context)) as firings:  # type: ignore[type-var]
            async for fired in firings:
                await self._begin(node, to_value(fired), memory)

    async def _begin(self, node: CompiledNode, fired: Any, memory: dict[str, Any]) -> None:
        key = self._triggers[node.id][1].key_of(fired)
        name = None
        if key is not None:
            name = f"{self._compiled.head.id}-{node.id}-{content_hash(key)[:24]}"
        try:
            await self._runtime.start(self._compiled, self._inputs, run=name, trigger={node.id: fired})
            self.fired += 1
        except RunExists:  # it was begun before a kill, and what the trigger remembers was not written down any more
            logger.info("trigger %s fired %s again: its run is there already", node.id, key)
        await self._remember(node, memory)

    def _stream(self, node: CompiledNode) -> str:
        return f"trigger/{self._compiled.head.id}/{node.id}"

    async def _remembered(self, node: CompiledNode) -> dict[str, Any]:
        log = self._runtime.log
        snapshot = await log.load_snapshot(self._stream(node)) if log is not None else None
        return {} if snapshot is None else dict(snapshot.state)

    async def _remember(self, node: CompiledNode, memory: dict[str, Any]) -> None:
        log = self._runtime.log
        if log is None:
            return
        if not await log.head(self._stream(node)):
            await log.append(self._stream(node), [NewEvent("flow.trigger", {"node": node.id})])
        await log.save_snapshot(self._stream(node), 1, memory)

    # -- webhooks

    def paths(self) -> dict[str, list[str]]:
        """Return the methods of each webhook's path."""
        return {hook.config.path: list(hook.config.methods) for _, hook in self._webhooks()}

    def hook(self, path: str) -> WebhookTrigger | None:
        """Return the webhook at `path`."""
        return next((hook for _, hook in self._webhooks() if hook.config.path == path), None)

    async def deliver(
        self, path: str, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> Reply:
        """Hand a request to the webhook at `path`: begin a run, and say what the caller is to be told."""
        found = next(((node, hook) for node, hook in self._webhooks() if hook.config.path == path), None)
        if found is None:
            return Reply(404, {"error": "there is no webhook here"})
        node, hook = found
        headers = {name.lower(): value for name, value in headers.items()}
        refused = hook.judge(method, headers, body)
        if refused is not None:
            return Reply(refused[0], {"error": refused[1]})
        try:
            value = hook.value_of(method, headers, query, body)
        except NodeError as error:
            return Reply(400, {"error": str(error)})
        handle = await self._runtime.start(self._compiled, self._inputs, trigger={node.id: value})
        self.fired += 1
        return await self._reply(hook, handle)

    def _webhooks(self) -> list[tuple[CompiledNode, WebhookTrigger]]:
        return [(node, one) for node, one in self._triggers.values() if isinstance(one, WebhookTrigger)]

    async def _reply(self, hook: WebhookTrigger, handle: RunHandle) -> Reply:
        if hook.config.answer == "accepted":
            return Reply(202, {"run": handle.id})
        result = await handle.result()
        status = 200 if result.status == "completed" else 500
        return Reply(status, {"run": handle.id, "status": result.status, "outputs": result.outputs})
