"""A sandbox for each set of layers, one server for all tests of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox
from tests.integration.engine.sandbox.attacks import LAYERS


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """With every layer that there is."""
    yield from _open("all layers")


@pytest.fixture(scope="session", params=list(LAYERS))
def layered(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """With each set of layers in turn."""
    yield from _open(request.param)


def _open(layers: str) -> Iterator[Sandbox]:
    one = Sandbox(Limits(seconds=20, processes=64), without=LAYERS[layers])
    yield one
    asyncio.run(one.close())
