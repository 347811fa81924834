"""One node changes: what the server does for a page that shows it is the same, however large the graph is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from livets.engine.events import Event
from livets.flow import Flow, FlowRuntime
from livets.studio import Studio
from livets.testing import client
from tests.support.wait import until


async def calls(folder: Path, nodes: int) -> int:
    """How many functions are called, here and in C, to show that one of `nodes` nodes has changed."""
    flow = Flow("wide")
    for number in range(nodes):
        flow.add("debug.log", id=f"n{number}", value=1)
    async with FlowRuntime(folder) as runtime:
        studio = Studio(runtime, authorize=lambda session: True)
        app = studio.application(secret_key="a secret of at least 32 characters")
        await runtime.run(flow, run="r")
        async with client(app) as person:
            page = await person.open("/runs/r")
            if page.has("#all"):
                await page.find("#all").click()
            feed = await studio.desk.feeds.open("r")
            counts = []
            for attempt in range(2, 7):
                started = {"node": "n3", "attempt": attempt}
                feed.history.step(Event(feed.history.seq + 1, "flow/r", "flow.node.started", 1.0, started))
                counts.append(await _counted(feed, page, f"running, attempt {attempt}"))
            return min(counts)


async def _counted(feed: Any, page: Any, shown: str) -> int:
    count = 0

    def see(frame: Any, what: str, _argument: Any) -> None:
        nonlocal count
        if what in ("call", "c_call") and "/mirror/" not in frame.f_code.co_filename:
            count += 1  # the mirror is the test's model of the browser, not the server

    sys.setprofile(see)
    try:
        feed._news.set()
        await asyncio.sleep(0.12)  # a pulse and a screen frame: all that happens meanwhile is counted
    finally:
        sys.setprofile(None)
    await until(lambda: shown in page.html, "the change to be shown")
    return count


async def test_an_update_costs_the_same_among_600_nodes_as_among_30(tmp_path: Path) -> None:
    few, many = await calls(tmp_path / "few", 30), await calls(tmp_path / "many", 600)
    assert many < 1.5 * few, (few, many)  # 928 and 916 on a quiet machine; one call for each node would be 570 more
    assert few < 5_000
