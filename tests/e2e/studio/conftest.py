"""A studio over a runtime of the test's own, served on the test's event loop, and gates that its nodes wait at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from livets.flow import Flow, FlowRuntime
from livets.studio import Studio
from tests.support.server import serving


class Hall:
    """What a test holds in its hands: the runtime, the studio, its URL, and gates by name that it opens."""

    def __init__(self, folder: Path, flows: Sequence[Flow] = ()) -> None:
        self.folder = folder
        self.runtime = FlowRuntime(folder, max_parallel=2000)
        self.studio = Studio(self.runtime, workflows=flows)
        self.app = self.studio.application(secret_key="a secret of at least 32 characters", dev=True)
        self.gates: dict[str, asyncio.Event] = {}
        self.stopped: list[str] = []
        self.url = ""

    def gate(self, name: str) -> asyncio.Event:
        """The gate of that name; nodes made by `waits_at` pass when it is set."""
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
        return await self.studio.desk.commands.start(flow)


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    """A studio that is served."""
    hall = Hall(tmp_path / "runs")
    async with hall.runtime, serving(hall.app) as hall.url:
        yield hall


def box(page: Page, label: str):  # type: ignore[no-untyped-def]
    """The box of a node in the graph."""
    return page.locator(f"#graph a.box[aria-label^='{label} ']")


async def is_in(page: Page, label: str, state: str) -> None:
    """The node's box shows this state."""
    await expect(box(page, label)).to_have_attribute("data-state", state)
