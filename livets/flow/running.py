"""One run from its first node to its last event: tells the instances, keeps the time limit, records how it ended.

Made by FlowRuntime for each run that begins or goes on; what a node does is the execution's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import msgspec

from livets.engine.errors import EngineError, Interrupted, LogError
from livets.flow.compiled import CompiledWorkflow
from livets.flow.execution import Execution
from livets.flow.instances import Instances
from livets.flow.journal import INTERRUPTED
from livets.flow.leasing import RunsElsewhere
from livets.flow.result import RunResult, Status
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
        self.scope, self.execution = scope, execution
        self._compiled, self._instances = compiled, instances
        self._closing, self._ended = closing, ended
        self._task: asyncio.Task[Any] | None = None
        self._stopped_early = False

    async def run(self) -> RunResult:
        """Run to the end and return the result; cancelling this records the run as cancelled."""
        observer, workflow = self.scope.observer, self._compiled.head
        if observer is None:
            return await self._run()
        facts = RunFacts(self.scope.run, workflow.id, self._compiled.version, self.scope.recorded is not None)
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
        recorder, run = self.scope.recorder, self.scope.run
        self._task = asyncio.current_task()
        seconds = self._compiled.head.settings.run_timeout_s
        timer = asyncio.get_running_loop().call_later(seconds, self.stop, "timed out") if seconds is not None else None
        try:
            result = await self._result()
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
        except (LogError, RunsElsewhere):  # the journal takes no end, or is another's
            raise
        except Exception as error:  # a defect: even so nobody must think that it still runs
            recorder.emit(
                "flow.run.failed", {"counts": {}, "reason": f"internal error: {error!r}"[:2000], "failures": []}
            )
            with contextlib.suppress(Exception):
                await recorder.commit()
            raise
        finally:
            if timer is not None:
                timer.cancel()
            await self._instances.stop(run)
            self._ended()

    async def _result(self) -> RunResult:
        asked = self.scope.cancellation
        try:
            if not asked.requested:
                await self._instances.start(self.scope.run)
        except Interrupted:
            raise
        except EngineError as error:  # a node that cannot start: no node has run, and the run has failed
            return self._without_nodes("failed", str(error))
        except asyncio.CancelledError:
            if not self._stopped_early:
                raise
            asyncio.current_task().uncancel()  # type: ignore[union-attr]  # we are in one
        if asked.requested:
            return self._without_nodes("failed" if asked.reason == "timed out" else "cancelled", asked.reason)
        return await self.execution.execute()

    def _without_nodes(self, status: Status, reason: str) -> RunResult:
        run = self.scope.run
        return RunResult(run=run, status=status, reason=reason, outputs={}, counts={}, failures=[], seconds=0.0)

    def stop(self, why: str) -> None:
        """Cancel every running node at once, and return while they end."""
        self.scope.cancellation.request(why)
        if not self.execution.stop(why) and self._task is not None and not self._stopped_early:
            self._stopped_early = self._task.cancel()  # a node's start() is under way
