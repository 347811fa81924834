"""Runs are watched in a browser: the list, the graph, one node in full; states change while nobody touches the page."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Page, expect

from livets.engine.events import NewEvent
from livets.flow import Flow
from livets.flow.archive import HELD
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


async def test_the_list_is_paged_filtered_and_live(hall: Hall, page: Page) -> None:
    log = hall.runtime.log
    assert log is not None
    for number in range(30):
        flow = f"w{number % 3}"
        created = NewEvent("flow.run.created", {"workflow": flow, "version": "v", "inputs": {}}, ts=1_000.0 + number)
        ended = NewEvent("flow.run.failed" if number == 7 else "flow.run.completed", {}, ts=1_060.0 + number)
        await log.append(f"flow/run-{number:02}", [created, ended])
    await page.goto(hall.url)
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(25)
    await expect(rows.first).to_contain_text("run-29")
    await expect(rows.first).to_contain_text("1 min 0 s")
    await page.get_by_role("link", name="Older").click()
    await expect(rows).to_have_count(5)
    await expect(page).to_have_url(re.compile("page=2"))
    await page.select_option("select[name=status]", "failed")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("run-07")
    await page.select_option("select[name=status]", "")
    await page.select_option("select[name=workflow]", "w1")
    await expect(rows).to_have_count(10)
    created = {"workflow": "w1", "version": "v", "inputs": {}}
    await log.append("flow/new", [NewEvent("flow.run.created", created)])
    await expect(rows).to_have_count(11)
    await expect(rows.first).to_contain_text("new")
    await expect(rows.first).to_contain_text("interrupted")  # it says of no process that runs it
    await log.append(f"{HELD}new", [NewEvent("flow.run.held", {"runner": hall.runtime.lease.take()})])
    await log.append("flow/new", [NewEvent("flow.run.resumed", {"reset": [], "deep": False})])
    await expect(rows.first).to_contain_text("running")
    await log.append("flow/new", [NewEvent("flow.run.cancelled", {})])
    await expect(rows.first).to_contain_text("cancelled")


async def test_a_page_that_was_quiet_for_long_still_hears_of_news(hall: Hall, page: Page) -> None:
    """A view that nothing happens to may sleep; one that somebody watches may not (livets.live.quiet)."""
    run = await hall.start(Flow("little"))
    await page.goto(f"{hall.url}/runs/{run}")
    await expect(page.locator("#status")).to_have_text("completed")
    other = await page.context.new_page()
    await other.goto(hall.url)
    await expect(other.locator("tbody tr")).to_have_count(1)
    await asyncio.sleep(3.0)  # six times as long as views of this hall stay awake by themselves
    assert hall.app.config.idle_after_s == 0.5
    resumed = {"reset": [], "deep": False, "runner": hall.runtime.lease.take()}
    await hall.runtime.log.append(f"flow/{run}", [NewEvent("flow.run.resumed", resumed)])  # type: ignore[union-attr]
    await expect(page.locator("#status")).to_have_text("running")
    await expect(other.locator("tbody tr")).to_contain_text("running")
