"""Executes one compiled workflow once: calls its nodes and records what happens.

The scheduler decides when; this says what a node does, and what its success, failure or silence means for the next.
Values carries what nodes give and take.
Sub-workflows are executions of their own within the same Scope. Never called by nodes directly but through FlowContext.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Mapping, Sequence
from types import CoroutineType
from typing import Any

from livets.engine.context import NodeContext
from livets.engine.driver import DONE, FAILED, SKIPPED, STATES, Driver, Live, Options, count_states
from livets.engine.encoding import content_hash
from livets.engine.errors import EngineError, NodeError, ValueFault
from livets.engine.limits import Limiter, Slots
from livets.engine.node import Suspend
from livets.engine.retry import kind_of_error
from livets.engine.scheduler import Scheduler
from livets.engine.values import check, to_value
from livets.flow.beforehand import after_failure, fired, recorded_before, unneeded
from livets.flow.compiled import CompiledWorkflow
from livets.flow.conditions import look_up
from livets.flow.fitting import fit
from livets.flow.forms import CompiledNode, Model
from livets.flow.recording import STALE_S
from livets.flow.result import NodeFailure, RunResult, Status
from livets.flow.scope import FlowContext, Scope
from livets.flow.state import StateView
from livets.flow.values import Values

_perf = time.perf_counter


class Execution(Driver):
    """One execution of `compiled` with `inputs`; `prefix` is put before node ids in events and in the journal."""

    def __init__(
        self,
        compiled: CompiledWorkflow,
        scope: Scope,
        inputs: Mapping[str, Any],
        prefix: str = "",
        targets: Sequence[str] | None = None,
        trigger: Mapping[str, Any] | None = None,
    ) -> None:
        self.compiled, self.scope, self.prefix = compiled, scope, prefix
        self._ids, self._models, self._form_of = compiled.ids, compiled.models, compiled.form_of
        self._recorder = scope.recorder
        self._emit = scope.recorder.emit
        self._journaled = scope.recorder.log is not None
        self._instances = scope.instances(compiled)
        asked = compiled.numbers(targets) if targets is not None else None
        self._unneeded = unneeded(compiled, asked)
        self._values = Values(compiled, inputs, scope.store, asked)
        self._trigger = trigger
        self._wakes: dict[int, dict[str, Any]] = {}
        self._known_waits: set[int] = set()
        self.failures: dict[int, NodeFailure] = {}
        self.scheduler: Scheduler | None = None

    # -- the whole

    async def execute(self) -> RunResult:
        """Run to the end, again when the workflow says so, and return what it came to."""
        began = _perf()
        settings = self.compiled.head.settings
        attempts = settings.on_error.max_attempts if settings.on_error.policy == "RetryWorkflow" else 1
        done = self._done_before()
        for attempt in range(1, attempts + 1):
            scheduler = self._scheduler(done)
            await scheduler.run()
            if scheduler.stopped != "failed" or attempt == attempts:
                break
            done = self._done_now(scheduler)
            failures = [one.node for one in self.failures.values()]
            self._emit("flow.run.retrying", {"attempt": attempt, "at": self.prefix, "nodes": failures})
            self.failures.clear()
        return self._result(_perf() - began)

    def _scheduler(self, done: Mapping[int, Live]) -> Scheduler:
        compiled, scope = self.compiled, self.scope
        options = Options()
        options.timeouts, options.priorities = compiled.timeouts, compiled.priorities
        options.containers, options.choosy = compiled.containers, compiled.choosy
        options.optional_edges = compiled.optional_edges
        for node in compiled.limited:
            named = [("pool", node.spec.pool), ("rate", node.spec.rate)]
            wanted = [(kind, name) for kind, name in named if name is not None]
            if node.spec.limit_by:
                options.limiters[node.number] = functools.partial(self._limiters_by_value, node, wanted)
            else:
                options.limiters[node.number] = tuple(scope.limiter(compiled, kind, name, "") for kind, name in wanted)
        slots = Slots(compiled.head.settings.max_parallel, scope.slots)
        commit = scope.recorder.commit if self._journaled else None
        self.scheduler = Scheduler(compiled.plan, self, slots, options, done, commit)
        return self.scheduler

    def _limiters_by_value(self, node: CompiledNode, wanted: list[tuple[str, str]]) -> tuple[Limiter, ...]:
        """The limiters for the value that the node's inputs have where `limit_by` says."""
        try:
            key = content_hash(look_up(self._values.gather(node.number, node), node.spec.limit_by))
        except EngineError:  # what is wrong with its inputs is said when it runs
            key = ""
        return tuple(self.scope.limiter(self.compiled, kind, name, key) for kind, name in wanted)

    def _done_before(self) -> dict[int, Live]:
        """What needs no run any more: outputs are put back, and only what is missing will run."""
        done = self._unneeded | fired(self.compiled, self._values, self._trigger)
        return done | recorded_before(self.compiled, self._values, self.scope.recorded, self.prefix, self.failures)

    def _done_now(self, scheduler: Scheduler) -> dict[int, Live]:
        """What succeeded in an attempt at the workflow that failed as a whole: the next one keeps it."""
        values, model, unneeded = self._values, self.compiled.model, self._unneeded
        done = [n for n, state in enumerate(scheduler.states) if state == DONE and n not in unneeded]
        return {n: values.live(model(n), values.given_by(n) or {}) for n in done} | unneeded

    def _result(self, seconds: float) -> RunResult:
        assert self.scheduler is not None
        states, stopped = self.scheduler.states, self.scheduler.stopped
        for node in self.failures:
            states[node] = FAILED
        for node in self._unneeded:
            states[node] = SKIPPED
        status: Status = (
            "completed" if stopped is None else "failed" if stopped in ("failed", "timed out") else "cancelled"
        )
        return RunResult(
            run=self.scope.run,
            status=status,
            reason=stopped or "",
            outputs=self._values.results(),
            counts=count_states(states),
            failures=list(self.failures.values()),
            seconds=seconds,
        )

    def stop(self, why: str) -> bool:
        """Start nothing more and cancel what runs; False when it has not begun."""
        if self.scheduler is not None:
            self.scheduler.stop(why)
        return self.scheduler is not None

    # -- one node

    async def run(self, node: int, attempt: int) -> Any:
        """Gather, call, keep (the scheduler's question what a node does)."""
        one, scope = self._models[self._form_of[node]], self.scope
        path = self.prefix + self._ids[node] if self.prefix else self._ids[node]
        wake = None
        if self._wakes or scope.waiting or scope.recorded is not None:
            wake = self._wake(node, path)
            if type(wake) is Suspend:
                return wake
        inputs = self._values.gather(node, one)
        began = _perf()
        if self._journaled and began - self._recorder.looked > STALE_S:
            await self._recorder.look()  # this process may have been stopped, and the run taken over
        if wake is None:
            self._emit("flow.node.started", {"node": path, "attempt": attempt})
        key = None
        if one.memo:
            key = scope.memo.key(one, inputs)
            known = await scope.memo.get(key)
            if known is not None:
                return self._complete(node, one, path, attempt, known, began, None, memo=True)
        view = None
        instance = self._instances.get(node) if self._instances else None
        if instance is None and not one.takes_ctx:
            result = one.function(**inputs)  # type: ignore[misc]  # what has no instance is a function
        else:
            view = StateView(scope.state)
            context = self._context(one, path, inputs, attempt, view, wake)
            if instance is None:
                result = one.function(**inputs, ctx=context)  # type: ignore[misc]
            else:
                result = instance.execute(context)
        if type(result) is CoroutineType or (type(result) is not one.out_type and inspect.isawaitable(result)):
            result = await result
        if type(result) is one.out_type:  # what most nodes give: one value, of just the kind that their port has
            outputs: dict[str, Any] = {one.out_name: result}  # type: ignore[dict-item]  # the port has a name
        elif type(result) is Suspend:
            check(result.data)
            return result
        else:
            outputs = fit(one, result)
        if key is not None:
            await scope.memo.put(key, outputs)
        return self._complete(node, one, path, attempt, outputs, began, view)

    def _wake(self, node: int, path: str) -> dict[str, Any] | Suspend | None:
        """What ended this node's durable wait; or the wait itself, when the journal says that it has begun before."""
        if node in self._wakes:
            return self._wakes.pop(node)
        if path in self.scope.waiting:
            del self.scope.waiting[path]
            return {"by": "time"}
        recorded = self.scope.recorded
        if recorded is None or path not in recorded.waits:
            return None
        how = recorded.waits.pop(path)
        if path in recorded.signals:
            return {"by": "signal", "value": recorded.signals.pop(path)}
        self._known_waits.add(node)
        return how

    def _context(
        self, one: Model, path: str, inputs: dict[str, Any], attempt: int, view: StateView, wake: Any
    ) -> NodeContext:
        scope = self.scope
        make = FlowContext if one.node_type.container else NodeContext
        emit = self._emit_for_node
        context = make(scope.run, path, inputs, one.config, view, attempt, emit, scope.cancellation, wake)
        if isinstance(context, FlowContext):
            context.subflow = lambda name, given, label="": self._subflow(path + label, name, given)
        return context

    async def _subflow(self, path: str, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Run the sub-workflow `name` and return its outputs; raises NodeError when it fails."""
        compiled = self.compiled.definitions[name]
        inner = type(self)(compiled, self.scope, compiled.read_inputs(given), f"{path}/")
        result = await inner.execute()
        if result.status != "completed":
            reasons = "; ".join(f"{one.node}: {one.message}" for one in result.failures[:3]) or result.reason
            raise NodeError(f"the sub-workflow {name!r} {result.status}: {reasons}", "subflow")
        return result.outputs

    def _emit_for_node(self, node: str, kind: str, data: Mapping[str, Any]) -> None:
        data = to_value(dict(data))
        if self._journaled:
            check(data)
        self._emit("flow.node.event", {"node": node, "kind": kind, "data": data})

    def _complete(
        self,
        node: int,
        one: Model,
        path: str,
        attempt: int,
        outputs: dict[str, Any],
        began: float,
        view: StateView | None,
        memo: bool = False,
    ) -> Live:
        data: dict[str, Any] = {"node": path, "attempt": attempt, "ms": (_perf() - began) * 1000, "outputs": outputs}
        if self._journaled:
            try:
                check(outputs)
            except ValueFault as error:
                raise NodeError(f"its output cannot be recorded: {error}", "output", retryable=False) from error
            if self.scope.store is not None:
                data["outputs"] = outputs = self.scope.store.externalise(outputs)
        if view is not None and view.writes:
            data["state"] = to_value(view.writes)
            if self._journaled:
                check(data["state"])
        if memo:
            data["memo"] = True
        self._emit("flow.node.completed", data)
        return self._values.keep(node, one, outputs)

    # -- what else can happen to a node

    def wanted(self, node: int) -> bool:
        """A node that joins runs with whatever came; others need something at each required port."""
        one = self.compiled.model(node)
        return one.node_type.joins or self._values.is_fed(node, one)

    def retry_seconds(self, node: int, attempt: int, error: BaseException) -> float | None:
        one = self.compiled.model(node)
        if not one.retry.allows(attempt, error):
            return None
        wait = one.retry.wait_seconds(attempt)
        if isinstance(error, NodeError) and error.retry_after_s is not None:
            wait = max(wait, min(error.retry_after_s, one.retry.max_delay_ms / 1000))
        data = {"node": self.prefix + self._ids[node], "attempt": attempt, "wait_s": wait, **_described(error)}
        self._emit("flow.node.retrying", data)
        return wait

    def failed(self, node: int, attempt: int, error: BaseException) -> Live | bool:
        one = self.compiled.model(node)
        path, what = self.prefix + self._ids[node], _described(error)
        self._emit("flow.node.failed", {"node": path, "attempt": attempt, **what})
        failure = self.failures[node] = NodeFailure(path, what["kind"], what["message"], attempt)
        self._values.consumed(node)
        return True if one.on_error == "stop" else after_failure(node, one, self._values, failure)

    def skipped(self, node: int) -> None:
        self._emit("flow.node.skipped", {"node": self.prefix + self._ids[node]})
        self._values.consumed(node)

    def cancelled(self, node: int) -> None:
        self._emit("flow.node.cancelled", {"node": self.prefix + self._ids[node]})

    def suspended(self, node: int, how: Suspend) -> None:
        path = self.prefix + self._ids[node]
        self.scope.waiting[path] = (self, node)
        if node in self._known_waits:
            self._known_waits.discard(node)
            return
        data: dict[str, Any] = {"node": path, "until": how.until, "signal": how.signal}
        if how.data:
            data["data"] = how.data
        self._emit("flow.node.waiting", data)

    def wake_by_signal(self, node: int, value: Any) -> bool:
        """End a node's durable wait with `value`; the caller has recorded it."""
        assert self.scheduler is not None
        self.scope.waiting.pop(self.prefix + self._ids[node], None)
        self._wakes[node] = {"by": "signal", "value": value}
        return self.scheduler.resume(node)

    def node_counts(self) -> dict[str, int]:
        """Return how many nodes are in each state, now."""
        return {} if self.scheduler is None else count_states(self.scheduler.states)

    def states(self) -> dict[str, str]:
        """Return the state of each node by id, now."""
        if self.scheduler is None:
            return dict.fromkeys(self._ids, "pending")
        return {id: STATES[state] for id, state in zip(self._ids, self.scheduler.states, strict=True)}


def _described(error: BaseException) -> dict[str, str]:
    message = str(error) or type(error).__name__
    if not isinstance(error, EngineError):
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return {"kind": kind_of_error(error), "message": message[:2000].encode("utf-8", "replace").decode()}
