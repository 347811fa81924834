"""The scripted server and the page it serves, for the tests of the connector alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.connector.board import Board
from tests.e2e.connector.script import Script


@pytest_asyncio.fixture(loop_scope="session")
async def script(browser: Browser, transport: str, way: dict[str, Any]) -> AsyncIterator[Script]:
    context = await browser.new_context(**way)
    page = await context.new_page()
    scripted = Script(page, transport)
    await scripted.start()
    yield scripted
    await context.close()
    await scripted.stop()
    faults = [line for line in scripted.console if "CSP" in line or line.startswith("pageerror")]
    assert not (scripted.is_strict and faults)


@pytest.fixture
def board() -> Board:
    """A page with a bit of everything shown."""
    return Board(
        banner=("on", "deep"), rows={"1": ("a", None), "2": ("b", "!"), "3": ("", None)}, radii=[1, 2], html="<q>h</q>"
    )
