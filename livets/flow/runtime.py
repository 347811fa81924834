"""FlowRuntime: compiles, runs, resumes and closes workflows; one for each program.

With a folder every run is journaled there (`journal.db`, large bytes under `store/`) and can be resumed after kill -9;
without one runs live in memory. Definitions are kept by content version, and a run stays with the one it began with.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from livets.engine.errors import Conflict, EngineError
from livets.engine.events import Bus, Event, Subscription
from livets.engine.limits import Slots
from livets.engine.log import EventLog, SqliteLog
from livets.engine.log.base import Durability
from livets.engine.node import Node
from livets.engine.registry import Registry
from livets.engine.store import ContentStore
from livets.engine.values import check
from livets.flow.archive import Archive, RunInfo
from livets.flow.builder import Flow
from livets.flow.compiled import CompiledWorkflow, compile_workflow
from livets.flow.constants import read_constant
from livets.flow.control import control_stream
from livets.flow.execution import Execution
from livets.flow.forms import CompiledNode
from livets.flow.grants import Grants
from livets.flow.guarding import Guard
from livets.flow.handle import RunHandle
from livets.flow.instances import Instances
from livets.flow.journal import Recorded
from livets.flow.leasing import Lease
from livets.flow.limiting import Limiters
from livets.flow.listening import Listener
from livets.flow.location import Away, Location
from livets.flow.memo import Memo
from livets.flow.model import Workflow
from livets.flow.nodes import standard_registry
from livets.flow.observed import ObservedExecution
from livets.flow.recording import Recorder
from livets.flow.result import RunExists, RunResult
from livets.flow.running import Running
from livets.flow.scope import Scope
from livets.flow.state import NodeState
from livets.flow.streaming import StreamExecution
from livets.flow.telemetry.observer import Observer, Observers

UNLIMITED = 1_000_000_000


class FlowRuntime:
    """Runs workflows. `max_parallel` limits nodes over all runs; `pools` are shared by all workflows that name them.

    `grants` is what nodes may touch (folders, hosts, databases, secrets, functions); it is closed with the runtime.
    `observers` are told what happens (livets.flow.telemetry), `location` takes nodes that are to run elsewhere, and is
    closed with the runtime. Without a folder the last `keep_results` runs that have ended can be asked for by name.

    >>> flow = Flow("sum")
    >>> flow.add(lambda: 20, id="a") >> flow.add(lambda n: n + 1, id="b")
    <b>
    >>> async def main():
    ...     async with FlowRuntime() as runtime:
    ...         return (await runtime.run(flow)).outputs
    >>> asyncio.run(main())
    {'b': 21}
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        registry: Registry | None = None,
        *,
        max_parallel: int | None = None,
        pools: Mapping[str, int] | None = None,
        durability: Durability = "process",
        log: EventLog | None = None,
        grants: Grants | None = None,
        observers: Sequence[Observer] = (),
        location: Location | None = None,
        keep_results: int = 1_000,
    ) -> None:
        self.grants = grants or Grants()
        self.registry = registry or standard_registry()
        self.bus = Bus()
        self._folder, self._durability, self._given = None if folder is None else Path(folder), durability, log
        self._open_journal()
        self._slots = Slots(max_parallel or UNLIMITED)
        self._limiters = Limiters(pools or {})
        self._instances: dict[str, Instances] = {}
        self._runs: dict[str, RunHandle] = {}
        self._keep_results, self._finished = keep_results, deque[str]()
        """Runs in memory that have ended, the latest last; those in a journal are let go of at once."""
        self._closing = False
        self._location = location
        self.observers = tuple(observers)
        self._observer = observers[0] if len(observers) == 1 else Observers(observers) if observers else None
        if self._observer is not None:
            self._observer.watch(self)

    def _open_journal(self) -> None:
        self.log = self._given
        self.store: ContentStore | None = None
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.log = self.log or SqliteLog(self._folder / "journal.db", self._durability)
            self.store = ContentStore(self._folder / "store")
        self.memo = Memo(self.log)
        self.lease = Lease(self.log.runners if self.log is not None else None)
        self._guard = Guard(self.lease, self.log, self._recorders)
        self._archive = Archive(self.log, self.lease)

    async def __aenter__(self) -> FlowRuntime:
        """Open what `close` has closed: an application that is started again in the same process goes on."""
        if self._closing:
            if self._given is not None:
                raise EngineError("this runtime is closed, and with it the log that it was given: make another one")
            self._open_journal()
            self._runs.clear()
            self._finished.clear()
            self._closing = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel what runs (journaled runs can be resumed later), shut nodes down, let go of files."""
        self._closing = True
        await asyncio.gather(*(handle._task for handle in self._end_all()), return_exceptions=True)
        for instances in reversed(self._instances.values()):
            await instances.close()
        self._instances.clear()
        if self._location is not None:
            await self._location.close()
        await self.grants.close()
        await self._guard.close()
        if self.log is not None:
            await self.log.close()
        self.lease.close()

    def _recorders(self) -> list[tuple[RunHandle, Recorder]]:
        return [(handle, handle._scope.recorder) for handle in self._runs.values() if not handle.done]

    def _end_all(self) -> list[RunHandle]:
        handles = [handle for handle in self._runs.values() if not handle.done]
        for handle in handles:
            handle._task.cancel()
        return handles

    # -- running

    def compile(self, workflow: Workflow | Flow | CompiledWorkflow) -> CompiledWorkflow:
        """Validate and compile; raises InvalidWorkflow with every fault. A compiled workflow can be run many times."""
        if isinstance(workflow, CompiledWorkflow):
            return workflow
        if isinstance(workflow, Flow):
            return compile_workflow(workflow.compact(), workflow.registry_over(self.registry))
        return compile_workflow(workflow, self.registry)

    async def run(
        self,
        workflow: Workflow | Flow | CompiledWorkflow,
        inputs: Mapping[str, Any] | None = None,
        *,
        run: str | None = None,
        targets: Sequence[str] | None = None,
    ) -> RunResult:
        """Run to the end and return the result; cancelling this call cancels the run."""
        handle = await self.start(workflow, inputs, run=run, targets=targets)
        return await self._wait(handle)

    async def start(
        self,
        workflow: Workflow | Flow | CompiledWorkflow,
        inputs: Mapping[str, Any] | None = None,
        *,
        run: str | None = None,
        targets: Sequence[str] | None = None,
        trigger: Mapping[str, Any] | None = None,
    ) -> RunHandle:
        """Begin a run and return its handle. `targets` runs only these nodes and what they need.

        `trigger` is what trigger nodes fired, by node: they count as done with it, other triggers stay silent.

        `run` names it (default: a random name); raises EngineError when that name is taken, InvalidWorkflow when the
        definition is faulty.
        """
        self._check_open()
        compiled = self.compile(workflow)
        values = compiled.read_inputs(inputs or {})
        if self.log is not None:
            check(values)
        if targets is not None:
            compiled.numbers(targets)
            if compiled.head.settings.stream is not None:
                raise EngineError("a run in push mode runs all of its nodes: leave targets out")
        run = run or self.new_name()
        if run in self._runs:
            raise RunExists(f"a run called {run!r} exists already")
        recorder = Recorder(run, self.bus, self.log, 0, self._observer)
        await self._archive.keep(compiled)
        data: dict[str, Any] = {"workflow": compiled.head.id, "version": compiled.version, "inputs": values}
        data |= {"targets": None if targets is None else list(targets), "runner": self.lease.take()}
        recorder.emit("flow.run.created", data if trigger is None else {**data, "trigger": dict(trigger)})
        try:
            await recorder.commit()
        except Conflict:
            raise RunExists(f"a run called {run!r} exists already: choose another name, or resume it") from None
        return await self._begin(run, compiled, recorder, values, targets, None, trigger)

    @staticmethod
    def new_name() -> str:
        """Return a name for a run that no other has."""
        return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"

    async def resume(self, run: str, workflow: Workflow | Flow | None = None, *, take_over: bool = False) -> RunHandle:
        """Go on with a journaled run that was killed, cancelled or failed: what is recorded as done is not run again.

        The definition is the one the run began with; `workflow` gives functions that no registry knows, and must have
        the same content. Raises RunsElsewhere while another process runs it. `take_over`: also when that process has
        not been heard of for ten seconds; should it go on, it stops before it starts another node.
        """
        return await self._again(run, workflow, None, take_over)

    async def retry(
        self, run: str, nodes: Sequence[str], workflow: Workflow | Flow | None = None, *, take_over: bool = False
    ) -> RunHandle:
        """Run `nodes` and everything after them again, with what the nodes before them gave; else like `resume`."""
        return await self._again(run, workflow, nodes, take_over)

    async def _again(
        self, run: str, workflow: Workflow | Flow | None, nodes: Sequence[str] | None, take_over: bool
    ) -> RunHandle:
        self._check_open()
        if run in self._runs and not self._runs[run].done:
            raise EngineError(f"run {run!r} is running here already")
        recorded = Recorded(await self.events(run))
        recorded.check_created(run)
        if nodes is None and recorded.status == "completed":
            raise EngineError(f"run {run!r} has completed: use retry with the nodes to run again")
        if recorded.status == "running":
            self.lease.check_free(run, recorded.runner, take_over=take_over)
        compiled = await self._definition(recorded.created["version"], workflow)
        if nodes is not None and compiled.head.settings.stream is not None:
            raise EngineError("a run in push mode goes on from its last checkpoint: use resume")
        if nodes is None:
            reset = list(recorded.failures) if recorded.status == "failed" else []
        else:
            numbers = compiled.plan.descendants(compiled.numbers(nodes))
            reset = [compiled.ids[n] for n in sorted(numbers)]
        recorded.reset(reset, deep=nodes is not None)
        recorder = Recorder(run, self.bus, self.log, recorded.head, self._observer)
        if self.log is not None:
            recorder.heard = await self.log.head(control_stream(run))
        runner = self.lease.take()
        recorder.emit("flow.run.resumed", {"reset": reset, "deep": nodes is not None, "runner": runner})
        await recorder.commit()
        await self._archive.held(run, runner)
        created = recorded.created
        trigger = created.get("trigger")
        return await self._begin(run, compiled, recorder, created["inputs"], created["targets"], recorded, trigger)

    async def _begin(
        self,
        run: str,
        compiled: CompiledWorkflow,
        recorder: Recorder,
        inputs: Mapping[str, Any],
        targets: Sequence[str] | None,
        recorded: Recorded | None,
        trigger: Mapping[str, Any] | None = None,
    ) -> RunHandle:
        settings = compiled.head.settings
        state = NodeState({k: read_constant(v) for k, v in settings.state.items()}, settings.reducers)
        for key, value in recorded.state_writes() if recorded is not None else ():
            state.write(key, value)
        try:
            instances = await self._open(compiled)
        except EngineError as error:  # it has begun in the journal: there it ends, too
            recorder.emit("flow.run.failed", {"counts": {}, "reason": str(error), "failures": [], "seconds": 0.0})
            await recorder.commit()
            raise
        of = instances.lookup(compiled)
        find, observer = self._limiters.find, self._observer
        scope = Scope(run, recorder, self._slots, state, of, find, self.memo, self.store, recorded, observer)
        execution: Execution | StreamExecution
        if settings.stream is not None:
            execution = StreamExecution(compiled, scope, inputs, await self._checkpoint(recorder, recorded))
        else:
            make = Execution if observer is None else ObservedExecution
            execution = make(compiled, scope, inputs, targets=targets, trigger=trigger)
        running = Running(compiled, scope, execution, instances, lambda: self._closing, lambda: self._ended(run))
        task = asyncio.create_task(running.run(), name=f"flow {run}")
        handle = self._runs[run] = RunHandle(run, running, task)
        self._guard.begin()
        return handle

    async def _open(self, compiled: CompiledWorkflow) -> Instances:
        away = self._away if self._location is not None else None
        instances = self._instances.setdefault(compiled.version, Instances(compiled, self.grants, away))
        await instances.open()
        return instances

    def _away(self, compiled: CompiledWorkflow, node: CompiledNode, name: str) -> Node | None:
        """What stands for a node that runs elsewhere; None for all that run here."""
        location, spec, node_type = self._location, node.spec, node.node_type
        settings = compiled.head.settings
        if location is None or settings.stream is not None or node_type.stays or node_type.streams:
            return None
        if (spec.placement is not None and spec.placement.here) or not location.takes(spec, node_type):
            return None
        return Away(spec, node_type, location, name, settings.reducers, self._carrier)

    def _carrier(self) -> dict[str, str]:
        return {} if self._observer is None else self._observer.carrier()

    async def instances(self, compiled: CompiledWorkflow) -> dict[int, Node]:
        """Return the node instances of a workflow by number, initialized; for listeners."""
        instances = await self._open(compiled)
        return instances.lookup(compiled)(compiled)

    def listen(self, workflow: Workflow | Flow | CompiledWorkflow, inputs: Mapping[str, Any] | None = None) -> Listener:
        """Return a listener that starts a run for each firing of the workflow's triggers: `async with` it."""
        compiled = self.compile(workflow)
        return Listener(self, compiled, compiled.read_inputs(inputs or {}))

    async def _checkpoint(self, recorder: Recorder, recorded: Recorded | None) -> dict[str, Any] | None:
        """Where a run in push mode goes on from, when it was run before and has come to a checkpoint."""
        if recorded is None or recorder.log is None:
            return None
        snapshot = await recorder.log.load_snapshot(recorder.stream)
        return None if snapshot is None else snapshot.state

    def _ended(self, run: str) -> None:
        if self.log is not None:  # who asks later reads its events
            self._runs.pop(run, None)
            return
        self._finished.append(run)
        while len(self._finished) > self._keep_results:
            self._runs.pop(self._finished.popleft(), None)

    async def _wait(self, handle: RunHandle) -> RunResult:
        try:
            return await handle.result()
        except asyncio.CancelledError:
            await handle.cancel()
            raise

    def _check_open(self) -> None:
        if self._closing:
            raise EngineError("this runtime is closed")

    # -- what is known

    async def _definition(self, version: str, workflow: Workflow | Flow | None) -> CompiledWorkflow:
        if workflow is not None:
            compiled = self.compile(workflow)
            if compiled.version != version:
                raise EngineError(f"the run belongs to version {version[:12]} of the definition, not to the one given")
            return compiled
        if version in self._instances:
            return self._instances[version].compiled
        return self.compile(await self.definition(version))

    async def definition(self, version: str) -> Workflow:
        """Return the workflow of that content version, as runs were begun with it; raises EngineError."""
        return await self._archive.definition(version)

    async def events(self, run: str, after: int = 0) -> list[Event]:
        """Return the recorded events of a run, for resuming, replaying and looking; needs a journal."""
        return await self._archive.events(run, after)

    async def runs(self) -> list[RunInfo]:
        """Return every run in the journal, the latest first; "interrupted": its process is gone, it can be resumed."""
        return await self._archive.runs()

    async def gone(self, runs: Iterable[str]) -> set[str]:
        """Return those of these runs, which have not ended, whose process is gone."""
        return await self._archive.gone(runs)

    def handle(self, run: str) -> RunHandle:
        """Return the handle of a run of this runtime; raises EngineError when it does not run here."""
        if run not in self._runs:
            raise EngineError(f"run {run!r} does not run here: resume it first")
        return self._runs[run]

    def node_counts(self) -> dict[str, int]:
        """Return how many nodes of all runs under way are in each state, now."""
        found: dict[str, int] = {}
        for handle in self._runs.values():
            for state, count in () if handle.done else handle.node_counts().items():
                found[state] = found.get(state, 0) + count
        return found

    def watch(self, run: str | None = None, capacity: int = 4096) -> Subscription:
        """Return a subscription to the live events of one run, or of all; lossy when its reader is slow."""
        stream = f"flow/{run}"
        return self.bus.subscribe(capacity, None if run is None else lambda event: event.stream == stream)
