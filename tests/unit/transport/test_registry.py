"""Which views stay, in which state, for how long."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from livets.config import Config
from livets.transport.registry import Ending, Registry
from livets.transport.resident import Resident


class View:
    """As much of a Resident as a registry looks at."""

    def __init__(self, view_id: str, page_bytes: int = 10) -> None:
        self.view_id = view_id
        self.page_bytes = page_bytes
        self.since_s = 0.0
        self.page = None


def view(view_id: str, page_bytes: int = 10) -> Resident:
    return cast(Resident, View(view_id, page_bytes))


class Bench:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.closed: list[tuple[str, Ending]] = []
        self.hold: asyncio.Event | None = None
        config = Config(unjoined_max=3, unjoined_max_bytes=100, unjoined_keep_s=5, detached_max=2, detached_keep_s=5)
        self.registry = Registry(config, self.close, lambda: self.now_s)

    async def close(self, resident: Resident, ending: Ending) -> None:
        if self.hold is not None:
            await self.hold.wait()
        self.closed.append((resident.view_id, ending))


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_unjoined_views_are_bounded_by_count_and_bytes(bench: Bench) -> None:
    for name in "abcd":
        bench.registry.add_unjoined(view(name))
    await bench.registry.all_closed()
    assert bench.closed == [("a", Ending.FORGET)]
    bench.registry.add_unjoined(view("big", 85))
    await bench.registry.all_closed()
    assert [name for name, _ in bench.closed] == ["a", "b", "c"]
    assert (bench.registry.unjoined, bench.registry.unjoined_bytes) == (2, 95)
    bench.registry.add_unjoined(view("too big", 101))
    await bench.registry.all_closed()
    assert (len(bench.registry), bench.registry.unjoined_bytes) == (0, 0)


async def test_a_view_is_taken_once(bench: Bench) -> None:
    bench.registry.add_unjoined(view("a"))
    assert bench.registry.take_unjoined("a") is not None
    assert bench.registry.take_unjoined("a") is None
    assert bench.registry.unjoined_bytes == 0


async def test_what_was_detached_waits_its_time(bench: Bench) -> None:
    a, b = view("a"), view("b")
    for resident in (a, b):
        bench.registry.add_joined(resident)
    bench.registry.detach(a)
    bench.now_s = 3
    bench.registry.detach(b)
    bench.now_s = 5
    bench.registry.expire()
    await bench.registry.all_closed()
    assert bench.closed == [("a", Ending.END)]
    assert bench.registry.find("b") is b
    bench.registry.add_joined(b)
    bench.now_s = 100
    bench.registry.expire()
    assert (bench.registry.joined, bench.registry.detached) == (1, 0)


async def test_detached_views_are_bounded(bench: Bench) -> None:
    for name in "abc":
        resident = view(name)
        bench.registry.add_joined(resident)
        bench.registry.detach(resident)
    await bench.registry.all_closed()
    assert bench.closed == [("a", Ending.END)]
    bench.registry.detach(view("stranger"))
    assert bench.registry.detached == 2


async def test_whoever_wants_a_view_that_is_being_closed_waits(bench: Bench) -> None:
    bench.hold = asyncio.Event()
    resident = view("a")
    bench.registry.add_joined(resident)
    bench.registry.let_go(resident)
    waiting = asyncio.ensure_future(bench.registry.closed("a"))
    await asyncio.sleep(0)
    assert not waiting.done()
    bench.hold.set()
    await waiting
    assert bench.closed == [("a", Ending.REST)]
    await bench.registry.closed("a")


async def test_turns_are_taken_one_after_the_other(bench: Bench) -> None:
    order: list[Any] = []

    async def turn(name: str) -> None:
        async with bench.registry.turn("a"):
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(*[turn(name) for name in "xyz"])
    assert order == ["x", "x", "y", "y", "z", "z"]
    assert not bench.registry._turns


async def test_a_view_that_was_taken_can_be_put_back(bench: Bench) -> None:
    resident = view("a")
    bench.registry.add_joined(resident)
    assert bench.registry.take("a") is resident
    assert len(bench.registry) == 0
    bench.registry.put_back(resident)
    assert bench.registry.detached == 1
