"""What somebody asks of a run in the studio: cancel, go on, run nodes again, answer one that waits.

Owns the difference between runs of this process (their handle is asked) and of others (asked through the journal). Runs
that are continued here obey the command line, too. Every failure is a sentence for the person who asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from livets.engine.errors import EngineError, ValueFault
from livets.flow import Flow, FlowRuntime
from livets.flow.control import ask_to_cancel, ask_to_signal, obey
from livets.flow.handle import RunHandle
from livets.flow.model import Workflow


class Commands:
    """Over one runtime; `workflows` give the functions of workflows that only Python knows."""

    def __init__(self, runtime: FlowRuntime, workflows: Iterable[Workflow | Flow] = ()) -> None:
        self._runtime = runtime
        self._workflows = list(workflows)
        self._helpers: set[asyncio.Task[None]] = set()

    def handle(self, run: str) -> RunHandle | None:
        """Return the handle of a run of this process, None for all others."""
        try:
            handle = self._runtime.handle(run)
        except EngineError:
            return None
        return None if handle.done else handle

    async def cancel(self, run: str, who: str) -> str:
        """Cancel a run wherever it runs; returns its status then."""
        why = f"cancelled by {who}" if who else "cancelled"
        handle = self.handle(run)
        if handle is not None:
            await handle.cancel(why)
            return "cancelled"
        assert self._runtime.log is not None
        return await ask_to_cancel(self._runtime.log, run, why)

    async def resume(self, run: str) -> None:
        """Go on with a run, in this process; also with one whose process has been silent for long."""
        self._keep(await self._runtime.resume(run, await self._workflow(run), take_over=True))

    async def retry(self, run: str, nodes: list[str]) -> None:
        """Run nodes, and all after them, again, in this process."""
        self._keep(await self._runtime.retry(run, nodes, await self._workflow(run)))

    async def signal(self, run: str, node: str, value: Any) -> None:
        """Answer a node that waits, wherever it does."""
        handle = self.handle(run)
        if handle is not None:
            await handle.signal(node, value)
            return
        assert self._runtime.log is not None
        await ask_to_signal(self._runtime.log, run, node, value)

    def startable(self) -> list[Workflow]:
        """Return the given workflows: they can be started by name."""
        return [one.workflow() if isinstance(one, Flow) else one for one in self._workflows]

    async def start(self, workflow: str | Workflow | Flow, inputs: dict[str, Any] | None = None) -> str:
        """Begin a run in this process, of one of the given workflows when it is a name, and return the run's name."""
        if isinstance(workflow, str):
            names = [one.id for one in self.startable()]
            if workflow not in names:
                raise EngineError(f"there is no workflow {workflow!r} here; there are: {', '.join(names) or 'none'}")
            workflow = self._workflows[names.index(workflow)]
        handle = await self._runtime.start(workflow, inputs)
        self._keep(handle)
        return handle.id

    async def again(self, run: str) -> str:
        """Begin a new run with the definition and the inputs of `run`, and return its name."""
        assert self._runtime.log is not None
        created = (await self._runtime.log.read(f"flow/{run}", limit=1))[0].data
        workflow = await self._workflow(run) or await self._runtime.definition(created["version"])
        handle = await self._runtime.start(workflow, created["inputs"], targets=created["targets"])
        self._keep(handle)
        return handle.id

    async def close(self) -> None:
        """Hear no more commands; runs end with their runtime."""
        for task in self._helpers:
            task.cancel()
        await asyncio.gather(*self._helpers, return_exceptions=True)

    async def _workflow(self, run: str) -> Workflow | Flow | None:
        """The one of the given workflows that the run began with, if it is there."""
        assert self._runtime.log is not None
        created = await self._runtime.log.read(f"flow/{run}", limit=1)
        version = created[0].data.get("version") if created else None
        for one in self._workflows:
            plain = one.workflow() if isinstance(one, Flow) else one
            if plain.content_version() == version:
                return one
        return None

    def _keep(self, handle: RunHandle) -> None:
        """Let other processes cancel and answer this run, as long as it runs."""
        assert self._runtime.log is not None
        obeying = asyncio.get_running_loop().create_task(obey(self._runtime.log, handle))
        ending = asyncio.get_running_loop().create_task(_until_end(handle, obeying))
        for task in (obeying, ending):
            self._helpers.add(task)
            task.add_done_callback(self._helpers.discard)


async def _until_end(handle: RunHandle, obeying: asyncio.Task[None]) -> None:
    try:
        await handle.result()
    except (asyncio.CancelledError, EngineError, ValueFault):
        pass  # the journal says how it ended
    finally:
        obeying.cancel()
