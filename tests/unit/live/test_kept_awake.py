"""What keeps a view awake: all that a snapshot would lose, and all that is not over yet."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import weakref
from typing import Any

import pytest

from livets import event, field
from tests.support.wait import until
from tests.unit.live.fakes import DurableStore, click
from tests.unit.live.sleeping import HELD, Board, opened


class Watchful(Board):
    may_sleep = False


class Minute(Board):
    def mount(self) -> None:
        self.every(30.0, self.tick)

    def tick(self) -> None:
        self.count += 1


class Hour(Minute):
    def mount(self) -> None:
        self.every(3600.0, self.tick)


class Undeclared(Board):
    def mount(self) -> None:
        self.connection = object()


class Reopening(Undeclared):
    def resumed(self) -> None:
        self.connection = object()


class Local(Board):
    handle: Any = field(None, persist=False)

    @event
    async def take(self) -> None:
        self.handle = [1]


class Cached(Board):
    @functools.cached_property
    def large(self) -> int:
        return 1

    @event
    async def look(self) -> None:
        assert self.large == 1


async def test_what_a_snapshot_would_lose_keeps_a_view_awake_unless_it_says_how_to_get_it_back() -> None:
    assert "connection" in await (await opened(Undeclared)).reason()
    assert await (await opened(Reopening)).sleep()
    page = await opened(Local)
    assert await page.sleep()
    await page.click("take")
    assert "handle" in await page.reason()
    page = await opened(Cached)
    await page.click("look")
    assert await page.sleep()


async def test_a_class_may_say_no_and_a_timer_that_is_due_soon_does() -> None:
    assert await (await opened(Watchful)).reason() == "the class says so"
    assert await (await opened(Minute)).reason() == "a timer is due soon"
    page = await opened(Hour)
    assert await page.sleep()
    assert page.asleep is not None
    assert page.asleep.due is not None


@pytest.mark.parametrize("handler", ["slow", "beside"])
async def test_a_handler_at_work_keeps_the_view_awake(handler: str) -> None:
    page = await opened(Board)
    page.runner.accept(click(handler, 1))
    await asyncio.sleep(0)
    assert "at work" in page.runner.kept_awake_by(60)
    page.runner.view.cancel(handler)

    def is_free() -> bool:
        gc.collect()  # the traceback of a cancelled handler is a ring
        return not page.runner.kept_awake_by(60)

    await until(is_free, "the handler to be over")


async def test_who_holds_the_object_would_go_on_with_a_dead_one() -> None:
    page = await opened(Board)
    held = [page.runner.view]
    assert await page.reason() == HELD
    watched = weakref.ref(held.pop())
    assert await page.reason() == "somebody watches the object"
    del watched
    assert await page.sleep()


async def test_contexts_that_were_copied_in_a_handler_do_not_hold_the_view() -> None:
    class Connecting(Board):
        @event
        async def connect(self) -> None:
            connections.append(asyncio.get_running_loop().call_later(3600, print))

    connections: list[asyncio.TimerHandle] = []
    page = await opened(Connecting)
    await page.click("connect")
    assert await page.sleep()
    connections[0].cancel()


async def test_what_the_store_does_not_have_keeps_the_view_awake() -> None:
    store = DurableStore()
    page = await opened(Board, store)
    store.gate.clear()
    page.runner.accept(click("add", 1))
    await page.runner.settle(1)
    assert await page.reason() == "something is still to be written or sent"
    store.gate.set()
    await page.runner.durable()
    assert await page.sleep()


async def test_a_page_that_lacks_something_keeps_the_view_awake() -> None:
    page = await opened(Board)
    page.outbox.is_ready = False
    await page.click("add")
    assert await page.reason() == "its browser has not been shown everything"


async def test_a_state_that_would_come_back_as_another_keeps_the_view_awake_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Wrong(Board):
        @event
        async def spoil(self) -> None:
            self.count = "seven"  # type: ignore[assignment]

    page = await opened(Wrong, dev=False)
    await page.click("spoil")
    with caplog.at_level(logging.WARNING, "livets"):
        assert not await page.sleep()
        assert not await page.sleep()
    assert [record.getMessage().startswith("test_a_state") for record in caplog.records] == [True]
    assert page.runner.view.count == "seven"
