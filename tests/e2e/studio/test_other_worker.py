"""Two workers over one folder and Redis: the page goes on at the other worker, and steers a run that is not its own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.studio.conftest import box, is_in
from tests.support.browser import PageLog
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.workers import Workers

pytestmark = pytest.mark.redis


@pytest.fixture
def two(redis_server: RedisServer, tmp_path: Path) -> Iterator[tuple[Workers, RoundRobin]]:
    """The examples on two workers behind a balancer."""
    environment = {
        "FLOW_FOLDER": str(tmp_path / "flow"),
        "FLOW_PACE_S": "0.05",
        "TODO_DB": str(tmp_path / "todo.db"),
        "CHAT_DB": str(tmp_path / "chat.db"),
        "LIVETS_SECRET_KEY": secrets.token_hex(32),
        "LIVETS_REDIS_URL": redis_server.url,
    }
    with (
        Workers("examples.demo:app", 2, env=environment, restart=False) as workers,
        RoundRobin(workers.ports) as balancer,
    ):
        yield workers, balancer


async def test_a_page_moves_to_the_other_worker_and_keeps_its_place(
    two: tuple[Workers, RoundRobin], page: Page, page_log: PageLog, tmp_path: Path
) -> None:
    page_log.allow("WebSocket|Failed to load|ERR_")
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    workers, balancer = two
    home = f"http://127.0.0.1:{balancer.port}/flow"
    balancer.backends = [workers.ports[0]]
    await page.goto(home)
    await page.click("#start button")
    await expect(page.locator("#status")).to_have_text("waiting", timeout=30_000)
    run = page.url
    balancer.backends = [workers.ports[1]]
    await page.goto(run)  # worker 1 shows a run that worker 0 runs
    await box(page, "approve").click()
    await expect(page.locator("#detail h2")).to_have_text("approve")
    narrow = await page.locator("#graph").get_attribute("width")
    await page.click("#larger")
    await expect(page.locator("#graph")).not_to_have_attribute("width", narrow or "")
    wide = await page.locator("#graph").get_attribute("width")
    await page.fill("#comment", "from afar")
    balancer.backends = [workers.ports[0]]
    balancer.cut(workers.ports[1])  # its socket breaks, and comes back at worker 0
    await expect(page.locator("#livets")).to_have_class("livets-connected", timeout=20_000)
    await expect(page.locator("#detail h2")).to_have_text("approve")
    await expect(page.locator("#graph")).to_have_attribute("width", wide or "")
    await expect(page.locator("#comment")).to_have_value("from afar")
    balancer.backends = [workers.ports[1]]
    await page.goto(run)
    await box(page, "approve").click()
    await page.fill("#comment", "from afar")
    await page.click("#approve")  # worker 1 asks worker 0 through the journal
    await is_in(page, "write", "completed")
    await expect(page.locator("#status")).to_have_text("completed")
    assert "from afar" in (tmp_path / "flow" / "reports" / "report.md").read_text()
    log = workers.log(0) + workers.log(1)
    assert "Traceback" not in log, log
