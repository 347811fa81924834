"""The workflow of the examples: started, watched, approved in the browser; its report is written."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect


async def test_a_report_is_approved_and_written(demo: str, page: Page, tmp_path: Path) -> None:
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.goto(demo)
    await page.get_by_role("heading", name="Workflow").click()
    await page.click("#start button")
    await expect(page.locator("#status")).to_have_text("waiting", timeout=30_000)
    await page.locator("#asks").get_by_role("link", name="approve").click()
    await expect(page.locator("#ask")).to_contain_text("Shall this report be written?")
    await page.fill("#comment", "a good week")
    await page.click("#approve")
    await expect(page.locator("#status")).to_have_text("completed")
    report = tmp_path / "flow" / "reports" / "report.md"
    assert "Approved by somebody in the studio: a good week" in await asyncio.to_thread(report.read_text)
    await page.click("#tab-table")
    await page.fill("#find", "each_shop[0]/price")
    await expect(page.locator("#table tbody tr")).to_have_count(1)
