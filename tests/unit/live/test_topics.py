"""Topics: broadcasts reach every view once, typed and in order; what is missed is made up for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from livets import LiveView, event
from livets.errors import ConfigError
from livets.live import retry
from livets.live.effects import Effects
from livets.live.news import MAX_WAITING_MESSAGES
from livets.pubsub import Message
from livets.pubsub.memory import MemoryBus
from livets.state import MemoryStore
from tests.unit.live.fakes import DurableStore, Stage, click, send


class Note(msgspec.Struct):
    text: str
    number: int = 0


class Chat(LiveView):
    heard: list[str] = []
    resyncs: int = 0
    template = "{{ heard }}"

    async def mount(self) -> None:
        self.subscribe("chat", self.on_note)

    async def on_note(self, note: Note) -> None:
        if note.text == "bad":
            self.heard.append("never")
            raise ValueError
        self.heard.append(note.text)

    def resync(self) -> None:
        self.resyncs += 1

    @event
    async def say(self, *texts: str) -> None:
        for text in texts:
            self.broadcast("chat", Note(text))

    @event
    async def say_and_fail(self) -> None:
        self.broadcast("chat", Note("never"))
        raise ValueError

    @event
    async def leave(self) -> None:
        self.unsubscribe("chat")

    @event
    async def rejoin(self) -> None:
        self.subscribe("chat", "on_note")

    @event
    def join_other(self) -> None:
        self.subscribe("other", self.on_note)


async def quiet(*runners: Any) -> None:
    for _ in range(3):
        for runner in runners:
            await runner.durable()
            await runner.settle()


async def until(condition: Callable[[], bool]) -> None:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < 10
        await asyncio.sleep(0)


def message(text: str, seq: int = 1, *, gap: bool = False, effect_id: str = "") -> Message:
    return Message("chat", msgspec.msgpack.encode(Note(text)), "epoch", seq, effect_id or f"e{seq}", gap)


@pytest.mark.parametrize("store", [None, DurableStore])
async def test_broadcasts_reach_every_view_typed_and_in_order(store: Any) -> None:
    stage = Stage(store() if store else None)
    one, out_one = await stage.show(Chat, "v1")
    two, out_two = await stage.show(Chat, "v2")
    await send(one, "say", "a", "b")
    await quiet(one, two)
    assert one.view.heard == two.view.heard == ["a", "b"]
    assert "&#39;a&#39;, &#39;b&#39;" in out_two.shown
    assert out_one.patches[-1][1] == 1
    assert out_two.patches[-1][1] == 0


async def test_broadcasts_of_a_failed_handler_are_never_sent() -> None:
    stage = Stage()
    one, _ = await stage.show(Chat)
    await send(one, "say_and_fail")
    await quiet(one)
    assert one.view.heard == []


async def test_effects_leave_only_after_the_write_and_are_marked_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    store = DurableStore()
    stage = Stage(store)
    one, _ = await stage.show(Chat, "v1")
    two, _ = await stage.show(Chat, "v2")
    store.gate.clear()
    await send(one, "say", "a")
    await two.settle()
    assert two.view.heard == []
    store.gate.set()
    await until(lambda: bool(store.writes))
    assert len(store.writes[0].effects) == 1
    assert store.writes[0].ref == 1
    await quiet(one, two)
    assert two.view.heard == ["a"]
    assert store.record().effects == {}


async def test_a_bus_that_is_down_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retry, "BASE_S", 0.0)
    stage = Stage()
    one, _ = await stage.show(Chat)
    publish, failures = stage.bus.publish, [ConnectionError("bus is down")] * 3

    async def flaky(*args: Any) -> None:
        if failures:
            raise failures.pop()
        await publish(*args)

    monkeypatch.setattr(stage.bus, "publish", flaky)
    await send(one, "say", "a", "b")
    await quiet(one)
    assert one.view.heard == ["a", "b"]
    assert "bus is down" in caplog.text


async def test_after_a_crash_effects_are_sent_again_under_the_same_id() -> None:
    store = DurableStore()
    stage = Stage(store)
    sent: list[str] = []
    one, _ = await stage.show(Chat)
    publish = stage.bus.publish

    async def dying(topic: str, data: bytes, effect_id: str) -> None:
        sent.append(effect_id)
        await asyncio.Event().wait()

    stage.bus.publish = dying  # type: ignore[method-assign]
    await send(one, "say", "a")
    await one._commits.writer.written()
    await asyncio.sleep(0)

    async def counting(topic: str, data: bytes, effect_id: str) -> None:
        sent.append(effect_id)
        await publish(topic, data, effect_id)

    stage.bus.publish = counting  # type: ignore[method-assign]
    again, _ = await stage.restore(Chat)
    await quiet(again)
    assert again.view.heard == ["a"]
    assert sent[0] == sent[1]
    await send(again, "say", "b")
    await quiet(again)
    assert len(set(sent)) == 2
    one.lose()


class Nobody:
    """Wants to know of no effect."""

    def sent(self, numbers: set[int]) -> None:
        """Nothing follows."""


def test_numbers_of_an_earlier_owner_are_never_used_again() -> None:
    numbers: set[int] = set()
    for generation in (1, 2, 3):
        effects = Effects("v1", MemoryBus(), Nobody())
        effects.generation = generation
        fresh = effects.number([("t", b""), ("t", b"")], 0)
        assert len(fresh) == 2
        assert not numbers & fresh.keys()
        numbers |= fresh.keys()


async def test_repeats_are_dropped_by_the_receiver() -> None:
    one, _ = await Stage().show(Chat)
    for _ in range(3):
        one.deliver("on_note", message("a", effect_id="same"))
    await one.settle()
    assert one.view.heard == ["a"]


async def test_a_failing_message_is_taken_back_and_the_view_lives_on() -> None:
    one, outbox = await Stage().show(Chat)
    one.deliver("on_note", message("bad", 1))
    one.deliver("on_note", message("good", 2))
    one.deliver("on_note", Message("chat", msgspec.msgpack.encode({"nope": 1}), "epoch", 3, "e3"))
    await one.settle()
    assert one.view.heard == ["good"]
    assert [(code, ref) for code, _, ref in outbox.errors] == [("handler_failed", 0)] * 2, "the visitor is told"


async def test_a_gap_calls_resync_instead() -> None:
    one, _ = await Stage().show(Chat)
    one.deliver("on_note", message("a", 5, gap=True))
    one.deliver("on_note", Message("chat", b"", "", 0, "", gap=True))
    await one.settle()
    assert (one.view.resyncs, one.view.heard) == (2, [])

    class Simple(LiveView):
        heard: int = 0
        template = "x"

        def mount(self) -> None:
            self.subscribe("chat", self.on_note)

        def on_note(self) -> None:
            self.heard += 1

    two, _ = await Stage().show(Simple, "v2")
    two.deliver("on_note", message("a", 5, gap=True))
    two.deliver("on_note", Message("chat", b"", "", 0, "", gap=True))
    await two.settle()
    assert two.view.heard == 1


async def test_messages_between_mount_and_join_are_resynced() -> None:
    stage = Stage()
    one = stage.runner(Chat, "v1")
    await one.mount()
    two, _ = await stage.show(Chat, "v2")
    await send(two, "say", "a")
    await quiet(two)
    assert two.view.resyncs == 0
    from tests.unit.live.fakes import FakeOutbox

    one.attach(FakeOutbox())
    await one.settle()
    assert (one.view.heard, one.view.resyncs) == ([], 1)
    await send(two, "say", "b")
    await quiet(two, one)
    assert one.view.heard == ["b"]


@pytest.mark.parametrize("store", [MemoryStore, DurableStore])
async def test_a_restored_view_is_always_resynced(store: Callable[[], Any]) -> None:
    stage = Stage(store())
    one, _ = await stage.show(Chat, "v1")
    two, _ = await stage.show(Chat, "v2")
    await send(two, "say", "a")
    await quiet(one, two)
    await one.evict()
    await send(two, "say", "b")
    await quiet(two)
    back, _ = await stage.restore(Chat, "v1")
    await quiet(back)
    assert (back.view.heard, back.view.resyncs) == (["a"], 1)


async def test_equal_positions_of_another_workers_bus_prove_nothing() -> None:
    """Nobody has spoken on the first worker; what was said meanwhile the new worker's bus never heard of."""
    stage = Stage(DurableStore())
    one, _ = await stage.show(Chat, "v1")
    await one.evict()
    other = Stage(stage.store, MemoryBus())
    back, _ = await other.restore(Chat, "v1")
    await quiet(back)
    assert back.view.resyncs == 1
    await send(back, "leave")
    await back.evict()
    again, _ = await other.restore(Chat, "v1")
    await quiet(again)
    assert again.view.resyncs == 1


async def test_a_flood_is_bounded_and_made_up_for() -> None:
    gate = asyncio.Event()

    class Busy(Chat):
        @event
        async def wait(self) -> None:
            await gate.wait()

    one, _ = await Stage().show(Busy)
    one.accept(click("wait", 1))
    await asyncio.sleep(0)
    for seq in range(MAX_WAITING_MESSAGES + 100):
        one.deliver("on_note", message("x", seq))
    gate.set()
    await one.settle()
    assert len(one.view.heard) == MAX_WAITING_MESSAGES
    assert one.view.resyncs == 1
    one.deliver("on_note", message("y", 1000))
    await one.settle()
    assert one.view.heard[-1] == "y"


async def test_unsubscribing_and_subscribing_in_handlers() -> None:
    stage = Stage()
    one, _ = await stage.show(Chat)
    await send(one, "leave")
    await send(one, "say", "a")
    await quiet(one)
    assert one.view.heard == []
    await send(one, "rejoin")
    await send(one, "join_other")
    await stage.bus.publish("other", msgspec.msgpack.encode(Note("o")), "x1")
    await send(one, "say", "b")
    await quiet(one)
    assert one.view.heard == ["o", "b"]
    await one.close()
    await stage.bus.publish("other", msgspec.msgpack.encode(Note("p")), "x2")
    assert one.view.heard == ["o", "b"]


def test_handlers_must_be_methods_of_the_view() -> None:
    view = Chat()
    for handler in (print, lambda data: None, "nope", 5):
        with pytest.raises(ConfigError, match="is not a method of the view"):
            view.subscribe("t", handler)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="longer than 0"):
        view.every(0, view.on_note)
