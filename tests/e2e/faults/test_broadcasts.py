"""A worker dies while what its views broadcast is on the way: everybody else hears each word, once, in order (D5)."""

from __future__ import annotations

import os
import random

import pytest
from playwright.async_api import expect

from tests.e2e.faults.stage import NewWitness, Stage

ROUNDS = int(os.environ.get("LIVETS_FAULT_ROUNDS", "5"))

pytestmark = [pytest.mark.redis, pytest.mark.timeout(60 + ROUNDS * 20)]


@pytest.mark.parametrize("milestone", ["event.handled", "snapshot.writing", "snapshot.written"])
async def test_each_broadcast_is_heard_once_and_in_order(milestone: str, stage: Stage, new_witness: NewWitness) -> None:
    """`snapshot.written` dies before anything left; `snapshot.writing` also between sending and noting that."""
    shouting, listening = stage.workers.ports
    seed = random.randrange(1, 2**32)
    chooser = random.Random(seed)
    stage.balancer.backends = [listening]
    listener = await new_witness("/shouts/b")
    await listener.open()
    stage.balancer.backends = [shouting]
    shouter = await new_witness("/shouts/a")
    await shouter.open()
    for number in range(ROUNDS):
        await shouter.click(chooser.randint(0, 3))
        trap = stage.traps / f"{milestone}.{stage.workers.pid(0)}.kill"
        trap.touch()
        await shouter.click(chooser.randint(1, 3))
        await stage.sprung(trap, shouter, f"round {number}, seed {seed}")
        await shouter.click(chooser.randint(0, 2))
        testimony = await shouter.settled()
        problem = f"round {number}, seed {seed}: {testimony}\n{stage.workers.logs()}"
        assert testimony["shown"] == testimony["clicks"], problem
        assert not testimony["lies"], problem

        spoken = [f"a{n}" for n in range(1, testimony["clicks"] + 1)]
        await expect(listener.page.locator("#heard")).to_have_text(" ".join(spoken), timeout=10_000)
    assert listener.views == shouter.views == 1
