"""Stored workflows whose triggers are listened to: schedules, files, queues, and webhooks that the server delivers to.

Which they are is kept in the journal, so that the next start of the server listens again. Runs that triggers begin are
runs of the server like any other. Owned by the Service.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from livets.engine.errors import EngineError
from livets.engine.events import NewEvent
from livets.engine.log import EventLog
from livets.flow.compiled import CompiledWorkflow
from livets.flow.listening import Listener, Runs
from livets.flow.nodes.trigger_webhook import WebhookTrigger

logger = logging.getLogger("livets.api")
STREAM = "server/listening"
"""The stream that says which workflows are listened to, with which inputs."""


class Triggers:
    """Listeners by workflow id."""

    def __init__(self, log: EventLog, starts: Runs, compiled: Callable[[str], Any]) -> None:
        self._log, self._starts, self._compiled = log, starts, compiled
        self._open: dict[str, tuple[Listener, AsyncExitStack, CompiledWorkflow]] = {}
        self._inputs: dict[str, dict[str, Any]] = {}
        self._lock = asyncio.Lock()

    async def begin(self) -> None:
        """Listen to what an earlier server listened to."""
        wanted: dict[str, dict[str, Any]] = {}
        for event in await self._log.read(STREAM):
            if event.data["on"]:
                wanted[event.data["workflow"]] = event.data["inputs"]
            else:
                wanted.pop(event.data["workflow"], None)
        for id, inputs in wanted.items():
            try:
                async with self._lock:
                    await self._listen(id, inputs)
            except EngineError as error:  # one that cannot listen any more keeps no other from it
                logger.error("workflow %s cannot listen: %s", id, error, extra={"workflow": id})

    async def end(self) -> None:
        """Listen no more; the next server does."""
        for id in list(self._open):
            await self._close(id)

    async def listen(self, id: str, inputs: dict[str, Any]) -> None:
        """Listen from now on; raises EngineError when the workflow has no trigger or the inputs are wrong."""
        async with self._lock:
            await self._listen(id, inputs)
            await self._note(id, on=True, inputs=inputs)

    async def renew(self, id: str) -> None:
        """The workflow has another version: listen with that, if it is listened to."""
        async with self._lock:
            if id in self._open:
                inputs = self._inputs[id]
                try:
                    await self._listen(id, inputs)
                except EngineError as error:  # it has no trigger any more, or asks for other inputs
                    logger.warning("workflow %s is listened to no more: %s", id, error, extra={"workflow": id})
                    await self._note(id, on=False, inputs={})
                    if id in self._open:
                        await self._close(id)

    async def stop(self, id: str) -> bool:
        """Listen no more; returns whether it was listened to."""
        async with self._lock:
            was = id in self._open
            if was:
                await self._note(id, on=False, inputs={})
                await self._close(id)
            return was

    def listener(self, id: str) -> Listener | None:
        """Return the listener of a workflow, if it is listened to."""
        found = self._open.get(id)
        return found[0] if found is not None else None

    def hook(self, path: str) -> tuple[Listener, WebhookTrigger] | None:
        """Return the listener and the webhook at `path`."""
        for listener, _, _ in self._open.values():
            found = listener.hook(path)
            if found is not None:
                return listener, found
        return None

    async def _listen(self, id: str, inputs: dict[str, Any]) -> None:
        compiled: CompiledWorkflow = await self._compiled(id)
        listener = Listener(self._starts, compiled, compiled.read_inputs(inputs))
        for path in _paths(compiled):
            taken = self.hook(path)
            if taken is not None and taken[0] is not self.listener(id):
                raise EngineError(f"another workflow listens at the webhook {path}: give this one another path")
        if id in self._open:
            await self._close(id)
        stack = AsyncExitStack()
        await stack.enter_async_context(listener)
        self._open[id], self._inputs[id] = (listener, stack, compiled), inputs

    async def _close(self, id: str) -> None:
        _, stack, _ = self._open.pop(id)
        self._inputs.pop(id, None)
        await stack.aclose()

    async def _note(self, id: str, *, on: bool, inputs: dict[str, Any]) -> None:
        data = {"workflow": id, "on": on, "inputs": inputs}
        await self._log.append(STREAM, [NewEvent("flow.server.listening", data)])


def _paths(compiled: CompiledWorkflow) -> list[str]:
    return [node.config.path for node in compiled.nodes if node.node_type.cls is WebhookTrigger]
