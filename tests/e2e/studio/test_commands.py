"""Runs are steered in a browser: cancel, resume, run again, approve, answer; here and in other processes."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Page, expect

from livets.flow import Flow
from tests.e2e.studio.conftest import Hall, box, is_in
from tests.support.wait import until


def yes(page: Page) -> None:
    """Say yes to every question."""
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))


def gated(hall: Hall) -> Flow:
    async def work(n: int) -> int:
        await hall.pass_gate("work")
        return n + 1

    flow = Flow("gated")
    flow.add(lambda: 1, id="one") >> flow.add(work, id="work") >> flow.add(lambda n: n, id="last")
    return flow


async def test_cancel_stops_the_node_and_resume_goes_on(hall: Hall, page: Page) -> None:
    yes(page)
    flow = gated(hall)
    hall.know(flow)
    run = await hall.start(flow)
    await page.goto(f"{hall.url}/runs/{run}")
    await is_in(page, "work", "running")
    await page.click("#cancel")
    await expect(page.locator("#status")).to_have_text("cancelled")
    await is_in(page, "work", "cancelled")
    assert hall.stopped == ["work"], "the node was really cancelled"
    hall.gate("work").set()
    await page.click("#resume")
    await is_in(page, "last", "completed")
    await expect(page.locator("#status")).to_have_text("completed")
    events = await hall.runtime.events(run)
    starts = [event.data["node"] for event in events if event.type == "flow.node.started"]
    assert starts.count("one") == 1, "what had completed was not run again"


async def test_a_question_answered_no_does_nothing(hall: Hall, page: Page) -> None:
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))
    run = await hall.start(gated(hall))
    await page.goto(f"{hall.url}/runs/{run}")
    await is_in(page, "work", "running")
    await page.click("#cancel")
    hall.gate("work").set()
    await expect(page.locator("#status")).to_have_text("completed")
    assert hall.stopped == []


async def test_a_failed_node_shows_its_attempts_and_runs_again(hall: Hall, page: Page) -> None:
    yes(page)
    healthy = False

    def sick(n: int) -> int:
        if not healthy:
            raise ValueError("the patient is ill")
        return n

    from livets.engine.retry import RetryPolicy

    flow = Flow("sick")
    failing = flow.set(flow.add(sick, id="sick"), retry=RetryPolicy(max_attempts=3, delay_ms=20))
    flow.add(lambda: 1, id="one") >> failing >> flow.add(lambda n: n, id="last")
    hall.know(flow)
    run = await hall.start(flow)
    await page.goto(f"{hall.url}/runs/{run}")
    await is_in(page, "sick", "failed")
    await box(page, "sick").click()
    await expect(page.locator("#error")).to_have_text("ValueError: the patient is ill")
    await expect(page.locator("#tries li")).to_have_count(3)
    await expect(page.locator("#tries li").nth(0)).to_contain_text("again after")
    healthy = True
    await page.click("#retry")
    await is_in(page, "sick", "completed")
    await is_in(page, "last", "completed")
    await expect(page.locator("#tries li")).to_have_count(4)
    await expect(page.locator("#outputs")).to_contain_text("1")


async def test_an_approval_with_a_comment(hall: Hall, page: Page) -> None:
    yes(page)
    flow = Flow("asks")
    ask = flow.add("flow.approval", id="ask", config={"prompt": "Publish it?"}, value={"pages": 7})
    flow.add("debug.log", id="published", value=ask["approved"])
    flow.add("debug.log", id="dropped", value=ask["rejected"])
    run = await hall.start(flow)
    await page.goto(f"{hall.url}/runs/{run}")
    await expect(page.locator("#status")).to_have_text("waiting")
    await page.locator("#asks").get_by_role("link", name="ask").click()
    await expect(page.locator("#ask")).to_contain_text("Publish it?")
    await expect(page.locator("#ask pre")).to_contain_text('"pages": 7')
    await page.fill("#comment", "well done")
    await page.click("#approve")
    await is_in(page, "published", "completed")
    await is_in(page, "dropped", "skipped")
    await expect(page.locator("#outputs")).to_contain_text('"comment": "well done"')
    await expect(page.locator("#asks")).to_have_count(0)


async def test_an_answer_reaches_the_node_that_waits_for_it(hall: Hall, page: Page) -> None:
    flow = Flow("waits")
    flow.add("flow.wait", id="wait", config={"prompt": "How many?"})["out"] >> flow.add(lambda n: n * 2, id="twice")
    run = await hall.start(flow)
    await page.goto(f"{hall.url}/runs/{run}?node=wait")
    await page.fill("#answer", "21")
    await page.get_by_role("button", name="Send").click()
    await is_in(page, "twice", "completed")
    await box(page, "twice").click()
    await expect(page.locator("#outputs")).to_contain_text("42")


async def test_what_cannot_be_done_is_said(hall: Hall, page: Page) -> None:
    """The functions of this workflow are known to nobody here: the studio was not told of it."""
    yes(page)
    flow = gated(hall)
    run = await hall.start(flow)
    await page.goto(f"{hall.url}/runs/{run}")
    await page.click("#cancel")
    hall.forget()
    await page.click("#resume")
    await expect(page.locator("#notice")).to_contain_text("work")
    await expect(page.locator("#status")).to_have_text("cancelled")


async def test_start_from_the_list_and_run_anew(hall: Hall, page: Page) -> None:
    yes(page)
    flow = Flow("greets")
    name = flow.input("name", str)
    flow.add(lambda name: f"Hello {name}", id="greet", name=name)
    hall.know(flow)
    await page.goto(hall.url)
    await page.fill("#start textarea", "{}")
    await page.click("#start button")
    await expect(page.locator("#notice")).to_contain_text("'name'")
    await page.fill("#start textarea", '{"name": "Ann"}')
    await page.click("#start button")
    await expect(page.locator("#status")).to_have_text("completed")
    first = page.url
    await page.click("#again")
    await expect(page).not_to_have_url(first)
    await expect(page.locator("#status")).to_have_text("completed")
    await page.goto(hall.url)
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.select_option("select[name=status] >> nth=0", "failed")
    await expect(page.locator(".s-empty")).to_contain_text("No run is like that")
    await expect(page).to_have_url(re.compile("status=failed"))


async def test_a_run_of_another_process_is_followed_answered_and_cancelled(hall: Hall, page: Page) -> None:
    yes(page)
    flow = Flow("elsewhere")
    asked = flow.add("flow.approval", id="ask", config={"prompt": "Go on?"})
    asked["approved"] >> flow.add("time.delay", id="long", config={"seconds": 600})
    file = hall.folder.parent / "elsewhere.json"
    from livets.flow.files import write_workflow

    write_workflow(flow.workflow(), file)
    await page.goto(hall.url)
    async with hall.command("run", str(file), "--run", "far") as process:
        await page.get_by_role("link", name="far").click()
        await is_in(page, "ask", "waiting")
        await box(page, "ask").click()
        await page.click("#approve")
        await is_in(page, "ask", "completed")
        await is_in(page, "long", "waiting")
        await page.click("#cancel")
        await expect(page.locator("#status")).to_have_text("cancelled")
        await until(lambda: process.returncode is not None, "the other process to end", timeout_s=10)
    assert process.returncode == 1


async def test_a_wait_for_an_approval_gets_a_plain_yes(hall: Hall, page: Page) -> None:
    """flow.wait takes true or false, and no object as flow.approval does."""
    yes(page)
    flow = Flow("waits")
    wait = flow.add("flow.wait", id="wait", config={"for": "approval", "prompt": "Well?"}, value=3)
    wait["approved"] >> flow.add(lambda n: n + 1, id="next")
    run = await hall.start(flow)
    await page.goto(f"{hall.url}/runs/{run}?node=wait")
    await page.click("#approve")
    await is_in(page, "next", "completed")
