"""Spans as the real SDK of OpenTelemetry records them: runs, nodes, attempts, sub-workflows."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from livets.engine.errors import NodeError
from livets.flow import Flow, FlowRuntime
from livets.flow.telemetry import Logs, Tracing
from tests.support.wait import until


class Spans:
    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def all(self) -> dict[str, ReadableSpan]:
        """Finished spans: runs as "run", nodes by path."""
        return {
            str((span.attributes or {}).get("livets.node", "run" if span.name == "flow.run" else span.name)): span
            for span in self.exporter.get_finished_spans()
        }


@pytest.fixture
def spans() -> Spans:
    return Spans()


def parent(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent is not None else None


def own(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


async def test_nodes_lie_beneath_their_run_and_calls_beneath_their_node(spans: Spans) -> None:
    tracer = trace.get_tracer("library", tracer_provider=spans.provider)

    async def calling(n: int) -> int:
        await asyncio.sleep(0)
        with tracer.start_as_current_span(f"call {n}"):
            return n

    flow = Flow("traced", max_parallel=3)
    for n in range(3):
        flow.add(calling, id=f"n{n}", n=n)
    async with FlowRuntime(observers=[Logs(), Tracing(spans.provider)]) as runtime:
        await asyncio.gather(*(runtime.run(flow, run=f"r{k}") for k in range(2)))
    finished = spans.exporter.get_finished_spans()
    runs = {span.attributes["livets.run"]: span for span in finished if span.name == "flow.run" and span.attributes}
    nodes = [span for span in finished if span.name == "flow.node calling"]
    assert len(nodes) == 6
    for span in nodes:
        assert span.attributes is not None
        assert parent(span) == own(runs[span.attributes["livets.run"]])
        (call,) = [one for one in finished if parent(one) == own(span)]
        assert call.name == f"call {str(span.attributes['livets.node'])[1:]}"


async def test_attempts_are_events_and_failures_are_errors(spans: Spans) -> None:
    def broken() -> int:
        raise NodeError("no luck", "http")

    flow = Flow("fails", retry={"max_attempts": 3, "delay_ms": 1})
    flow.add(broken, id="b")
    async with FlowRuntime(observers=[Tracing(spans.provider)]) as runtime:
        await runtime.run(flow)
    told = spans.all()
    assert [event.name for event in told["b"].events] == [
        "attempt", "attempt failed", "attempt", "attempt failed", "attempt", "exception",
    ]  # fmt: skip
    assert told["b"].status.status_code is StatusCode.ERROR
    assert told["b"].attributes is not None
    assert told["b"].attributes["livets.attempts"] == 3
    assert told["run"].status.status_code is StatusCode.ERROR


async def test_time_outs_and_cancellations_end_their_spans(spans: Spans) -> None:
    async def sleeping() -> int:
        await asyncio.sleep(60)
        return 1

    flow = Flow("late")
    flow.set(flow.add(sleeping, id="late"), timeout_s=0.01)
    async with FlowRuntime(observers=[Tracing(spans.provider)]) as runtime:
        await runtime.run(flow)
        assert spans.all()["late"].status.status_code is StatusCode.ERROR
        other = Flow("cancelled")
        other.add(sleeping, id="c")
        handle = await runtime.start(other)
        await until(lambda: handle.states()["c"] == "running", "the node to run")
        await handle.cancel()
    told = spans.all()
    assert told["c"].attributes is not None
    assert told["c"].attributes["livets.cancelled"] is True
    assert told["run"].attributes is not None
    assert told["run"].attributes["livets.status"] == "cancelled"


async def test_nodes_of_sub_workflows_lie_beneath_the_node_that_runs_them(spans: Spans) -> None:
    inner = Flow("inner")
    item = inner.input("item", int)
    inner.output("out", inner.add("debug.log", id="echo", value=item))
    flow = Flow("outer")
    flow.workflow().definitions["inner"] = inner.workflow()
    flow.add("flow.map", id="each", items=[1, 2], config={"workflow": "inner"})
    async with FlowRuntime(observers=[Tracing(spans.provider)]) as runtime:
        (await runtime.run(flow)).raise_if_failed()
    told = spans.all()
    assert {"each[0]/echo", "each[1]/echo"} <= set(told)
    assert parent(told["each[0]/echo"]) == own(told["each"])
    assert parent(told["each"]) == own(told["run"])


async def test_a_run_lies_beneath_what_began_it(spans: Spans) -> None:
    tracer = trace.get_tracer("caller", tracer_provider=spans.provider)
    flow = Flow("called")
    flow.add("debug.log", id="a", value=1)
    async with FlowRuntime(observers=[Tracing(spans.provider)]) as runtime:
        with tracer.start_as_current_span("request"):
            handle = await runtime.start(flow)
        await handle.result()
    told = spans.all()
    assert parent(told["run"]) == own(told["request"])
