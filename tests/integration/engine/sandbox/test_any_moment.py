"""What holds whatever the values and the moment: JSON comes back as it went in; a cancelled job leaves nothing."""

from __future__ import annotations

import asyncio
import math
import os
import random
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livets.engine.sandbox.inside.tree import Tree
from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox
from tests.integration.engine.sandbox.attacks import LAYERS, Marked, python, shell
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
