"""Where streams come from and go to in tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from livets.flow import Flow, FlowRuntime
from livets.flow.result import RunResult
from livets.flow.streaming import StreamContext

STREAM = {"stream": {"capacity": 4, "checkpoint_s": 0}}


def numbers_to(limit: int, halt: int | None = None) -> Any:
    async def numbers(ctx: StreamContext) -> AsyncIterator[int]:
        while ctx.memory.get("next", 0) < limit:
            at = ctx.memory.get("next", 0)
            if at == halt:
                await asyncio.sleep(3600)
            ctx.memory["next"] = at + 1
            yield at

    return numbers


def collector(into: list[Any]) -> Any:
    def collect(value: Any) -> None:
        into.append(value)

    return collect


async def run(flow: Flow, **inputs: Any) -> RunResult:
    async with FlowRuntime() as runtime:
        return await asyncio.wait_for(runtime.run(flow, inputs), 20)
