"""Runs are watched in a browser: the list, the graph, one node in full; states change while nobody touches the page."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from livets.flow import Flow
from tests.e2e.studio.conftest import Hall, box, is_in


def chain(hall: Hall) -> Flow:
    async def first(n: int, ctx) -> int:  # type: ignore[no-untyped-def]
        ctx.emit("info", message="thinking about it")
        await hall.pass_gate("first")
        return n + 1

    flow = Flow("chain")
    start = flow.add(first, id="first", n=1)
    start >> flow.add(lambda n: {"n": n, "password": "hunter2", "long": "x" * 5000}, id="second")
    return flow


async def test_states_change_while_somebody_looks(hall: Hall, page: Page) -> None:
    await page.goto(hall.url)
    await expect(page.locator(".s-empty")).to_contain_text("Nothing has run yet")
    run = await hall.start(chain(hall))
    await page.get_by_role("link", name=run).click()
    await is_in(page, "first", "running")
    await is_in(page, "second", "pending")
    await expect(page.locator("#status")).to_have_text("running")
    hall.gate("first").set()
    await is_in(page, "first", "completed")
    await is_in(page, "second", "completed")
    await expect(box(page, "first").locator(".s-line")).to_have_text(re.compile("completed in "))
    await expect(page.locator("#status")).to_have_text("completed")
    await expect(page.locator("#said")).to_have_text("The run completed")
    await expect(page.locator("#counts")).to_have_text("2 completed")
    await expect(page.locator("#cancel")).to_have_count(0)


async def test_a_node_in_full(hall: Hall, page: Page) -> None:
    run = await hall.start(chain(hall))
    hall.gate("first").set()
    await page.goto(f"{hall.url}/runs/{run}")
    await is_in(page, "second", "completed")
    await box(page, "second").click()
    await expect(page).to_have_url(f"{hall.url}/runs/{run}?node=second")
    await expect(page.locator("#outputs")).to_contain_text('"n": 2')
    await expect(page.locator("#outputs")).to_contain_text("[hidden]")
    await expect(page.locator("#outputs")).to_contain_text("(5,000 characters)")
    await expect(page.locator("#outputs")).not_to_contain_text("hunter2")
    await expect(page.locator("#inputs")).to_contain_text("from first.out")
    await page.go_back()
    await expect(page.locator("#detail")).to_contain_text("Choose a node")
    await page.goto(f"{hall.url}/runs/{run}?node=first")
    await expect(page.locator("#detail")).to_contain_text("thinking about it")
    await expect(page.locator("#inputs")).to_contain_text("written in the workflow")


async def test_no_such_run(hall: Hall, page: Page, page_log) -> None:  # type: ignore[no-untyped-def]
    page_log.allow("404")
    answer = await page.goto(f"{hall.url}/runs/nothing")
    assert answer is not None
    assert answer.status == 404
