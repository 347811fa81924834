"""Redis freezes, or cuts every connection: people go on clicking, and what they see survives the worker too."""

from __future__ import annotations

import pytest

from tests.e2e.faults.stage import Stage
from tests.e2e.faults.witness import Witness

pytestmark = pytest.mark.redis


@pytest.mark.both_transports
async def test_clicks_show_while_redis_is_frozen_and_survive_the_worker(
    stage: Stage, witness: Witness, transport: str
) -> None:
    await witness.open()
    await witness.click(2)
    await all_clicks_show(witness)
    home = 0 if stage.workers.pid(0) == await witness.worker() else 1
    stage.redis.pause()
    await witness.click(5)
    if transport == "websocket":  # a POST that reaches the other worker than the page's waits for Redis
        await all_clicks_show(witness)  # nothing of this is in Redis
    stage.workers.kill(home)
    await witness.click(2)  # into the page's outbox
    stage.redis.resume()
    await all_clicks_show(witness)
    assert stage.mounts() == witness.views == 1


async def test_cut_connections_to_redis_lose_nothing(stage: Stage, witness: Witness) -> None:
    await witness.open()
    for _ in range(4):
        await witness.click(3)
        stage.proxy.reset()
        await witness.click(3)
        await all_clicks_show(witness)
        home = 0 if stage.workers.pid(0) == await witness.worker() else 1
        stage.proxy.reset()
        stage.workers.kill(home)
        await witness.click(1)
        await all_clicks_show(witness)
        stage.workers.wait_ready()
    assert stage.mounts() == witness.views == 1


async def all_clicks_show(witness: Witness) -> None:
    testimony = await witness.settled(timeout_s=30)
    assert testimony["shown"] == testimony["clicks"], testimony
    assert not testimony["lies"], testimony
