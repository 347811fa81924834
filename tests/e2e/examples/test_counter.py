"""The counter, as a person uses it. `demo` comes before `page`: pages close before their server does."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect


async def test_it_counts(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/counter")
    count = page.locator("#count")
    await expect(count).to_have_text("0")
    await expect(page.locator("#reset")).to_be_disabled()
    await page.click("#inc")
    await page.click("#inc10")
    await page.click("#dec")
    await expect(count).to_have_text("10")
    await expect(page.locator("#reset")).to_be_enabled()
    await page.click("#reset")
    await expect(count).to_have_text("0")
    await expect(page.locator("#reset")).to_be_disabled()


async def test_twenty_rapid_clicks_are_twenty(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/counter")
    await page.evaluate("() => { for (let i = 0; i < 20; i++) document.getElementById('inc').click(); }")
    await expect(page.locator("#count")).to_have_text("20")


@pytest.mark.both_transports
async def test_two_windows_are_two_counters(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/counter")
    other = await page.context.new_page()
    await other.goto(f"{demo}/counter")
    await page.click("#inc")
    await other.click("#inc10")
    await expect(page.locator("#count")).to_have_text("1")
    await expect(other.locator("#count")).to_have_text("10")


async def test_the_keyboard_works_and_focus_stays(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/counter")
    await page.focus("#inc")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Space")
    await expect(page.locator("#count")).to_have_text("2")
    await expect(page.locator("#inc")).to_be_focused()


async def test_the_page_is_whole_without_javascript(browser, demo: str) -> None:  # type: ignore[no-untyped-def]
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    response = await page.goto(f"{demo}/counter")
    assert response is not None
    assert response.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in response.headers["content-security-policy"]
    await expect(page.locator("h1")).to_have_text("Counter")
    await expect(page.locator("#count")).to_have_text("0")
    await context.close()


async def test_the_index_leads_to_all(demo: str, page: Page) -> None:
    await page.goto(demo)
    await page.get_by_role("link", name="Counter").click()
    await expect(page.locator("h1")).to_have_text("Counter")
    await page.get_by_role("link", name="All examples").click()
    await page.get_by_role("link", name="To-do").click()
    await expect(page.locator("h1")).to_have_text("To-do")
    await page.get_by_role("link", name="All examples").click()
    await page.get_by_role("link", name="Chat").click()
    await expect(page.locator("h1")).to_have_text("Chat")
