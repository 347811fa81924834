"""One measure in a process of its own: `python -m benchmarks.flow.measures NAME [ARGUMENTS]` prints figures as JSON.

`benchmarks.flow` starts these one after the other. Times are this thread's CPU (others tell less in them) unless they
are called `wall`; of rounds the best counts. `turn_ns` is the reference loop's turn, measured between the rounds.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from benchmarks.flow.bare import engine_seconds
from benchmarks.flow.workload import asyncio_seconds, count, flow_of, plan_of, reference_ns, step
from livets.engine.events import Bus, Event
from livets.flow.compiled import CompiledWorkflow
from livets.flow.files import from_json, to_json
from livets.flow.nodes import standard_registry
from livets.flow.runtime import FlowRuntime

Figures = dict[str, float]


async def _run_once(runtime: FlowRuntime, compiled: CompiledWorkflow) -> tuple[float, float]:
    """CPU and wall seconds of a run from `run()` to its result, with one subscriber that reads all."""
    subscription = runtime.watch(capacity=65_536)
    listener = asyncio.create_task(count(subscription))
    began, wall = time.thread_time(), time.perf_counter()
    result = await runtime.run(compiled)
    seconds = time.thread_time() - began, time.perf_counter() - wall
    assert result.completed_nodes == compiled.plan.size
    subscription.close()
    await listener
    return seconds


async def nodes(shape: str, size: str, rounds: str) -> Figures:
    """Microseconds a node: in memory, journaled, and plain asyncio, in turn."""
    memory, journaled, plain, turns = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        async with FlowRuntime() as lasting:
            compiled = lasting.compile(flow_of(shape, int(size)))
        for number in range(int(rounds)):
            turns.append(reference_ns())
            async with FlowRuntime() as runtime, FlowRuntime(f"{folder}/{number}") as recording:
                memory.append((await _run_once(runtime, compiled))[0])
                journaled.append(await _run_once(recording, compiled))
            plain.append(await asyncio_seconds(shape, int(size)))
    each = 1e6 / int(size)
    cpu, wall = min(cpu for cpu, _ in journaled), min(wall for _, wall in journaled)
    figures = {"memory": min(memory), "journaled": cpu, "journaled_wall": wall, "asyncio": min(plain)}
    figures["added"], figures["added_wall"] = cpu - min(memory), wall - min(memory)
    return {name: seconds * each for name, seconds in figures.items()} | {"turn_ns": min(turns)}


async def cold(shape: str, size: str, rounds: str) -> Figures:
    """Milliseconds from the text of a file to the first node that runs: read, validate, compile, start."""
    registry = standard_registry()
    registry.add(step.node_type)
    text = to_json(flow_of(shape, int(size)).workflow())
    taken, warm, turns = [], [], []
    for _ in range(int(rounds)):
        turns.append(reference_ns())
        async with FlowRuntime(registry=registry) as runtime:
            began = time.thread_time()
            compiled = runtime.compile(from_json(text))
            compiled_at = time.thread_time()
            handle = await runtime.start(compiled)
            while handle.node_counts().get("completed", 0) == 0:
                await asyncio.sleep(0)
            # the first turn of the loop has run nodes for up to 5 ms before we hear of it: their share is ours as well
            ended = time.thread_time()
            taken.append(ended - began)
            warm.append(ended - compiled_at)
            await handle.cancel()
    return {"cold_ms": min(taken) * 1000, "compiled_ms": min(warm) * 1000, "turn_ns": min(turns)}


async def million(what: str, shape: str, size: str) -> Figures:
    """One run of a very large graph: seconds, and the most memory that this process has had."""
    at_start = _peak_mb()
    began = time.thread_time()
    if what == "engine":
        plan = plan_of(shape, int(size))
        built = time.thread_time()
        await engine_seconds(plan)
    else:
        async with FlowRuntime() as runtime:
            compiled = runtime.compile(flow_of(shape, int(size)))
            built = time.thread_time()
            await _run_once(runtime, compiled)
    ended = time.thread_time()
    return {"run_s": ended - built, "build_s": built - began, "peak_mb": _peak_mb(), "at_start_mb": at_start}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def bus(subscribers: str, rounds: str) -> Figures:
    """Emits a second, building the events included; each subscriber takes what waits every 1,000 events."""
    rates, turns, emits = [], [], 200_000 // int(subscribers)
    for _ in range(int(rounds)):
        turns.append(reference_ns())
        carrier = Bus()
        listeners = [carrier.subscribe(2000) for _ in range(int(subscribers))]
        began = time.thread_time()
        for seq in range(emits):
            carrier.emit(Event(seq, "bench", "tick", 0.0, {}))
            if seq % 1000 == 0:
                for listener in listeners:
                    listener.take()
        rates.append(emits / (time.thread_time() - began))
    return {"emits_per_s": max(rates), "turn_ns": min(turns)}


async def killed(folder: str, size: str, at: str) -> Figures:
    """Run a journaled chain, and die of SIGKILL in the node `at`."""

    async def dying(n: int = 0) -> int:
        if n == int(at):
            os.kill(os.getpid(), signal.SIGKILL)
        return n + 1

    async with FlowRuntime(folder) as runtime:
        await runtime.run(_chain(dying, int(size)), run="killed")
    raise AssertionError("still alive")


async def resume(folder: str, size: str, at: str) -> Figures:
    """Wall seconds until the killed run runs its first unrecorded node again, from nothing; and until it has ended."""
    ran: list[float] = []

    async def noting(n: int = 0) -> int:
        ran.append(time.perf_counter())
        return n + 1

    flow = _chain(noting, int(size))
    began = time.perf_counter()
    async with FlowRuntime(folder) as runtime:
        handle = await runtime.resume("killed", flow)
        result = await handle.result()
    assert result.status == "completed"
    assert len(ran) == int(size) - int(at), "what was recorded ran again"
    return {"resume_s": ran[0] - began, "resume_and_end_s": time.perf_counter() - began}


def _chain(function: Callable[..., Any], size: int) -> Any:
    """The chain with another function under the same name, so that the definition is the same."""
    from livets.flow.builder import Flow

    function.__name__ = "step"
    flow = Flow("chain", retry={"max_attempts": 3})
    flow.add(function, id="n0")
    made = flow_of("chain", size).workflow()
    flow.workflow().nodes.extend(made.nodes[1:])
    flow.workflow().connections.extend(made.connections)
    return flow


async def dask(shape: str, size: str, rounds: str) -> Figures:
    """Milliseconds a node, wall: Dask.distributed in this process, one worker, one thread, futures fed to futures."""
    import distributed

    wanted = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    taken = []
    async with distributed.Client(asynchronous=True, silence_logs=50, **wanted) as client:  # type: ignore[no-untyped-call]
        await client.submit(_plain_step, 0, pure=False)
        for _ in range(int(rounds)):
            began = time.perf_counter()
            if shape == "chain":
                future = client.submit(_plain_step, 0, pure=False)
                for _ in range(int(size) - 1):
                    future = client.submit(_plain_step, future, pure=False)
                assert await future == int(size)
            else:
                first = client.submit(_plain_step, 0, pure=False)
                others = [client.submit(_plain_step, first, pure=False) for _ in range(int(size) - 1)]
                assert set(await client.gather(others)) == {2}
            taken.append(time.perf_counter() - began)
    return {"ms_wall": min(taken) * 1000 / int(size)}


def _plain_step(n: int) -> int:
    return n + 1


MEASURES = {one.__name__: one for one in (nodes, cold, million, bus, killed, resume, dask)}


def main() -> None:
    name, *arguments = sys.argv[1:]
    print(json.dumps(asyncio.run(MEASURES[name](*arguments))))


if __name__ == "__main__":
    main()
