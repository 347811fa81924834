"""The scheduler: order, limits, retries, timeouts, cancellation, durability barriers, on random graphs and by hand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.driver import (
    CANCELLED,
    DONE,
    FAILED,
    PENDING,
    SKIPPED,
    Driver,
    Live,
    Options,
    count_states,
)  # fmt: skip
from livets.engine.errors import NodeError
from livets.engine.graph import Graph, Plan
from livets.engine.limits import Pool, RateLimit, Slots
from livets.engine.node import Suspend
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


dags = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] < p[1]), max_size=25),
    )
)


@given(dags, st.integers(1, 4), st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), st.booleans(), st.integers())
@settings(max_examples=150)
def test_every_node_ends_once_in_order_and_within_the_limit(
    dag: tuple[int, list[tuple[int, int]]], limit: int, failing: set[int], quiet: set[int], durable: bool, seed: int
) -> None:
    size, pairs = dag
    chance = random.Random(seed)

    async def behave(node: int) -> Any:
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        if node in failing:
            raise ValueError(node)
        return () if node in quiet else None

    driver = Recorder(lambda node, attempt: behave(node))
    driver.goes_on = True
    committed: set[int] = set()

    async def commit() -> None:
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        committed.update(n for what, n in driver.log if what == "end")

    async def main() -> Scheduler:
        return await scheduled(plan_of(size, pairs), driver, limit, commit=commit if durable else None)

    scheduler = asyncio.run(main())
    wanted: dict[int, int] = {}
    for node in range(size):
        sources = [s for s, t in pairs if t == node]
        runs = all(wanted[s] == DONE and s not in quiet for s in sources)
        wanted[node] = (FAILED if node in failing else DONE) if runs else SKIPPED
    assert dict(enumerate(scheduler.states)) == wanted
    assert driver.most <= limit
    starts = [n for what, n in driver.log if what == "start"]
    assert sorted(starts) == [n for n in range(size) if wanted[n] != SKIPPED]
    place = {(what, n): at for at, (what, n) in enumerate(driver.log)}
    for source, target in pairs:
        if ("start", target) in place:
            assert place["end", source] < place["start", target]
            assert source in committed or not durable


async def test_more_ready_nodes_than_slots_all_run() -> None:
    # The document's implementation drops ready nodes beyond max_parallel, and reports success.
    driver = Recorder(lambda node, attempt: asyncio.sleep(0.001))
    scheduler = await scheduled(plan_of(12, [(0, n) for n in range(1, 12)]), driver, 10)
    assert count_states(scheduler.states) == {"completed": 12}
    assert driver.most == 10


async def test_a_node_that_runs_is_not_started_again() -> None:
    # The document's ready scan returns running nodes too.
    release = asyncio.Event()

    async def behave(node: int) -> None:
        if node == 1:
            await release.wait()
        if node == 3:
            release.set()

    driver = Recorder(lambda node, attempt: behave(node))
    await scheduled(plan_of(4, [(0, 1), (0, 2), (2, 3)]), driver)
    assert driver.count("start") == 4


async def test_independent_nodes_wait_at_the_same_time() -> None:
    barrier = asyncio.Barrier(50)
    driver = Recorder(lambda node, attempt: _wait(barrier))
    await scheduled(plan_of(50, []), driver, 50)
    assert driver.most == 50


async def _wait(barrier: asyncio.Barrier) -> None:
    await barrier.wait()


async def test_the_first_retry_waits_the_delay_and_no_slot_is_held() -> None:
    # The document multiplies before the first wait already.
    times: list[float] = []

    def behave(node: int, attempt: int) -> None:
        if node == 0:
            times.append(asyncio.get_running_loop().time())
            if attempt < 3:
                raise NodeError("not yet", "busy")
        else:
            other.append(len(times))

    other: list[int] = []
    policy = RetryPolicy(max_attempts=3, delay_ms=40, backoff_multiplier=3, jitter="none")
    driver = Recorder(behave, policy)
    await scheduled(plan_of(2, []), driver, 1)
    assert other == [1]
    first, second = times[1] - times[0], times[2] - times[1]
    assert 0.04 <= first < 0.115
    assert second >= 0.12


async def test_retries_end_with_the_last_error() -> None:
    def behave(node: int, attempt: int) -> None:
        raise NodeError("no", "busy")

    driver = Recorder(behave, RetryPolicy(max_attempts=4, delay_ms=1))
    scheduler = await scheduled(plan_of(3, [(0, 1), (1, 2)]), driver)
    assert driver.log[-1] == ("failed busy 4", 0)
    assert scheduler.stopped == "failed"
    assert list(scheduler.states) == [FAILED, PENDING, PENDING]


@given(st.integers(1, 60), st.floats(1, 1e6), st.floats(1, 10), st.floats(1, 1e6), st.integers(0, 9))
def test_waits_grow_and_stay_below_the_cap(attempt: int, delay: float, factor: float, cap: float, seed: int) -> None:
    steady = RetryPolicy(max_attempts=99, delay_ms=delay, backoff_multiplier=factor, max_delay_ms=cap, jitter="none")
    random_ = RetryPolicy(max_attempts=99, delay_ms=delay, backoff_multiplier=factor, max_delay_ms=cap)
    wait = steady.wait_seconds(attempt)
    assert min(delay, cap) / 1000 * 0.999 <= wait <= cap / 1000
    assert wait <= steady.wait_seconds(attempt + 1)
    assert 0 <= random_.wait_seconds(attempt, random.Random(seed)) <= wait


def test_which_errors_are_tried_again() -> None:
    policy = RetryPolicy(max_attempts=3, retry_on=("http", "timeout"), never_on=("denied",), retry_on_timeout=False)
    assert policy.allows(2, NodeError("x", "http"))
    assert not policy.allows(3, NodeError("x", "http"))
    assert not policy.allows(1, NodeError("x", "timeout"))
    assert not policy.allows(1, NodeError("x", "http", retryable=False))
    assert not policy.allows(1, ValueError())
    assert not RetryPolicy(max_attempts=3, never_on=("denied",)).allows(1, NodeError("x", "denied"))
    for bad in ({"max_attempts": 0}, {"delay_ms": -1}, {"backoff_multiplier": 0.5}):
        with pytest.raises(ValueError, match="or more"):
            RetryPolicy(**bad)


async def test_a_timeout_is_for_each_attempt_and_not_for_the_node_s_own_errors() -> None:
    async def behave(node: int, attempt: int) -> None:
        if node == 0 and attempt == 1:
            await asyncio.sleep(30)
        if node == 1:
            raise TimeoutError("its own")

    options = Options()
    options.timeouts = {0: 0.02, 1: 5.0}
    driver = Recorder(behave, RetryPolicy(max_attempts=2, delay_ms=1, never_on=("TimeoutError",)))
    driver.goes_on = True
    scheduler = await scheduled(plan_of(2, []), driver, options=options)
    assert list(scheduler.states) == [DONE, FAILED]
    assert ("failed TimeoutError 1", 1) in driver.log


async def test_a_failure_stops_the_rest_and_cancels_what_runs() -> None:
    started = asyncio.Event()

    async def behave(node: int) -> None:
        if node == 0:
            started.set()
            await asyncio.sleep(30)
        await started.wait()
        raise ValueError

    driver = Recorder(lambda node, attempt: behave(node))
    scheduler = await scheduled(plan_of(4, [(0, 2), (1, 3)]), driver)
    assert list(scheduler.states) == [CANCELLED, FAILED, PENDING, PENDING]
    assert scheduler.stopped == "failed"


async def test_cancelling_reaches_running_nodes_at_once() -> None:
    cleaned: list[int] = []

    async def behave(node: int) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            cleaned.append(node)

    driver = Recorder(lambda node, attempt: behave(node))
    scheduler = Scheduler(plan_of(5, [(0, 4)]), driver, Slots(3))
    running = asyncio.create_task(scheduler.run())
    while driver.now < 3:
        await asyncio.sleep(0)
    before = asyncio.get_running_loop().time()
    scheduler.stop("enough")
    scheduler.stop("later")
    await running
    assert asyncio.get_running_loop().time() - before < 1
    assert cleaned == [0, 1, 2]
    assert list(scheduler.states) == [CANCELLED] * 3 + [PENDING] * 2
    assert scheduler.stopped == "enough"


async def test_cancelling_the_caller_cancels_the_nodes() -> None:
    driver = Recorder(lambda node, attempt: asyncio.sleep(30))
    running = asyncio.create_task(Scheduler(plan_of(2, []), driver, Slots(2)).run())
    while driver.now < 2:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert driver.count("cancelled") == 2


async def test_a_node_that_will_not_stop_is_left_behind_after_the_grace_time() -> None:
    free = asyncio.Event()

    async def stubborn() -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    driver = Recorder(lambda node, attempt: stubborn())
    slots = Slots(1)
    scheduler = Scheduler(plan_of(1, []), driver, slots, grace_seconds=0.02)
    running = asyncio.create_task(scheduler.run())
    while not driver.now:
        await asyncio.sleep(0)
    scheduler.stop("enough")
    await asyncio.wait_for(running, 5)
    assert list(scheduler.states) == [CANCELLED]
    assert not slots.free
    free.set()
    while not slots.free:
        await asyncio.sleep(0)
    assert driver.count("cancelled") == 1


async def test_one_node_can_be_cancelled_alone() -> None:
    driver = Recorder(lambda node, attempt: asyncio.sleep(30 if node == 0 else 0))
    driver.goes_on = True
    scheduler = Scheduler(plan_of(3, [(0, 1)]), driver, Slots(3))
    running = asyncio.create_task(scheduler.run())
    while not driver.now:
        await asyncio.sleep(0)
    assert scheduler.cancel_node(0)
    assert not scheduler.cancel_node(1)
    await running
    assert list(scheduler.states) == [FAILED, SKIPPED, DONE]
    assert ("failed cancelled 1", 0) in driver.log


async def test_errors_that_nobody_expects_fail_the_node_only() -> None:
    def behave(node: int, attempt: int) -> None:
        raise [SystemExit(3), RecursionError(), MemoryError(), asyncio.CancelledError()][node]

    driver = Recorder(behave)
    driver.goes_on = True
    scheduler = await scheduled(plan_of(4, []), driver, 1)
    assert list(scheduler.states) == [FAILED] * 4


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


async def test_what_was_done_before_is_not_run_again() -> None:
    driver = Recorder()
    plan = plan_of(6, [(0, 1), (1, 2), (0, 3), (3, 4), (4, 5)])
    scheduler = await scheduled(plan, driver, done={0: None, 1: None, 3: ()})
    assert [n for what, n in driver.log if what == "start"] == [2]
    assert list(scheduler.states) == [DONE, DONE, DONE, DONE, SKIPPED, SKIPPED]
    everything = await scheduled(plan, driver, done=dict.fromkeys(range(6)))
    assert count_states(everything.states) == {"completed": 6}


async def test_a_journal_that_fails_ends_the_run() -> None:
    async def commit() -> None:
        raise OSError("disk")

    driver = Recorder()
    with pytest.raises(OSError, match="disk"):
        await scheduled(plan_of(3, [(0, 1), (1, 2)]), driver, commit=commit)
    assert driver.count("start") == 1


async def test_results_that_are_ready_together_share_a_commit() -> None:
    commits = 0

    async def commit() -> None:
        nonlocal commits
        commits += 1

    await scheduled(plan_of(1001, [(0, n) for n in range(1, 1001)]), Recorder(), commit=commit)
    assert commits < 50


async def test_a_commit_does_not_wait_for_a_slow_sibling() -> None:
    done = asyncio.Event()

    async def behave(node: int) -> None:
        if node == 1:
            await done.wait()
        if node == 2:
            done.set()

    async def commit() -> None:
        pass

    await scheduled(plan_of(3, [(0, 2)]), Recorder(lambda node, attempt: behave(node)), 2, commit=commit)


async def test_a_driver_that_raises_does_not_hang_the_run() -> None:
    class Broken(Recorder):
        def failed(self, node: int, attempt: int, error: BaseException) -> Live | bool:
            raise RuntimeError("a bug")

    def behave(node: int, attempt: int) -> None:
        raise ValueError

    with pytest.raises(RuntimeError, match="a bug"):
        await scheduled(plan_of(2, []), Broken(behave))


async def test_the_loop_is_not_starved_by_nodes_that_never_wait() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await scheduled(plan_of(30_000, [(n, n + 1) for n in range(29_999)]), Recorder())
    ticking.cancel()
    assert ticks > 3


def test_a_limit_below_one_is_refused() -> None:
    for make in (lambda: Slots(0), lambda: Pool(0), lambda: RateLimit(0)):
        with pytest.raises(ValueError, match=r"nothing run|more than 0"):
            make()
