"""A view that wakes shows what its page should: what is known stays, what is not is filled anew."""

from __future__ import annotations

import asyncio
import itertools

from livets.live import imprint
from livets.wire import ReservedOp
from tests.unit.live.fakes import DurableStore, click
from tests.unit.live.sleeping import Board, opened

TICKS = itertools.count()


class Clock(Board):
    template = "<p>{{ count }}</p><i>{{ tick() }}</i>"

    @staticmethod
    def tick() -> int:
        return next(TICKS)


async def test_a_page_that_nobody_can_know_is_filled_anew() -> None:
    page = await opened(Clock)
    assert await page.sleep()
    await page.click("add")
    [(diff, _)] = page.outbox.patches
    assert diff[0] == ReservedOp.FILL
    assert "<p>1</p>" in page.shown()


class Greeting(Board):
    template = "<p>{{ count }}</p><b>{{ greeting }}</b>"

    def mount(self) -> None:
        self.greeting = "Hello"

    async def resumed(self) -> None:
        await asyncio.sleep(0)
        self.greeting = "Hello"


async def test_what_resumed_builds_again_counts_as_shown() -> None:
    page = await opened(Greeting)
    assert await page.sleep()
    await page.click("add")
    [(diff, _)] = page.outbox.patches
    assert ReservedOp.FILL not in diff[::2]
    assert page.shown() == page.fresh()


class Failing(Board):
    def resumed(self) -> None:
        self.count = 99
        raise OSError("the database is away")


async def test_a_resumed_that_fails_is_taken_back_and_the_view_goes_on() -> None:
    page = await opened(Failing)
    await page.click("add")
    assert await page.sleep()
    await page.click("add")
    assert page.runner.view.count == 2
    assert page.shown() == page.fresh()


async def test_a_store_that_has_lost_the_view_gets_it_back_when_it_wakes() -> None:
    store = DurableStore()
    page = await opened(Board, store)
    await page.click("add")
    assert await page.sleep()
    assert page.asleep is not None
    assert await page.asleep.renew()
    store.lose()
    assert not await page.asleep.renew()
    await page.click("add")
    restored, _ = await page.stage.restore(Board)
    assert restored.view.count == 2  # type: ignore[attr-defined]


async def test_a_view_that_moved_on_while_it_slept_is_fenced_out() -> None:
    store = DurableStore()
    page = await opened(Board, store)
    assert await page.sleep()
    assert page.asleep is not None
    await store.steal()
    assert not await page.asleep.renew()
    page.wake().accept(click("add", 1))
    await page.runner.settle()
    await page.runner.durable()
    assert page.runner.gone
    assert page.outbox.closed is not None


async def test_an_imprint_is_of_a_template_and_its_values() -> None:
    page = await opened(Board)
    display, names = page.runner._commits.display, Board.__livets__.fields
    first = imprint.take(display, names)
    assert imprint.take(display, names) == first != imprint.UNKNOWN
    assert imprint.recall(display, first)
    assert not imprint.recall(display, b"something else")
    await page.click("add")
    assert imprint.take(display, names) != first
