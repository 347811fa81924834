"""Timers: when they start, what a restore makes of them."""

from __future__ import annotations

import asyncio
import time

from livets import LiveView, event
from livets.live.system import Timer
from livets.live.timers import advance
from tests.support.wait import until
from tests.unit.live.fakes import DurableStore, Stage, send


class Clock(LiveView):
    ticks: int = 0
    rung: int = 0
    timer: int = 0
    template = "{{ ticks }}"

    async def mount(self) -> None:
        self.timer = self.every(0.001, self.tick)
        self.after(0, self.ring)

    async def tick(self) -> None:
        self.ticks += 1

    def ring(self) -> None:
        self.rung += 1

    @event
    async def stop(self) -> None:
        self.cancel_timer(self.timer)
        self.cancel_timer(12345)

    @event
    async def fail(self) -> None:
        self.after(0, self.ring)
        self.cancel_timer(self.timer)
        raise ValueError


async def test_timers_start_at_the_join_repeat_and_stop() -> None:
    stage = Stage()
    runner = stage.runner(Clock)
    await runner.mount()
    for _ in range(20):
        await asyncio.sleep(0)
    assert runner.view.ticks == runner.view.rung == 0
    from tests.unit.live.fakes import FakeOutbox

    outbox = FakeOutbox()
    runner.attach(outbox)
    await until(lambda: runner.view.ticks >= 3)
    assert runner.view.rung == 1
    await send(runner, "fail")
    ticks = runner.view.ticks
    await until(lambda: runner.view.ticks > ticks)
    assert runner.view.rung == 1
    await send(runner, "stop")
    ticks = runner.view.ticks
    await asyncio.sleep(0.005)
    assert runner.view.ticks == ticks
    assert outbox.shown == str(ticks)


async def test_timers_survive_a_restore_and_what_is_overdue_rings_at_once() -> None:
    class Later(Clock):
        async def mount(self) -> None:
            self.after(3600, self.ring)
            self.every(3600, self.tick)

    stage = Stage(DurableStore())
    runner, _ = await stage.show(Later)
    notes = runner.view._live.system.changing()
    for timer in notes.timers.values():
        timer.due -= 10 * 3600
    await runner.settle()
    await send(runner, "stop")
    await runner.evict()
    back, _ = await stage.restore(Later)
    await until(lambda: back.view.rung == 1 and back.view.ticks == 1)
    [left] = back.view._live.system.notes.timers.values()
    assert left.handler == "tick"
    assert 0 < left.due - time.time() <= 3600
    await back.close()


def test_missed_ticks_are_left_out() -> None:
    timer = Timer("tick", due=100.0, interval_s=10.0)
    assert advance(timer, 100.0)
    assert timer.due == 110.0
    assert advance(timer, 155.0)
    assert timer.due == 160.0
    assert not advance(Timer("ring", due=100.0), 100.0)
