"""A site that is served, and people at it. Tests say which site: a fixture `site` of their own, an application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from livets import LiveTS
from tests.integration.transport.harness import Browser, Socket, serving


@pytest.fixture
async def origin(site: LiveTS) -> AsyncIterator[str]:
    """Where the test's site is served."""
    async with serving(site) as origin:
        yield origin


@pytest.fixture
async def user(origin: str) -> AsyncIterator[Browser]:
    """Somebody who has loaded the first page, and not joined yet."""
    async with Browser(origin) as user:
        await user.open("/")
        yield user


@pytest.fixture
async def neighbour(origin: str) -> AsyncIterator[Socket]:
    """Somebody else's page, joined: what others do must not harm it."""
    async with Browser(origin) as user:
        await user.open("/")
        yield await user.join()
