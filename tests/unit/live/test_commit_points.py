"""Commit points in the middle of a handler, and the time that a handler may take."""

from __future__ import annotations

import asyncio
import time

import pytest

from livets import LiveView, event
from livets.live import calling
from tests.unit.live.fakes import Stage, send


async def test_updated_belongs_to_the_same_commit() -> None:
    class Derives(LiveView):
        count: int = 0
        double: int = 0
        template = "{{ count }}/{{ double }}"

        async def updated(self) -> None:
            if self.count == 3:
                raise ValueError
            self.double = self.count * 2

        @event
        async def add(self) -> None:
            self.count += 1

        @event
        async def nothing(self) -> None: ...

    runner, outbox = await Stage().show(Derives)
    await send(runner, "add")
    await send(runner, "add")
    await send(runner, "nothing")
    assert [diff for diff, _ in outbox.patches] == [[0, "1/2"], [0, "2/4"]]
    await send(runner, "add")
    assert (runner.view.count, runner.view.double) == (2, 4)


async def test_update_is_a_commit_point() -> None:
    class Steps(LiveView):
        step: int = 0
        template = "{{ step }}"

        @event
        async def go(self) -> None:
            assert self.event.id == "v1:1"
            self.step = 1
            await self.update()
            self.step = 2
            await asyncio.gather(self.update())
            self.step = 3
            raise ValueError

    runner, outbox = await Stage().show(Steps)
    await send(runner, "go")
    assert outbox.patches == [([0, "1"], 0), ([0, "2"], 0)]
    assert runner.view.step == 2
    assert outbox.errors[-1][2] == 1
    assert runner.last_ref == 1
    with pytest.raises(RuntimeError, match="only while an event"):
        _ = runner.view.event


async def test_update_in_a_task_of_the_application_waits_its_turn() -> None:
    class Background(LiveView):
        count: int = 0
        template = "{{ count }}"

        @event
        async def start(self) -> None:
            self.task = asyncio.ensure_future(self.work())

        async def work(self) -> None:
            await asyncio.sleep(0)
            self.count = 7
            await self.update()

    runner, outbox = await Stage().show(Background)
    await send(runner, "start")
    await runner.view.task
    assert outbox.patches == [([0, "7"], 1)]
    runner.view.count = 8  # a stray change becomes part of nobody's event
    await send(runner, "nope")
    assert outbox.shown == "8"
    assert runner.view.count == 8


async def test_a_handler_that_runs_too_long_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "HANDLER_TIMEOUT_S", 0.01)

    class Hangs(LiveView):
        count: int = 0
        template = "{{ count }}"

        @event
        async def hang(self) -> None:
            self.count = 1
            await asyncio.Event().wait()

        @event
        async def own_timeout(self) -> None:
            raise TimeoutError("of my own")

    runner, outbox = await Stage().show(Hangs)
    await send(runner, "hang")
    assert "was cancelled after 0.01 seconds" in outbox.errors[0][1]
    assert runner.view.count == 0
    await send(runner, "own_timeout")
    assert "of my own" in outbox.errors[1][1]


async def test_blocking_the_loop_is_reported_in_development(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "BLOCKING_WARNING_S", 0.001)

    class Blocks(LiveView):
        template = "x"

        @event
        async def block(self) -> None:
            await asyncio.sleep(0)
            time.sleep(0.002)
            try:
                await asyncio.wait_for(asyncio.Event().wait(), 0.001)
            except TimeoutError:
                await asyncio.sleep(0)

    runner, outbox = await Stage().show(Blocks)
    await send(runner, "block")
    assert "blocked the event loop for" in caplog.text
    assert not outbox.errors
