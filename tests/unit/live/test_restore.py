from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from livets import KeyedList, LiveView, event, field
from livets.errors import FieldError, Gone
from livets.state import Record
from tests.unit.live.fakes import DurableStore, Stage, click, send


class Row(msgspec.Struct):
    id: int
    label: str = ""


class Board(LiveView):
    count: int = 0
    rows: KeyedList[Row] = KeyedList()
    loose: Any = field(None, persist=False)
    template = "{{ count }}{{ rows|length }}"

    async def mount(self) -> None:
        self.title = "Board"
        self.loose = object()

    def resumed(self) -> None:
        self.loose = "reopened"

    @event
    async def add(self, key: int, label: str = "") -> None:
        self.count += 1
        self.rows.prepend(Row(key, label))

    @event
    async def edit(self, key: int, label: str) -> None:
        self.rows.update(key, label=label)
        self.rows.move(key, after=None)

    @event
    async def two_steps(self, ends: bool) -> None:
        self.count += 1
        await self.update()
        self.count += 10
        if not ends:
            await asyncio.Event().wait()


async def test_another_worker_goes_on_where_the_first_was() -> None:
    stage = Stage(DurableStore())
    first, _ = await stage.show(Board, session={"user": "a"}, meta=b"meta")
    for key in range(5):
        await send(first, "add", key)
    await send(first, "edit", 2, "two")
    await first.durable()
    second, outbox = await stage.restore(Board, session={"user": "b"})
    view = second.view
    assert (view.count, view.rows.keys(), view.rows[2].label) == (5, [2, 4, 3, 1, 0], "two")
    assert (view.title, view.loose) == ("Board", "reopened")
    assert view.session == {"user": "b"}
    assert (second.last_ref, second.durable_ref, second.generation) == (6, 6, 2)
    second.accept(click("add", 6, 99))
    await send(second, "add", 9)
    assert view.count == 6
    assert outbox.acks[0][1] == 6
    await second.durable()
    third, _ = await stage.restore(Board)
    assert third.view.rows == view.rows


async def test_what_was_not_written_is_handled_again_exactly_once() -> None:
    store = DurableStore()
    stage = Stage(store)
    first, _ = await stage.show(Board)
    await send(first, "add", 1)
    await first.durable()
    store.gate.clear()
    await send(first, "add", 2)
    assert first.last_ref == 2
    second, _ = await stage.restore(Board)
    store.gate.set()
    assert (second.view.count, second.last_ref) == (1, 1)
    second.accept(click("add", 2, 2))
    await second.settle(2)
    await second.durable()
    assert second.view.count == 2
    assert store.record().ref == 2
    await first.durable()
    assert store.record().ref == 2


async def test_an_event_that_was_interrupted_after_a_commit_point_is_not_run_again() -> None:
    store = DurableStore()
    stage = Stage(store)
    first, _ = await stage.show(Board)
    first.accept(click("two_steps", 1, False))
    await asyncio.sleep(0)
    await first._commits.writer.written()
    assert first.durable_ref == 0
    second, outbox = await stage.restore(Board)
    assert second.view.count == 1
    assert [(code, ref) for code, _, ref in outbox.errors] == [("interrupted", 1)]
    second.accept(click("two_steps", 1, True))
    await second.settle()
    assert second.view.count == 1
    await send(second, "add", 1)
    await second.durable()
    _, outbox = await stage.restore(Board)
    assert outbox.errors == []
    first.lose()


async def test_an_event_with_commit_points_that_ended_is_not_interrupted() -> None:
    stage = Stage(DurableStore())
    first, _ = await stage.show(Board)
    await send(first, "two_steps", True)
    await first.durable()
    assert first.durable_ref == 1
    second, outbox = await stage.restore(Board)
    assert second.view.count == 11
    assert outbox.errors == []


async def test_classes_may_grow_and_shrink_between_deploys() -> None:
    stage = Stage(DurableStore())
    first, _ = await stage.show(Board)
    await send(first, "add", 1, "x")
    await first.durable()

    class Grown(LiveView):
        count: int = 0
        fresh: str = "default"
        template = "{{ count }}"

    second, _ = await stage.restore(Grown)
    assert (second.view.count, second.view.fresh) == (1, "default")

    class Changed(LiveView):
        count: list[int] = []
        template = "{{ count }}"

    with pytest.raises(FieldError, match=r"Changed\.count: the stored value does not fit list\[int\].*a new name"):
        await stage.restore(Changed)


async def test_a_failing_resumed_does_not_cost_the_view() -> None:
    class Fragile(Board):
        def resumed(self) -> None:
            self.count = 99
            raise ValueError

    stage = Stage(DurableStore())
    first, _ = await stage.show(Fragile)
    await send(first, "add", 1)
    await first.durable()
    second, _ = await stage.restore(Fragile)
    assert second.view.count == 1


async def test_a_record_that_the_store_has_lost_is_put_back_from_the_running_view() -> None:
    store = DurableStore()
    stage = Stage(store)
    runner, outbox = await stage.show(Board, meta=b"meta")
    for key in range(3):
        await send(runner, "add", key)
    await runner.write_secret(b"hash")
    store.lose()
    await send(runner, "edit", 1, "one")
    await runner.durable()
    assert (outbox.closed, outbox.acks[-1], runner.gone) == (None, (4, 4), False)
    record = store.record()
    assert (record.meta, record.secret, record.ref) == (b"meta", b"hash", 4)
    await send(runner, "add", 9)
    await runner.durable()
    second, _ = await stage.restore(Board)
    assert (second.view.count, second.view.rows.keys(), second.view.rows[1].label) == (4, [9, 1, 2, 0], "one")
    assert (second.generation, second.last_ref) == (2, 5)


async def test_what_a_handler_at_work_has_done_is_not_put_back() -> None:
    store = DurableStore()
    stage = Stage(store)
    runner, _ = await stage.show(Board)
    await send(runner, "add", 1)
    await runner.durable()
    store.lose()
    runner.accept(click("two_steps", 2, False))
    await asyncio.sleep(0.05)
    assert not len(store)
    runner._units.mailbox._task.cancel()  # type: ignore[union-attr]
    await runner.renew()
    assert msgspec.msgpack.decode(store.record().fields["count"]) == 2


async def test_broadcasts_that_have_not_left_are_put_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Speaker(LiveView):
        count: int = 0
        template = "{{ count }}"

        @event
        async def say(self) -> None:
            self.count += 1
            self.broadcast("all", "x")

    store = DurableStore()
    stage = Stage(store)
    runner, _ = await stage.show(Speaker)
    stuck = asyncio.Event()

    async def publish(*_: Any) -> None:
        await stuck.wait()

    monkeypatch.setattr(stage.bus, "publish", publish)
    await send(runner, "say")
    await runner._commits.writer.written()
    store.failures.append(Gone("lost"))
    store.failures.append(OSError("and down"))
    monkeypatch.setattr("livets.live.retry.BASE_S", 0.001)
    await send(runner, "say")
    await runner._commits.writer.written()
    assert len(store.record().effects) == 2
    stuck.set()
    await runner.durable()
    assert not store.record().effects


async def test_a_lost_record_that_another_has_put_back_under_a_newer_claim_fences() -> None:
    store = DurableStore()
    runner, outbox = await Stage(store).show(Board)
    store.lose()
    await store.recreate("v1", 2, Record(b""))
    await send(runner, "add", 1)
    await runner._commits.writer.written()
    assert outbox.closed is not None
    assert runner.gone


async def test_nobody_outside_the_snapshot_gets_unpersisted_fields() -> None:
    store = DurableStore()
    runner, _ = await Stage(store).show(Board)
    await send(runner, "add", 1)
    await runner.durable()
    assert set(store.record().fields) == {"count", "rows", "title"}
