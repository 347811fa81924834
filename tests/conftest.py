"""Fixtures for every test, and the event loop that browser tests share."""

from __future__ import annotations

import gc
import os
from importlib.metadata import entry_points

import pytest
from hypothesis import settings

from tests.support.browser import (
    TRANSPORTS,
    browser,
    context,
    only_http,
    page,
    page_log,
    transport,
    transport_of_run,
    way,
)
from tests.support.redis_cluster import redis_cluster
from tests.support.redis_server import RedisServer, redis_server

__all__ = ["browser", "context", "only_http", "page", "page_log", "redis_cluster", "redis_server", "transport", "way"]

# An installed livets brings its plugin along.
pytest_plugins = [] if entry_points(group="pytest11", name="livets") else ["livets.testing.plugin"]

# What livets brings works under the strictest policy: every page of every test has it.
os.environ.setdefault("LIVETS_CSP", "strict")

settings.register_profile("livets", deadline=None)  # a busy machine is no bug
settings.load_profile("livets")

_BROWSER_FIXTURES = {"browser", "context", "page"}


def pytest_configure(config: pytest.Config) -> None:
    """The marks that go with the switch of `tests/support/browser.py`."""
    config.addinivalue_line("markers", "both_transports: runs over a WebSocket and without one in every run")
    config.addinivalue_line("markers", "websocket_only(reason): left out where LIVETS_TEST_TRANSPORT=http, and why")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests run on the session's loop, where Chromium's connection lives, and carry the `browser` mark."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & _BROWSER_FIXTURES:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if names & {"redis_cluster", "redis_server"}:
            item.add_marker(pytest.mark.redis)
        about_sockets = item.get_closest_marker("websocket_only")
        if about_sockets and transport_of_run() == "http":
            item.add_marker(pytest.mark.skip(reason=about_sockets.kwargs["reason"]))


def pytest_collection_finish() -> None:
    """What is there before the first test stays: garbage collections need not look at thousands of tests again."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests marked `both_transports` run with a WebSocket and without one."""
    if metafunc.definition.get_closest_marker("both_transports"):
        metafunc.parametrize("transport", TRANSPORTS, indirect=True)


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """URL of this test's own Redis."""
    return redis_server.url
