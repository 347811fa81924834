"""What failing means: the run stops, goes on, asks for another way, or tries again; timeouts and cancelling."""

from __future__ import annotations

import asyncio

import pytest

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.events import Event
from livets.engine.retry import RetryPolicy
from livets.flow import Flow, FlowRuntime
from livets.flow.result import RunFailed
from tests.unit.flow.plain_nodes import fail, inc


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


def test_policies_read_from_settings() -> None:
    assert Flow("x", retry=RetryPolicy(max_attempts=2)).workflow().settings.retry == RetryPolicy(max_attempts=2)
