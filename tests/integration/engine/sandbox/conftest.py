"""A sandbox for each set of layers, one server for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox
from tests.integration.engine.sandbox.attacks import LAYERS


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """With every layer that there is."""
    async with Sandbox(Limits(seconds=20, processes=64)) as one:
        assert (await one.layers()).missing() == []
        yield one


@pytest.fixture(params=list(LAYERS))
async def layered(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """With each set of layers in turn."""
    async with Sandbox(Limits(seconds=20, processes=64), without=LAYERS[request.param]) as one:
        yield one
