"""The scheduler: order, limits, retries, timeouts, cancellation, durability barriers, on random graphs and by hand."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine import frontier
from livets.engine.driver import (
    CANCELLED,
    DONE,
    FAILED,
    PENDING,
    SKIPPED,
    Live,
    count_states,
)  # fmt: skip
from livets.engine.limits import Pool, RateLimit, Slots
from livets.engine.scheduler import Scheduler
from tests.unit.engine.recorder import Recorder, plan_of, scheduled

dags = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] < p[1]), max_size=25),
    )
)


@pytest.mark.parametrize("wide", [0, 10_000], ids=["crowds", "few"])
@given(dags, st.integers(1, 4), st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), st.booleans(), st.integers())
@settings(max_examples=100)
def test_every_node_ends_once_in_order_and_within_the_limit(
    wide: int,
    dag: tuple[int, list[tuple[int, int]]],
    limit: int,
    failing: set[int],
    quiet: set[int],
    durable: bool,
    seed: int,
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

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frontier, "WIDE", wide)
        patch.setattr(frontier, "_CALLED", 2)
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


async def test_a_crowd_waits_at_the_same_time_and_is_pending_again_when_the_run_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frontier, "WIDE", 5)
    monkeypatch.setattr(frontier, "_CALLED", 1)
    together = asyncio.Event()

    async def behave(node: int) -> None:
        if node:
            if driver.now == 3:
                together.set()
            await together.wait()
        if node == 7:
            raise ValueError("enough")

    driver = Recorder(lambda node, attempt: behave(node))
    scheduler = await scheduled(plan_of(40, [(0, n) for n in range(1, 40)]), driver, 3)
    assert driver.most == 3
    assert scheduler.stopped == "failed"
    assert scheduler.states[7] == FAILED
    assert list(scheduler.states[20:]) == [PENDING] * 20


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
