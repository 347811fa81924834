"""Nodes for runs on Dask workers: the workers load this module, the tests build flows of it.

What a node does outside is a line in a file, written with one write: `<what> <pid>`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.flow import Node, node


def note(file: str, what: object) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{what} {os.getpid()}\n".encode())
    os.close(descriptor)


class Spans(SpanExporter):
    """Writes each span as a line: name, trace, id, parent, worker."""

    def __init__(self, file: str) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            assert span.context is not None
            assert span.parent is not None
            worker = (span.attributes or {}).get("livets.worker", "-")
            note(
                self._file, f"{span.name} {span.context.trace_id} {span.context.span_id} {span.parent.span_id} {worker}"
            )
        return SpanExportResult.SUCCESS


if "LIVETS_TEST_SPANS" in os.environ:  # a worker sets up its exporter as any program does
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Spans(os.environ["LIVETS_TEST_SPANS"])))
    trace.set_tracer_provider(provider)


class Point(msgspec.Struct):
    x: int
    data: bytes = b""


@node
def where() -> int:
    return os.getpid()


@node
async def step(file: str, name: str, after: Any = None) -> int:
    await asyncio.sleep(0.01)
    note(file, name)
    return 1


@node
async def held(file: str, name: str, after: Any = None) -> str:
    """Waits for a file called `<file>.go`, and notes when it is cancelled meanwhile."""
    note(file, f"{name}-begun")
    try:
        while not Path(f"{file}.go").exists():
            await asyncio.sleep(0.02)
    except asyncio.CancelledError:
        note(file, f"{name}-cancelled")
        raise
    note(file, name)
    return name


@node
def spinning(file: str) -> None:
    """Computes for ever, and catches what it can."""
    try:
        note(file, "spinning-begun")
        while True:
            try:
                sum(range(1000))
            except Exception:
                continue
    finally:
        note(file, "spinning-stopped")


@node
def deaf(file: str) -> None:
    """Sits in a call of C that nothing interrupts, and hears nothing afterwards."""
    note(file, "deaf-begun")
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(3600)


@node
async def talking(ctx: NodeContext, n: int) -> int:
    ctx.emit("progress", done=n)
    ctx.log.warning("n is %d", n)
    ctx.state["sum"] = n
    ctx.state["last"] = f"node {n}"
    seen: int = ctx.state["sum"]
    return seen


@node
def traced() -> None:
    with trace.get_tracer("mine").start_as_current_span("mine"):
        pass


@node
def poisonous(file: str) -> None:
    """Takes its worker with it."""
    note(file, "poisonous")
    os.kill(os.getpid(), signal.SIGKILL)


@node
def locking(ctx: NodeContext) -> None:
    ctx.state.lock  # noqa: B018


@node
def moved(point: Point, items: list[Any]) -> Point:
    return Point(point.x + 1, point.data[::-1] + b"".join(items))


@node
def failing(how: str) -> None:
    if how == "value":
        raise ValueError("no value of mine")
    raise NodeError("try later", "busy", retry_after_s=0.01)


class Living(Node):
    """Notes each moment of its life."""

    type = "test.living"

    class Config(msgspec.Struct):
        file: str

    class Inputs(msgspec.Struct):
        n: int
        after: Any = None

    class Outputs(msgspec.Struct):
        out: int

    async def initialize(self) -> None:
        note(self.config.file, "initialize")

    async def start(self, run: str) -> None:
        note(self.config.file, f"start:{run}")

    async def execute(self, ctx: NodeContext) -> int:
        note(self.config.file, "execute")
        return int(ctx.inputs["n"])

    async def stop(self, run: str) -> None:
        note(self.config.file, f"stop:{run}")

    async def shutdown(self) -> None:
        note(self.config.file, "shutdown")
