"""Executes one compiled workflow once: gives nodes their inputs, calls them, keeps outputs, records what happens.

The scheduler decides when; this says what a node does, and what its success, failure or silence means for the next.
Sub-workflows are executions of their own within the same Scope. Never called by nodes directly but through FlowContext.
"""

from __future__ import annotations

import functools
import inspect
import time
from array import array
from collections.abc import Mapping, Sequence
from types import CoroutineType
from typing import Any

import msgspec

from livets.engine.coercion import coerce
from livets.engine.context import NodeContext
from livets.engine.encoding import content_hash
from livets.engine.errors import EngineError, NodeError, ValueFault
from livets.engine.limits import Limiter, Slots
from livets.engine.node import Suspend
from livets.engine.retry import kind_of_error
from livets.engine.scheduler import DONE, FAILED, SKIPPED, Driver, Live, Options, Scheduler, count_states
from livets.engine.values import Blob, check, to_value
from livets.flow.compiled import CompiledNode, CompiledWorkflow
from livets.flow.conditions import look_up
from livets.flow.fitting import fit
from livets.flow.result import NodeFailure, RunResult, Status
from livets.flow.scope import FlowContext, Scope
from livets.flow.state import StateView

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
        self._nodes, self._plan = compiled.nodes, compiled.plan
        self._inputs = inputs
        self._emit = scope.recorder.emit
        self._journaled = scope.recorder.log is not None
        self._outputs: list[dict[str, Any] | None] = [None] * compiled.plan.size
        self._instances = scope.instances(compiled)
        self._targets = compiled.numbers(targets) if targets is not None else None
        self._ports = {name: number for number, name in enumerate(compiled.plan.ports)}
        self._kept = set(compiled.sinks if self._targets is None else self._targets)
        self._kept |= {compiled.number_of[source.rpartition(".")[0]] for source in compiled.workflow.outputs.values()}
        self._keep_all = compiled.workflow.settings.on_error.policy == "RetryWorkflow"
        start = compiled.plan.out_start
        self._uses = array("i", (start[n + 1] - start[n] for n in range(compiled.plan.size)))
        self._trigger = trigger
        self._wakes: dict[int, dict[str, Any]] = {}
        self._known_waits: set[int] = set()
        self.failures: dict[int, NodeFailure] = {}
        self.scheduler: Scheduler | None = None

    # -- the whole

    async def execute(self) -> RunResult:
        """Run to the end, again when the workflow says so, and return what it came to."""
        began = _perf()
        settings = self.compiled.workflow.settings
        attempts = settings.on_error.max_attempts if settings.on_error.policy == "RetryWorkflow" else 1
        done = self._done_before()
        for attempt in range(1, attempts + 1):
            scheduler = self._scheduler(done)
            await scheduler.run()
            if scheduler.stopped != "failed" or attempt == attempts:
                break
            done = {
                n: self._live(self._nodes[n], self._outputs[n] or {}) for n in self._in_state(DONE)
            } | self._unneeded()
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
        slots = Slots(compiled.workflow.settings.max_parallel, scope.slots)
        commit = scope.recorder.commit if self._journaled else None
        self.scheduler = Scheduler(compiled.plan, self, slots, options, done, commit)
        return self.scheduler

    def _limiters_by_value(self, node: CompiledNode, wanted: list[tuple[str, str]]) -> tuple[Limiter, ...]:
        """The limiters for the value that the node's inputs have where `limit_by` says."""
        try:
            key = content_hash(look_up(self._gather(node), node.spec.limit_by))
        except EngineError:  # what is wrong with its inputs is said when it runs
            key = ""
        return tuple(self.scope.limiter(self.compiled, kind, name, key) for kind, name in wanted)

    def _in_state(self, state: int) -> list[int]:
        assert self.scheduler is not None
        unneeded = self._unneeded()
        return [n for n, its in enumerate(self.scheduler.states) if its == state and n not in unneeded]

    def _unneeded(self) -> dict[int, Live]:
        """Nodes that no target needs: they count as done and silent."""
        if self._targets is None:
            return {}
        needed = self._plan.ancestors(self._targets)
        return {n: () for n in range(self._plan.size) if n not in needed}

    def _fired(self) -> dict[int, Live]:
        """Trigger nodes of a run that a trigger began: done with what it fired, or silent."""
        done: dict[int, Live] = {}
        if self._trigger is None:
            return done
        for node in self._nodes:
            if node.id in self._trigger:
                self._outputs[node.number] = {"out": self._trigger[node.id]}
                done[node.number] = None
            elif node.node_type.streams and not node.feeds:
                done[node.number] = ()
        return done

    def _done_before(self) -> dict[int, Live]:
        """What the journal knows: outputs are put back, and only what is missing will run."""
        done = self._unneeded() | self._fired()
        recorded = self.scope.recorded
        if recorded is None:
            return done
        for node in self._nodes:
            path = self.prefix + node.id
            if path in recorded.outputs:
                self._outputs[node.number] = recorded.outputs[path]
                done[node.number] = self._live(node, recorded.outputs[path])
            elif path in recorded.failures and node.on_error != "stop":
                failure = recorded.failures[path]
                self.failures[node.number] = NodeFailure(path, failure["kind"], failure["message"], failure["attempt"])
                done[node.number] = self._after_failure(node, failure["kind"], failure["message"], failure["attempt"])
        return done

    def _result(self, seconds: float) -> RunResult:
        assert self.scheduler is not None
        states, stopped = self.scheduler.states, self.scheduler.stopped
        for node in self.failures:
            states[node] = FAILED
        for node in self._unneeded():
            states[node] = SKIPPED
        status: Status = (
            "completed" if stopped is None else "failed" if stopped in ("failed", "timed out") else "cancelled"
        )
        return RunResult(
            run=self.scope.run,
            status=status,
            reason=stopped or "",
            outputs=self._named_outputs(),
            counts=count_states(states),
            failures=list(self.failures.values()),
            seconds=seconds,
        )

    def _named_outputs(self) -> dict[str, Any]:
        named = self.compiled.workflow.outputs
        if named:
            found = {}
            for name, source in named.items():
                node, _, port = source.rpartition(".")
                outputs = self._outputs[self.compiled.number_of[node]]
                if outputs is not None and port in outputs:
                    found[name] = outputs[port]
            return found
        found = {}
        for number in self.compiled.sinks if self._targets is None else self._targets:
            outputs, one = self._outputs[number], self._nodes[number]
            if outputs:
                single = one.out_name is not None and set(outputs) == {one.out_name}
                found[one.id] = next(iter(outputs.values())) if single else outputs
        return found

    def stop(self, why: str) -> bool:
        """Start nothing more and cancel what runs; False when it has not begun."""
        if self.scheduler is not None:
            self.scheduler.stop(why)
        return self.scheduler is not None

    # -- one node

    async def run(self, node: int, attempt: int) -> Any:
        """Gather, call, keep (the scheduler's question what a node does)."""
        one = self._nodes[node]
        path = self.prefix + one.id
        wake = self._wake(node, path)
        if type(wake) is Suspend:
            return wake
        inputs = self._gather(one)
        if wake is None:
            self._emit("flow.node.started", {"node": path, "attempt": attempt})
        began = _perf()
        key = None
        if one.memo:
            key = self.scope.memo.key(one, inputs)
            known = await self.scope.memo.get(key)
            if known is not None:
                return self._complete(one, path, attempt, known, began, None, memo=True)
        view = None
        if one.function is not None and not one.takes_ctx:
            result = one.function(**inputs)
        else:
            view = StateView(self.scope.state)
            context = self._context(one, path, inputs, attempt, view, wake)
            if one.function is not None:
                result = one.function(**inputs, ctx=context)
            else:
                result = self._instances[node].execute(context)
        if type(result) is CoroutineType or inspect.isawaitable(result):
            result = await result
        if type(result) is Suspend:
            check(result.data)
            return result
        outputs = fit(one, result)
        if key is not None:
            await self.scope.memo.put(key, outputs)
        return self._complete(one, path, attempt, outputs, began, view)

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
        self, one: CompiledNode, path: str, inputs: dict[str, Any], attempt: int, view: StateView, wake: Any
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
        inner = Execution(compiled, self.scope, compiled.read_inputs(given), f"{path}/")
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

    def _gather(self, one: CompiledNode) -> dict[str, Any]:
        """Return the inputs of a node, by port: defaults, constants, inputs of the workflow, what is connected."""
        inputs = {**one.defaults, **one.constants} if one.defaults or one.constants else {}
        for name, (given_name, port) in one.references.items():
            value = self._inputs[given_name]
            if type(value) is Blob:
                value = self._bytes_of(value)
            inputs[name] = value if port.kind is None or value is None else coerce(value, port.kind)
        outputs = self._outputs
        joined: dict[str, list[tuple[str, Any]]] = {}
        for source, from_port, to_port, change in one.feeds:
            given = outputs[source]
            if given is None or from_port not in given:
                continue
            value = given[from_port]
            if type(value) is Blob:
                value = self._bytes_of(value)
            if change is not None:
                value = change(value)
            if one.many:
                joined.setdefault(to_port, []).append((self._nodes[source].id, value))
            else:
                inputs[to_port] = value
        if one.many:
            self._join(one, inputs, joined)
        for name, struct in one.structs.items():
            if type(inputs.get(name)) is dict:
                inputs[name] = msgspec.convert(inputs[name], struct)
        return inputs

    def _bytes_of(self, blob: Blob) -> Any:
        """What the journal keeps by reference reaches nodes as bytes; a reference inside an array stays one."""
        return blob if self.scope.store is None else self.scope.store.get(blob.hash)

    def _join(self, one: CompiledNode, inputs: dict[str, Any], joined: dict[str, list[tuple[str, Any]]]) -> None:
        for port in one.inputs.values():
            arrived = joined.get(port.name)
            if port.many == "list":
                if arrived or port.name not in inputs:
                    inputs[port.name] = [value for _, value in arrived or ()]
            elif port.many == "object":
                if arrived or port.name not in inputs:
                    inputs[port.name] = dict(arrived or ())
            elif arrived:
                inputs[port.name] = arrived[-1 if port.many == "last" else 0][1]

    def _complete(
        self,
        one: CompiledNode,
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
        self._outputs[one.number] = outputs
        self._consumed(one.number)
        return self._live(one, outputs)

    def _live(self, one: CompiledNode, outputs: Mapping[str, Any]) -> Live:
        if len(outputs) == len(one.outputs):
            return None
        return tuple(self._ports[name] for name in outputs if name in self._ports)

    def _consumed(self, node: int) -> None:
        """This node needs its inputs no more; who gave them forgets them when it was the last."""
        if self._keep_all:
            return
        uses = self._uses
        for feed in self._nodes[node].feeds:
            source = feed[0]
            uses[source] -= 1
            if not uses[source] and source not in self._kept:
                self._outputs[source] = None

    # -- what else can happen to a node

    def wanted(self, node: int) -> bool:
        """A node that joins runs with whatever came; others need something at each required port."""
        one = self._nodes[node]
        if one.node_type.joins:
            return True
        given = self._given_ports(one)
        return all(name in given or name in one.constants or name in one.references for name in one.required)

    def _given_ports(self, one: CompiledNode) -> set[str]:
        found = set()
        for source, from_port, to_port, _ in one.feeds:
            outputs = self._outputs[source]
            if outputs is not None and from_port in outputs:
                found.add(to_port)
        return found

    def retry_seconds(self, node: int, attempt: int, error: BaseException) -> float | None:
        one = self._nodes[node]
        if not one.retry.allows(attempt, error):
            return None
        wait = one.retry.wait_seconds(attempt)
        if isinstance(error, NodeError) and error.retry_after_s is not None:
            wait = max(wait, min(error.retry_after_s, one.retry.max_delay_ms / 1000))
        data = {"node": self.prefix + one.id, "attempt": attempt, "wait_s": wait, **_described(error)}
        self._emit("flow.node.retrying", data)
        return wait

    def failed(self, node: int, attempt: int, error: BaseException) -> Live | bool:
        one = self._nodes[node]
        path, what = self.prefix + one.id, _described(error)
        self._emit("flow.node.failed", {"node": path, "attempt": attempt, **what})
        self.failures[node] = NodeFailure(path, what["kind"], what["message"], attempt)
        self._consumed(node)
        if one.on_error == "stop":
            return True
        return self._after_failure(one, what["kind"], what["message"], attempt)

    def _after_failure(self, one: CompiledNode, kind: str, message: str, attempt: int) -> Live:
        if one.on_error != "port":
            return ()
        error = {"node": self.prefix + one.id, "kind": kind, "message": message, "attempt": attempt}
        self._outputs[one.number] = {"error": error}
        return (self._ports["error"],) if "error" in self._ports else ()

    def skipped(self, node: int) -> None:
        self._emit("flow.node.skipped", {"node": self.prefix + self._nodes[node].id})
        self._consumed(node)

    def cancelled(self, node: int) -> None:
        self._emit("flow.node.cancelled", {"node": self.prefix + self._nodes[node].id})

    def suspended(self, node: int, how: Suspend) -> None:
        path = self.prefix + self._nodes[node].id
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
        self.scope.waiting.pop(self.prefix + self._nodes[node].id, None)
        self._wakes[node] = {"by": "signal", "value": value}
        return self.scheduler.resume(node)

    def states(self) -> dict[str, str]:
        """Return the state of each node by id, now."""
        from livets.engine.scheduler import STATES

        if self.scheduler is None:
            return {node.id: "pending" for node in self._nodes}
        return {node.id: STATES[self.scheduler.states[node.number]] for node in self._nodes}


def _described(error: BaseException) -> dict[str, str]:
    message = str(error) or type(error).__name__
    if not isinstance(error, EngineError):
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return {"kind": kind_of_error(error), "message": message[:2000].encode("utf-8", "replace").decode()}
