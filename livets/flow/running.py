"""One run from its first node to its last event: tells the instances, keeps the time limit, records how it ended.

Made by FlowRuntime for each run that begins or goes on; what a node does is the execution's business.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec

from livets.engine.errors import Interrupted
from livets.flow.compiled import CompiledWorkflow
from livets.flow.execution import Execution
from livets.flow.instances import Instances
from livets.flow.journal import INTERRUPTED
from livets.flow.result import RunResult
from livets.flow.scope import Scope
from livets.flow.streaming import StreamExecution
from livets.flow.telemetry.observer import RunFacts


class Running:
    """`closing` says whether the runtime closes, `ended` is called when all of it is over."""

    def __init__(
        self,
        compiled: CompiledWorkflow,
        scope: Scope,
        execution: Execution | StreamExecution,
        instances: Instances,
        closing: Callable[[], bool],
        ended: Callable[[], None],
    ) -> None:
        self._compiled, self._scope, self._execution, self._instances = compiled, scope, execution, instances
        self._closing, self._ended = closing, ended

    async def run(self) -> RunResult:
        """Run to the end and return the result; cancelling this records the run as cancelled."""
        observer, workflow = self._scope.observer, self._compiled.workflow
        if observer is None:
            return await self._run()
        facts = RunFacts(self._scope.run, workflow.id, self._compiled.version, self._scope.recorded is not None)
        begun, began, status = observer.begin_run(facts), time.perf_counter(), "failed"
        try:
            result = await self._run()
            status = result.status
            return result
        except Interrupted:
            status = "interrupted"
            raise
        except asyncio.CancelledError:
            status = "interrupted" if self._closing() else "cancelled"
            raise
        finally:
            observer.end_run(begun, facts, status, time.perf_counter() - began)

    async def _run(self) -> RunResult:
        recorder, run = self._scope.recorder, self._scope.run
        seconds = self._compiled.workflow.settings.run_timeout_s
        timer = asyncio.get_running_loop().call_later(seconds, self._time_out) if seconds is not None else None
        try:
            await self._instances.start(run)
            result = await self._execution.execute()
            failures = [msgspec.to_builtins(one) for one in result.failures]
            data = {"counts": result.counts, "reason": result.reason, "failures": failures, "seconds": result.seconds}
            recorder.emit(f"flow.run.{result.status}", data)
            await recorder.commit()
            return result
        except Interrupted as error:  # no end: it goes on where it is resumed
            recorder.emit(INTERRUPTED, {"reason": str(error)})
            await recorder.commit()
            raise
        except asyncio.CancelledError:
            if not self._closing():  # a runtime that closes leaves its runs as a kill would: they can be resumed
                recorder.emit("flow.run.cancelled", {"counts": {}, "reason": "cancelled", "failures": []})
            await recorder.commit()
            raise
        finally:
            if timer is not None:
                timer.cancel()
            await self._instances.stop(run)
            self._ended()

    def _time_out(self) -> None:
        self._scope.cancellation.request("timed out")
        self._execution.stop("timed out")
