"""A studio over a runtime of the test's own, served on the test's event loop, and gates that its nodes wait at."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from livets.flow import Flow, FlowRuntime
from livets.studio import Studio
from tests.support.server import serving


class Hall:
    """What a test holds in its hands: the runtime, the studio, its URL, and gates by name that it opens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime = FlowRuntime(folder, max_parallel=2000)
        self.studio = Studio(self.runtime)
        self.app = self.studio.application(
            secret_key="a secret of at least 32 characters", dev=True, detached_keep_s=3.0, idle_after_s=0.5
        )
        self.gates: dict[str, asyncio.Event] = {}
        self.stopped: list[str] = []
        self.url = ""

    def gate(self, name: str) -> asyncio.Event:
        """The gate of that name; nodes that call `pass_gate` go on when it is set."""
        return self.gates.setdefault(name, asyncio.Event())

    async def pass_gate(self, name: str) -> None:
        """Wait at a gate, and note when the waiting was cancelled."""
        try:
            await self.gate(name).wait()
        except asyncio.CancelledError:
            self.stopped.append(name)
            raise

    async def start(self, flow: Flow) -> str:
        """Begin a run as somebody would in this process, and return its name."""
        return await self.studio.start(flow)

    def know(self, flow: Flow) -> None:
        """As if it had been given to Studio(workflows=...)."""
        self.studio.desk.commands._workflows.append(flow)

    def forget(self) -> None:
        """As after a restart: what was compiled here is gone."""
        self.runtime._instances.clear()

    @contextlib.asynccontextmanager
    async def command(self, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """`livets flow ...` on this folder, in a process of its own that is killed at the end."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "livets", "flow", *arguments, "--folder", str(self.folder),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    """A studio that is served."""
    hall = Hall(tmp_path / "runs")
    async with hall.runtime, serving(hall.app) as hall.url:
        yield hall


def box(page: Page, label: str) -> Locator:
    """The box of a node in the graph."""
    return page.locator(f"#graph a.s-box[aria-label^='{label} ']")


async def is_in(page: Page, label: str, state: str) -> None:
    """The node's box shows this state."""
    await expect(box(page, label)).to_have_attribute("data-state", state)
