"""What holds whatever the values and the moment: JSON comes back as it went in; a cancelled job leaves nothing."""

from __future__ import annotations

import asyncio
import math
import os
import random
import select
import signal
import socket
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livets.engine.sandbox.inside.tree import Tree
from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox
from tests.integration.engine.sandbox.attacks import LAYERS, Marked, fault, python, shell
from tests.support.wait import until

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON)
def test_json_comes_back_as_it_went_in(value: object) -> None:
    async def main() -> object:
        async with Sandbox() as sandbox:
            return await python(sandbox, "def f(value): return value", value=value)

    given_back = asyncio.run(main())
    assert given_back == value
    assert repr(given_back) == repr(value)  # 1 is no 1.0, True is no 1


async def test_cancelling_at_any_moment_leaves_nothing() -> None:
    """The moments are spread over the whole life of a job, from before its fork to after its end."""
    for without in (LAYERS["all layers"], LAYERS["no namespaces"]):
        async with Sandbox(Limits(seconds=20), without=without) as sandbox:
            loop = asyncio.get_running_loop()
            await shell(sandbox, "true")
            began = loop.time()
            await shell(sandbox, "true")
            whole_s = 2 * (loop.time() - began)
            before = sorted(os.listdir("/proc/self/fd"))
            marked = Marked()
            for _ in range(20):
                job = asyncio.create_task(shell(sandbox, f"(setsid {marked.sleep} &); {marked.sleep}"))
                await asyncio.sleep(random.uniform(0, whole_s))  # the moment is what is tried, nothing waits for it
                job.cancel()
                await asyncio.wait([job])
                assert job.cancelled()
            await until(lambda marked=marked: marked.alive() == [])  # type: ignore[misc]
            assert sorted(os.listdir("/proc/self/fd")) == before
            (server,) = sandbox._nurseries.values()
            listed = Path(f"/proc/{server._process.pid}/task/{server._process.pid}/children")
            await until(lambda listed=listed: listed.read_text() == "")  # type: ignore[misc]


async def test_more_jobs_than_the_socket_holds_wait_their_turn() -> None:
    async with Sandbox(max_parallel=30) as sandbox:
        await shell(sandbox, "true")
        (server,) = sandbox._nurseries.values()
        os.kill(server._process.pid, signal.SIGSTOP)
        request = {"argv": ["/bin/true"], "environment": {}}
        nowhere = [f"/nowhere/{n:04}" for n in range(2000)]  # 30 KB in each message
        jobs = [asyncio.create_task(sandbox.run("program", request, visible=nowhere)) for _ in range(20)]
        await until(lambda: not select.select([], [server._socket], [], 0)[1])
        assert server._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) < 20 * 30_000
        jobs[-1].cancel()
        os.kill(server._process.pid, signal.SIGCONT)
        given_back = await asyncio.gather(*jobs, return_exceptions=True)
    assert [getattr(one, "code", one) for one in given_back[:-1]] == [0] * 19
    assert isinstance(given_back[-1], asyncio.CancelledError)


async def test_when_its_guard_is_killed_a_job_ends() -> None:
    marked = Marked()
    async with Sandbox(Limits(seconds=60)) as sandbox:
        job = asyncio.create_task(fault(shell(sandbox, f"(setsid {marked.sleep} &) ; {marked.sleep}")))
        await until(lambda: len(marked.alive()) == 2)
        (server,) = sandbox._nurseries.values()
        (guard,) = Tree(server._process.pid).children(server._process.pid)
        os.kill(guard, signal.SIGKILL)
        error = await job
        assert (error.kind, error.retryable) == ("sandbox", True)
        await until(lambda: marked.alive() == [])


async def test_both_ways_to_find_descendants_agree() -> None:
    async with Sandbox() as sandbox:
        job = asyncio.create_task(shell(sandbox, "sleep 60 & sleep 60 & (sleep 60; true) & sleep 60"))
        await until(lambda: bool(sandbox._nurseries))
        (server,) = sandbox._nurseries.values()
        quick, slow = Tree(server._process.pid), Tree(server._process.pid)
        slow._kernel_lists_children = False
        await until(lambda: len(quick.processes()) == 9)  # server, guard, first, shell, four sleeps, one shell below
        assert sorted(slow.processes()) == sorted(quick.processes())
        assert sorted(slow.children(server._process.pid)) == sorted(quick.children(server._process.pid))
        assert 0 < quick.held_bytes(quick.processes()) < math.inf
        job.cancel()
        await asyncio.wait([job])
        os.close(quick._proc)
        os.close(slow._proc)
