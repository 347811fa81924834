"""A person edits to-dos in two windows at once; a worker is killed meanwhile; nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.examples.test_todo import add, item, titles
from tests.support.browser import PageLog
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.workers import Workers


@pytest.mark.parametrize("victim", [0, 1])
async def test_a_killed_worker_costs_nothing(
    page: Page, page_log: PageLog, redis_server: RedisServer, tmp_path: Path, victim: int
) -> None:
    page_log.allow("WebSocket|ERR_CONNECTION|ERR_EMPTY_RESPONSE")
    env = {
        "TODO_DB": str(tmp_path / "todo.db"),
        "LIVETS_REDIS_URL": redis_server.url,
        "LIVETS_SECRET_KEY": "a-secret-key-for-this-test-only-0123456789",
    }
    with Workers("examples.demo:app", 2, env=env) as workers, RoundRobin(workers.ports) as balancer:
        other = await page.context.new_page()
        for window in (page, other):
            await window.goto(f"{balancer.url}/todo")
        await add(page, "milk")
        await expect(titles(other)).to_have_text(["milk"])
        await add(other, "bread")
        await item(page, "milk").get_by_role("button", name="Edit").click()
        editor = page.locator("input[name=title]")
        await editor.fill("oat milk")

        workers.kill(victim)

        await other.fill("#draft", "cheese")
        await other.keyboard.press("Enter")
        await item(other, "bread").get_by_role("checkbox").check()
        await expect(editor).to_have_value("oat milk")
        await editor.press("Enter")
        for window in (page, other):
            await expect(titles(window)).to_have_text(["oat milk", "bread", "cheese"], timeout=20_000)
            await expect(item(window, "bread").get_by_role("checkbox")).to_be_checked()
            await expect(window.locator("#left")).to_have_text("2 things left")
        await page.reload()
        await expect(titles(page)).to_have_text(["oat milk", "bread", "cheese"])
