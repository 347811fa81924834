"""Workflows inside of workflows: map, loop and call, their failures, and cancelling that reaches in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livets.engine.errors import EngineError, NodeError
from livets.flow import Flow, FlowRuntime


def square_flow() -> Flow:
    inner = Flow("square")
    item = inner.input("item", int)

    def square(n: int) -> int:
        if n == 3:
            raise NodeError("three!", "three")
        return n * n

    inner.add(square, id="sq", n=item)
    return inner


async def test_map_collects_in_order_within_its_concurrency(runtime: FlowRuntime) -> None:
    now = most = 0

    async def slow(n: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001 * (5 - n % 5))
        now -= 1
        return n * 10

    inner = Flow("inner")
    inner.add(slow, id="slow", n=inner.input("item", int))
    flow = Flow("mapping", max_parallel=2)
    items = flow.add(lambda: list(range(10)), id="items")
    mapped = flow.add("flow.map", id="map", items=items, config={"workflow": flow.define(inner), "concurrency": 3})
    flow.output("out", mapped["out"])
    assert (await runtime.run(flow)).outputs["out"] == [n * 10 for n in range(10)]
    assert most == 3


@pytest.mark.parametrize(("policy", "out"), [("skip", [1, 4, 16]), ("null", [1, 4, None, 16]), ("stop", None)])
async def test_map_and_failing_items(runtime: FlowRuntime, policy: str, out: Any) -> None:
    flow = Flow("mapping")
    config = {"workflow": flow.define(square_flow()), "on_error": policy}
    mapped = flow.add("flow.map", id="map", items=[1, 2, 3, 4], config=config)
    flow.output("out", mapped["out"])
    result = await runtime.run(flow)
    assert result.outputs.get("out") == out
    if policy == "stop":
        assert "item 2: the sub-workflow 'square' failed: map[2]/sq: three!" in result.failures[0].message


async def test_loop_ends_early_or_at_its_limit(runtime: FlowRuntime) -> None:
    inner = Flow("double")
    inner.add(lambda n: n * 2, id="twice", n=inner.input("value", int))
    flow = Flow("looping", on_error={"policy": "ContinueOnError"})
    name = flow.define(inner)
    until = {"op": "ge", "value": 100}
    early = flow.add("flow.loop", id="early", value=3, config={"workflow": name, "max_iterations": 50, "until": until})
    limit = flow.add("flow.loop", id="limit", value=3, config={"workflow": name, "max_iterations": 3})
    config = {"workflow": name, "max_iterations": 2, "until": until, "fail_at_limit": True}
    flow.add("flow.loop", id="strict", value=3, config=config)
    flow.output("early", early["out"])
    flow.output("all", limit["all"])
    result = await runtime.run(flow)
    assert result.outputs == {"early": 192, "all": [6, 12, 24]}
    assert [f.node for f in result.failures] == ["strict"]


async def test_a_sub_workflow_is_called_with_inputs(runtime: FlowRuntime) -> None:
    flow = Flow("caller")
    flow.add("flow.call", id="call", config={"workflow": flow.define(square_flow())}, inputs={"item": 5})
    assert (await runtime.run(flow)).outputs == {"call": {"sq": 25}}


async def test_functions_of_one_name_in_several_flows_stay_apart(runtime: FlowRuntime) -> None:
    flow = Flow("outer")
    results = {}
    for number in (1, 2):
        inner = Flow(f"inner{number}")
        inner.add(lambda n, number=number: n * 10**number, id="n", n=inner.input("item", int))
        results[number] = flow.add("flow.map", id=f"m{number}", items=[1], config={"workflow": flow.define(inner)})
        flow.output(f"m{number}", results[number]["out"])
    flow.output("own", flow.add(lambda: "own", id="own"))
    assert (await runtime.run(flow)).outputs == {"m1": [10], "m2": [100], "own": "own"}
    other = Flow("inner1")
    other.add("debug.log", value=1)
    with pytest.raises(EngineError, match="two different sub-workflows are called 'inner1'"):
        flow.define(other)


async def test_cancelling_reaches_into_sub_workflows(runtime: FlowRuntime) -> None:
    started = asyncio.Event()

    async def slow(n: int) -> None:
        started.set()
        await asyncio.sleep(30)

    inner = Flow("inner")
    inner.add(slow, id="slow", n=inner.input("item", int))
    flow = Flow("outer")
    flow.add("flow.map", id="map", items=[1, 2], config={"workflow": flow.define(inner)})
    handle = await runtime.start(flow)
    await started.wait()
    await asyncio.wait_for(handle.cancel(), 5)
    assert (await handle.result()).status == "cancelled"
