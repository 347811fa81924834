"""The seam for nodes that run elsewhere: what goes and stays, what state does, what a place that is gone means."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from livets.engine.errors import Interrupted, NodeError
from livets.engine.node import NodeType
from livets.engine.retry import RetryPolicy
from livets.flow import Flow, FlowRuntime
from livets.flow.location import Given, Location, Report, Work
from livets.flow.model import NodeSpec, Placement
from livets.flow.nodes import standard_registry
from livets.flow.validate import validate


class Place(Location):
    """Answers with what the test says; notes what came."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.work: list[Work] = []
        self.told: list[str] = []

    def takes(self, spec: NodeSpec, node_type: NodeType) -> bool:
        return True

    async def submit(self, work: Work, spec: NodeSpec, report: Report) -> Any:
        self.work.append(work)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return Given(len(self.work), [["sum", 5]]) if self.answer is None else self.answer

    async def end_run(self, run: str) -> None:
        self.told.append(f"end {run}")

    async def close(self) -> None:
        self.told.append("close")


async def stateful(ctx: Any) -> int:
    raise AssertionError("it must not run here")


async def test_writes_to_the_state_come_back_through_the_reducers() -> None:
    flow = Flow("state", state={"sum": 1}, reducers={"sum": "add"})
    first = flow.add(stateful, id="first")
    second = flow.add(lambda after, ctx: ctx.state["sum"], id="second", after=first)
    flow.set(second, placement=Placement(here=True))
    place = Place()
    async with FlowRuntime(location=place) as runtime:
        result = (await runtime.run(flow, run="r")).raise_if_failed()
    assert result.outputs == {"second": 6}
    assert place.work[0].state == {"sum": 1}
    assert place.work[0].reducers == {"sum": "add"}
    assert set(place.told) == {"end r", "close"}


async def test_what_steers_or_streams_stays() -> None:
    place = Place(7)
    flow = Flow("stays")
    merge = flow.add("flow.merge", id="merge", config={"mode": "list"})
    flow.add(lambda: 1, id="goes") >> merge
    async with FlowRuntime(location=place) as runtime:
        assert (await runtime.run(flow)).raise_if_failed().outputs == {"merge": [7]}
        pushed = Flow("pushed", stream={"checkpoint_s": 0})
        pushed.add(lambda: 1, id="here")
        assert (await runtime.run(pushed)).raise_if_failed().outputs == {"here": 1}
    assert [work.node for work in place.work] == ["goes"]


async def test_a_place_that_is_gone_interrupts_the_run_and_it_goes_on(tmp_path: Path) -> None:
    place, cancelled = Place(), asyncio.Event()
    inner = Flow("inner")
    far = inner.add(lambda item: item, id="far", item=inner.input("item", int))
    inner.set(far, retry=RetryPolicy(max_attempts=5, delay_ms=1))
    flow = Flow("gone")

    async def beside() -> int:
        if place.answer is not None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
        return 1

    flow.set(flow.add(beside, id="beside"), placement=Placement(here=True))
    flow.add("flow.map", id="map", items=[1, 2], config={"workflow": flow.define(inner), "concurrency": 1})
    async with FlowRuntime(tmp_path, location=place) as runtime:
        place.answer = Interrupted("the place is gone")
        handle = await runtime.start(flow, run="r")
        with pytest.raises(Interrupted, match="the place is gone"):
            await handle.result()
        assert cancelled.is_set()
        assert len(place.work) == 1  # its retry policy is not asked
        assert [one.status for one in await runtime.runs()] == ["interrupted"]
        events = [one.type for one in await runtime.events("r")]
        assert events[-1] == "flow.run.interrupted"
        assert "flow.node.failed" not in events
        place.answer = None
        result = await (await runtime.resume("r")).result()
    assert result.raise_if_failed().outputs["map"]["out"] == [2, 3]


async def test_a_failure_over_there_is_one_of_the_node() -> None:
    flow = Flow("fails")
    flow.set(flow.add(lambda: 1, id="x"), retry=RetryPolicy(max_attempts=3, delay_ms=1))
    place = Place(NodeError("no", "busy"))
    async with FlowRuntime(location=place) as runtime:
        result = await runtime.run(flow)
    assert [(one.kind, one.attempt) for one in result.failures] == [("busy", 3)]
    assert [work.attempt for work in place.work] == [1, 2, 3]


@pytest.mark.parametrize(
    ("type", "placement", "said"),
    [
        ("flow.approval", Placement("a"), "always runs in the process of the run"),
        ("trigger.file", Placement(labels={"gpu": 1}), "always runs in the process of the run"),
        ("debug.log", Placement("a", here=True), "not both"),
        ("debug.log", Placement(labels={"gpu": 0}), "more than 0"),
        ("debug.log", Placement(labels={"a=b": 1}), "is no label"),
    ],
)
def test_placements_that_cannot_be_are_faults(type: str, placement: Placement, said: str) -> None:
    flow = Flow("faulty")
    flow.workflow().nodes.append(NodeSpec(id="x", type=type, inputs={"value": 1}, placement=placement))
    found = [fault for fault in validate(flow.workflow(), standard_registry()) if "placement" in fault.path]
    assert [said in fault.message for fault in found] == [True]
    flow = Flow("pushed", stream={})
    flow.set(flow.add(lambda: 1, id="x"), placement=Placement("a"))
    faults = validate(flow.workflow(), flow.registry_over(standard_registry()))
    assert "of one process" in faults[0].message
