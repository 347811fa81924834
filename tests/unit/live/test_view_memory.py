"""What the engine keeps of a view (D18): 2 KiB, and no part that the view does not need."""

from __future__ import annotations

from benchmarks.micro.view_memory import Counter, Hearing, engine_bytes

BUDGET_BYTES = 2048
VIEWS = 40


async def test_the_engine_keeps_less_than_2_kib_of_a_view() -> None:
    assert 1024 < await engine_bytes(Counter, VIEWS) < BUDGET_BYTES


async def test_nothing_is_left_of_the_work_for_an_event() -> None:
    # What is made for work is let go with it: a view that has been used keeps as little as one that has not.
    assert await engine_bytes(Counter, VIEWS, events=3) < BUDGET_BYTES


async def test_a_view_that_asks_for_more_pays_for_that() -> None:
    plain, hearing = await engine_bytes(Counter, VIEWS), await engine_bytes(Hearing, VIEWS, events=1)
    assert plain + 400 < hearing
