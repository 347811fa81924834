"""The chat, as people in two windows use it."""

from __future__ import annotations

import secrets
from pathlib import Path

from playwright.async_api import Page, expect

from tests.support.redis_server import RedisServer
from tests.support.workers import Workers


async def enter(page: Page, demo: str, name: str, room: str = "lobby") -> None:
    await page.goto(f"{demo}/chat/{room}")
    await page.fill("#name", name)
    await page.keyboard.press("Enter")
    await expect(page.locator("#draft")).to_be_focused()


async def say(page: Page, *texts: str) -> None:
    for text in texts:
        await page.fill("#draft", text)
        await page.keyboard.press("Enter")
        await expect(page.locator(".log li p").last).to_have_text(text)


async def test_two_people_talk(demo: str, page: Page) -> None:
    await enter(page, demo, "Ann")
    await expect(page.locator(".log .empty")).to_be_visible()
    other = await page.context.new_page()
    await enter(other, demo, "Bob")
    for window in (page, other):
        await expect(window.locator(".people li")).to_have_text(["Ann", "Bob"])
    await other.locator("#draft").press_sequentially("<b>hi</b> Ann")
    await expect(page.locator(".typing")).to_have_text("Bob is typing …")
    await expect(other.locator(".typing")).to_have_text("")
    await other.keyboard.press("Enter")
    await expect(page.locator(".log li p")).to_have_text(["<b>hi</b> Ann"])
    await expect(page.locator(".typing")).to_have_text("")
    await expect(other.locator("#draft")).to_have_value("")
    await other.get_by_role("link", name="Leave").click()
    await expect(other.locator("h1")).to_have_text("livets")
    await expect(page.locator(".people li")).to_have_text(["Ann"])


async def test_who_stops_typing_is_no_longer_said_to_type(demo: str, page: Page) -> None:
    await enter(page, demo, "Ann")
    other = await page.context.new_page()
    await enter(other, demo, "Bob")
    await other.locator("#draft").press_sequentially("well")
    await expect(page.locator(".typing")).to_have_text("Bob is typing …")
    await expect(page.locator(".typing")).to_have_text("", timeout=20_000)


async def test_a_reload_and_another_room_keep_the_name(demo: str, page: Page) -> None:
    await enter(page, demo, "Ann", "tea")
    await say(page, "one", "two")
    await page.reload()
    await expect(page.locator(".log li p")).to_have_text(["one", "two"])
    await expect(page.locator("#draft")).to_be_visible()
    await page.get_by_role("link", name="python").click()
    await expect(page.locator("[aria-current=page]")).to_have_text("python")
    await expect(page.locator("#draft")).to_be_visible()
    await expect(page.locator(".log li")).to_have_count(0)


async def test_the_messages_stay_at_their_end_unless_one_has_scrolled_up(demo: str, page: Page) -> None:
    await enter(page, demo, "Ann")
    other = await page.context.new_page()
    await enter(other, demo, "Bob")
    await say(other, *[f"message {number}" for number in range(20)])
    await page.bring_to_front()
    last = page.locator(".log li").last
    await expect(last.locator("p")).to_have_text("message 19")
    await expect(last).to_be_in_viewport(ratio=1)
    await page.evaluate("document.querySelector('.log').scrollTop = -400")
    top = "() => document.querySelectorAll('.log li')[10].getBoundingClientRect().top"
    before = await page.evaluate(top)
    await say(other, "and one more")
    await expect(last.locator("p")).to_have_text("and one more")
    # the browser puts the scrolled text back in its place when it lays out the new line
    await page.wait_for_function(f"before => Math.abs(({top})() - before) < 2", arg=before)
    await expect(last).not_to_be_in_viewport()


async def test_a_room_that_is_none_is_not_found(demo: str, page: Page) -> None:
    response = await page.request.get(f"{demo}/chat/cellar")
    assert response.status == 404
    assert "There is nothing here" in await response.text()


async def test_without_a_room_one_comes_into_the_first(demo: str, page: Page) -> None:
    await page.goto(f"{demo}/chat?name=Ann")
    await expect(page).to_have_url(f"{demo}/chat/lobby?name=Ann")
    await expect(page.locator("#draft")).to_be_visible()


async def test_people_at_other_workers_are_here_too(redis_server: RedisServer, tmp_path: Path, page: Page) -> None:
    env = {
        "LIVETS_REDIS_URL": redis_server.url,
        "LIVETS_SECRET_KEY": secrets.token_hex(32),
        "CHAT_DB": str(tmp_path / "chat.db"),
    }
    with Workers("examples.demo:app", 2, env=env) as workers:
        ann, bob = (f"http://127.0.0.1:{port}" for port in workers.ports)
        await enter(page, ann, "Ann")
        other = await page.context.new_page()
        await enter(other, bob, "Bob")
        for window in (page, other):
            await expect(window.locator(".people li")).to_have_text(["Ann", "Bob"])
        await other.locator("#draft").press_sequentially("hello")
        await expect(page.locator(".typing")).to_have_text("Bob is typing …")
        await other.goto("about:blank")  # Bob has closed his window
        await expect(page.locator(".people li")).to_have_text(["Ann"], timeout=20_000)
        await page.goto("about:blank")
