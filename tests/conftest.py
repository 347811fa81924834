"""Fixtures for every test, and the event loop that browser tests share."""

from __future__ import annotations

import os
from importlib.metadata import entry_points

import pytest
from hypothesis import settings

from tests.support.browser import browser, context, page, page_log
from tests.support.redis_server import RedisServer, redis_server

__all__ = ["browser", "context", "page", "page_log", "redis_server"]

# An installed livets brings its plugin along.
pytest_plugins = [] if entry_points(group="pytest11", name="livets") else ["livets.testing.plugin"]

# What livets brings works under the strictest policy: every page of every test has it.
os.environ.setdefault("LIVETS_CSP", "strict")

settings.register_profile("livets", deadline=None)  # a busy machine is no bug
settings.load_profile("livets")

_BROWSER_FIXTURES = {"browser", "context", "page"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests run on the session's loop, where Chromium's connection lives, and carry the `browser` mark."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & _BROWSER_FIXTURES:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if "redis_server" in names:
            item.add_marker(pytest.mark.redis)


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """URL of this test's own Redis."""
    return redis_server.url
