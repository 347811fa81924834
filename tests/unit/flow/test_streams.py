"""Runs in push mode: values flow as they come, writers wait for readers, windows, checkpoints that lose nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.context import NodeContext
from livets.engine.errors import EngineError, NodeError
from livets.engine.events import Event
from livets.flow import Flow, FlowRuntime, Node, Outputs
from livets.flow.result import RunResult
from livets.flow.streaming import StreamContext
from livets.flow.streaming.inlet import END, Barrier, Inlet
from livets.flow.validate import InvalidWorkflow
from livets.flow.windows import sliding

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


# -- windows


async def windowed(type: str, config: dict[str, Any], values: list[Any]) -> tuple[list[Any], list[Any]]:
    async def source() -> AsyncIterator[Any]:
        for value in values:
            yield value

    out: list[Any] = []
    late: list[Any] = []
    flow = Flow("windows", **STREAM)
    window = flow.add(source, id="s") >> flow.add(type, id="w", config=config)
    window["out"] >> flow.add(collector(out), id="out")
    window["late"] >> flow.add(collector(late), id="late")
    (await run(flow)).raise_if_failed()
    return out, late


def at(*times: float, **more: Any) -> list[Any]:
    return [{"t": t, **more} for t in times]


async def test_tumbling_windows_by_time_and_by_count() -> None:
    config = {"size_s": 10, "time": "t", "lateness_s": 2}
    out, late = await windowed("window.tumbling", config, at(1, 11, 9, 12.5, 3, 25))
    assert [(w["start"], w["end"], [i["t"] for i in w["items"]]) for w in out] == [
        (0, 10, [1, 9]), (10, 20, [11, 12.5]), (20, 30, [25]),
    ]  # fmt: skip
    assert [one["t"] for one in late] == [3]
    out, _ = await windowed("window.tumbling", {"count": 2}, [1, 2, 3])
    assert out == [{"items": [1, 2]}, {"items": [3]}]


async def test_sliding_windows_overlap() -> None:
    out, _ = await windowed("window.sliding", {"size_s": 10, "every_s": 5, "time": "t"}, at(7, 12))
    assert [(w["start"], [i["t"] for i in w["items"]]) for w in out] == [(0, [7]), (5, [7, 12]), (10, [12])]


async def test_sessions_end_with_silence_by_key() -> None:
    values = [*at(1, 3, who="a"), *at(4, who="b"), *at(5, 20, who="a"), *at(13, who="b")]
    out, late = await windowed("window.session", {"gap_s": 5, "time": "t", "key": "who", "lateness_s": 30}, values)
    found = sorted((w["key"], w["start"], w["end"], len(w["items"])) for w in out)
    assert found == [("a", 1, 10, 3), ("a", 20, 25, 1), ("b", 4, 9, 1), ("b", 13, 18, 1)]
    assert late == []


async def test_by_the_clock_a_window_ends_though_nothing_comes() -> None:
    done = asyncio.Event()

    async def source() -> AsyncIterator[int]:
        yield 1
        await done.wait()

    def seen(value: Any) -> None:
        done.set()

    flow = Flow("clock", **STREAM)
    flow.add(source, id="s") >> flow.add("window.tumbling", id="w", config={"size_s": 0.05})["value"]
    from livets.flow.builder import NodeRef

    NodeRef(flow, "w")["out"] >> flow.add(seen, id="end")
    assert (await run(flow)).status == "completed"


async def test_times_are_read_from_text_too() -> None:
    values = [{"t": "1970-01-01T00:00:01Z"}, {"t": "1970-01-01T00:00:02"}]
    out, _ = await windowed("window.tumbling", {"size_s": 10, "time": "t"}, values)
    assert (out[0]["start"], len(out[0]["items"])) == (0, 2)


@given(st.floats(0, 1e6), st.floats(0.5, 100), st.integers(1, 7))
def test_a_moment_lies_in_all_of_its_windows(moment: float, size: float, overlap: int) -> None:
    spans = sliding(moment, size, size / overlap)
    assert all(start <= moment < end for start, end in spans)
    assert overlap - 1 <= len(spans) <= overlap + 1


# -- checkpoints


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
