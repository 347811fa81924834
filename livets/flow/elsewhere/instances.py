"""The instances of nodes that live on a worker: initialized once, used by all runs, shut down in reverse, always.

They live as long as somebody uses them: the runtimes that have sent work for them (sessions) say when they are closed,
and what nobody has used for a while goes too, for a runtime may die without a word. Used in the Host's loop only.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livets.engine.errors import NodeError
from livets.engine.node import Node, NodeType
from livets.flow.grants import Grants
from livets.flow.location import Work

logger = logging.getLogger("livets.flow.worker")


class _Kept:
    """One instance, and who uses it."""

    def __init__(self) -> None:
        self.node: Node | None = None
        self.lock = asyncio.Lock()
        self.runs: set[str] = set()
        self.sessions: set[str] = set()
        self.busy = 0
        self.used_at = 0.0


class WorkerInstances:
    """Instances by `Work.instance`, in the order in which they were initialized."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants
        self._kept: dict[str, _Kept] = {}

    @asynccontextmanager
    async def used(self, work: Work, session: str, node_type: NodeType) -> AsyncIterator[Node]:
        """Hold the instance for one attempt: initialized, and told that the run has begun."""
        kept = self._kept.setdefault(work.instance, _Kept())
        kept.busy += 1
        kept.sessions.add(session)
        try:
            async with kept.lock:
                if kept.node is None:
                    await self._initialize(work, kept, node_type)
                assert kept.node is not None
                if work.run not in kept.runs:
                    kept.runs.add(work.run)
                    await kept.node.start(work.run)
            yield kept.node
        finally:
            kept.busy -= 1
            kept.used_at = time.monotonic()

    async def _initialize(self, work: Work, kept: _Kept, node_type: NodeType) -> None:
        node = node_type.create(node_type.read_config(work.config))
        node.grants = self._grants
        try:
            await node.initialize()
        except BaseException as error:
            await self._shut(work.instance, node)
            if isinstance(error, Exception):
                raise NodeError(f"node {work.node!r} could not be initialized: {error}", "initialize") from error
            raise
        kept.node = node
        self._kept[work.instance] = self._kept.pop(work.instance)  # the last to be initialized stands last

    async def end_run(self, run: str) -> None:
        """Tell every instance that has taken part in the run that it has ended, in reverse."""
        for name, kept in reversed(list(self._kept.items())):
            if run in kept.runs:
                kept.runs.discard(run)
                await self._stop(name, kept, run)

    async def release(self, session: str) -> None:
        """A runtime is closed: shut down what no other uses."""
        for kept in self._kept.values():
            kept.sessions.discard(session)
        await self._close([name for name, kept in self._kept.items() if not kept.sessions and not kept.busy])

    async def sweep(self, idle_s: float) -> None:
        """Shut down what nobody has used for `idle_s` seconds."""
        limit = time.monotonic() - idle_s
        await self._close([name for name, kept in self._kept.items() if not kept.busy and kept.used_at < limit])

    async def close(self) -> None:
        """Shut everything down, in reverse order."""
        await self._close(list(self._kept))

    async def _close(self, names: list[str]) -> None:
        for name in reversed(names):
            kept = self._kept.pop(name)
            for run in sorted(kept.runs):
                await self._stop(name, kept, run)
            if kept.node is not None:
                await self._shut(name, kept.node)

    async def _stop(self, name: str, kept: _Kept, run: str) -> None:
        try:
            if kept.node is not None:
                await kept.node.stop(run)
        except Exception:
            logger.exception("node %s raised in stop()", name, extra={"run": run})

    async def _shut(self, name: str, node: Node) -> None:
        try:
            await node.shutdown()
        except Exception:
            logger.exception("node %s raised in shutdown()", name)
