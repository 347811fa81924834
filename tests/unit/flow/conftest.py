"""What tests of runs share: a runtime in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from livets.flow import FlowRuntime


@pytest.fixture
async def runtime() -> AsyncIterator[FlowRuntime]:
    async with FlowRuntime() as runtime:
        yield runtime
