"""Runs in push mode: values flow as they come, writers wait for readers, windows, checkpoints that lose nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.flow import Flow, FlowRuntime, Node, Outputs
from livets.flow.streaming import StreamContext, execution
from livets.flow.validate import InvalidWorkflow
from tests.unit.flow.tap import STREAM, collector, numbers_to, run


async def test_values_flow_through_generators_and_ordinary_nodes() -> None:
    got: list[int] = []

    async def odd(items: AsyncIterator[int]) -> AsyncIterator[int]:
        async for item in items:
            if item % 2:
                yield item

    flow = Flow("odds", **STREAM)
    source = flow.add(numbers_to(10), id="source")
    source >> flow.add(odd, id="odd") >> flow.add(lambda n: n * 10, id="ten") >> flow.add(collector(got), id="end")
    result = await run(flow)
    assert (result.status, got) == ("completed", [10, 30, 50, 70, 90])
    assert result.counts == {"completed": 4}


async def test_a_slow_reader_holds_the_source_back() -> None:
    given = 0
    ahead: list[int] = []

    async def source() -> AsyncIterator[int]:
        nonlocal given
        for given in range(1, 101):
            yield given

    async def slow(n: int) -> None:
        await asyncio.sleep(0)
        ahead.append(given - n)

    flow = Flow("slow", stream={"capacity": 3, "checkpoint_s": 0})
    flow.add(source, id="s") >> flow.add(slow, id="slow")
    assert (await run(flow)).status == "completed"
    assert len(ahead) == 100
    assert max(ahead) <= 5


async def test_one_output_for_several_readers_and_several_outputs_for_one() -> None:
    got: list[int] = []
    flow = Flow("tee", **STREAM)
    source, end = flow.add(numbers_to(50), id="s"), flow.add(collector(got), id="end")
    for factor in (1, 100):
        source >> flow.add(lambda n, factor=factor: n * factor, id=f"x{factor}")["n"] >> end["value"]
    assert (await run(flow)).status == "completed"
    assert sorted(got) == sorted([*range(50), *(n * 100 for n in range(50))])


async def test_values_at_two_ports_belong_together() -> None:
    got: list[Any] = []
    flow = Flow("zip", **STREAM)
    source = flow.add(numbers_to(20), id="s")
    double = source >> flow.add(lambda n: n * 2, id="double")
    pair = flow.add(lambda a, b: [a, b], id="pair", a=source, b=double)
    pair >> flow.add(collector(got), id="end")
    await run(flow)
    assert got == [[n, 2 * n] for n in range(20)]


async def test_branches_filters_and_delays_work_on_each_value() -> None:
    small: list[int] = []
    big: list[int] = []
    flow = Flow("ways", **STREAM)
    delay = flow.add(numbers_to(6), id="s") >> flow.add("time.delay", id="wait", config={"seconds": 0.001})
    branch = flow.add("flow.branch", id="big", config={"when": {"op": "ge", "value": 3}})
    delay >> branch
    branch["false"] >> flow.add(collector(small), id="small")
    even = flow.add("flow.filter", id="f", config={"when": {"op": "in", "value": [3, 5]}})
    branch["true"] >> even >> flow.add(collector(big), id="bigs")
    await run(flow)
    assert (small, big) == ([0, 1, 2], [3, 5])


async def test_a_failing_value_stops_the_run_or_goes_its_own_way() -> None:
    def picky(n: int, ctx: NodeContext) -> int:
        if n == 3 and ctx.attempt < 3:
            raise NodeError("not three", "three")
        return n

    for policy, attempts, end in (("stop", 1, "failed"), ("skip", 1, [0, 1, 2, 4]), ("port", 3, [0, 1, 2, 3, 4])):
        got: list[int] = []
        flow = Flow("picky", **STREAM)
        node = flow.add(numbers_to(5), id="s") >> flow.add(picky, id="picky")["n"]
        flow.set(node, on_error=policy, retry={"max_attempts": attempts, "delay_ms": 1})
        flow.workflow().nodes[1].retry = None if attempts == 1 else flow.workflow().nodes[1].retry
        node["out"] >> flow.add(collector(got), id="end")
        if attempts > 1:
            from livets.engine.retry import RetryPolicy

            flow.workflow().nodes[1].retry = RetryPolicy(max_attempts=attempts, delay_ms=1)
        result = await run(flow)
        if policy == "stop":
            assert (result.status, result.failures[0].node, result.failures[0].kind) == ("failed", "picky", "three")
        else:
            assert (result.status, got) == ("completed", end)


async def test_a_source_that_fails_begins_again_where_it_was() -> None:
    got: list[int] = []
    broken = 0

    async def flaky(ctx: StreamContext) -> AsyncIterator[int]:
        nonlocal broken
        while (at := ctx.memory.get("at", 0)) < 6:
            if at == 3 and broken < 2:
                broken += 1
                raise OSError("connection lost")
            ctx.memory["at"] = at + 1
            yield at

    flow = Flow("flaky", retry={"max_attempts": 3, "delay_ms": 1}, **STREAM)
    flow.add(flaky, id="s") >> flow.add(collector(got), id="end")
    assert (await run(flow)).status == "completed"
    assert (got, broken) == ([0, 1, 2, 3, 4, 5], 2)


async def test_a_reader_that_has_enough_ends_without_stopping_the_others() -> None:
    async def first(items: AsyncIterator[int]) -> AsyncIterator[int]:
        async for item in items:
            yield item
            return

    got: list[int] = []
    flow = Flow("enough", **STREAM)
    source = flow.add(numbers_to(100), id="s")
    source >> flow.add(first, id="first")
    source >> flow.add(collector(got), id="end")
    result = await run(flow)
    assert result.outputs["first"] == 0
    assert len(got) == 100


async def test_cancelling_ends_a_run_without_end_and_closes_its_generators() -> None:
    closed: list[str] = []

    async def forever() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(0)
        finally:
            closed.append("source")

    flow = Flow("forever", **STREAM)
    flow.add(forever, id="s") >> flow.add(collector([]), id="end")
    async with FlowRuntime() as runtime:
        handle = await runtime.start(flow)
        while handle.counts()["end"]["in"] < 10:
            await asyncio.sleep(0)
        await asyncio.wait_for(handle.cancel("enough"), 5)
        result = await handle.result()
    assert (result.status, result.reason, closed) == ("cancelled", "enough", ["source"])
    assert result.counts == {"cancelled": 2}


async def test_a_node_that_lost_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As asyncio.wait_for of Python 3.11 loses one that comes when its wait has just ended."""
    monkeypatch.setattr(execution, "_AGAIN_S", 0.05)
    lost = 0

    async def deaf() -> AsyncIterator[int]:
        nonlocal lost
        yield 1
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost > 2:
                    raise

    flow = Flow("deaf", **STREAM)
    flow.add(deaf, id="s") >> flow.add(collector([]), id="end")
    async with FlowRuntime() as runtime:
        handle = await runtime.start(flow)
        while not handle.counts()["end"]["in"]:
            await asyncio.sleep(0)
        await asyncio.wait_for(handle.cancel(), 5)
    assert (lost, (await handle.result()).status) == (3, "cancelled")


async def test_what_cannot_be_is_said_before_it_begins() -> None:
    flow = Flow("batch")
    flow.add(numbers_to(1), id="s")
    with pytest.raises(InvalidWorkflow, match="runs in push mode only"):
        await run(flow)
    flow = Flow("containers", **STREAM)
    inner = Flow("inner")
    flow.add("flow.map", id="map", items=[1], config={"workflow": flow.define(inner)})
    with pytest.raises(InvalidWorkflow, match="runs other nodes, which runs in push mode do not do yet"):
        await run(flow)
    waits = Flow("waits", **STREAM)
    waits.add(numbers_to(1), id="s") >> waits.add("flow.wait", id="w")
    result = await run(waits)
    assert "waits for a signal" in result.failures[0].message


class Twice(Node):
    """A class whose stream gives everything twice."""

    type = "t.twice"

    async def stream(self, ctx: StreamContext) -> AsyncIterator[Any]:
        async for value in ctx.inputs["value"]:
            yield Outputs(out=value)
            yield Outputs(out=value)

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: Any


async def test_classes_stream_too() -> None:
    got: list[int] = []
    flow = Flow("twice", **STREAM)
    flow.add(numbers_to(2), id="s") >> flow.add(Twice, id="twice") >> flow.add(collector(got), id="end")
    await run(flow)
    assert got == [0, 0, 1, 1]


async def test_a_run_that_is_cancelled_before_its_first_step_ends() -> None:
    async def forever() -> AsyncIterator[int]:
        while True:
            await asyncio.sleep(0.01)
            yield 1

    flow = Flow("early", **STREAM)
    flow.add(forever, id="s") >> flow.add(collector([]), id="end")
    async with FlowRuntime() as runtime:
        handle = await runtime.start(flow)
        async with asyncio.timeout(5):
            await handle.cancel()
    assert handle.done


async def test_a_source_that_never_waits_starves_nobody() -> None:
    # Nobody made it wait: not who has ended, nor who is not there. It could not be cancelled, nor could the program.
    async def endless() -> AsyncIterator[int]:
        n = 0
        while True:
            n += 1
            yield n

    async def first(items: AsyncIterator[int]) -> AsyncIterator[int]:
        async for item in items:
            yield item
            return

    flow = Flow("endless", **STREAM)
    flow.add(endless, id="s") >> flow.add(first, id="first")
    flow.add(endless, id="alone")
    async with FlowRuntime() as runtime, asyncio.timeout(5):
        handle = await runtime.start(flow)
        await asyncio.sleep(0.02)
        await handle.cancel()
        result = await handle.result()
    assert (result.status, result.outputs["first"]) == ("cancelled", 1)
