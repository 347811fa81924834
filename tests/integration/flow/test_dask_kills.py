"""Workers and runs killed at random moments, again and again: nothing recorded is lost or done again. Nightly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from livets.flow import Flow, FlowRuntime
from livets.flow.elsewhere import location_of
from livets.flow.journal import Recorded
from tests.integration.flow import far_nodes as far
from tests.integration.flow.dask_cluster import PATIENCE_S, Cluster

ROUNDS = int(os.environ.get("LIVETS_DASK_ROUNDS", "15"))
SIZE = 8


def flow_of(file: Path) -> Flow:
    flow = Flow("killed", max_parallel=6)
    for chain in range(SIZE):
        ref = None
        for number in range(SIZE):
            name = f"n{chain}-{number}"
            ref = flow.add(far.step, id=name, file=str(file), name=name, **({} if ref is None else {"after": ref}))
    return flow


def noted_in(file: Path) -> list[str]:
    return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


async def killing(file: Path, chance: random.Random) -> None:
    """Kill a process that runs nodes, whichever has noted something last, at a random moment."""
    await asyncio.sleep(chance.uniform(0.0, 1.0))
    found = {int(line.split()[1]) for line in file.read_text().splitlines()[-6:]} if file.exists() else set()
    if found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(sorted(found)), signal.SIGKILL)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
async def test_kills_and_cancellations_at_random_moments(tmp_path: Path) -> None:
    chance, cancelled, again = random.Random(), 0, 0
    with Cluster(tmp_path) as cluster:
        cluster.start_workers()
        for number in range(ROUNDS):
            file, folder = tmp_path / f"noted-{number}", tmp_path / f"runs-{number}"
            flow = flow_of(file)
            while True:
                async with FlowRuntime(folder, location=location_of(f"{cluster.url}?patience={PATIENCE_S}")) as runs:
                    before = noted_in(file)
                    story = await runs.events("r")
                    known = set(Recorded(story).outputs)
                    again += bool(story)
                    handle = await (runs.resume("r", flow) if story else runs.start(flow, run="r"))
                    killer = asyncio.create_task(killing(file, chance))
                    if chance.random() < 0.4:
                        await handle.ended(chance.uniform(0.0, 1.5))
                        await handle.cancel()
                        cancelled += 1
                        settled = noted_in(file)
                        await asyncio.sleep(0.2)  # nothing goes on after a cancellation has been told
                        assert noted_in(file) == settled
                    result = await handle.result()
                    await killer
                    story = await runs.events("r")
                repeated = known & set(noted_in(file)[len(before) :])
                assert not repeated, f"done again although recorded: {sorted(repeated)}"
                if result.status == "completed":
                    break
            completed = Counter(one.data["node"] for one in story if one.type == "flow.node.completed")
            assert set(completed.values()) == {1}
            assert len(completed) == SIZE * SIZE
    assert again
    print(f"{ROUNDS} runs, {cancelled} cancellations, {again} resumed")
