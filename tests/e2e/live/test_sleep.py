"""A page whose view sleeps keeps what a person did in it; a click, a key or a broadcast finds everything in place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest_asyncio
from playwright.async_api import Page, expect

from livets import KeyedList, LiveTS, LiveView, event
from tests.support.browser import PageLog
from tests.support.server import serving
from tests.support.wait import until


class Desk(LiveView):
    count: int = 0
    draft: str = ""
    rows: KeyedList[dict[str, int]] = KeyedList([{"id": number} for number in range(100)])
    resumes: int = 0
    template = """
    <b id="count">{{ count }}</b> <i id="resumes">{{ resumes }}</i>
    <button id="add" ts-on:click="add">add</button>
    <input id="draft" ts-model.lazy="draft"> <input id="free"> <span id="said">{{ draft }}</span>
    <div id="box">{% for row in rows %}<p ts-key="{{ row.id }}">{{ row.id }}</p>{% endfor %}</div>
    <details id="more"><summary>more</summary>{{ count }}</details>"""

    async def mount(self) -> None:
        self.subscribe("desk", self.on_desk)

    async def resumed(self) -> None:
        self.resumes += 1

    async def on_desk(self, by: int) -> None:
        self.count += by

    @event
    async def add(self) -> None:
        self.count += 1
        self.rows.prepend({"id": 1000 + self.count})


class Office(NamedTuple):
    app: LiveTS
    page: Page

    async def sleep(self) -> None:
        """Until every view sleeps."""
        views = self.app.registry
        await until(lambda: len(views) and all(view.asleep is not None for view in views), "sleep", timeout_s=15)


@pytest_asyncio.fixture(loop_scope="session")
async def office(page: Page, page_log: PageLog) -> AsyncIterator[Office]:
    page_log.allow(r"WebSocket connection to .* failed")  # the server ends before the page
    app = LiveTS(secret_key="a secret of the browser tests, long enough", idle_after_s=0.3)
    app.live("/", Desk)
    async with serving(app) as url:
        await page.goto(url)
        await page.wait_for_selector(".livets-connected")
        await page.evaluate("Object.assign(document.querySelector('#box').style, {height: '80px', overflow: 'auto'})")
        yield Office(app, page)


async def state(page: Page) -> dict[str, Any]:
    """What a person would notice."""
    found: dict[str, Any] = await page.evaluate(
        """() => { const active = document.activeElement, more = document.querySelector('#more'); return {
          focus: active.id, caret: [active.selectionStart, active.selectionEnd], open: more.open,
          draft: document.querySelector('#draft').value, free: document.querySelector('#free').value,
          scroll: document.querySelector('#box').scrollTop } }"""
    )
    return found


async def test_text_focus_caret_and_scroll_stay_and_a_click_wakes(office: Office) -> None:
    page = office.page
    await page.fill("#free", "half a senten")
    await page.fill("#draft", "abcdef")
    await page.evaluate("document.querySelector('#draft').setSelectionRange(2, 4)")
    await page.evaluate("document.querySelector('#box').scrollTop = 120; document.querySelector('#more').open = true")
    before = await state(page)
    await office.sleep()
    assert await state(page) == before
    await page.evaluate("document.querySelector('#add').click()")
    await expect(page.locator("#count")).to_have_text("1")
    await expect(page.locator("#resumes")).to_have_text("1")
    after = await state(page)
    assert after["scroll"] >= before["scroll"]
    assert {**after, "scroll": 0} == {**before, "scroll": 0}
    assert await page.locator("#box p").count() == 101


async def test_what_is_typed_wakes_and_is_kept(office: Office) -> None:
    page = office.page
    for number, words in enumerate(("first", "second"), 1):
        await office.sleep()
        await page.fill("#draft", words)
        await page.press("#draft", "Enter")
        await page.locator("#draft").blur()
        await expect(page.locator("#said")).to_have_text(words)
        await expect(page.locator("#resumes")).to_have_text(str(number))


async def test_a_broadcast_wakes_and_leaves_the_form_alone(office: Office) -> None:
    page = office.page
    await page.fill("#draft", "unsent")
    await office.sleep()
    await office.app.worker.bus.publish("desk", b"\x05", "a broadcast")
    await expect(page.locator("#count")).to_have_text("5")
    found = await state(page)
    assert (found["draft"], found["focus"]) == ("unsent", "draft")
