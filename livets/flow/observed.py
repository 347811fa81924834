"""An execution that tells observers what it does; a runtime without observers uses Execution itself, at no cost.

Adds nothing to what a node does or what is recorded. Made by FlowRuntime.
"""

from __future__ import annotations

import time
from typing import Any

from livets.engine.driver import Live
from livets.engine.node import Suspend
from livets.flow.execution import Execution
from livets.flow.result import RunResult
from livets.flow.telemetry.observer import Attempt, Observer, RunFacts


class ObservedExecution(Execution):
    """Tells `scope.observer` of each attempt, retry and failure."""

    _site: Any = None

    @property
    def _observer(self) -> Observer:
        assert self.scope.observer is not None
        return self.scope.observer

    async def execute(self) -> RunResult:
        """Run to the end, within a site of its own."""
        self._facts = RunFacts(self.scope.run, self.compiled.head.id, self.compiled.version)
        self._site = self._observer.begin_site()
        try:
            return await super().execute()
        finally:
            self._observer.end_site(self._site)

    async def run(self, node: int, attempt: int) -> Any:
        """Do the node's work, between begin and end of an attempt."""
        observer, told = self._observer, self._attempt(node, attempt)
        begun, began = observer.begin_attempt(told), time.perf_counter()
        error: BaseException | None = None
        waits = False
        try:
            live = await super().run(node, attempt)
            waits = type(live) is Suspend
            return live
        except BaseException as raised:
            error = raised
            raise
        finally:
            observer.end_attempt(begun, told, time.perf_counter() - began, error, waits)

    def retry_seconds(self, node: int, attempt: int, error: BaseException) -> float | None:
        wait = super().retry_seconds(node, attempt, error)
        if wait is not None:
            self._observer.retrying(self._attempt(node, attempt), error, wait)
        return wait

    def failed(self, node: int, attempt: int, error: BaseException) -> Live | bool:
        self._observer.failed(self._attempt(node, attempt), error)
        return super().failed(node, attempt, error)

    def cancelled(self, node: int) -> None:
        self._observer.cancelled(self._site, node)
        super().cancelled(node)

    def _attempt(self, node: int, attempt: int) -> Attempt:
        one = self.compiled.model(node)
        return Attempt(self._facts, self._site, node, self.prefix + self._ids[node], one.node_type.name, attempt)
