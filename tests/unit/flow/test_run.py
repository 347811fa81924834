"""Runs in memory: what nodes get and give, what failure means, limits, state, targets, memo, sub-workflows, waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from livets.engine.context import NodeContext
from livets.engine.errors import EngineError, NodeError
from livets.engine.events import Event
from livets.engine.retry import RetryPolicy
from livets.flow import Flow, FlowRuntime, Node, Outputs, node
from livets.flow.result import RunFailed
from livets.flow.validate import InvalidWorkflow


@pytest.fixture
async def runtime() -> AsyncIterator[FlowRuntime]:
    async with FlowRuntime() as runtime:
        yield runtime


@node
def inc(n: int) -> int:
    return n + 1


@node
async def add(a: int, b: int) -> int:
    return a + b


@node
def fail(n: Any = None) -> int:
    raise NodeError("it broke", "broken")


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


async def test_a_failure_stops_the_run_and_cancels_what_runs(runtime: FlowRuntime) -> None:
    cleaned = []

    async def slow() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            cleaned.append(True)

    flow = Flow("stop")
    flow.add(slow, id="slow")
    flow.add(fail, id="fail") >> flow.add(inc, id="after")
    result = await runtime.run(flow)
    assert result.status == "failed"
    assert result.counts == {"failed": 1, "cancelled": 1, "pending": 1}
    assert cleaned == [True]
    with pytest.raises(RunFailed, match="fail: it broke"):
        result.raise_if_failed()


async def test_continue_on_error_skips_what_needs_the_failed_node(runtime: FlowRuntime) -> None:
    # The document's implementation runs the children, with inputs missing.
    ran: list[str] = []

    def child(n: int, other: int) -> int:
        ran.append("child")
        return n

    flow = Flow("go-on", on_error={"policy": "ContinueOnError"})
    bad, good = flow.add(fail, id="bad"), flow.add(inc, id="good", n=1)
    below = flow.add(child, id="child", n=bad, other=good)
    below >> flow.add(inc, id="grandchild")
    good >> flow.add(inc, id="fine")
    result = await runtime.run(flow)
    assert ran == []
    assert result.status == "completed"
    assert result.counts == {"completed": 2, "failed": 1, "skipped": 2}
    assert result.outputs == {"fine": 3}


async def test_an_error_port_gives_the_error_to_who_wants_it(runtime: FlowRuntime) -> None:
    flow = Flow("port")
    bad = flow.set(flow.add(fail, id="bad"), on_error="port")
    bad["out"] >> flow.add(inc, id="never")
    bad["error"] >> flow.add(lambda error: error["kind"], id="handler")
    result = await runtime.run(flow)
    assert result.outputs == {"handler": "broken"}
    assert result.counts == {"completed": 1, "failed": 1, "skipped": 1}


async def test_retries_are_made_as_the_policy_says(runtime: FlowRuntime) -> None:
    tries: list[int] = []

    def shaky(ctx: NodeContext) -> int:
        tries.append(ctx.attempt)
        if ctx.attempt < 3:
            raise NodeError("not yet", "busy")
        return 7

    flow = Flow("retry", retry={"max_attempts": 3, "delay_ms": 1})
    flow.add(shaky, id="shaky")
    with runtime.watch() as listener:
        assert (await runtime.run(flow)).outputs == {"shaky": 7}
        types = [e.type for e in listener.take() if isinstance(e, Event)]
    assert tries == [1, 2, 3]
    assert types.count("flow.node.retrying") == 2
    assert types.count("flow.node.started") == 3


async def test_retrying_the_workflow_keeps_what_succeeded(runtime: FlowRuntime) -> None:
    # In the document's implementation this is not there at all.
    counts = {"good": 0, "bad": 0}

    def good() -> int:
        counts["good"] += 1
        return 1

    def bad(n: int) -> int:
        counts["bad"] += 1
        if counts["bad"] < 3:
            raise ValueError("again")
        return n + 1

    flow = Flow("again", on_error={"policy": "RetryWorkflow", "max_attempts": 3})
    flow.add(good, id="good") >> flow.add(bad, id="bad") >> flow.add(inc, id="end")
    result = await runtime.run(flow)
    assert result.outputs == {"end": 3}
    assert counts == {"good": 1, "bad": 3}
    counts["bad"] = -10
    assert (await runtime.run(flow)).status == "failed"


async def test_timeouts_of_a_node_and_of_the_run(runtime: FlowRuntime) -> None:
    async def slow() -> None:
        await asyncio.sleep(30)

    flow = Flow("slow", on_error={"policy": "ContinueOnError"})
    flow.set(flow.add(slow, id="slow"), timeout_s=0.01)
    result = await runtime.run(flow)
    assert [(f.node, f.kind) for f in result.failures] == [("slow", "timeout")]
    # The document's implementation takes the time of the run for that of each node.
    whole = Flow("whole", run_timeout_s=0.05)
    whole.add(slow, id="a")
    result = await runtime.run(whole)
    assert (result.status, result.reason, result.counts) == ("failed", "timed out", {"cancelled": 1})


async def test_cancelling_reaches_running_nodes_and_ends_the_run_once(runtime: FlowRuntime) -> None:
    # The document's implementation looks at its token between completions only, and reports the end twice.
    seen: list[str] = []

    async def slow(ctx: NodeContext) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            seen.append(ctx.cancel.reason)

    flow = Flow("cancel")
    flow.add(slow, id="slow")
    with runtime.watch() as listener:
        handle = await runtime.start(flow)
        while handle.states()["slow"] != "running":
            await asyncio.sleep(0)
        await handle.cancel("enough")
        types = [e.type for e in listener.take() if isinstance(e, Event)]
    result = await handle.result()
    assert (result.status, result.reason, seen) == ("cancelled", "enough", ["enough"])
    assert [t for t in types if t.startswith("flow.run.")] == ["flow.run.created", "flow.run.cancelled"]


class Counting(Node):
    """Notes its life."""

    type = "t.counting"
    life: list[str] = []

    class Config(msgspec.Struct):
        name: str
        broken: bool = False

    class Outputs(msgspec.Struct):
        out: int

    async def initialize(self) -> None:
        if self.config.broken:
            raise OSError("no connection")
        self.life.append(f"init {self.config.name}")

    async def start(self, run: str) -> None:
        self.life.append(f"start {self.config.name}")

    async def execute(self, ctx: NodeContext) -> int:
        self.life.append(f"run {self.config.name}")
        return 1

    async def stop(self, run: str) -> None:
        self.life.append(f"stop {self.config.name}")
        raise RuntimeError("nobody else may suffer from this")

    async def shutdown(self) -> None:
        self.life.append(f"shutdown {self.config.name}")


async def test_nodes_are_initialized_once_and_always_shut_down_in_reverse() -> None:
    # The document's implementation never calls shutdown.
    Counting.life.clear()
    flow = Flow("life")
    for name in "ab":
        flow.add(Counting, id=name, config={"name": name})
    async with FlowRuntime() as runtime:
        await runtime.run(flow)
        flow.add(fail, id="fail")
        other = Flow("life")
        for name in "ab":
            other.add(Counting, id=name, config={"name": name})
        await runtime.run(other)
    one_run = ["start a", "start b", "run a", "run b", "stop b", "stop a"]
    assert Counting.life == ["init a", "init b", *one_run, *one_run, "shutdown b", "shutdown a"]


async def test_a_node_that_cannot_be_initialized_names_itself_and_the_others_are_shut_down(
    runtime: FlowRuntime,
) -> None:
    Counting.life.clear()
    flow = Flow("life")
    flow.add(Counting, id="a", config={"name": "a"})
    flow.add(Counting, id="b", config={"name": "b", "broken": True})
    with pytest.raises(EngineError, match="node 'b' could not be initialized: no connection"):
        await runtime.run(flow)
    assert Counting.life == ["init a", "shutdown b", "shutdown a"]


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


def test_policies_read_from_settings() -> None:
    assert Flow("x", retry=RetryPolicy(max_attempts=2)).workflow().settings.retry == RetryPolicy(max_attempts=2)
