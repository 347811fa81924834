"""A process that runs (or resumes) a run in push mode with many checkpoints; its parent kills it.

Usage: killed_stream.py FOLDER. Prints the outputs as one JSON line when it has come to its end. The source writes each
number it gives to FOLDER/given before it gives it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from livets.engine.errors import EngineError
from livets.flow import Flow, FlowRuntime
from livets.flow.streaming import StreamContext

LIMIT = 3000


def flow_of(given: int) -> Flow:
    """A diamond and windows; every total is right only when each number counts exactly once."""

    async def numbers(ctx: StreamContext) -> AsyncIterator[int]:
        while ctx.memory.get("next", 0) < LIMIT:
            at = ctx.memory.get("next", 0)
            os.write(given, f"{at}\n".encode())
            ctx.memory["next"] = at + 1
            yield at

    async def pause(n: int) -> int:
        await asyncio.sleep(0.0001 if n % 7 == 0 else 0)
        return n * 10_000

    async def add_up(pairs: AsyncIterator[list[int]], ctx: StreamContext) -> AsyncIterator[int]:
        async for a, b in pairs:
            ctx.memory["total"] = ctx.memory.get("total", 0) + a + b
            yield ctx.memory["total"]

    async def count(windows: AsyncIterator[dict[str, list[int]]], ctx: StreamContext) -> AsyncIterator[list[int]]:
        async for window in windows:
            ctx.memory["sum"] = ctx.memory.get("sum", 0) + sum(window["items"])
            ctx.memory["n"] = ctx.memory.get("n", 0) + 1
            yield [ctx.memory["n"], ctx.memory["sum"]]

    flow = Flow("stream", stream={"capacity": 8, "checkpoint_s": 0.002})
    source = flow.add(numbers, id="numbers")
    pair = flow.add(lambda a, b: [a, b], id="pair", a=source, b=source >> flow.add(pause, id="pause"))
    flow.add(add_up, id="total", pairs=pair)
    window = flow.add("window.tumbling", id="window", config={"count": 7}, value=source)
    flow.add(count, id="count", windows=window["out"])
    return flow


async def main(folder: Path) -> None:
    given = os.open(folder / "given", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    flow = flow_of(given)
    async with FlowRuntime(folder) as runtime:
        try:
            handle = await runtime.resume("run", flow)
        except EngineError as error:
            if "no run" not in str(error):
                raise
            handle = await runtime.start(flow, run="run")
        result = await handle.result()
    print(json.dumps([result.status, result.outputs]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
