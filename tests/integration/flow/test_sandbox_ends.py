"""When a run is cancelled, times out, or its process is killed, every process of its sandbox is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from livets.flow import Flow, FlowRuntime, Grants, Sandbox
from tests.integration.engine.sandbox.attacks import LAYERS, Marked, python
from tests.support.wait import until, wait_for

layers = pytest.mark.parametrize(
    "without", [LAYERS["all layers"], LAYERS["no namespaces"]], ids=["all", "no namespaces"]
)


def sleeper(marked: Marked, **more: Any) -> Flow:
    """A flow whose node has three sleeping processes, one of them in a session of its own."""
    flow = Flow("sleeps")
    command = f"(setsid {marked.sleep} &); {marked.sleep} & {marked.sleep}"
    flow.set(flow.add("process.shell", id="n", config={"command": command}), **more)
    return flow


@layers
async def test_cancelling_a_run_ends_its_processes_at_once(without: tuple[str, ...]) -> None:
    marked = Marked()
    async with FlowRuntime(grants=Grants(shell=True, sandbox=Sandbox(without=without))) as runtime:
        handle = await runtime.start(sleeper(marked))
        await until(lambda: len(marked.alive()) == 3)
        await handle.cancel()
        assert marked.alive() == []


@layers
async def test_a_node_that_times_out_leaves_nothing(without: tuple[str, ...]) -> None:
    marked = Marked()
    async with FlowRuntime(grants=Grants(shell=True, sandbox=Sandbox(without=without))) as runtime:
        result = await runtime.run(sleeper(marked, timeout_s=1.0))
        assert [one.kind for one in result.failures] == ["timeout"]
        assert marked.alive() == []


async def test_closing_the_runtime_leaves_nothing() -> None:
    marked = Marked()
    async with FlowRuntime(grants=Grants(shell=True)) as runtime:
        await runtime.start(sleeper(marked))
        await until(lambda: len(marked.alive()) == 3)
    assert marked.alive() == []


@layers
@pytest.mark.parametrize("whom", ["us", "the server"])
def test_kill_9_leaves_no_orphans(without: tuple[str, ...], whom: str) -> None:
    """Of our process, which has no time to do anything; and of the server between us and the guards."""
    marked = Marked()
    script = Path(__file__).with_name("sandboxed_run.py")
    with subprocess.Popen([sys.executable, str(script), marked.seconds, *without]) as run:
        try:
            wait_for(lambda: len(marked.alive()) == 3, timeout_s=20)
            children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
            assert len(children) == 1
            os.kill(run.pid if whom == "us" else int(children[0]), signal.SIGKILL)
            wait_for(lambda: marked.alive() == [])
        finally:
            run.kill()


async def test_a_server_that_was_killed_is_started_again() -> None:
    async with Sandbox() as sandbox:
        assert await python(sandbox, "def f(): return 1") == 1
        (server,) = sandbox._nurseries.values()
        server._process.kill()
        await asyncio.to_thread(server._process.wait)
        assert await python(sandbox, "def f(): return 2") == 2


async def test_many_jobs_leave_no_file_open_and_no_process() -> None:
    async with Sandbox(max_parallel=4) as sandbox:
        await python(sandbox, "def f(): return 1")
        before = len(os.listdir("/proc/self/fd"))
        given = await asyncio.gather(*(python(sandbox, "def f(n): return n", n=n) for n in range(20)))
        assert given == list(range(20))
        assert len(os.listdir("/proc/self/fd")) == before
        (server,) = sandbox._nurseries.values()
        children = Path(f"/proc/{server._process.pid}/task/{server._process.pid}/children")
        await until(lambda: children.read_text().split() == [])


async def test_a_job_that_waits_its_turn_can_be_cancelled() -> None:
    async with Sandbox(max_parallel=1) as sandbox:
        first = asyncio.create_task(python(sandbox, "import time\ndef f(): time.sleep(60)"))
        second = asyncio.create_task(python(sandbox, "def f(): return 2"))
        await until(lambda: bool(sandbox._nurseries))
        second.cancel()
        first.cancel()
        ends = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError] * 2
        assert await python(sandbox, "def f(): return 3") == 3
