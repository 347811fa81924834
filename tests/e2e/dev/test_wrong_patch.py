"""In development a patch that would make the page wrong shows over it, and the page is right all the same."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from livets import LiveTS, LiveView, event
from livets.render import Rendering
from tests.support.browser import PageLog
from tests.support.server import serving


class Counter(LiveView):
    """Counts."""

    count: int = 0
    template = "<h1>{{ count }}</h1><button ts-on:click='add'>Add</button>"

    @event
    async def add(self) -> None:
        self.count += 1


async def test_a_planted_bug_is_seen(page: Page, page_log: PageLog, monkeypatch: pytest.MonkeyPatch) -> None:
    page_log.allow("wrong_patch Counter")  # the console has it, too
    app = LiveTS(secret_key="a secret for this test, 32 characters", dev=True)
    app.live("/", Counter)
    sound = Rendering.diff

    def wrong(self: Rendering, *args: Any, **options: Any) -> Any:
        patch = sound(self, *args, **options)
        patch.diff = [0, 7] if patch.diff else []
        return patch

    async with serving(app) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected")
        monkeypatch.setattr(Rendering, "diff", wrong)
        await page.click("button")
        await expect(page.locator("#livets h1")).to_have_text("1")
        await expect(page.get_by_text("a fresh render shows").first).to_be_visible()
        await expect(page.get_by_text("-<h1>7</h1>").first).to_be_visible()
        await page.goto("about:blank")
