"""What a journal tells is what was: replayed event by event, a run stands where its handle said it stood."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from livets.engine.errors import EngineError, NodeError
from livets.flow import Flow, FlowRuntime
from livets.flow.control import ask_to_cancel, ask_to_signal, obey
from livets.flow.journal import Recorded
from livets.flow.replay import replayed, steps


def fail() -> int:
    raise NodeError("it broke", "broken")


def mixed() -> Flow:
    inner = Flow("inner")
    inner.add(lambda n: n, id="n", n=inner.input("item", int))
    flow = Flow("mixed", on_error={"policy": "ContinueOnError"}, retry={"max_attempts": 2, "delay_ms": 1})
    flow.add(lambda: 1, id="one") >> flow.add("flow.branch", id="way", config={"when": {"op": "eq", "value": 1}})
    flow.add(fail, id="bad") >> flow.add(lambda n: n, id="after")
    flow.add("flow.map", id="map", items=[1, 2], config={"workflow": flow.define(inner)})
    return flow


async def test_a_replay_ends_where_the_run_ended(tmp_path: Path) -> None:
    async with FlowRuntime(tmp_path) as runtime:
        handle = await runtime.start(mixed(), run="r")
        await handle.result()
        stood = handle.states()
        events = await runtime.events("r")
    replay = replayed(events)
    assert {path: one.state for path, one in replay.nodes.items() if "/" not in path} == stood
    assert replay.nodes["map[1]/n"].outputs == {"out": 2}
    assert (replay.nodes["bad"].attempts, replay.nodes["bad"].error) == (2, "it broke")
    assert replay.status == "completed"
    seen = []
    for event, state in steps(events):
        if event.data.get("node") == "bad":
            seen.append(state.nodes["bad"].state)
    assert seen == ["running", "waiting", "running", "failed"]


async def waits(runtime: FlowRuntime, node: str) -> bool:
    """Whether the journal says that the node waits."""
    return node in Recorded(await runtime.events("r")).waits


async def test_another_process_may_cancel_and_answer(tmp_path: Path) -> None:
    flow = Flow("waits")
    flow.add("flow.wait", id="ask")["out"] >> flow.add("flow.wait", id="again")
    async with FlowRuntime(tmp_path) as runtime, FlowRuntime(tmp_path) as other:
        assert runtime.log is not None
        assert other.log is not None
        handle = await runtime.start(flow, run="r")
        obeying = asyncio.create_task(obey(runtime.log, handle, 0))
        while not await waits(other, "ask"):
            await asyncio.sleep(0.001)
        with pytest.raises(EngineError, match="node 'nobody' of run r does not wait; those that do: ask"):
            await ask_to_signal(other.log, "r", "nobody", 1)
        await ask_to_signal(other.log, "r", "ask", 1, patience_s=20)
        while not await waits(other, "again"):
            await asyncio.sleep(0.001)
        assert await ask_to_cancel(other.log, "r", "enough", patience_s=20) == "cancelled"
        assert (await handle.result()).reason == "enough"
        await obeying
        assert await ask_to_cancel(other.log, "r") == "cancelled"


async def test_a_run_that_nobody_runs_is_ended_by_who_asks(tmp_path: Path) -> None:
    flow = Flow("waits")
    flow.add("flow.wait", id="ask")
    async with FlowRuntime(tmp_path) as runtime:
        await runtime.start(flow, run="r")
        while not await waits(runtime, "ask"):
            await asyncio.sleep(0.001)
    async with FlowRuntime(tmp_path) as runtime:
        assert runtime.log is not None
        with pytest.raises(EngineError, match="nobody runs r at the moment"):
            await ask_to_signal(runtime.log, "r", "ask", 1, patience_s=0.05)
        assert await ask_to_cancel(runtime.log, "r", patience_s=0.05) == "cancelled"
        assert (await runtime.runs())[0].status == "cancelled"


async def test_a_runtime_that_nobody_helps_obeys_a_cancellation_and_records_the_end_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who asked recorded the end, so that a resume at once ran beside nodes that were still cleaning up.
    monkeypatch.setattr("livets.flow.guarding.BEAT_S", 0.01)
    cleaned: list[int] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.05)
            cleaned.append(1)

    flow = Flow("slow")
    flow.add(slow, id="slow")
    async with FlowRuntime(tmp_path) as runtime, FlowRuntime(tmp_path) as other:
        assert other.log is not None
        for _ in range(2):  # a cancellation of before is not for the run that goes on
            handle = await (runtime.resume("r", flow) if cleaned else runtime.start(flow, run="r"))
            while handle.states()["slow"] != "running":
                await asyncio.sleep(0)
            before = len(cleaned)
            assert await ask_to_cancel(other.log, "r", "enough", patience_s=20) == "cancelled"
            assert len(cleaned) == before + 1
            assert (await handle.result()).reason == "enough"


async def test_in_memory_the_last_results_are_kept_and_no_more() -> None:
    flow = Flow("many")
    flow.add(lambda: 3, id="n")
    async with FlowRuntime(keep_results=2) as runtime:
        for name in "abc":
            await runtime.run(flow, run=name)
        assert (await runtime.handle("b").result()).outputs == {"n": 3}
        with pytest.raises(EngineError, match="does not run here"):
            runtime.handle("a")
