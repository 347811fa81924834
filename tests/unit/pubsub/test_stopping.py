"""A stopped task has ended, whatever it made of the first cancellation."""

from __future__ import annotations

import asyncio

import pytest

from livets.pubsub.stopping import stop


async def test_a_task_that_loses_a_cancellation_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livets.pubsub.stopping._PATIENCE_S", 0.01)
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while lost < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
        raise RuntimeError("dropped")

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await stop(task)
    assert task.done()
    assert lost == 3


async def test_nothing_to_stop() -> None:
    await stop(None)
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await stop(task)
