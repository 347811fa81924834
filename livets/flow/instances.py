"""The node instances of one workflow on this worker: initialized once for all runs, shut down in reverse, always."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from livets.engine.errors import EngineError
from livets.engine.foreign import called
from livets.engine.node import Node
from livets.flow.compiled import CompiledWorkflow
from livets.flow.forms import CompiledNode
from livets.flow.grants import Grants

logger = logging.getLogger("livets.flow")
Away = Callable[[CompiledWorkflow, CompiledNode, str], Node | None]
"""Gives what stands for a node that runs elsewhere, and is known there by that name; None for one that runs here."""


class Instances:
    """Instances by number of node, for a workflow and its sub-workflows; function nodes need none."""

    def __init__(self, compiled: CompiledWorkflow, grants: Grants, away: Away | None = None) -> None:
        self.compiled, self.grants = compiled, grants
        self._away = away
        self.runs = 0
        self._of: dict[int, dict[int, Node]] = {}
        self._opened: list[tuple[str, Node]] = []
        self._lock = asyncio.Lock()
        self._ready = False

    def of(self, compiled: CompiledWorkflow) -> dict[int, Node]:
        """Return the instances for `compiled`, which is the workflow or one of its sub-workflows."""
        return self._of[id(compiled)]

    def lookup(self, compiled: CompiledWorkflow) -> Callable[[CompiledWorkflow], dict[int, Node]]:
        """Return `of` for `compiled`: the same definition compiled again shares the instances, by number of node."""
        if self.compiled is compiled:
            return self.of
        pairs = {id(compiled): self.compiled} | {
            id(inner): self.compiled.definitions[name] for name, inner in compiled.definitions.items()
        }
        return lambda one: self.of(pairs[id(one)])

    async def open(self) -> None:
        """Create and initialize all instances, once; when one fails, those before it are shut down again."""
        async with self._lock:
            if self._ready:
                return
            for compiled in (self.compiled, *self.compiled.definitions.values()):
                self._of[id(compiled)] = self._made(compiled)
            try:
                for compiled in (self.compiled, *self.compiled.definitions.values()):
                    for number, instance in self._of[id(compiled)].items():
                        name = compiled.ids[number]
                        instance.grants = self.grants
                        self._opened.append((name, instance))
                        await called(name, "could not be initialized", instance.initialize)
            except BaseException:
                await self._close()
                raise
            self._ready = True

    def _made(self, compiled: CompiledWorkflow) -> dict[int, Node]:
        if self._away is None and all(one.function is not None for one in compiled.models):
            return {}
        found: dict[int, Node] = {}
        for number, id in enumerate(compiled.ids):
            one = compiled.model(number)
            if self._away is not None:
                name = f"{self.compiled.version}/{compiled.head.id}/{id}"
                away = self._away(compiled, compiled.nodes[number], name)
                if away is not None:
                    found[number] = away
                    continue
            if one.function is None:
                found[number] = one.node_type.create(one.config)
        return found

    async def start(self, run: str) -> None:
        """Tell every instance that a run begins; raises EngineError naming the first that cannot."""
        self.runs += 1
        for name, instance in self._opened:
            await called(name, "could not start", instance.start, run)

    async def stop(self, run: str) -> None:
        """Tell every instance, in reverse, that a run has ended; an error of one does not keep it from the others."""
        self.runs -= 1
        for name, instance in reversed(self._opened):
            try:
                await called(name, "raised in stop()", instance.stop, run)
            except EngineError as error:
                logger.error("%s", error, exc_info=error, extra={"run": run, "node": name})

    async def close(self) -> None:
        """Shut every instance down, in reverse order."""
        async with self._lock:
            await self._close()

    async def _close(self) -> None:
        while self._opened:
            name, instance = self._opened.pop()
            try:
                await called(name, "raised in shutdown()", instance.shutdown)
            except EngineError as error:
                logger.error("%s", error, exc_info=error, extra={"node": name})
        self._ready = False
