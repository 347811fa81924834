"""Whatever a snapshot may come to, the page goes on in Chromium: forms keep their text, the person is told, no loops.

LIVETS_SCREENSHOTS names a folder for a picture of each case.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from livets import LiveTS, LiveView, event
from livets.state import Record
from tests.support.browser import PageLog
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.server import serving

pytestmark = pytest.mark.redis

KEY, OTHER_KEY = "the key of these workers, quite long enough", "another key altogether, long enough as well"
TOLD = "begun anew"


class Desk(LiveView):
    """A count, a form, a list that may become too large."""

    count: int = 0
    name: str = ""
    notes: str = ""
    colour: str = "red"
    is_sure: bool = False
    saved: str = ""
    large: str = ""
    template = """<main><b id="count">{{ count }}</b> <p id="saved">{{ saved }}</p>
    <button id="add" ts-on:click="add">add</button> <button id="save" ts-on:click="save">save</button>
    <button id="grow" ts-on:click="grow">grow</button>
    <input id="name" ts-model="name"> <textarea id="notes" ts-model.lazy="notes"></textarea>
    <select id="colour" ts-model="colour"><option>red</option><option>blue</option></select>
    <input id="sure" type="checkbox" ts-model="is_sure"> <input id="own" name="own"></main>"""

    @event
    async def add(self) -> None:
        self.count += 1

    @event
    async def save(self) -> None:
        self.saved = f"{self.name}, {self.notes}, {self.colour}, {self.is_sure}"

    @event
    async def grow(self) -> None:
        self.large = "x" * 20_000


class Moody(Desk):
    """The same of a later release, whose migrate() has a mistake."""

    snapshot_version = 1

    def migrate(self, old: dict[str, Any]) -> None:
        raise KeyError("total")


class House:
    """Two workers on one Redis behind a balancer; a page at the first."""

    def __init__(self, redis: RedisServer, page: Page) -> None:
        self.redis, self.page = redis, page
        self.loads = 0
        self.stack = contextlib.AsyncExitStack()
        self.balancer: RoundRobin
        self.one: LiveTS

    async def worker(self, view: type[LiveView] = Desk, *, key: str = KEY, **settings: Any) -> tuple[LiveTS, int]:
        """One more; its port."""
        app = LiveTS(secret_key=key, redis_url=self.redis.url, **settings)
        app.live("/", view)
        url = await self.stack.enter_async_context(serving(app))
        return app, int(url.rpartition(":")[2])

    async def open(self, **settings: Any) -> None:
        """The first worker, and the page with a filled-in form."""
        self.one, port = await self.worker(**settings)
        self.balancer = self.stack.enter_context(RoundRobin([port]))
        self.page.on("load", lambda _: setattr(self, "loads", self.loads + 1))
        await self.page.goto(self.balancer.url)
        await expect(self.page.locator(".livets-connected")).to_be_visible()
        for _ in range(3):
            await self.page.click("#add")
        await self.page.fill("#name", "Ada")
        await self.page.fill("#notes", "two lines")
        await self.page.select_option("#colour", "blue")
        await self.page.check("#sure")
        await self.page.fill("#own", "not bound")
        await expect(self.page.locator("#count")).to_have_text("3")
        await self.settled()
        await self.page.focus("#own")

    async def settled(self) -> None:
        """Every event is in Redis."""
        for resident in self.one.registry:
            await resident.runner.settle()
            await resident.runner.durable()

    async def move(self, view: type[LiveView] = Desk, **settings: Any) -> LiveTS:
        """The first worker forgets the view and its socket; the page comes to another one."""
        app, port = await self.worker(view, **settings)
        old, self.balancer.backends = self.balancer.backends, [port]
        for resident in list(self.one.registry):
            resident.runner.lose()
        for page in list(self.one.worker.pages):
            page.channel.abort()
        self.balancer.cut(old[0])
        return app


@pytest_asyncio.fixture(loop_scope="session")
async def house(redis_server: RedisServer, page: Page, page_log: PageLog) -> AsyncIterator[House]:
    page_log.allow(
        r"WebSocket connection to .* failed|net::ERR_|begun_anew|expired|bad_token|no_session|handler_failed|40[13]"
    )
    house = House(redis_server, page)
    async with house.stack:
        yield house


async def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("LIVETS_SCREENSHOTS"):
        await page.screenshot(path=str(Path(folder) / f"{name}.png"))


async def expired(house: House) -> None:
    house.redis.command("PEXPIRE", await key(house), "1")
    await asyncio.sleep(0.01)
    await house.move()


async def evicted(house: House) -> None:
    house.redis.command("DEL", await key(house))  # what Redis' LRU does
    await house.move()


async def flushed(house: House) -> None:
    house.redis.command("FLUSHALL")
    await house.move()


async def unmigrated(house: House) -> None:
    await house.move(Moody)


async def key(house: House) -> str:
    (resident,) = house.one.registry
    return f"livets:view:{{{resident.view_id}}}"


@pytest.mark.parametrize("lose", [expired, evicted, flushed, unmigrated])
async def test_a_lost_snapshot_costs_no_typed_text_and_is_told(
    house: House, lose: Callable[[House], Awaitable[None]]
) -> None:
    page = house.page
    await house.open()
    await lose(house)
    banner = page.locator("#livets-status")
    await expect(banner).to_contain_text(TOLD)
    await picture(page, lose.__name__)
    await expect(page.locator("#count")).to_have_text("0")
    await page.click("#save")
    await expect(page.locator("#saved")).to_have_text("Ada, two lines, blue, True")
    assert await page.input_value("#own") == "not bound"
    await page.click("#add")
    await expect(page.locator("#count")).to_have_text("1")
    assert house.loads == 1, "no page load"
    await expect(banner).to_be_hidden(timeout=15_000)


async def test_without_redis_the_memory_store_may_drop_it(page: Page, page_log: PageLog) -> None:
    """The least recently used goes when a hundred others rest."""
    page_log.allow(r"WebSocket connection to .* failed|begun_anew")
    app = LiveTS(secret_key=KEY, snapshot_max_bytes=10_000)
    app.live("/", Desk)
    async with serving(app) as url:
        await page.goto(url)
        await page.click("#add")
        await page.fill("#name", "Ada")
        await expect(page.locator("#count")).to_have_text("1")
        (resident,) = app.registry
        await resident.runner.settle()
        await page.context.set_offline(True)
        for visitor in list(app.worker.pages):
            visitor.channel.abort()
        app.registry.let_go(resident)
        await app.registry.all_closed()
        for number in range(100):
            await app.store.create(f"other {number}", Record(b"m", {"a": b"x" * 500}))
        await page.context.set_offline(False)
        await expect(page.locator("#livets-status")).to_contain_text(TOLD)
        assert await page.input_value("#name") == "Ada"
        await page.click("#save")
        await expect(page.locator("#saved")).to_have_text("Ada, , red, False")


async def test_another_key_is_said_plainly_and_loads_no_page_in_a_loop(house: House) -> None:
    page = house.page
    await house.open()
    await house.move(key=OTHER_KEY)
    await expect(page.locator("#livets-status")).to_contain_text("out of date")
    await picture(page, "key_changed")
    assert await page.input_value("#name") == "Ada"
    assert house.loads == 1
    await page.reload()
    await page.click("#add")
    await expect(page.locator("#count")).to_have_text("1")


async def test_a_session_that_has_ended_is_said_plainly_and_loads_no_page_in_a_loop(house: House) -> None:
    page = house.page
    await house.open()
    for visitor in list(house.one.worker.pages):
        assert visitor.session is not None
    house.one.worker.cookie.has_expired = lambda session: True  # type: ignore[method-assign]
    for visitor in list(house.one.worker.pages):
        visitor.channel.abort()
    await expect(page.locator("#livets-status")).to_contain_text("out of date")
    await picture(page, "session_expired")
    assert await page.input_value("#name") == "Ada"
    assert house.loads == 1


async def test_a_snapshot_that_would_be_too_large_is_refused_and_nothing_is_lost(house: House) -> None:
    page = house.page
    await house.open(view_max_bytes=10_000)
    await page.click("#grow")
    await expect(page.locator("#livets-status")).not_to_be_hidden()
    await picture(page, "too_large")
    await page.click("#add")
    await expect(page.locator("#count")).to_have_text("4")
    await house.settled()
    await house.move(view_max_bytes=10_000)
    await page.click("#add")
    await expect(page.locator("#count")).to_have_text("5")
    assert await page.input_value("#name") == "Ada"
    assert house.loads == 1


async def test_two_tabs_are_two_pages_whatever_happens_to_one(house: House) -> None:
    one = house.page
    await house.open()
    two = await one.context.new_page()
    await two.goto(house.balancer.url)
    await two.click("#add")
    await expect(two.locator("#count")).to_have_text("1")
    await one.context.set_offline(True)
    for visitor in list(house.one.worker.pages):
        visitor.channel.abort()
    await expect(one.locator(".livets-offline")).to_be_attached()
    for _ in range(10):
        await one.evaluate("document.querySelector('#add').click()")
    await one.context.set_offline(False)
    await expect(one.locator("#count")).to_have_text("13")
    await expect(two.locator("#count")).to_have_text("1")
    await two.close()
