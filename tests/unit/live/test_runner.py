"""A view and what runs it: first page, events in order, failures, what is drawn again."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import msgspec
import pytest

from livets import KeyedList, LiveView, event, field, telemetry
from livets.errors import ConfigError, EventRefused, FieldError, ProtocolError
from tests.unit.live.fakes import DurableStore, Stage, click, send


class Counter(LiveView):
    count: int = 0
    words: list[str] = field(default_factory=list)
    limit: int = 50

    template = "{{ count }} {{ words }} {{ double }}{% if count > limit %}{{ 1 // 0 }}{% endif %}"

    @property
    def double(self) -> int:
        return self.count * 2

    @event
    async def add(self, by: int = 1) -> None:
        self.count += by
        self.words.append(str(by))

    @event
    def add_in_thread(self) -> None:
        assert threading.current_thread() is not threading.main_thread()
        self.count += 1

    @event
    async def fail(self) -> None:
        self.count = -1
        self.words.append("never")
        self.title = "never"
        self.broadcast("t", "never")
        self.subscribe("t", self.heard)
        self.every(1, self.heard)
        self.set_input("limit", 99)
        raise ValueError("secret detail")

    @event
    async def refuse(self) -> None:
        self.count = -1
        raise EventRefused("bad_arguments", "not today")

    @event
    async def drop(self) -> None:
        self.count = -1
        raise asyncio.CancelledError

    def heard(self, data: str = "") -> None: ...


async def test_mount_renders_and_events_make_patches() -> None:
    class Greeter(LiveView):
        name: str = ""
        number: int = 0
        template = "{{ name }}{{ number }}{{ params.extra }}{{ session.user }}"

        async def mount(self, name: str, number: int = 7) -> None:
            self.name, self.number = name, number

        @event
        async def rename(self, name: str) -> None:
            self.name = name

    stage = Stage()
    runner = stage.runner(
        Greeter, params={"name": "Ada", "number": "12", "extra": "!"}, session={"user": "me"}, request="req"
    )
    assert await runner.mount() == "<!--[-->Ada12!me<!--]-->"
    assert runner.view.request == "req"
    assert runner.generation == 1

    wrong = stage.runner(Greeter, "v2", params={"name": "Ada", "number": "x"})
    with pytest.raises(EventRefused, match=r"Greeter\.mount: the argument 'number' does not fit"):
        await wrong.mount()
    with pytest.raises(EventRefused, match="'name' is missing"):
        await stage.runner(Greeter, "v3").mount()


async def test_events_run_in_order_and_are_acknowledged() -> None:
    runner, outbox = await Stage().show(Counter)
    for ref in range(1, 6):
        runner.accept(click("add", ref, ref))
    await runner.settle(5)
    assert runner.view.count == 15
    assert [done for _, done in outbox.patches] == [1, 2, 3, 4, 5]
    assert outbox.acks == [(n, n) for n in range(1, 6)]
    assert (runner.last_ref, runner.durable_ref) == (5, 5)
    assert outbox.shown == "15 [&#39;1&#39;, &#39;2&#39;, &#39;3&#39;, &#39;4&#39;, &#39;5&#39;] 30"


async def test_one_handler_at_a_time() -> None:
    running: list[int] = []

    class Slow(LiveView):
        template = "x"

        @event
        async def go(self) -> None:
            running.append(1)
            assert len(running) == 1
            for _ in range(5):
                await asyncio.sleep(0)
            running.pop()

    runner, _ = await Stage().show(Slow)
    for ref in range(1, 10):
        runner.accept(click("go", ref))
    await runner.settle(9)
    assert not running


async def test_no_task_stays_behind() -> None:
    runner, _ = await Stage().show(Counter)
    before = len(asyncio.all_tasks())
    await send(runner, "add")
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before


async def test_plain_handlers_run_in_a_thread() -> None:
    runner, outbox = await Stage().show(Counter)
    await send(runner, "add_in_thread")
    assert not outbox.errors
    assert runner.view.count == 1


@pytest.mark.parametrize("dev", [True, False])
async def test_a_failing_handler_leaves_no_trace(dev: bool, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(DurableStore())
    runner, outbox = await stage.show(Counter, dev=dev)
    await send(runner, "add")
    patches = len(outbox.patches)
    ref = await send(runner, "fail")
    view = runner.view
    assert (view.count, view.words, view.title, view.limit) == (1, ["1"], "", 50)
    assert not view._live.effects
    assert view._live.system.notes.subscriptions == {}
    assert view._live.system.notes.timers == {}
    assert len(outbox.patches) == patches
    code, message, error_ref = outbox.errors[-1]
    assert (code, error_ref) == ("handler_failed", ref)
    assert ("secret detail" in message) is dev
    [logged] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert logged.exc_info is not None
    if not dev:
        assert message.split("error ")[1].rstrip(").") in logged.getMessage()
    await runner.durable()
    assert outbox.acks[-1] == (ref, ref)
    await send(runner, "add")
    assert runner.view.count == 2


async def test_refusals_and_cancelled_awaits_are_failures_of_the_event() -> None:
    runner, outbox = await Stage().show(Counter, dev=False)
    await send(runner, "refuse")
    await send(runner, "nope")
    await send(runner, "add", "x")
    await send(runner, "drop")
    await send(runner, "", fields={"count": 5})
    assert runner.view.count == 0
    assert [(code, ref) for code, _, ref in outbox.errors] == [
        ("bad_arguments", 1),
        ("unknown_event", 2),
        ("bad_arguments", 3),
        ("handler_failed", 4),
        ("unknown_field", 5),
    ]
    assert outbox.errors[0][1] == "not today"
    assert outbox.patches == []
    assert runner.last_ref == 5


async def test_a_failing_template_takes_the_event_back(caplog: pytest.LogCaptureFixture) -> None:
    runner, outbox = await Stage().show(Counter)
    await send(runner, "add", 51)
    assert outbox.errors[-1][0] == "render_failed"
    assert "ZeroDivisionError" in outbox.errors[-1][1]
    assert (runner.view.count, runner.view.words) == (0, [])
    await send(runner, "add", 3)
    assert outbox.shown.startswith("3 ")


async def test_computed_names_and_plain_attributes_are_always_looked_at() -> None:
    class Computes(LiveView):
        _hidden = 1
        template = "{{ now }}|{{ note }}|{{ _hidden }}|{{ mount }}|{{ total() }}"

        async def mount(self) -> None:
            self.note = "a"

        @property
        def now(self) -> int:
            return self._hidden

        def total(self) -> int:
            return self._hidden * 10

        @event
        async def tick(self) -> None:
            self._hidden += 1
            self.note = "b"

    stage = Stage()
    runner = stage.runner(Computes)
    assert await runner.mount() == "<!--[-->1|a|||10<!--]-->"
    runner, outbox = await stage.show(Computes, "v2")
    await send(runner, "tick")
    assert outbox.shown == "2|b|||20"


async def test_rendering_is_not_reading() -> None:
    class Reads(LiveView):
        rows: list[int] = [1]
        count: int = 0
        template = "{{ count }}{{ total }}"

        @property
        def total(self) -> int:
            return sum(self.rows)

        @event
        async def add(self) -> None:
            self.count += 1

    runner, _ = await Stage().show(Reads, dev=False)
    await send(runner, "add")
    assert runner.view._live.tracker.clean(runner.view)


async def test_refs_must_not_skip_and_repeats_are_only_acknowledged() -> None:
    runner, outbox = await Stage().show(Counter)
    with pytest.raises(ProtocolError, match="event 2 came after event 0"):
        runner.accept(click("add", 2))
    runner.accept(click("add", 1))
    runner.accept(click("add", 1))
    await runner.settle()
    assert outbox.acks == [(1, 1), (1, 1)]
    runner.accept(click("add", 1))
    await runner.settle()
    assert runner.view.count == 1
    assert outbox.acks == [(1, 1), (1, 1), (1, 1)]


async def test_settle_waits_for_events_that_are_still_to_come() -> None:
    runner, _ = await Stage().show(Counter)
    waiting = asyncio.ensure_future(runner.settle(2))
    runner.accept(click("add", 1))
    await runner.settle(1)
    assert not waiting.done()
    runner.accept(click("add", 2))
    await waiting
    await runner.settle(1)
    assert runner.view.count == 2


async def test_dev_errors_reach_the_browser() -> None:
    class Wrong(LiveView):
        words: list[str] = field(default_factory=list)
        rows: KeyedList[Any] = field(default_factory=KeyedList, persist=False)
        count: int = 0
        template = "{{ words }}"

        async def mount(self) -> None:
            self.kept = self.words

        @event
        async def miss(self) -> None:
            self.kept.append("x")

        @event
        async def mistype(self) -> None:
            self.count = "5"  # type: ignore[assignment]

    runner, outbox = await Stage().show(Wrong)
    await send(runner, "miss")
    await send(runner, "mistype")
    assert "touch('words')" in outbox.errors[0][1]
    assert "Wrong.count cannot be kept in a snapshot" in outbox.errors[1][1]
    assert runner.view.words == []
    assert runner.view.count == 0

    class BadMount(LiveView):
        count: int = 0
        template = ""

        def mount(self) -> None:
            self.count = "x"  # type: ignore[assignment]

    with pytest.raises(FieldError, match=r"BadMount\.count"):
        await Stage().runner(BadMount).mount()


async def test_a_view_that_shows_nothing_says_what_to_write() -> None:
    class Empty(LiveView):
        pass

    with pytest.raises(ConfigError, match=r"Empty shows nothing: give it a `template`"):
        await Stage().runner(Empty).mount()


async def test_render_returns_html() -> None:
    class Rendered(LiveView):
        name: str = "<b>"

        def render(self) -> str:
            return f"<p>{len(self.name)}</p>"

        @event
        async def grow(self) -> None:
            self.name += "x"

    stage = Stage()
    assert await stage.runner(Rendered, "v0").mount() == "<!--[--><p>3</p><!--]-->"
    runner, outbox = await stage.show(Rendered)
    await send(runner, "grow")
    assert outbox.shown == "<p>4</p>"


async def test_template_name_is_a_file() -> None:
    class Filed(LiveView):
        count: int = 3
        template_name = "filed.html"

    stage = Stage()
    stage.templates.files["filed.html"] = "file {{ count }}"
    assert await stage.runner(Filed).mount() == "<!--[-->file 3<!--]-->"


async def test_arguments_may_be_structs() -> None:
    class Order(msgspec.Struct):
        item: str
        amount: int

    class Shop(LiveView):
        bought: list[str] = []
        template = "{{ bought }}"

        @event
        def buy(self, form: Order) -> None:
            self.bought.append(form.item * form.amount)

    runner, outbox = await Stage().show(Shop)
    await send(runner, "buy", form={"item": "x", "amount": "3"})
    assert not outbox.errors
    assert runner.view.bought == ["xxx"]


async def test_marks_tell_the_stages_in_order() -> None:
    heard: list[tuple[str, int]] = []
    stop = telemetry.listen(lambda name, view_id, ref: heard.append((name, ref)))
    try:
        runner, _ = await Stage(DurableStore()).show(Counter)
        await send(runner, "add")
        await runner.durable()
    finally:
        stop()
    assert heard == [
        ("event.dispatched", 1),
        ("event.handled", 1),
        ("event.rendered", 1),
        ("snapshot.writing", 1),
        ("snapshot.written", 1),
    ]
