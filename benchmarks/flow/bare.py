"""The engine without `livets.flow`: a driver that does what any must do (a value by port, two events, retries)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks.flow.workload import count
from livets.engine.driver import Driver
from livets.engine.events import Bus, Event
from livets.engine.graph import Plan
from livets.engine.limits import Slots
from livets.engine.retry import RetryPolicy
from livets.engine.scheduler import Scheduler


class Bare(Driver):
    """Values are held while somebody will take them."""

    def __init__(self, plan: Plan, bus: Bus) -> None:
        self.plan, self.bus, self.seq = plan, bus, 0
        self.values: dict[int, int] = {}
        self.takers = plan.out_degrees()
        self.retry = RetryPolicy(max_attempts=3)

    async def run(self, node: int, attempt: int) -> Any:
        self._emit("node.started", node, attempt)
        plan, takers, value = self.plan, self.takers, 0
        for edge in plan.in_edges[plan.in_start[node] : plan.in_start[node + 1]]:
            source = plan.edge_source[edge]
            value = self.values[source]
            takers[source] -= 1
            if not takers[source]:
                del self.values[source]
        if takers[node]:
            self.values[node] = value + 1
        self._emit("node.completed", node, attempt)
        return None

    def retry_seconds(self, node: int, attempt: int, error: BaseException) -> float | None:
        return self.retry.wait_seconds(attempt) if self.retry.allows(attempt, error) else None

    def _emit(self, type: str, node: int, attempt: int) -> None:
        self.seq += 1
        self.bus.emit(Event(self.seq, "bench", type, time.time(), {"node": node, "attempt": attempt}))


async def engine_seconds(plan: Plan) -> float:
    """CPU seconds of one run with one subscriber."""
    bus = Bus()
    subscription = bus.subscribe(65_536)
    listener = asyncio.create_task(count(subscription))
    began = time.thread_time()
    await Scheduler(plan, Bare(plan, bus), Slots(10)).run()
    seconds = time.thread_time() - began
    subscription.close()
    assert await listener == 2 * plan.size
    return seconds
