"""Checkpoints of streams: a run goes on from its last one as if nothing had happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.errors import EngineError, NodeError
from livets.engine.events import Event
from livets.flow import Flow, FlowRuntime
from livets.flow.streaming import StreamContext
from livets.flow.streaming.inlet import END, Barrier, Inlet
from tests.unit.flow.tap import STREAM, collector, numbers_to


def counting(limit: int, halt: int | None = None) -> Flow:
    """A diamond whose total is right only when each number is counted exactly once."""

    async def add_up(pairs: AsyncIterator[list[int]], ctx: StreamContext) -> AsyncIterator[int]:
        async for a, b in pairs:
            ctx.memory["total"] = ctx.memory.get("total", 0) + a + b
            yield ctx.memory["total"]

    async def pause(n: int) -> int:
        await asyncio.sleep(0)
        return n * 1000

    flow = Flow("counting", **STREAM)
    source = flow.add(numbers_to(limit, halt), id="s")
    slow = source >> flow.add(pause, id="slow")
    pair = flow.add(lambda a, b: [a, b], id="pair", a=source, b=slow)
    pair >> flow.add(add_up, id="total")["pairs"]
    return flow


@pytest.mark.parametrize("after", [1, 37, 150])
async def test_a_run_goes_on_from_its_last_checkpoint_as_if_nothing_had_happened(tmp_path: Path, after: int) -> None:
    async with FlowRuntime(tmp_path) as runtime:
        handle = await runtime.start(counting(300, after + 60), run="r")
        while handle.counts()["total"]["in"] < after:
            await asyncio.sleep(0)
        await handle.checkpoint()
        for _ in range(20):
            await asyncio.sleep(0)
    async with FlowRuntime(tmp_path) as runtime:
        result = await asyncio.wait_for((await runtime.resume("r", counting(300))).result(), 20)
        assert result.outputs == {"total": sum(range(300)) * 1001}
        events = await runtime.events("r")
    assert [e.data["number"] for e in events if e.type == "flow.stream.checkpoint"][:1] == [1]


async def test_many_checkpoints_while_values_flow(tmp_path: Path) -> None:
    async with FlowRuntime(tmp_path) as runtime:
        handle = await runtime.start(counting(400), run="r")
        while not handle.done:
            try:
                await asyncio.wait_for(handle.checkpoint(), 5)
            except TimeoutError:
                assert handle.done
        assert (await handle.result()).outputs == {"total": sum(range(400)) * 1001}


async def test_checkpoints_come_by_themselves(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def source() -> AsyncIterator[int]:
        yield 1
        await release.wait()

    flow = Flow("pace", stream={"checkpoint_s": 0.01})
    flow.add(source, id="s") >> flow.add(collector([]), id="end")
    async with FlowRuntime(tmp_path) as runtime:
        with runtime.watch() as listener:
            handle = await runtime.start(flow)
            types: list[str] = []
            while types.count("flow.stream.checkpoint") < 2:
                types += [event.type for event in await listener.read() if isinstance(event, Event)]
        release.set()
        assert (await handle.result()).status == "completed"


async def test_a_memory_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    async def source(ctx: StreamContext) -> AsyncIterator[int]:
        ctx.memory["odd"] = object()
        yield 1
        await asyncio.sleep(30)

    flow = Flow("odd", stream={"checkpoint_s": 0.01})
    flow.add(source, id="s") >> flow.add(collector([]), id="end")
    async with FlowRuntime(tmp_path) as runtime:
        handle = await runtime.start(flow)
        with pytest.raises(EngineError, match="an object is no value"):
            await asyncio.wait_for(handle.result(), 10)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 3), st.integers(1, 4))
def test_an_inlet_keeps_the_order_of_each_edge_and_aligns_barriers(data: Any, edges: int, capacity: int) -> None:
    plans = [data.draw(st.lists(st.integers(0, 3), max_size=6)) for _ in range(edges)]  # values between barriers
    rounds = min(len(plan) for plan in plans)
    seen: list[Any] = []

    async def main() -> None:
        inlet = Inlet(edges, capacity)

        async def write(edge: int) -> None:
            for round_, count in enumerate(plans[edge][:rounds]):
                for n in range(count):
                    await inlet.put(edge, (edge, round_, n))
                while inlet._held[edge]:  # there is one checkpoint at a time
                    await asyncio.sleep(0)
                inlet.mark(edge, Barrier(round_))
            inlet.end(edge)

        async def read() -> None:
            while (item := inlet.pop()) is not END:
                if item is None:
                    await inlet.wait()
                else:
                    seen.append(item.number if type(item) is Barrier else item[0])

        await asyncio.wait_for(asyncio.gather(*(write(edge) for edge in range(edges)), read()), 10)

    asyncio.run(main())
    expected = [sorted((e, r, n) for e in range(edges) for n in range(plans[e][r])) for r in range(rounds)]
    found: list[list[Any]] = [[]]
    for item in seen:
        if isinstance(item, int):
            assert item == len(found) - 1
            found.append([])
        else:
            found[-1].append(item)
    assert [sorted(one) for one in found[:rounds]] == expected
    for edge in range(edges):
        own = [item for one in found for item in one if item[0] == edge]
        assert own == sorted(own)


async def test_a_memory_that_no_checkpoint_can_keep_is_said_and_ends_the_run(tmp_path: Path) -> None:
    async def source(ctx: StreamContext) -> AsyncIterator[int]:
        ctx.memory["socket"] = object()
        yield 1
        await asyncio.sleep(30)

    flow = Flow("memory", stream={"checkpoint_s": 0.01})
    flow.add(source, id="source")
    async with FlowRuntime(tmp_path) as runtime, asyncio.timeout(5):
        with pytest.raises(NodeError, match=r"node 'source' holds what no checkpoint can keep: \$.memory.socket"):
            await runtime.run(flow)
        assert [one.status for one in await runtime.runs()] == ["failed"]
