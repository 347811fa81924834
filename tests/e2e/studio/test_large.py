"""A run of 1,000 nodes: usable, right to the last box, and at most 30 patches a second."""

from __future__ import annotations

import asyncio
import time

from playwright.async_api import Page, WebSocket, expect

from livets.flow import Flow
from tests.e2e.studio.conftest import Hall

STAGES = {"fetch": 1, "project": 300, "diff": 350, "fit": 2, "background": 300, "shrink": 46, "join": 1}
BOXES = len(STAGES) + 1
"""One for each stage, but the two tasks of `fit` are too few for a group."""
FRAMES_PER_S = 30


def mosaic(hall: Hall) -> Flow:
    """1,000 tasks in seven stages, a few milliseconds each; one of them fails."""

    async def begin() -> int:
        await hall.pass_gate("begin")
        return 1

    async def task(n: int) -> int:
        await asyncio.sleep(0.005)
        return n

    async def unlucky(n: int) -> int:
        raise ValueError("clouds")

    flow = Flow("mosaic", max_parallel=8)
    before: list = []
    for stage, count in STAGES.items():
        nodes = []
        for number in range(count):
            function = begin if not before else unlucky if (stage, number) == ("shrink", 45) else task
            node = flow.set(flow.add(function, id=f"{stage}_{number:04}"), on_error="skip")
            if before:
                flow.connect(before[number * len(before) // count], node["n"])
            nodes.append(node)
        before = nodes
    return flow


class Frames:
    """When something came over the page's sockets."""

    def __init__(self, page: Page) -> None:
        self.times: list[float] = []
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda _data: self.times.append(time.monotonic()))

    def most_in_a_second(self) -> int:
        """The largest number of frames in any second."""
        return max((sum(1 for other in self.times if at <= other < at + 1) for at in self.times), default=0)


async def test_a_thousand_nodes_in_groups_and_one_by_one(hall: Hall, page: Page) -> None:
    frames = Frames(page)
    run = await hall.start(mosaic(hall))
    await page.goto(f"{hall.url}/runs/{run}")
    await expect(page.locator("#graph a.s-box")).to_have_count(BOXES)
    await page.click("#all")
    await expect(page.locator("#graph a.s-tile")).to_have_count(1_000)
    began = len(frames.times)
    hall.gate("begin").set()
    await expect(page.locator("#status")).to_have_text("completed", timeout=60_000)
    await expect(page.locator("#graph a[data-state=completed]")).to_have_count(999)
    await expect(page.locator("#graph a[data-state=failed]")).to_have_count(1)
    assert len(frames.times) - began >= 3, "it was shown while it ran"
    assert frames.most_in_a_second() <= FRAMES_PER_S
    await page.click("#groups")
    group = page.locator("#graph a.s-group[aria-label*='nodes shrink']")
    await expect(group).to_have_attribute("data-state", "failed")
    await expect(group).to_contain_text("46 of 46, 1 failed")
    await group.click()
    await expect(page.locator("#members li").nth(0)).to_contain_text("shrink_0045")
    await page.click("#unfold")
    await expect(page.locator("#graph a.s-box")).to_have_count(BOXES - 1 + 46)
    await page.locator("#members").get_by_role("link", name="shrink_0045").click()
    await expect(page.locator("#error")).to_contain_text("clouds")
    await page.click("#fold")
    await expect(page.locator("#graph a.s-box")).to_have_count(BOXES)
    await expect(page.locator("#error")).to_contain_text("clouds")
    await page.click("#tab-table")
    await expect(page.locator("#table tbody tr")).to_have_count(50)
    await page.select_option("#find-state", "failed")
    await expect(page.locator("#table tbody tr")).to_have_count(1)
