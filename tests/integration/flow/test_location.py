"""Nodes that run in another process: what they give comes back, what they report is told, the trace goes with them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from livets.engine.node import NodeType
from livets.flow import Flow, FlowRuntime
from livets.flow.location import Location, Report, Work
from livets.flow.model import NodeSpec
from livets.flow.telemetry import Tracing
from tests.unit.flow.telemetry.test_tracing import Spans

_CHILD = """
import json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from livets.flow.telemetry.tracing import continued
work = json.loads(sys.stdin.read())
tracer = trace.get_tracer("child", tracer_provider=TracerProvider())
with continued(work["carrier"]), tracer.start_as_current_span("there") as span:
    parent = span.parent
    print(json.dumps({"event": {"pid": True}}))
    print(json.dumps({"out": work["inputs"]["n"] * 2, "trace": span.context.trace_id, "parent": parent.span_id}))
"""


class Elsewhere(Location):
    """A location: each node in a Python process of its own."""

    def takes(self, spec: NodeSpec, node_type: NodeType) -> bool:
        return spec.name == "elsewhere"

    async def submit(self, work: Work, spec: NodeSpec, report: Report) -> Any:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _CHILD, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await child.communicate(msgspec.json.encode(work))
        event, result = map(json.loads, out.decode().splitlines())
        report("info", event["event"])
        return result


async def test_the_context_goes_with_work_to_other_processes() -> None:
    spans = Spans()

    def double(n: int) -> Mapping[str, Any]:
        raise AssertionError("it must not run here")

    flow = Flow("away")
    flow.set(flow.add(double, id="far", n=21), name="elsewhere")
    async with FlowRuntime(observers=[Tracing(spans.provider)], location=Elsewhere()) as runtime:
        listener = runtime.watch()
        result = (await runtime.run(flow)).raise_if_failed()
        events = [one for one in listener.take() if getattr(one, "type", "") == "flow.node.event"]
    far = spans.all()["far"]
    assert far.context is not None
    told = result.outputs["far"]
    assert (told["out"], told["trace"], told["parent"]) == (42, far.context.trace_id, far.context.span_id)
    assert len(events) == 1
