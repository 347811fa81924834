"""Runs in memory: what nodes get and give, limits, state, targets, memo, ways, waits, what watchers hear."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from livets.engine.context import NodeContext
from livets.engine.errors import EngineError
from livets.engine.events import Event
from livets.engine.retry import RetryPolicy
from livets.flow import Flow, FlowRuntime, Node, Outputs, node
from livets.flow.validate import InvalidWorkflow
from tests.unit.flow.plain_nodes import fail, inc


@node
async def add(a: int, b: int) -> int:
    return a + b


class Point(msgspec.Struct):
    x: int
    y: int = 0


async def test_values_flow_along_connections(runtime: FlowRuntime) -> None:
    flow = Flow("diamond")
    start = flow.input("start", int)
    top = flow.add(inc, id="top", n=start)
    left, right = flow.add(inc, id="left"), flow.add(inc, id="right", n=top)
    top >> left
    end = flow.add(add, id="end", a=left, b=right)
    flow.output("sum", end)
    result = await runtime.run(flow, {"start": 1})
    assert result.outputs == {"sum": 6}
    assert (result.status, result.completed_nodes) == ("completed", 4)
    with pytest.raises(EngineError, match="input 'start' of 'diamond' is required"):
        await runtime.run(flow)
    with pytest.raises(EngineError, match="has no input strat"):
        await runtime.run(flow, {"strat": 1})
    with pytest.raises(EngineError, match="must be Int, not Array"):
        await runtime.run(flow, {"start": []})


async def test_big_whole_numbers_and_lookalikes_pass_unchanged(runtime: FlowRuntime) -> None:
    flow = Flow("same")
    for name, value in {"big": 2**60 + 1, "tagged": {"type": "String", "value": 1}, "bytes": b"\0"}.items():
        flow.add(lambda v: v, id=name, v=value)
    outputs = (await runtime.run(flow)).outputs
    assert outputs == {"big": 2**60 + 1, "tagged": {"type": "String", "value": 1}, "bytes": b"\0"}


async def test_kinds_are_coerced_exactly_or_the_node_fails(runtime: FlowRuntime) -> None:
    @node
    def half(n: float) -> float:
        return n / 2

    flow = Flow("kinds", on_error={"policy": "ContinueOnError"})
    flow.add(inc, id="one", n=2) >> flow.add(half, id="half")
    flow.add(lambda: 2**60 + 1, id="big") >> flow.add(half, id="bad")
    flow.add(lambda: "5", id="text") >> flow.add(inc, id="six")
    result = await runtime.run(flow)
    assert result.outputs == {"half": 1.5, "six": 6}
    assert "more digits than a Number keeps" in result.failures[0].message


async def test_structs_go_in_and_out_of_functions(runtime: FlowRuntime) -> None:
    def make() -> Point:
        return Point(3)

    def use(x: int, y: int) -> dict[str, int]:
        return {"x": x, "y": y}

    def take(p: Point) -> int:
        return p.x

    flow = Flow("structs")
    point = flow.add(make, id="make")
    used = flow.add(use, id="use", x=point["x"], y=point["y"])
    flow.add(take, id="take", p=used)
    assert (await runtime.run(flow)).outputs == {"take": 3}


async def test_what_a_node_gives_must_fit_its_ports(runtime: FlowRuntime) -> None:
    class Two(Node):
        type = "t.two"

        class Outputs(msgspec.Struct):
            a: int
            b: int

        async def execute(self, ctx: NodeContext) -> Any:
            return ctx.config

        def __init__(self, config: Any) -> None:
            super().__init__(config)

    def lies() -> int:
        return "x"  # type: ignore[return-value]

    flow = Flow("fit", on_error={"policy": "ContinueOnError"})
    flow.add(lies, id="lies")
    flow.add(Two, id="none")
    result = await runtime.run(flow)
    assert [f.kind for f in result.failures] == ["output"]
    assert "its output 'out'" in result.failures[0].message


async def test_state_is_shared_within_a_run_and_not_between_runs(runtime: FlowRuntime) -> None:
    # The document's implementation gives each node a fresh one.
    def count(ctx: NodeContext) -> int:
        ctx.state["n"] = 1
        ctx.state["names"] = ctx.node
        return int(ctx.state["n"])

    flow = Flow("state", state={"n": 10}, reducers={"n": "add", "names": "append"})
    for name in "abc":
        flow.add(count, id=name)
    final = flow.add(lambda ctx, a, b, c: (ctx.state["n"], ctx.state["names"]), id="end")
    for name in "abc":
        flow.connect(next_ref(flow, name), final[name])
    for _ in range(2):
        outputs = (await runtime.run(flow)).outputs["end"]
        assert outputs == [13, ["a", "b", "c"]]


def next_ref(flow: Flow, id: str) -> Any:
    from livets.flow.builder import NodeRef

    return NodeRef(flow, id)


async def test_targets_run_only_what_they_need(runtime: FlowRuntime) -> None:
    ran: list[str] = []

    def note(ctx: NodeContext, n: Any = None) -> int:
        ran.append(ctx.node)
        return 1

    flow = Flow("targets")
    a, b, c, d = (flow.add(note, id=name) for name in "abcd")
    a >> b["n"] >> c["n"]
    a >> d["n"]
    result = await runtime.run(flow, targets=["b"])
    assert ran == ["a", "b"]
    assert result.outputs == {"b": 1}
    assert result.counts == {"completed": 2, "skipped": 2}
    with pytest.raises(EngineError, match="no node 'x'"):
        await runtime.run(flow, targets=["x"])


async def test_memo_by_code_config_and_inputs(runtime: FlowRuntime) -> None:
    ran: list[int] = []

    def square(n: int) -> int:
        ran.append(n)
        return n * n

    flow = Flow("memo")
    n = flow.input("n", int)
    flow.set(flow.add(square, id="square", n=n), memo=True)
    assert [(await runtime.run(flow, {"n": n})).outputs["square"] for n in (3, 4, 3)] == [9, 16, 9]
    assert ran == [3, 4]


async def test_branch_switch_merge_and_filter(runtime: FlowRuntime) -> None:
    flow = Flow("ways")
    n = flow.input("n", int)
    branch = flow.add("flow.branch", id="big", value=n, config={"when": {"op": "gt", "value": 10}})
    merge = flow.add("flow.merge", id="merge", config={"mode": "list"})
    branch["true"] >> flow.add(lambda v: f"big {v}", id="yes") >> merge
    branch["false"] >> flow.add(lambda v: f"small {v}", id="no") >> merge
    cases = [{"port": "ten", "when": {"op": "eq", "value": 10}}]
    switch = flow.add("flow.switch", id="switch", value=n, config={"cases": cases})
    switch["ten"] >> flow.add(lambda v: "ten!", id="ten")
    switch["default"] >> flow.add(lambda v: "other", id="other")
    flow.add(
        "flow.filter", id="kept", value=[{"a": 1}, {"a": 5}], config={"when": {"path": "a", "op": "ge", "value": 2}}
    )
    small = (await runtime.run(flow, {"n": 10})).outputs
    assert small == {"merge": ["small 10"], "ten": "ten!", "kept": [{"a": 5}]}
    assert (await runtime.run(flow, {"n": 11})).outputs["merge"] == ["big 11"]


async def test_a_merge_after_ways_that_all_stayed_silent_is_skipped(runtime: FlowRuntime) -> None:
    flow = Flow("silent", on_error={"policy": "ContinueOnError"})
    merge = flow.add("flow.merge", id="merge", config={"mode": "first"})
    flow.add(fail, id="a") >> merge
    flow.add(lambda: Outputs(), id="b") >> merge
    assert (await runtime.run(flow)).counts == {"completed": 1, "failed": 1, "skipped": 1}


async def test_waits_end_by_time_or_by_signal(runtime: FlowRuntime) -> None:
    flow = Flow("waits", max_parallel=1)
    flow.add("time.delay", id="delay", value="late", config={"seconds": 0.01})
    ask = flow.add("flow.wait", id="ask", value={"what": 1}, config={"for": "approval", "prompt": "ok?"})
    ask["approved"] >> flow.add(lambda v: "yes", id="yes")
    ask["rejected"] >> flow.add(lambda v: "no", id="no")
    gone = flow.add("flow.wait", id="gone", config={"deadline_s": 0.01})
    gone["late"] >> flow.add(lambda v: v, id="missed")
    told = flow.add("flow.wait", id="told")
    told["out"] >> flow.add(lambda v: v, id="heard")
    handle = await runtime.start(flow)
    while set(handle.waiting()) & {"ask", "told"} != {"ask", "told"}:
        await asyncio.sleep(0)
    with pytest.raises(EngineError, match="does not wait"):
        await handle.signal("yes", 1)
    await handle.signal("ask", True)
    await handle.signal("told", {"n": 2**60})
    result = await asyncio.wait_for(handle.result(), 10)
    assert result.outputs == {"delay": "late", "yes": "yes", "missed": {"timeout": True}, "heard": {"n": 2**60}}


async def test_a_limit_over_all_runs(runtime: FlowRuntime) -> None:
    now = most = 0

    async def work() -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    flow = Flow("many")
    for _ in range(10):
        flow.add(work)
    async with FlowRuntime(max_parallel=3) as limited:
        results = await asyncio.gather(*(limited.run(flow) for _ in range(4)))
    assert most == 3
    assert [r.completed_nodes for r in results] == [10] * 4


async def test_pools_and_rates_by_name(runtime: FlowRuntime) -> None:
    now = most = 0

    async def work() -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    flow = Flow("pooled", pools={"db": 2}, rates={"api": {"per_second": 1000, "burst": 2}})
    for _ in range(8):
        flow.set(flow.add(work), pool="db", rate="api")
    assert (await runtime.run(flow)).completed_nodes == 8
    assert most == 2


async def test_a_pool_for_each_value(runtime: FlowRuntime) -> None:
    now: dict[str, int] = {}
    most: dict[str, int] = {}
    at_once = 0

    async def work(job: dict[str, Any]) -> None:
        nonlocal at_once
        host = job["host"]
        now[host] = now.get(host, 0) + 1
        most[host] = max(most.get(host, 0), now[host])
        at_once = max(at_once, sum(now.values()))
        await asyncio.sleep(0.002)
        now[host] -= 1

    flow = Flow("hosts", pools={"host": 2}, max_parallel=50)
    for n in range(30):
        ref = flow.add(work, id=f"n{n}", job=flow.add(lambda n=n: {"host": "abc"[n % 3]}, id=f"job{n}"))
        flow.set(ref, pool="host", limit_by="job.host")
    result = await asyncio.wait_for(runtime.run(flow), 20)
    assert result.completed_nodes == 60
    assert most == {"a": 2, "b": 2, "c": 2}
    assert at_once > 2
    handle = await runtime.start(flow)
    while not any(now.values()):
        await asyncio.sleep(0)
    await asyncio.wait_for(handle.cancel(), 10)
    assert (await asyncio.wait_for(runtime.run(flow), 20)).completed_nodes == 60, "no place is lost by cancelling"


async def test_nodes_say_things_and_watchers_hear_them(runtime: FlowRuntime) -> None:
    def talk(ctx: NodeContext) -> int:
        ctx.emit("progress", done=1, of=(2, 3))
        return 1

    flow = Flow("talk")
    flow.add(talk, id="talk") >> flow.add("debug.log", id="log", config={"message": "got"})
    with runtime.watch() as listener:
        await runtime.run(flow)
        events = [e for e in listener.take() if isinstance(e, Event)]
    said = [e.data for e in events if e.type == "flow.node.event"]
    assert said[0] == {"node": "talk", "kind": "progress", "data": {"done": 1, "of": [2, 3]}}
    assert said[1]["data"] == {"message": "got 1"}
    assert [e.seq for e in events] == list(range(1, len(events) + 1))


async def test_outputs_are_let_go_when_nobody_needs_them(runtime: FlowRuntime) -> None:
    import gc
    import weakref

    class Big:
        pass

    alive: list[Any] = []

    def make() -> Any:
        big = Big()
        alive.append(weakref.ref(big))
        return big

    def look(n: Any) -> int:
        gc.collect()
        return sum(ref() is not None for ref in alive)

    flow = Flow("memory")
    flow.add(make, id="make") >> flow.add(lambda n: 1, id="use") >> flow.add(look, id="look")
    assert (await runtime.run(flow)).outputs == {"look": 0}


async def test_a_faulty_workflow_does_not_begin(runtime: FlowRuntime) -> None:
    flow = Flow("bad id!")
    flow.add(inc, id="a")
    with pytest.raises(InvalidWorkflow, match="2") as caught:
        await runtime.run(flow)
    assert {fault.code for fault in caught.value.faults} == {"id", "missing"}


def test_fields_of_a_node_may_be_plain_data_and_wrong_ones_are_told_at_once() -> None:
    flow = Flow("fields")
    node = flow.add(lambda: 1, id="a")
    flow.set(node, retry={"max_attempts": 2}, timeout_s=3)
    spec = flow.workflow().nodes[0]
    assert (type(spec.retry), spec.timeout_s) == (RetryPolicy, 3.0)
    for wrong, said in (({"retry": {"max": 1}}, "unknown field `max`"), ({"timeout_s": "soon"}, "Expected `float")):
        with pytest.raises(EngineError, match=f"a: .*{said}"):
            flow.set(node, **wrong)
