"""Journaled runs go on where they were: after a stop, a failure, an edit; and never do what is recorded twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import livets.flow.leasing
from livets.engine.context import NodeContext
from livets.engine.errors import EngineError, NodeError
from livets.engine.values import Blob
from livets.flow import Flow, FlowRuntime
from livets.flow.leasing import RunsElsewhere
from livets.flow.recording import TakenOver

ran: list[str] = []
broken: set[str] = set()


@pytest.fixture(autouse=True)
def _clean() -> None:
    ran.clear()
    broken.clear()


def step(ctx: NodeContext, n: Any = 0) -> Any:
    """Note that the node ran, and fail while it is broken."""
    ran.append(ctx.node)
    if ctx.node in broken:
        raise NodeError("broken", "broken")
    ctx.state["seen"] = ctx.node
    return (n or 0) + 1 if isinstance(n, int) else n


async def hang(n: Any = 0) -> int:
    ran.append("hang")
    if "hang" in broken:
        await asyncio.sleep(30)
    return 7


def chain() -> Flow:
    flow = Flow("chain", reducers={"seen": "append"})
    flow.add(step, id="a") >> flow.add(step, id="b")["n"] >> flow.add(step, id="c")["n"]
    return flow


async def test_a_failed_run_goes_on_at_the_failed_node(tmp_path: Path) -> None:
    broken.add("b")
    async with FlowRuntime(tmp_path) as runtime:
        result = await runtime.run(chain(), run="r1")
        assert (result.status, ran) == ("failed", ["a", "b"])
    broken.clear()
    async with FlowRuntime(tmp_path) as runtime:
        result = await (await runtime.resume("r1", chain())).result()
        assert result.outputs == {"c": 3}
        assert ran == ["a", "b", "b", "c"]
        assert result.counts == {"completed": 3}
        with pytest.raises(EngineError, match="has completed: use retry"):
            await runtime.resume("r1", chain())
        assert [(i.run, i.workflow, i.status) for i in await runtime.runs()] == [("r1", "chain", "completed")]


async def test_retry_runs_the_chosen_node_and_all_after_it(tmp_path: Path) -> None:
    async with FlowRuntime(tmp_path) as runtime:
        await runtime.run(chain(), run="r1")
        ran.clear()
        result = await (await runtime.retry("r1", ["b"], chain())).result()
        assert (ran, result.outputs) == (["b", "c"], {"c": 3})
        assert [e.type for e in await runtime.events("r1")].count("flow.run.completed") == 2
        with pytest.raises(EngineError, match="no node 'x'"):
            await runtime.retry("r1", ["x"], chain())


async def test_a_closed_runtime_leaves_a_run_that_can_go_on(tmp_path: Path) -> None:
    flow = Flow("hanging")
    flow.add(step, id="a") >> flow.add(hang, id="h") >> flow.add(step, id="z")["n"]
    broken.add("hang")
    async with FlowRuntime(tmp_path) as runtime:
        handle = await runtime.start(flow, run="r1")
        while handle.states()["h"] != "running":
            await asyncio.sleep(0.001)
    broken.clear()
    async with FlowRuntime(tmp_path) as runtime:
        assert [i.status for i in await runtime.runs()] == ["interrupted"]
        result = await (await runtime.resume("r1", flow)).result()
        assert result.outputs == {"z": 8}
        assert ran == ["a", "hang", "hang", "z"]


async def test_state_comes_back_as_completed_nodes_left_it(tmp_path: Path) -> None:
    broken.add("c")
    flow = chain()
    flow.add(lambda ctx, n: ctx.state["seen"], id="end")
    flow.connect(_ref(flow, "c"), _ref(flow, "end")["n"])
    async with FlowRuntime(tmp_path) as runtime:
        await runtime.run(flow, run="r1")
    broken.clear()
    async with FlowRuntime(tmp_path) as runtime:
        result = await (await runtime.resume("r1", flow)).result()
        assert result.outputs == {"end": ["a", "b", "c"]}


def _ref(flow: Flow, id: str) -> Any:
    from livets.flow.builder import NodeRef

    return NodeRef(flow, id)


async def test_a_run_stays_with_the_definition_it_began_with(tmp_path: Path) -> None:
    flow = Flow("pinned")
    flow.add("debug.log", id="log", value=1)
    wait = flow.add("flow.wait", id="wait")
    wait["out"] >> flow.add("debug.log", id="end")
    async with FlowRuntime(tmp_path) as runtime:
        handle = await runtime.start(flow, run="r1")
        while not handle.waiting():
            await asyncio.sleep(0.001)
    flow.add("debug.log", id="new", value=2)
    async with FlowRuntime(tmp_path) as runtime:
        with pytest.raises(EngineError, match="belongs to version"):
            await runtime.resume("r1", flow)
        handle = await runtime.resume("r1")  # from the journal: no code of ours is needed
        assert set(handle.states()) == {"log", "wait", "end"}
        while not handle.waiting():
            await asyncio.sleep(0.001)
        await handle.signal("wait", "hello")
        assert (await handle.result()).outputs == {"log": 1, "end": "hello"}


async def test_a_signal_that_came_before_the_kill_is_not_asked_for_again(tmp_path: Path) -> None:
    flow = Flow("signals")
    wait = flow.add("flow.wait", id="wait")
    wait["out"] >> flow.add(hang, id="h")
    broken.add("hang")
    async with FlowRuntime(tmp_path) as runtime:
        handle = await runtime.start(flow, run="r1")
        while not handle.waiting():
            await asyncio.sleep(0.001)
        await handle.signal("wait", 1)
        while not ran:
            await asyncio.sleep(0.001)
    broken.clear()
    async with FlowRuntime(tmp_path) as runtime:
        assert (await (await runtime.resume("r1", flow)).result()).outputs == {"h": 7}


async def test_a_delay_goes_on_instead_of_beginning_anew(tmp_path: Path) -> None:
    flow = Flow("delays")
    flow.add("time.delay", id="delay", config={"seconds": 0.3})
    async with FlowRuntime(tmp_path) as runtime:
        await runtime.start(flow, run="r1")
        while not any(e.type == "flow.node.waiting" for e in await runtime.events("r1")):  # recorded, not only begun
            await asyncio.sleep(0.001)
    async with FlowRuntime(tmp_path) as runtime:
        await (await runtime.resume("r1")).result()
        events = await runtime.events("r1")
    waits = [e for e in events if e.type == "flow.node.waiting"]
    assert len(waits) == 1
    done = next(e for e in events if e.type == "flow.node.completed")
    assert 0 <= done.ts - waits[0].data["until"] < 0.25


async def test_finished_items_of_a_map_are_not_run_again(tmp_path: Path) -> None:
    inner = Flow("inner")
    inner.add(step, id="s", n=inner.input("item", int))
    flow = Flow("mapping")
    mapped = flow.add(
        "flow.map", id="map", items=[10, 20, 30], config={"workflow": flow.define(inner), "concurrency": 1}
    )
    flow.output("out", mapped["out"])
    broken.add("map[1]/s")
    async with FlowRuntime(tmp_path) as runtime:
        assert (await runtime.run(flow, run="r1")).status == "failed"
    broken.clear()
    async with FlowRuntime(tmp_path) as runtime:
        result = await (await runtime.resume("r1", flow)).result()
        assert result.outputs == {"out": [11, 21, 31]}
    assert ran == ["map[0]/s", "map[1]/s", "map[1]/s", "map[2]/s"]


async def test_failures_that_were_passed_over_stay_so(tmp_path: Path) -> None:
    flow = Flow("over", on_error={"policy": "ContinueOnError"})
    flow.set(flow.add(step, id="bad"), on_error="port")["error"] >> flow.add(lambda e: e["kind"], id="handler")
    flow.add(step, id="worse") >> flow.add(step, id="never")["n"]
    flow.connect(_ref(flow, "handler"), flow.add(hang, id="h")["n"])
    broken.update({"bad", "worse", "hang"})
    async with FlowRuntime(tmp_path) as runtime:
        handle = await runtime.start(flow, run="r1")
        while "hang" not in ran:
            await asyncio.sleep(0.001)
    del handle
    broken.clear()
    async with FlowRuntime(tmp_path) as runtime:
        result = await (await runtime.resume("r1", flow)).result()
    assert result.counts == {"completed": 2, "failed": 2, "skipped": 1}
    assert ran == ["bad", "worse", "hang", "hang"]


async def test_memo_outlives_the_process(tmp_path: Path) -> None:
    flow = Flow("memo")
    flow.set(flow.add(step, id="s", n=4), memo=True)
    for _ in range(2):
        async with FlowRuntime(tmp_path) as runtime:
            assert (await runtime.run(flow)).outputs == {"s": 5}
    assert ran == ["s"]


async def test_large_bytes_are_kept_by_reference(tmp_path: Path) -> None:
    flow = Flow("large")
    flow.add(lambda: b"x" * 100_000, id="make") >> flow.add(lambda b: b, id="pass")
    async with FlowRuntime(tmp_path) as runtime:
        out = (await runtime.run(flow, run="r1")).outputs["pass"]
        assert isinstance(out, Blob)
        assert runtime.store is not None
        assert runtime.store.get(out.hash) == b"x" * 100_000
    assert (tmp_path / "journal.db").stat().st_size < 90_000


async def test_what_cannot_be_recorded_fails_its_node_by_name(tmp_path: Path) -> None:
    flow = Flow("odd")
    flow.add(lambda: {"x": object()}, id="odd")
    async with FlowRuntime(tmp_path) as runtime:
        result = await runtime.run(flow)
        assert result.failures[0].node == "odd"
        assert "$.out.x: an object is no value" in result.failures[0].message


async def test_two_runtimes_do_not_run_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.add("hang")
    flow = Flow("twice")
    flow.add(hang, id="h") >> flow.add(step, id="z")["n"]
    async with FlowRuntime(tmp_path) as one, FlowRuntime(tmp_path) as two:
        handle = await one.start(flow, run="r1")
        while not ran:
            await asyncio.sleep(0.001)
        with pytest.raises(EngineError, match="exists already"):
            await two.start(flow, run="r1")
        broken.clear()
        with pytest.raises(RunsElsewhere, match="running in process"):
            await two.resume("r1", flow, take_over=True)
        monkeypatch.setattr(livets.flow.leasing, "SILENT_S", -1.0)  # as if nothing had been heard of the first one
        with pytest.raises(RunsElsewhere, match="take the run over"):
            await two.resume("r1", flow)
        assert (await (await two.resume("r1", flow, take_over=True)).result()).status == "completed"
        execution = handle._execution.scheduler
        assert execution is not None
        execution.cancel_node(0)
        with pytest.raises(TakenOver):
            await handle.result()


async def test_an_unknown_run_is_said_so(tmp_path: Path) -> None:
    async with FlowRuntime(tmp_path) as runtime:
        with pytest.raises(EngineError, match="no run 'x'"):
            await runtime.resume("x")
    async with FlowRuntime() as runtime:
        with pytest.raises(EngineError, match="give FlowRuntime a folder"):
            await runtime.resume("x")


@pytest.mark.parametrize("make", [chain])
async def test_the_journal_tells_the_whole_story_in_order(tmp_path: Path, make: Callable[[], Flow]) -> None:
    async with FlowRuntime(tmp_path) as runtime:
        await runtime.run(make(), run="r1")
        events = await runtime.events("r1")
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert [e.type.removeprefix("flow.") for e in events] == [
        "run.created", "node.started", "node.completed", "node.started", "node.completed",
        "node.started", "node.completed", "run.completed",
    ]  # fmt: skip
