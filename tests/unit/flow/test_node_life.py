"""The life of a node: initialized once, started and stopped with each run, shut down in reverse."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from livets.engine.context import NodeContext
from livets.engine.errors import EngineError
from livets.engine.log import MemoryLog
from livets.flow import Flow, FlowRuntime, Node
from tests.unit.flow.plain_nodes import fail


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


def test_a_closed_runtime_can_be_entered_again_in_another_loop(tmp_path: Path) -> None:
    """An application that is stopped and started again in one process, as tests and reloaders do."""
    runtime = FlowRuntime(tmp_path)

    async def once(run: str) -> list[str]:
        async with runtime:
            flow = Flow("again")
            flow.add(Counting, id="a", config={"name": "a"})
            handle = await runtime.start(flow, run=run)
            assert (await handle.result()).status == "completed"
            return [one.run for one in await runtime.runs()]

    assert asyncio.run(once("r1")) == ["r1"]
    assert sorted(asyncio.run(once("r2"))) == ["r1", "r2"]


async def test_what_a_closed_runtime_was_given_is_not_opened_again() -> None:
    runtime = FlowRuntime(log=MemoryLog())
    await runtime.close()
    with pytest.raises(EngineError, match="make another one"):
        await runtime.__aenter__()


async def test_a_run_that_is_cancelled_before_its_first_step_is_recorded_as_cancelled(tmp_path: Path) -> None:
    # Its task was cancelled before it began: the journal said "running" for ever.
    flow = Flow("early")
    flow.add(asyncio.sleep, id="a", delay=30)
    async with FlowRuntime(tmp_path) as runtime, asyncio.timeout(5):
        handle = await runtime.start(flow, run="r")
        await handle.cancel()
        assert (await handle.result()).status == "cancelled"
        assert [one.status for one in await runtime.runs()] == ["cancelled"]


async def test_a_cancellation_and_a_timeout_reach_a_node_that_starts_for_ever(tmp_path: Path) -> None:
    begun = asyncio.Event()

    class Slow(Node):
        """Never begins."""

        type = "t.slow"

        async def start(self, run: str) -> None:
            begun.set()
            await asyncio.sleep(30)

    for limit, status in ((None, "cancelled"), (0.01, "failed")):
        begun.clear()
        flow = Flow(f"slow-{status}", run_timeout_s=limit)
        flow.add(Slow, id="a")
        async with FlowRuntime(tmp_path) as runtime, asyncio.timeout(5):
            handle = await runtime.start(flow)
            await begun.wait()
            if limit is None:
                await handle.cancel()
            assert (await handle.result()).status == status
            assert (await runtime.runs())[0].status == status
