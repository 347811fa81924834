"""A driver of the scheduler that notes what happens, and plans made of pairs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from livets.engine.driver import (
    Driver,
    Live,
)  # fmt: skip
from livets.engine.graph import Graph, Plan
from livets.engine.limits import Slots
from livets.engine.retry import RetryPolicy, kind_of_error
from livets.engine.scheduler import Scheduler


def plan_of(size: int, pairs: list[tuple[int, int]]) -> Plan:
    graph = Graph()
    for n in range(size):
        graph.add(str(n))
    port = graph.port("out")
    for source, target in pairs:
        graph.connect_numbers(source, target, port, port)
    return graph.plan()


class Recorder(Driver):
    """Runs `behave(node, attempt)` and notes what happens."""

    def __init__(self, behave: Callable[[int, int], Any] | None = None, policy: RetryPolicy | None = None) -> None:
        self.behave, self.policy = behave, policy or RetryPolicy()
        self.log: list[tuple[str, int]] = []
        self.now = self.most = 0
        self.goes_on = False

    async def run(self, node: int, attempt: int) -> Any:
        self.log.append(("start", node))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            result = self.behave(node, attempt) if self.behave is not None else None
            result = await result if asyncio.iscoroutine(result) else result
        finally:
            self.now -= 1
        self.log.append(("end", node))
        return result

    def retry_seconds(self, node: int, attempt: int, error: BaseException) -> float | None:
        return self.policy.wait_seconds(attempt) if self.policy.allows(attempt, error) else None

    def failed(self, node: int, attempt: int, error: BaseException) -> Live | bool:
        self.log.append((f"failed {kind_of_error(error)} {attempt}", node))
        return () if self.goes_on else True

    def skipped(self, node: int) -> None:
        self.log.append(("skipped", node))

    def cancelled(self, node: int) -> None:
        self.log.append(("cancelled", node))

    def count(self, what: str) -> int:
        return sum(word == what for word, _ in self.log)


async def scheduled(plan: Plan, driver: Driver, limit: int = 10, **more: Any) -> Scheduler:
    scheduler = Scheduler(plan, driver, Slots(limit), **more)
    await asyncio.wait_for(scheduler.run(), 30)
    return scheduler
