"""In development what is no mistake of the program does not cover the page."""

from __future__ import annotations

from playwright.async_api import Page, expect

from livets import LiveTS, LiveView
from tests.support.browser import PageLog
from tests.support.server import serving


class Order(LiveView):
    """A number that a person may empty."""

    amount: int = 1
    template = "<input type='number' ts-model.number='amount'><b>{{ amount }}</b>"


async def test_an_emptied_number_opens_no_overlay(page: Page, page_log: PageLog) -> None:
    page_log.allow("bad_field")
    app = LiveTS(secret_key="a secret for this test, 32 characters", dev=True)
    app.live("/", Order)
    async with serving(app) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected")
        told = "new Promise((done) => document.addEventListener('livets:error', ({ detail }) => done(detail.code)))"
        await page.evaluate(f"window.told = {told}; undefined")
        await page.fill("input", "")
        assert await page.evaluate("told") == "bad_field"
        await page.fill("input", "3")
        await expect(page.locator("b")).to_have_text("3")
        assert await page.locator("[data-livets-dev]").count() == 0
        await page.goto("about:blank")
