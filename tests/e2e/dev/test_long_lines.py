"""The overlay stays whole when the state or the traceback has long lines: they scroll inside of it."""

from __future__ import annotations

from playwright.async_api import Page

from livets import LiveTS, LiveView, event
from tests.support.browser import PageLog
from tests.support.server import serving


class Wide(LiveView):
    """State with a long line."""

    text: str = "long " * 200

    @event
    async def fail(self) -> None:
        """Fails, with a long message."""
        raise ValueError("x" * 500)

    template = "<button ts-on:click='fail'>fail</button><b>{{ text }}</b>"


async def test_long_lines_scroll_inside_of_the_overlay(page: Page, page_log: PageLog) -> None:
    page_log.allow("handler_failed")
    app = LiveTS(secret_key="a secret for this test, 32 characters", dev=True)
    app.live("/", Wide)
    async with serving(app) as url:
        await page.set_viewport_size({"width": 700, "height": 600})
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected")
        await page.click("button")
        blocks = page.locator("[data-livets-dev] pre")
        await blocks.last.wait_for()
        for number in range(await blocks.count()):
            box = await blocks.nth(number).bounding_box()
            assert box is not None
            assert 0 <= box["x"] < box["x"] + box["width"] <= 700
        await page.goto("about:blank")
