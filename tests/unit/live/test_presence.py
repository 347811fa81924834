from __future__ import annotations

import asyncio

import pytest

from livets import LiveView, PresenceChange, event
from livets.errors import ConfigError
from livets.live import presence as module
from livets.presence import Presence
from tests.support.wait import until
from tests.unit.live.fakes import DurableStore, Stage, send


class Room(LiveView):
    people: list[str] = []
    heard: list[str] = []
    template = "{{ people }}"

    def mount(self) -> None:
        self.presence.follow("room", self.changed)

    async def changed(self, change: PresenceChange) -> None:
        self.people = sorted(self.presence.list("room"))
        self.heard += [f"+{key}" for key in change.joined] + [f"-{key}" for key in change.left]

    @event
    async def come(self, key: str, mood: str = "") -> None:
        self.presence.track("room", key, mood=mood)

    @event
    async def go(self, key: str) -> None:
        self.presence.untrack("room", key)

    @event
    async def stumble(self) -> None:
        self.presence.track("room", "nobody")
        raise RuntimeError("taken back")

    @event
    async def boast(self, size: int) -> None:
        self.presence.track("room", "me", text="x" * size)

    @event
    async def crowd(self) -> None:
        for number in range(module.MAX_TRACKED + 1):
            self.presence.track("room", f"p{number}")


def hall(ttl_s: float = 20.0) -> tuple[Stage, Presence]:
    stage = Stage(DurableStore())
    presence = Presence(ttl_s=ttl_s)
    presence.deliver = lambda view_id, name, topic, change: stage.runners[view_id].present(name, topic, change)
    return stage, presence


async def test_people_come_change_and_go_with_their_commits() -> None:
    stage, presence = hall()
    one, _ = await stage.show(Room, "one", presence=presence)
    await send(one, "come", "ada")
    two, outbox = await stage.show(Room, "two", presence=presence)
    await until(lambda: two.view.people == ["ada"], "the first change tells who is here already")
    await send(two, "come", "bo", "glad")
    await until(lambda: one.view.people == ["ada", "bo"])
    assert presence.list("room")["bo"] == [{"mood": "glad"}]
    await send(two, "stumble")
    await send(two, "boast", 2000)
    await send(two, "crowd")
    assert [code for code, _, _ in outbox.errors] == ["handler_failed"] * 3
    assert set(presence.list("room")) == {"ada", "bo"}, "a handler that fails makes nobody present"
    await send(two, "go", "bo")
    await until(lambda: one.view.people == ["ada"])
    assert one.view.heard == ["+ada", "+bo", "-bo"]
    await one.close()
    await until(lambda: two.view.people == [])
    await two.close()
    assert not presence._topics, "nothing is left"


async def test_nobody_is_present_before_the_page_is_there() -> None:
    class Greeted(Room):
        def mount(self) -> None:
            self.presence.track("room", "crawler")

    stage, presence = hall()
    runner = stage.runner(Greeted, presence=presence)
    await runner.mount()
    assert presence.list("room") == {}


async def test_who_comes_back_in_time_has_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_S", 0.05)
    stage, presence = hall()
    watcher, _ = await stage.show(Room, "watcher", presence=presence)
    runner, outbox = await stage.show(Room, "one", presence=presence)
    await send(runner, "come", "ada")
    runner.detach()
    runner.attach(outbox)
    await asyncio.sleep(0.08)
    assert set(presence.list("room")) == {"ada"}
    runner.detach()
    await until(lambda: watcher.view.people == [])
    runner.attach(outbox)
    await until(lambda: watcher.view.people == ["ada"], "late, but here again")
    assert watcher.view.heard == ["+ada", "-ada", "+ada"]


async def test_a_view_that_moves_is_present_all_the_time_and_leaves_if_it_never_arrives() -> None:
    stage, presence = hall(ttl_s=0.1)
    watcher, _ = await stage.show(Room, "watcher", presence=presence)
    runner, _ = await stage.show(Room, "one", presence=presence)
    await send(runner, "come", "ada")
    await runner.evict()
    runner, _ = await stage.restore(Room, "one", presence=presence)
    await asyncio.sleep(0.15)
    await watcher.settle()
    assert watcher.view.heard == ["+ada"]
    await runner.evict()
    await until(lambda: watcher.view.heard == ["+ada", "-ada"])


async def test_a_busy_view_hears_of_many_changes_as_of_one() -> None:
    class Busy(Room):
        calls: int = 0

        async def changed(self, change: PresenceChange) -> None:
            self.calls += 1
            await super().changed(change)

        @event
        async def work(self) -> None:
            await gate.wait()

    gate = asyncio.Event()
    stage, presence = hall()
    busy, _ = await stage.show(Busy, "busy", presence=presence)
    other, _ = await stage.show(Room, "other", presence=presence)
    working = asyncio.ensure_future(send(busy, "work"))
    await asyncio.sleep(0)
    for number in range(20):
        await send(other, "come", f"p{number}")
    await send(other, "go", "p3")
    gate.set()
    await working
    await busy.settle()
    assert (busy.view.calls, len(busy.view.people), len(busy.view.heard)) == (1, 19, 19)


def test_too_much_is_said_in_words() -> None:
    view = Room()
    with pytest.raises(ConfigError, match="2009 bytes of metadata go to every worker; the limit is 1024"):
        view.presence.track("room", "me", text="x" * 2000)
