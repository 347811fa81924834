"""What all are measured with: a chain and a fan-out of nodes that add 1; and a loop that tells the machine's speed."""

from __future__ import annotations

import asyncio
import time

from livets.engine.events import Gap, Subscription
from livets.engine.graph import Graph, Plan
from livets.engine.node import node
from livets.flow.builder import Flow

SHAPES = ("chain", "fan")


@node
async def step(n: int = 0) -> int:
    """The node that is measured: an int port, asynchronous, does nothing."""
    return n + 1


def flow_of(shape: str, size: int) -> Flow:
    """A chain, or a fan-out from one node, of `size` nodes, with a retry policy."""
    flow = Flow(shape, retry={"max_attempts": 3})
    source = flow.add(step, id="n0")["out"]
    for n in range(1, size):
        node = flow.add(step, id=f"n{n}")
        flow.connect(source, node["n"])
        if shape == "chain":
            source = node["out"]
    return flow


def plan_of(shape: str, size: int) -> Plan:
    """The same for the engine alone; names are the driver's business."""
    graph = Graph()
    graph.names = [""] * size
    port = graph.port("out")
    for n in range(1, size):
        graph.connect_numbers(n - 1 if shape == "chain" else 0, n, port, port)
    return Plan(graph)


async def count(subscription: Subscription) -> int:
    """The one subscriber: reads all, and returns how many events there were, those dropped too."""
    seen = 0
    async for batch in subscription:
        first = batch[0]  # a gap stands before what came after it
        seen += len(batch) - 1 + (first.dropped if isinstance(first, Gap) else 1)
    return seen


class _Turn:
    """What a turn of the reference loop calls."""

    def __init__(self) -> None:
        self.turns = 0
        self.last: dict[str, int] = {}

    def take(self, number: int) -> int:
        self.last = {"n": number}
        self.turns += 1
        return self.last["n"]


def reference_ns(turns: int = 20_000) -> float:
    """Nanoseconds of one turn of a fixed loop (a method call, a dict made and read): the machine's speed just now."""
    take = _Turn().take
    began = time.thread_time()
    for number in range(turns):
        take(number)
    return (time.thread_time() - began) / turns * 1e9


async def asyncio_seconds(shape: str, size: int) -> float:
    """CPU seconds of plain asyncio for the same: a task a node, no ports, no events, no retries."""

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
