"""What the routes over workflows act on: one runtime with its journal, the stored workflows, the runs begun here.

Every run that is begun here is noted before it begins, so that the next start of the server goes on with those that a
stop or a kill has cut off, and with no others. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from livets.api.flow.triggers import Triggers
from livets.engine.errors import EngineError, LogError
from livets.engine.events import Event, NewEvent
from livets.engine.log import EventLog
from livets.engine.node import Node
from livets.flow import FlowRuntime
from livets.flow.compiled import CompiledWorkflow
from livets.flow.control import ask_to_cancel, ask_to_signal, obey_all
from livets.flow.handle import RunHandle
from livets.flow.journal import ENDINGS, Recorded
from livets.flow.library import Library
from livets.flow.result import RunExists

logger = logging.getLogger("livets.api")
OWNED = "server/runs"
"""The stream that names the runs begun by a server on this journal."""
MAX_COMPILED = 64


class NoSuchRun(EngineError):
    """There is no run of that name in the journal."""


class NoSuchWorkflow(EngineError):
    """There is no stored workflow of that id, or it never had that version."""


class TooManyRuns(EngineError):
    """As many runs as allowed are under way."""


class OtherRequest(EngineError):
    """The idempotency key belongs to a request that said something else."""


class Noted:
    """The face of the runtime that triggers see: what they begin are runs of the server."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.log: EventLog | None = service.log

    async def instances(self, compiled: CompiledWorkflow) -> dict[int, Node]:
        """Return the initialized nodes of a workflow."""
        return await self._service.runtime.instances(compiled)

    async def start(
        self,
        workflow: CompiledWorkflow,
        inputs: Mapping[str, Any] | None = None,
        *,
        run: str | None = None,
        trigger: Mapping[str, Any] | None = None,
    ) -> RunHandle:
        """Begin a run."""
        return await self._service.begin_run(workflow, inputs, run=run, trigger=trigger)


class Service:
    """Workflows and runs of one journal; `max_runs` may be under way at once."""

    def __init__(self, runtime: FlowRuntime, max_runs: int = 1000) -> None:
        if runtime.log is None:
            raise EngineError("the API serves journaled runs: give FlowRuntime a folder")
        self.runtime = runtime
        self.log: EventLog = runtime.log
        self.library = Library(self.log)
        self.max_runs = max_runs
        self.closing = asyncio.Event()
        """Set when the server stops: open event streams end."""
        self.triggers = Triggers(self.log, Noted(self), self.compiled)
        self._compiled: dict[str, CompiledWorkflow] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._obeying: asyncio.Task[None] | None = None
        self._handles: dict[str, RunHandle] = {}

    @property
    def metrics(self) -> Any:
        """The Metrics among the observers of the runtime, None when there are none."""
        return next((one for one in self.runtime.observers if hasattr(one, "exposition")), None)

    # -- the life of the server

    async def begin(self) -> list[str]:
        """Go on with the runs that an earlier server left behind; returns their names."""
        self._obeying = asyncio.create_task(self._obey(), name="obey other processes")
        snapshot = await self.log.load_snapshot(OWNED)
        names: list[str] = list(snapshot.state) if snapshot is not None else []
        events = await self.log.read(OWNED, snapshot.seq if snapshot is not None else 0)
        names += [event.data["run"] for event in events]
        left, resumed = [], []
        for run in dict.fromkeys(names):
            last = await self._last_event(run)
            if last is None or last.type in ENDINGS:
                continue
            left.append(run)
            try:
                self._watch(await self.runtime.resume(run))
                resumed.append(run)
            except Exception as error:  # one run that cannot go on keeps no other from it
                logger.error("run %s cannot go on: %s", run, error, extra={"run": run})
        if events:
            await self.log.save_snapshot(OWNED, events[-1].seq, left)
        await self.triggers.begin()
        return resumed

    async def end(self) -> None:
        """Leave the runs as they stand; they go on when the next server begins."""
        self.closing.set()
        await self.triggers.end()
        if self._obeying is not None:
            self._obeying.cancel()
            await asyncio.gather(self._obeying, return_exceptions=True)
        for watcher in self._watchers.values():
            watcher.cancel()
        await asyncio.gather(*self._watchers.values(), return_exceptions=True)

    async def _obey(self) -> None:
        """Do what other processes ask of runs here (`livets flow cancel`, `signal`)."""
        while True:
            try:
                await obey_all(self.log, self.handle)
            except EngineError as error:  # a journal that is busy or full for a moment
                logger.warning("the commands of other processes cannot be read: %s", error)
                await asyncio.sleep(1.0)

    def _watch(self, handle: RunHandle) -> None:
        self._handles[handle.id] = handle
        watcher = asyncio.create_task(self._follow(handle), name=f"watch {handle.id}")
        self._watchers[handle.id] = watcher

    async def _follow(self, handle: RunHandle) -> None:
        """Wait until the run has ended, and say so when it broke off."""
        try:
            await handle.result()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger.error("run %s broke off: %s", handle.id, error, extra={"run": handle.id})
        finally:
            if self._handles.get(handle.id) is handle:  # it may have been begun again already
                del self._watchers[handle.id], self._handles[handle.id]

    # -- workflows

    async def compiled(self, id: str, version: str | None = None) -> CompiledWorkflow:
        """Return a stored workflow ready to run: its current version, or one that it had; raises NoSuchWorkflow."""
        if version is None:
            current = await self.library.find(id)
            version = current.version if current is not None else ""
            known = bool(version)
        else:
            known = any(one.version == version for one in await self.library.versions(id))
        if not known:
            raise NoSuchWorkflow(f"there is no workflow {id!r}" + (f" of version {version[:12]!r}" if version else ""))
        return await self._compiled_version(version)

    async def _compiled_version(self, version: str) -> CompiledWorkflow:
        found = self._compiled.pop(version, None)
        if found is None:
            found = await asyncio.to_thread(self.runtime.compile, await self.library.definition(version))
        self._compiled[version] = found
        while len(self._compiled) > MAX_COMPILED:
            del self._compiled[next(iter(self._compiled))]
        return found

    # -- runs

    async def start(
        self,
        id: str,
        inputs: Mapping[str, Any],
        *,
        version: str | None = None,
        targets: Sequence[str] | None = None,
        run: str | None = None,
        key: str | None = None,
    ) -> tuple[str, RunHandle | None, bool]:
        """Begin a run; returns its name, its handle while it runs, and whether it was begun just now.

        With `key` the same request begins one run only, however often it comes, across restarts too.
        """
        compiled = await self.compiled(id, version)
        values = compiled.read_inputs(inputs)
        if key is not None:
            run = f"{id}-{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]}"
            if await self._last_event(run) is not None:
                return await self._same(run, values, targets)
        try:
            handle = await self.begin_run(compiled, inputs, run=run, targets=targets)
        except RunExists:
            if key is None or run is None:
                raise
            return await self._same(run, values, targets)
        return handle.id, handle, True

    async def begin_run(
        self,
        compiled: CompiledWorkflow,
        inputs: Mapping[str, Any] | None = None,
        *,
        run: str | None = None,
        targets: Sequence[str] | None = None,
        trigger: Mapping[str, Any] | None = None,
    ) -> RunHandle:
        """Begin a run of this server: it is noted first, so that the next server goes on with it."""
        self._check_room()
        run = run or self.runtime.new_name()
        if await self._last_event(run) is not None:
            raise RunExists(f"a run called {run!r} exists already: choose another name, or resume it")
        await self._own(run)
        handle = await self.runtime.start(compiled, inputs, run=run, targets=targets, trigger=trigger)
        self._watch(handle)
        return handle

    def _check_room(self) -> None:
        if len(self._watchers) >= self.max_runs:
            raise TooManyRuns(f"{self.max_runs} runs are under way: ask again when one has ended")

    async def _same(
        self, run: str, values: Mapping[str, Any], targets: Sequence[str] | None
    ) -> tuple[str, RunHandle | None, bool]:
        created = (await self.log.read(f"flow/{run}", limit=1))[0].data
        if created["inputs"] != values or created["targets"] != (None if targets is None else list(targets)):
            raise OtherRequest(f"this Idempotency-Key began run {run} with other inputs: use a new key")
        return run, self._handles.get(run), False

    async def _own(self, run: str) -> None:
        await self.log.append(OWNED, [NewEvent("flow.server.run", {"run": run})])

    async def _last_event(self, run: str) -> Event | None:
        stream = f"flow/{run}"
        try:
            events = await self.log.read(stream, await self.log.head(stream) - 1)
        except LogError:  # a name that no stream can have
            return None
        return events[-1] if events else None

    async def recorded(self, run: str) -> Recorded:
        """Return the run as its journal has it; raises NoSuchRun."""
        return self.recorded_of(run, await self.runtime.events(run))

    @staticmethod
    def recorded_of(run: str, events: list[Event]) -> Recorded:
        """Return the run that these events tell of; raises NoSuchRun when there are none."""
        recorded = Recorded(events)
        if not recorded.created:
            raise NoSuchRun(f"there is no run {run!r}")
        return recorded

    async def definition_of(self, recorded: Recorded) -> CompiledWorkflow:
        """Return the workflow that the run was begun with."""
        return await self._compiled_version(recorded.created["version"])

    def handle(self, run: str) -> RunHandle | None:
        """Return the handle of a run that runs in this process."""
        return self._handles.get(run)

    async def cancel(self, run: str, why: str) -> str:
        """Cancel a run wherever it runs; returns its status then."""
        recorded = await self.recorded(run)
        handle = self._handles.get(run)
        if handle is None:
            return (
                recorded.status
                if recorded.status not in ("running", "interrupted")
                else await ask_to_cancel(self.log, run, why)
            )
        await handle.cancel(why)
        return (await self.recorded(run)).status

    async def signal(self, run: str, node: str, value: Any) -> None:
        """Answer a node that waits, wherever the run runs."""
        await self.recorded(run)
        handle = self._handles.get(run)
        if handle is None:
            await ask_to_signal(self.log, run, node, value)
        else:
            await handle.signal(node, value)

    async def again(self, run: str, nodes: Sequence[str] | None, *, force: bool = False) -> RunHandle:
        """Go on with a run, or run `nodes` and all after them again; raises RunsElsewhere when another one runs it."""
        recorded = await self.recorded(run)
        if recorded.status == "running" and run not in self._handles:
            self.runtime.lease.check_free(run, recorded.runner, take_over=force)
        self._check_room()
        await self._own(run)
        if nodes is None:
            handle = await self.runtime.resume(run, take_over=force)
        else:
            handle = await self.runtime.retry(run, nodes, take_over=force)
        self._watch(handle)
        return handle
