"""The studio is killed in the middle of a run that it runs itself: the page comes back, and the run goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Page, expect

from tests.e2e.studio.conftest import is_in
from tests.support.ports import answers, free_port
from tests.support.wait import until

SOURCE = """
import pathlib
from livets.flow import Flow

HERE = pathlib.Path(__file__).parent

def noted(name, value=1):
    with (HERE / "notes").open("a") as file:
        file.write(name + " ")
    return value

def first() -> int:
    return noted("first")

def last(n: int) -> int:
    return noted("last", n + 1)

flow = Flow("killed")
ask = flow.add("flow.wait", id="ask", config={"prompt": "Now?"})
flow.connect(flow.add(first, id="first"), ask["value"])
ask["out"] >> flow.add(last, id="last")
"""


@contextlib.asynccontextmanager
async def studio(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "livets", "flow", "studio", "--folder", str(folder / "runs"), "--port", str(port),
        "--workflow", "killed_flow:flow", cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}:{os.getcwd()}", "LIVETS_STATE_DIR": str(folder / "state")},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await until(lambda: answers(port) or process.returncode is not None, "the studio to start", timeout_s=30)
        assert process.returncode is None
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_killed_and_resumed_while_somebody_looks(tmp_path: Path, page: Page, page_log) -> None:  # type: ignore[no-untyped-def]
    page_log.allow("WebSocket|Failed to load|ERR_CONNECTION|begun_anew")
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    (tmp_path / "killed_flow.py").write_text(SOURCE)
    port = free_port()
    async with studio(tmp_path, port) as process:
        await page.goto(f"http://localhost:{port}/")
        await page.click("#start button")
        await is_in(page, "first", "completed")
        await is_in(page, "ask", "waiting")
        process.kill()
        await process.wait()
    async with studio(tmp_path, port):
        await expect(page.locator("#livets")).to_have_class("livets-connected", timeout=30_000)
        await is_in(page, "first", "completed")
        await is_in(page, "ask", "waiting")
        await expect(page.locator("#resume")).to_be_visible(timeout=30_000)  # it has been silent for ten seconds
        await page.click("#resume")
        await expect(page.locator("#resume")).to_have_count(0)
        await page.locator("#asks").get_by_role("link", name="ask").click()
        await page.fill("#answer", "5")
        await page.get_by_role("button", name="Send").click()
        await is_in(page, "last", "completed")
        await expect(page.locator("#status")).to_have_text("completed")
    assert (tmp_path / "notes").read_text().split() == ["first", "last"], "first was not run again"
