"""The Host without Dask: what it answers and reports, how it stops nodes, when it ends its process."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import node_type_of
from livets.engine.registry import Registry
from livets.flow.elsewhere.host import Host
from livets.flow.elsewhere.messages import Told, read_answer, read_report, write_work
from livets.flow.grants import Grants
from livets.flow.location import Work
from livets.flow.nodes import standard_registry
from tests.integration.flow import far_nodes as far
from tests.support.wait import until


def blocking(release: str) -> None:
    RELEASE.wait()


RELEASE = threading.Event()


class Bench:
    """A host, with what it has told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Told, str, dict[str, Any]]] = []
        self.deaths: list[str] = []
        registry = Registry(standard_registry())
        for thing in (far.step, far.held, far.spinning, far.talking, far.failing, far.Living, blocking):
            registry.add(node_type_of(thing))
        self.host = Host("w", registry, Grants(), self._tell, self.deaths.append, grace_s=0.05)

    def _tell(self, session: str, report: bytes) -> None:
        self.told.append(read_report(report))

    def begin(self, key: str, type: str, state: Any = None, **inputs: Any) -> concurrent.futures.Future[bytes]:
        work = Work(
            run="r", node="n", instance="i", type=type, version=1, config={}, inputs=inputs, attempt=1, state=state
        )
        message, large = write_work(work, "session")
        return self.host.begin(key, message, list(large.values()))

    def kinds(self, key: str) -> list[Told]:
        return [told for name, told, _, _ in self.told if name == key]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    RELEASE.clear()
    made = Bench()
    yield made
    RELEASE.set()
    await made.host.close()


async def test_it_reports_and_answers(bench: Bench) -> None:
    given = read_answer(await asyncio.wrap_future(bench.begin("k", "talking", {"sum": 1}, n=4)))
    assert (given.result, given.writes) == (4, [["sum", 4], ["last", "node 4"]])
    assert bench.kinds("k") == [Told.BEGUN, Told.EVENT, Told.LOG]


async def test_it_stops_what_runs_and_what_comes_later(bench: Bench, tmp_path: Any) -> None:
    file = str(tmp_path / "noted")

    def noted() -> str:
        return (tmp_path / "noted").read_text() if (tmp_path / "noted").exists() else ""

    running = bench.begin("k1", "spinning", file=file)
    await until(lambda: "spinning-begun" in noted())
    bench.host.stop("k1")
    await asyncio.wrap_future(bench.host.stopped("k1"))
    assert "spinning-stopped" in noted()
    await asyncio.wrap_future(bench.host.stopped("k2"))
    for future in (running, bench.begin("k2", "step", file=file, name="never")):
        with pytest.raises(NodeError) as raised:
            read_answer(await asyncio.wrap_future(future))
        assert raised.value.kind == "cancelled"
    assert "never" not in noted()
    assert bench.deaths == []


async def test_it_ends_the_process_of_a_node_that_does_not_stop(bench: Bench) -> None:
    future = bench.begin("k", "blocking", release="")
    await until(lambda: Told.BEGUN in bench.kinds("k"))
    bench.host.stop("k")
    await until(lambda: bench.deaths)
    assert "told to stop" in bench.deaths[0]
    RELEASE.set()
    with pytest.raises(NodeError):
        read_answer(await asyncio.wrap_future(future))


async def test_failures_are_answers(bench: Bench) -> None:
    for type, inputs, kind in (("failing", {"how": "value"}, "ValueError"), ("nothing", {}, "unknown-type")):
        with pytest.raises(NodeError) as raised:
            read_answer(await asyncio.wrap_future(bench.begin("k", type, **inputs)))
        assert raised.value.kind == kind


async def test_unused_instances_are_shut_down(tmp_path: Any) -> None:
    told: list[str] = []

    class Idle(far.Node):
        type = "test.idle"

        async def execute(self, ctx: NodeContext) -> None:
            told.append("execute")

        async def shutdown(self) -> None:
            told.append("shutdown")

    registry = Registry()
    registry.add(node_type_of(Idle))
    host = Host("w", registry, Grants(), lambda *_: None, told.append, idle_s=0.02)
    work = Work(run="r", node="n", instance="i", type="test.idle", version=1, config={}, inputs={}, attempt=1)
    began = time.monotonic()
    await asyncio.wrap_future(host.begin("k", write_work(work, "s")[0], []))
    await until(lambda: "shutdown" in told)
    assert time.monotonic() - began < 5
    await host.close()
    assert told == ["execute", "shutdown"]
