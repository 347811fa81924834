"""Microseconds a node: the engine's scheduler alone, workflows in memory with one subscriber, and journaled workflows.

    python -m benchmarks.micro.engine_scheduler [--sizes 1000,10000,100000] [--rounds 5] [--million]

Each figure is the best of the rounds, of the whole run from `run()` to the result, in time of this thread's CPU; `wall`
is the journaled run by the clock. Compiling is measured apart. One subscriber reads all events. Plain asyncio is
measured beside.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from livets.engine.driver import Driver
from livets.engine.events import Bus, Event, Gap, Subscription
from livets.engine.graph import Connection, Graph, Plan
from livets.engine.limits import Slots
from livets.engine.node import node
from livets.engine.scheduler import Scheduler
from livets.flow.builder import Flow
from livets.flow.compiled import CompiledWorkflow
from livets.flow.model import NodeSpec
from livets.flow.runtime import FlowRuntime


@node
async def step(n: int = 0) -> int:
    """The node that is measured: an int port, asynchronous, does nothing."""
    return n + 1


def flow_of(shape: str, size: int) -> Flow:
    """A chain, or a fan-out from one node, of `size` nodes."""
    flow = Flow(shape, retry={"max_attempts": 3})
    flow.add(step, id="n0")
    workflow = flow.workflow()
    for n in range(1, size):
        workflow.nodes.append(NodeSpec(id=f"n{n}", type="step"))
        workflow.connections.append(Connection(f"n{n - 1}" if shape == "chain" else "n0", "out", f"n{n}", "n"))
    return flow


def plan_of(shape: str, size: int) -> Plan:
    graph = Graph()
    graph.names = [""] * size  # names are the driver's business
    port = graph.port("out")
    for n in range(1, size):
        graph.connect_numbers(n - 1 if shape == "chain" else 0, n, port, port)
    return Plan(graph)


class Bare(Driver):
    """Two events a node and a value handed on: what any driver must do at least."""

    def __init__(self, plan: Plan, bus: Bus) -> None:
        self.plan, self.bus, self.seq = plan, bus, 0
        self.values: dict[int, int] = {}

    async def run(self, node: int, attempt: int) -> Any:
        self._emit("node.started", node)
        plan = self.plan
        start = plan.in_start[node]
        value = self.values.get(plan.edge_source[plan.in_edges[start]], 0) if start < plan.in_start[node + 1] else 0
        if plan.out_start[node] < plan.out_start[node + 1]:
            self.values = {node: value + 1} if plan.out_start[node + 1] - plan.out_start[node] == 1 else self.values
        self._emit("node.completed", node)
        return None

    def _emit(self, type: str, node: int) -> None:
        self.seq += 1
        self.bus.emit(Event(self.seq, "bench", type, time.time(), {"node": node}))


async def count(subscription: Subscription) -> int:
    """Read all; returns how many events there were, those dropped too."""
    seen = 0
    async for batch in subscription:
        first = batch[0]  # a gap stands before what came after it
        seen += len(batch) - 1 + (first.dropped if isinstance(first, Gap) else 1)
    return seen


async def engine_seconds(plan: Plan) -> float:
    bus = Bus()
    subscription = bus.subscribe(65_536)
    listener = asyncio.create_task(count(subscription))
    began = time.thread_time()
    await Scheduler(plan, Bare(plan, bus), Slots(10)).run()
    seconds = time.thread_time() - began
    subscription.close()
    await listener
    return seconds


async def flow_seconds(runtime: FlowRuntime, compiled: CompiledWorkflow) -> tuple[float, float]:
    """CPU and wall seconds of one run."""
    subscription = runtime.watch(capacity=65_536)
    listener = asyncio.create_task(count(subscription))
    began, wall = time.thread_time(), time.perf_counter()
    result = await runtime.run(compiled)
    seconds = time.thread_time() - began, time.perf_counter() - wall
    assert result.completed_nodes == compiled.plan.size
    subscription.close()
    await listener
    return seconds


async def asyncio_seconds(shape: str, size: int) -> float:
    async def work(n: int) -> int:
        return n + 1

    began = time.thread_time()
    if shape == "chain":
        value = 0
        for _ in range(size):
            value = await asyncio.create_task(work(value))
    else:
        await asyncio.gather(*(work(0) for _ in range(size)))
    return time.thread_time() - began


async def resume_seconds(folder: Path, size: int) -> float:
    """Resume a run of which every node but the last is recorded, and which was cut off there."""
    flow = flow_of("chain", size)
    last = flow.workflow().nodes[-1]
    last.type = flow._name(_held)
    async with FlowRuntime(folder) as runtime:
        handle = await runtime.start(flow, run="killed")
        while handle.states()[last.id] != "running":
            await asyncio.sleep(0.01)
    _free.set()
    async with FlowRuntime(folder) as runtime:
        compiled = runtime.compile(flow)
        began = time.perf_counter()
        handle = await runtime.resume("killed", flow)
        assert (await handle.result()).status == "completed"
        del compiled
        return time.perf_counter() - began


_free = asyncio.Event()


async def _held(n: int) -> int:
    await _free.wait()
    return n


def emits_per_second(count: int = 500_000) -> float:
    """Emit to one subscriber that takes every 1,000 events; building the events is part of it."""
    bus = Bus()
    subscription = bus.subscribe(2000)
    began = time.thread_time()
    for seq in range(count):
        bus.emit(Event(seq, "bench", "tick", 0.0, {}))
        if seq % 1000 == 0:
            subscription.take()
    return count / (time.thread_time() - began)


async def measure(sizes: list[int], rounds: int, million: bool) -> None:
    print("microseconds a node, best of", rounds)
    heads = ("shape", "nodes", "asyncio", "engine", "flow", "journaled", "added", "wall", "compile ms")
    print(" ".join(f"{head:>10}" for head in heads))
    for shape in ("chain", "fan"):
        for size in sizes:
            await measure_shape(shape, size, rounds)
    print(f"bus, one subscriber: {emits_per_second():,.0f} emits/s")
    with tempfile.TemporaryDirectory() as folder:
        seconds = await resume_seconds(Path(folder), 10_000)
        print(f"a chain of 10,000 nodes, cut off at its last, resumes and ends in {seconds:.2f} s, compiling included")
    for shape in ("chain", "fan") if million else ():
        seconds = await engine_seconds(plan_of(shape, 1_000_000))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"engine, {shape} of 1,000,000 nodes: {seconds:.1f} s, peak of the process so far {peak:.0f} MB")


async def measure_shape(shape: str, size: int, rounds: int) -> None:
    plain = min([await asyncio_seconds(shape, size) for _ in range(rounds)])
    plan = plan_of(shape, size)
    engine = min([await engine_seconds(plan) for _ in range(rounds)])
    with tempfile.TemporaryDirectory() as folder:
        async with FlowRuntime() as memory, FlowRuntime(folder) as journaled:
            began = time.thread_time()
            compiled = memory.compile(flow_of(shape, size))
            compile_ms = (time.thread_time() - began) * 1000
            flow = min([await flow_seconds(memory, compiled) for _ in range(rounds)])
            logged = min([await flow_seconds(journaled, compiled) for _ in range(rounds)])
    times = (plain, engine, flow[0], logged[0], logged[0] - flow[0], logged[1])
    figures = " ".join(f"{seconds / size * 1e6:10.2f}" for seconds in times)
    print(f"{shape:>10} {size:>10} {figures} {compile_ms:10.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--million", action="store_true", help="also the engine alone with 1,000,000 nodes")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(measure([int(size) for size in options.sizes.split(",")], options.rounds, options.million))


if __name__ == "__main__":
    main()
