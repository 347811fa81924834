"""A view that sleeps keeps bytes; awake again it is what it was, for its code, its topics and its store."""

from __future__ import annotations

import gc

import pytest

from livets.pubsub import Message
from livets.state.memory import MemoryStore
from livets.wire import ReservedOp
from tests.unit.live.fakes import DurableStore, click
from tests.unit.live.sleeping import Board, opened


@pytest.mark.parametrize("store", [MemoryStore, DurableStore])
async def test_state_and_page_are_what_they_were(store: type[MemoryStore]) -> None:
    page = await opened(Board, store())
    await page.click("add", 3)
    shown = page.shown()
    assert await page.sleep()
    page.wake()
    assert page.outbox.patches == []
    assert page.fresh() == shown == page.shown()
    await page.click("add", 2)
    [(diff, done)] = page.outbox.patches
    assert done == 2
    assert not {int(ReservedOp.FILL), int(ReservedOp.BUILD)} & set(diff[::2]), "only what changed is sent"
    assert page.shown() == page.fresh()
    assert page.runner.view.count == 5
    assert page.outbox.acks[-1] == (2, 2)


async def test_nothing_of_the_view_is_left_without_a_garbage_collection() -> None:
    page = await opened(Board)
    await page.click("add")
    gc.collect()
    gc.disable()
    try:
        assert await page.sleep()
        assert not [held for held in gc.get_objects() if isinstance(held, Board)]
    finally:
        gc.enable()


async def test_a_log_of_rows_goes_on_in_the_store_where_it_was() -> None:
    page = await opened(Board, DurableStore())
    for _ in range(3):
        await page.click("add")
        assert await page.sleep()
    await page.click("add")
    restored, _ = await page.stage.restore(Board)
    assert [row["id"] for row in restored.view.rows] == [1, 2, 3, 4]  # type: ignore[attr-defined]


async def test_numbers_of_effects_are_not_used_twice() -> None:
    page = await opened(Board, DurableStore())
    heard: list[str] = []
    page.stage.bus.deliver = lambda view_id, name, message: heard.append(message.effect_id)
    page.stage.bus.subscribe("added", "other", "on")
    await page.click("add")
    assert await page.sleep()
    await page.click("add")
    assert len(heard) == len(set(heard)) == 2


async def test_messages_wait_for_the_view_in_their_order_and_before_the_event_that_wakes_it() -> None:
    page = await opened(Board)
    assert await page.sleep()
    assert page.asleep is not None
    page.stage.runners["v1"] = page.asleep  # type: ignore[assignment]
    for word in ("one", "two", "three"):
        await page.stage.bus.publish("words", b"\xa5" + word.ljust(5).encode(), word)
    page.wake().accept(click("add", 1))
    await page.runner.settle()
    assert [word.strip() for word in page.runner.view.words] == ["one", "two", "three"]
    assert page.runner.view.count == 1
    assert page.shown() == page.fresh()


class Resyncing(Board):
    resyncs: int = 0
    resumes: int = 0

    def resync(self) -> None:
        self.resyncs += 1

    def resumed(self) -> None:
        self.resumes += 1


async def test_a_view_whose_topics_stayed_open_is_resumed_and_has_missed_nothing() -> None:
    page = await opened(Resyncing)
    before = page.runner.view.resyncs
    assert await page.sleep()
    assert page.asleep is not None
    page.stage.runners["v1"] = page.asleep  # type: ignore[assignment]
    await page.stage.bus.publish("words", b"\xa3one", "e1")
    page.wake()
    await page.runner.settle()
    view = page.runner.view
    assert (view.resumes, view.resyncs - before, view.words) == (1, 0, ["one"])


async def test_more_messages_than_may_wait_are_a_gap() -> None:
    page = await opened(Resyncing)
    before = page.runner.view.resyncs
    assert await page.sleep()
    assert page.asleep is not None
    for number in range(300):
        page.asleep.deliver("on_word", Message("words", b"\xa3one", "epoch", number + 1, str(number)))
    page.wake()
    await page.runner.settle()
    assert page.runner.view.resyncs == before + 1
    assert len(page.runner.view.words) == 256
