"""A view that sleeps keeps bytes; awake again it is what it was, for its code, its browser and its store."""

from __future__ import annotations

import asyncio
import functools
import gc
import itertools
import logging
import weakref
from typing import Any

import msgspec
import pytest

from livets import KeyedList, LiveView, event, field
from livets.live import Asleep, ViewRunner, imprint
from livets.mirror.liveroot import LiveRoot
from livets.mirror.nodes import parse, serialise
from livets.pubsub import Message
from livets.render import Templates
from livets.state.memory import MemoryStore
from livets.wire import ReservedOp
from tests.support.wait import until
from tests.unit.live.fakes import DurableStore, FakeOutbox, Stage, click, send

TICKS = itertools.count()
HELD = "somebody else holds the view's object"


class Board(LiveView):
    count: int = 0
    words: list[str] = []
    rows: KeyedList[dict[str, int]] = KeyedList()
    template = """<h1>{{ count }}</h1><ul><li ts-for="row in rows" ts-key="row.id">{{ row.id }}</li></ul>
    <p ts-if="words">{{ words|join(" ") }}</p>"""

    def mount(self) -> None:
        self.subscribe("words", self.on_word)

    def on_word(self, word: str) -> None:
        self.words.append(word)

    @event
    async def add(self, by: int = 1) -> None:
        self.count += by
        self.rows.append({"id": self.count})
        self.broadcast("added", self.count)

    @event
    async def slow(self) -> None:
        await asyncio.sleep(3600)

    @event(policy="parallel")
    async def beside(self) -> None:
        await asyncio.sleep(3600)


class Page:
    """A joined view with the real renderer, and a browser's model of what it shows."""

    def __init__(self, view_class: type[LiveView], store: MemoryStore | None = None, *, dev: bool = True) -> None:
        self.view_class = view_class
        self.stage = Stage(store)
        self.stage.templates = Templates()
        self.outbox = FakeOutbox()
        self.asleep: Asleep | None = None
        self.runner: Any = self.stage.runner(view_class, dev=dev)
        self.resumed = 0

    async def open(self) -> Page:
        html = await self.runner.mount()
        self.root = LiveRoot(self.runner.rendering.template.shape, html=html)
        self.runner.attach(self.outbox)
        await self.runner.settle()
        await self.runner.durable()
        return self

    async def reason(self) -> str:
        """What keeps the view awake, once the thread of a plain hook has let go of it."""
        for _ in range(200):
            if (reason := self.runner.kept_awake_by(60.0)) != HELD:
                break
            await asyncio.sleep(0.001)
        return str(reason)

    async def sleep(self) -> bool:
        self.asleep = None if await self.reason() else self.runner.sleep(60.0)
        if self.asleep is not None:
            self.runner = None
        return self.asleep is not None

    def wake(self) -> Any:
        if self.asleep is not None:
            self.runner, self.asleep = ViewRunner.woken(self.asleep, self.outbox), None
            self.stage.runners["v1"] = self.runner
        return self.runner

    async def click(self, handler: str, *args: Any) -> None:
        self.wake()
        await send(self.runner, handler, *args)
        await self.runner.durable()

    def shown(self) -> str:
        """The page as the patches have made it."""
        for diff, _ in self.outbox.patches:
            self.root.apply(msgspec.msgpack.decode(diff) if isinstance(diff, bytes) else diff)
        self.outbox.patches.clear()
        return self.root.html()

    def fresh(self) -> str:
        """The page as a fresh render has it."""
        rendering = self.runner.rendering.template.start()
        return serialise(parse(rendering.html(self.runner._commits.display._scope)))


async def opened(view_class: type[LiveView], store: MemoryStore | None = None, **options: Any) -> Page:
    return await Page(view_class, store, **options).open()


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


# What keeps a view awake


class Watchful(Board):
    may_sleep = False


class Minute(Board):
    def mount(self) -> None:
        self.every(30.0, self.tick)

    def tick(self) -> None:
        self.count += 1


class Hour(Minute):
    def mount(self) -> None:
        self.every(3600.0, self.tick)


class Undeclared(Board):
    def mount(self) -> None:
        self.connection = object()


class Reopening(Undeclared):
    def resumed(self) -> None:
        self.connection = object()


class Local(Board):
    handle: Any = field(None, persist=False)

    @event
    async def take(self) -> None:
        self.handle = [1]


class Cached(Board):
    @functools.cached_property
    def large(self) -> int:
        return 1

    @event
    async def look(self) -> None:
        assert self.large == 1


async def test_what_a_snapshot_would_lose_keeps_a_view_awake_unless_it_says_how_to_get_it_back() -> None:
    assert "connection" in await (await opened(Undeclared)).reason()
    assert await (await opened(Reopening)).sleep()
    page = await opened(Local)
    assert await page.sleep()
    await page.click("take")
    assert "handle" in await page.reason()
    page = await opened(Cached)
    await page.click("look")
    assert await page.sleep()


async def test_a_class_may_say_no_and_a_timer_that_is_due_soon_does() -> None:
    assert await (await opened(Watchful)).reason() == "the class says so"
    assert await (await opened(Minute)).reason() == "a timer is due soon"
    page = await opened(Hour)
    assert await page.sleep()
    assert page.asleep is not None
    assert page.asleep.due is not None


@pytest.mark.parametrize("handler", ["slow", "beside"])
async def test_a_handler_at_work_keeps_the_view_awake(handler: str) -> None:
    page = await opened(Board)
    page.runner.accept(click(handler, 1))
    await asyncio.sleep(0)
    assert "at work" in page.runner.kept_awake_by(60)
    page.runner.view.cancel(handler)

    def is_free() -> bool:
        gc.collect()  # the traceback of a cancelled handler is a ring
        return not page.runner.kept_awake_by(60)

    await until(is_free, "the handler to be over")


async def test_who_holds_the_object_would_go_on_with_a_dead_one() -> None:
    page = await opened(Board)
    held = [page.runner.view]
    assert await page.reason() == HELD
    watched = weakref.ref(held.pop())
    assert await page.reason() == "somebody watches the object"
    del watched
    assert await page.sleep()


async def test_contexts_that_were_copied_in_a_handler_do_not_hold_the_view() -> None:
    class Connecting(Board):
        @event
        async def connect(self) -> None:
            connections.append(asyncio.get_running_loop().call_later(3600, print))

    connections: list[asyncio.TimerHandle] = []
    page = await opened(Connecting)
    await page.click("connect")
    assert await page.sleep()
    connections[0].cancel()


async def test_what_the_store_does_not_have_keeps_the_view_awake() -> None:
    store = DurableStore()
    page = await opened(Board, store)
    store.gate.clear()
    page.runner.accept(click("add", 1))
    await page.runner.settle(1)
    assert await page.reason() == "something is still to be written or sent"
    store.gate.set()
    await page.runner.durable()
    assert await page.sleep()


async def test_a_page_that_lacks_something_keeps_the_view_awake() -> None:
    page = await opened(Board)
    page.outbox.is_ready = False
    await page.click("add")
    assert await page.reason() == "its browser has not been shown everything"


async def test_a_state_that_would_come_back_as_another_keeps_the_view_awake_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Wrong(Board):
        @event
        async def spoil(self) -> None:
            self.count = "seven"  # type: ignore[assignment]

    page = await opened(Wrong, dev=False)
    await page.click("spoil")
    with caplog.at_level(logging.WARNING, "livets"):
        assert not await page.sleep()
        assert not await page.sleep()
    assert [record.getMessage().startswith("test_a_state") for record in caplog.records] == [True]
    assert page.runner.view.count == "seven"


# What the browser shows


class Clock(Board):
    template = "<p>{{ count }}</p><i>{{ tick() }}</i>"

    @staticmethod
    def tick() -> int:
        return next(TICKS)


async def test_a_page_that_nobody_can_know_is_filled_anew() -> None:
    page = await opened(Clock)
    assert await page.sleep()
    await page.click("add")
    [(diff, _)] = page.outbox.patches
    assert diff[0] == ReservedOp.FILL
    assert "<p>1</p>" in page.shown()


class Greeting(Board):
    template = "<p>{{ count }}</p><b>{{ greeting }}</b>"

    def mount(self) -> None:
        self.greeting = "Hello"

    async def resumed(self) -> None:
        await asyncio.sleep(0)
        self.greeting = "Hello"


async def test_what_resumed_builds_again_counts_as_shown() -> None:
    page = await opened(Greeting)
    assert await page.sleep()
    await page.click("add")
    [(diff, _)] = page.outbox.patches
    assert ReservedOp.FILL not in diff[::2]
    assert page.shown() == page.fresh()


class Failing(Board):
    def resumed(self) -> None:
        self.count = 99
        raise OSError("the database is away")


async def test_a_resumed_that_fails_is_taken_back_and_the_view_goes_on() -> None:
    page = await opened(Failing)
    await page.click("add")
    assert await page.sleep()
    await page.click("add")
    assert page.runner.view.count == 2
    assert page.shown() == page.fresh()


async def test_a_store_that_has_lost_the_view_gets_it_back_when_it_wakes() -> None:
    store = DurableStore()
    page = await opened(Board, store)
    await page.click("add")
    assert await page.sleep()
    assert page.asleep is not None
    assert await page.asleep.renew()
    store.lose()
    assert not await page.asleep.renew()
    await page.click("add")
    restored, _ = await page.stage.restore(Board)
    assert restored.view.count == 2  # type: ignore[attr-defined]


async def test_a_view_that_moved_on_while_it_slept_is_fenced_out() -> None:
    store = DurableStore()
    page = await opened(Board, store)
    assert await page.sleep()
    assert page.asleep is not None
    await store.steal()
    assert not await page.asleep.renew()
    page.wake().accept(click("add", 1))
    await page.runner.settle()
    await page.runner.durable()
    assert page.runner.gone
    assert page.outbox.closed is not None


async def test_an_imprint_is_of_a_template_and_its_values() -> None:
    page = await opened(Board)
    display, names = page.runner._commits.display, Board.__livets__.fields
    first = imprint.take(display, names)
    assert imprint.take(display, names) == first != imprint.UNKNOWN
    assert imprint.recall(display, first)
    assert not imprint.recall(display, b"something else")
    await page.click("add")
    assert imprint.take(display, names) != first
