"""How the scheduler tries again: waits, limits of attempts, which errors, and time limits of each attempt."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.engine.driver import (
    DONE,
    FAILED,
    PENDING,
    Options,
)  # fmt: skip
from livets.engine.errors import NodeError
from livets.engine.retry import RetryPolicy
from tests.unit.engine.recorder import Recorder, plan_of, scheduled


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
