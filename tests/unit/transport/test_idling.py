"""Who is quiet sleeps, who is called wakes in turn, and nobody else waits for either."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from livets import LiveView, event
from livets.config import Config
from livets.pubsub import Message
from livets.transport import idling
from livets.transport.idling import Idling
from livets.transport.registry import Ending, Registry
from livets.transport.resident import Resident
from tests.support.wait import until
from tests.unit.live.fakes import FakeOutbox, Stage, click


class Ear(LiveView):
    heard: list[int] = []
    template = "{{ heard }}"

    async def mount(self) -> None:
        self.subscribe("numbers", self.on_number)

    async def on_number(self, number: int) -> None:
        self.heard.append(number)

    @event
    async def poke(self) -> None:
        self.heard.append(-1)


class Alarm(Ear):
    async def mount(self) -> None:
        self.after(0.15, self.ring)

    async def ring(self) -> None:
        self.heard.append(0)


class Bench:
    """A registry of joined views, and their bus."""

    def __init__(self, idle_after_s: float = 10.0) -> None:
        self.stage = Stage()
        self.stage.bus.deliver = self.deliver
        self.registry = Registry(Config(), self.close, lambda: 0.0)
        self.idling = Idling(self.registry, idle_after_s)
        self.now_s = 100.0

    async def close(self, resident: Resident, ending: Ending) -> None:
        """The registry lets go of a view."""

    def deliver(self, view_id: str, name: str, message: Message) -> None:
        if (resident := self.registry.get(view_id)) is not None:
            self.idling.deliver(resident, name, message)

    async def joined(self, view_class: type[LiveView] = Ear, view_id: str = "v1") -> Resident:
        runner, outbox = await self.stage.show(view_class, view_id, dev=False)
        resident = Resident(runner, cast(Any, outbox), cast(Any, None))
        resident.page = cast(Any, object())
        self.registry.add_joined(resident)
        return resident

    async def rest(self, after_s: float = 11.0) -> None:
        """So much time passes, with nothing happening but looks."""
        for wait_s in (1.5, after_s):
            self.now_s += wait_s
            self.idling.look(self.now_s)
        while self.idling.is_busy:
            await asyncio.sleep(0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One view a turn."""
    monkeypatch.setattr(idling, "_TURN_S", 0.0)


async def test_a_view_sleeps_after_its_quiet_time_and_not_before(bench: Bench) -> None:
    resident = await bench.joined()
    await bench.rest(8.0)
    assert resident.asleep is None
    resident.runner.accept(click("poke", 1))
    await bench.rest(8.0)
    assert resident.asleep is None
    await bench.rest()
    assert resident.asleep is not None


async def test_zero_means_never() -> None:
    bench = Bench(idle_after_s=0.0)
    resident = await bench.joined()
    await bench.rest(1e9)
    assert resident.asleep is None


async def test_an_event_wakes_at_once_and_messages_are_heard_before_it(bench: Bench) -> None:
    resident = await bench.joined()
    await bench.rest()
    for number in range(3):
        await bench.stage.bus.publish("numbers", bytes([number]), str(number))
    assert resident.asleep is not None
    resident.runner.accept(click("poke", 1))
    await resident.runner.settle()
    assert resident.runner.view.heard == [0, 1, 2, -1]  # type: ignore[attr-defined]
    assert cast(FakeOutbox, resident.outbox).shown == "[0, 1, 2, -1]"


async def test_messages_wake_views_in_turn_and_others_have_theirs(bench: Bench, short_turns: None) -> None:
    residents = [await bench.joined(view_id=f"v{number}") for number in range(20)]
    await bench.rest()
    assert all(resident.asleep is not None for resident in residents)
    await bench.stage.bus.publish("numbers", b"\x07", "e1")
    turns = 0
    while bench.idling.is_busy:
        turns += 1
        await asyncio.sleep(0)
    assert turns >= len(residents)
    assert all(resident.asleep is None for resident in residents)
    for resident in residents:
        await resident.runner.settle()
    assert [resident.runner.view.heard for resident in residents] == [[7]] * 20  # type: ignore[attr-defined]


async def test_a_timer_wakes_its_view_in_time() -> None:
    bench = Bench(idle_after_s=0.05)
    resident = await bench.joined(Alarm)
    await bench.rest(1.0)
    assert resident.asleep is not None
    await until(lambda: resident.asleep is None, "the timer to wake its view")
    await until(lambda: resident.runner.view.heard == [0], "the timer to ring")  # type: ignore[attr-defined]
    assert resident.alarm is None


async def test_a_view_on_its_way_elsewhere_is_left_alone(bench: Bench, short_turns: None) -> None:
    resident = await bench.joined()
    await bench.rest()
    await bench.stage.bus.publish("numbers", b"\x07", "e1")
    bench.registry.let_go(resident)
    await bench.registry.all_closed()
    while bench.idling.is_busy:
        await asyncio.sleep(0)
    assert resident.asleep is not None


async def test_a_socket_that_is_lost_wakes_nobody(bench: Bench) -> None:
    resident = await bench.joined()
    await bench.rest()
    cast(Any, resident.outbox).detach = lambda: None
    resident.leave()
    assert resident.asleep is not None
