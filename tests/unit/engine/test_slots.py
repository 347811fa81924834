"""Who may run when the scheduler has fewer places than nodes: pools, rates, priorities, and what takes no place."""

from __future__ import annotations

import asyncio
from typing import Any

from livets.engine.driver import (
    CANCELLED,
    FAILED,
    Options,
    count_states,
)  # fmt: skip
from livets.engine.limits import Pool, RateLimit, Slots
from livets.engine.node import Suspend
from livets.engine.scheduler import Scheduler
from tests.unit.engine.recorder import Recorder, plan_of, scheduled


async def test_pools_hold_across_runs_and_give_way_by_priority() -> None:
    pool = Pool(2)
    order: list[int] = []
    now = most = 0

    async def behave(node: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        order.append(node)
        await asyncio.sleep(0.001)
        now -= 1

    def make(limit: int) -> Scheduler:
        options = Options()
        options.limiters = dict.fromkeys(range(6), (pool,))
        options.priorities = {5: 1}
        return Scheduler(plan_of(6, []), Recorder(lambda node, attempt: behave(node)), Slots(limit), options)

    runs = [make(6), make(6)]
    await asyncio.wait_for(asyncio.gather(*(one.run() for one in runs)), 10)
    assert most == 2
    assert all(count_states(one.states) == {"completed": 6} for one in runs)
    assert set(order[:2]) == {5}
    assert pool.free == 2


async def test_a_stopped_run_leaves_its_place_in_the_pool_to_others() -> None:
    pool = Pool(1)
    options = Options()
    options.limiters = dict.fromkeys(range(3), (pool,))
    first = Scheduler(plan_of(3, []), Recorder(lambda node, attempt: asyncio.sleep(30)), Slots(3), options)
    second = Scheduler(plan_of(3, []), Recorder(), Slots(3), options)
    running = [asyncio.create_task(one.run()) for one in (first, second)]
    while not pool._waiting or len(pool._waiting) < 5:
        await asyncio.sleep(0)
    first.stop("enough")
    await asyncio.wait_for(asyncio.gather(*running), 5)
    assert count_states(second.states) == {"completed": 3}


async def test_a_rate_limit_spaces_starts() -> None:
    options = Options()
    rate = RateLimit(per_second=100, burst=2)
    options.limiters = dict.fromkeys(range(6), (rate,))
    times: list[float] = []
    driver = Recorder(lambda node, attempt: times.append(asyncio.get_running_loop().time()))
    await scheduled(plan_of(6, []), driver, options=options)
    assert len(times) == 6
    assert times[5] - times[0] >= 0.039
    assert times[1] - times[0] < 0.01


async def test_priorities_go_first() -> None:
    options = Options()
    options.priorities = {0: 5, 1: 3, 2: 1, 3: 2}
    driver = Recorder()
    await scheduled(plan_of(5, []), driver, 1, options=options)
    assert [n for what, n in driver.log if what == "start"] == [2, 3, 1, 4, 0]


async def test_a_shared_limit_holds_over_runs_and_starves_nobody() -> None:
    whole = Slots(2)
    drivers: list[Recorder] = []
    counts: list[int] = []

    class Watch(Recorder):
        async def run(self, node: int, attempt: int) -> Any:
            counts.append(sum(d.now for d in drivers))
            return await super().run(node, attempt)

    drivers += [Watch(lambda node, attempt: asyncio.sleep(0.0005)) for _ in range(4)]
    runs = [Scheduler(plan_of(10, []), driver, Slots(5, whole)) for driver in drivers]
    await asyncio.wait_for(asyncio.gather(*(one.run() for one in runs)), 10)
    assert max(counts) <= 1  # before the one that looks
    assert whole.free == 2
    assert all(count_states(one.states) == {"completed": 10} for one in runs)


async def test_a_durable_wait_holds_no_slot_and_ends_by_signal_or_time() -> None:
    import time

    woken: list[int] = []

    class Waiting(Recorder):
        def suspended(self, node: int, how: Suspend) -> None:
            self.log.append(("waits", node))

    def behave(node: int, attempt: int) -> Any:
        if node in (0, 1) and driver.log.count(("start", node)) == 1:
            return Suspend(until=time.time() + 0.02) if node == 0 else Suspend(signal="go")
        if node == 2:
            asyncio.get_running_loop().call_later(0.001, lambda: woken.append(scheduler.resume(1)))
        return None

    driver = Waiting(behave)
    scheduler = Scheduler(plan_of(4, [(0, 3)]), driver, Slots(1))
    await asyncio.wait_for(scheduler.run(), 10)
    assert count_states(scheduler.states) == {"completed": 4}
    assert woken == [True]
    assert not scheduler.resume(1)


async def test_containers_take_no_slot() -> None:
    whole = Slots(1)
    inner_log: list[str] = []

    async def nested() -> None:
        inner = Recorder(lambda node, attempt: inner_log.append("x"))
        await Scheduler(plan_of(2, []), inner, Slots(4, whole)).run()

    options = Options()
    options.containers = {0, 1}
    driver = Recorder(lambda node, attempt: nested() if node < 2 else None)
    await scheduled(plan_of(3, [(0, 2), (1, 2)]), driver, 1, options=options)
    assert inner_log == ["x"] * 4


async def test_a_container_cancelled_before_its_first_step_ends_too() -> None:
    options = Options()
    options.containers = {1}

    def behave(node: int, attempt: int) -> None:
        raise ValueError

    driver = Recorder(behave)
    options.priorities = {1: 1}
    scheduler = await scheduled(plan_of(2, []), driver, 1, options=options)
    assert set(scheduler.states) <= {FAILED, CANCELLED}
    assert scheduler.stopped == "failed"
