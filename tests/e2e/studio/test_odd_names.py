"""Names and values of any kind are shown as what they are: text."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from livets.flow import Flow
from tests.e2e.studio.conftest import Hall
from tests.support.wait import until

ODD = "<img src=x onerror=alert(1)> 'a' \"b\" & c/d?e#f[0]"


@pytest.mark.parametrize("run", ["plain", "a/b c?d#e&f=ü%20"])
async def test_names_are_text(hall: Hall, page: Page, run: str) -> None:
    flow = Flow("odd")

    def shout(n: int, ctx) -> dict:  # type: ignore[no-untyped-def]
        ctx.emit("info", message=ODD)
        return {"<script>": ODD}

    flow.add(lambda: 1, id="one") >> flow.set(flow.add(shout, id="two"), name="<i>two</i> & 'more'")
    await hall.runtime.run(flow, run=run)
    await page.goto(hall.url)
    await page.get_by_role("link", name=run).click()
    await expect(page.locator("h1")).to_have_text(run)
    second = page.locator("#graph a.s-box").nth(1)
    await expect(second).to_have_attribute("data-state", "completed")
    await second.click()
    await expect(page.locator("#detail h2")).to_have_text("<i>two</i> & 'more'")
    await expect(page.locator("#outputs")).to_contain_text("<script>")
    await expect(page.locator("#detail .s-log")).to_contain_text(ODD)
    await expect(page).to_have_url(re.compile("node="))
    await page.reload()
    await expect(page.locator("#detail h2")).to_have_text("<i>two</i> & 'more'")
    assert await page.locator("main img, main i, main script").count() == 0


async def test_who_leaves_is_forgotten(hall: Hall, page: Page) -> None:
    feeds = hall.studio.desk.feeds
    feeds.idle_s = 0.2
    run = await hall.start(Flow("little"))
    await page.goto(f"{hall.url}/runs/{run}")
    await expect(page.locator("#status")).to_have_text("completed")
    feed = await feeds.open(run)
    assert feed.watchers == 1
    await page.goto("about:blank")
    await until(lambda: feed.watchers == 0, "the view to be let go", timeout_s=20)
    await until(lambda: len(feeds) == 0, "the feed to end", timeout_s=5)
