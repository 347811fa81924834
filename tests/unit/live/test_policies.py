"""What becomes of an event that comes while others are at work: the four policies, and cancel (D7)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livets import KeyedList, LiveView, event, field
from livets.errors import ConfigError
from livets.live import beside, calling
from tests.support.wait import until
from tests.unit.live.fakes import DurableStore, Stage, click, send


class Desk(LiveView):
    log: list[str] = []
    count: int = 0
    query: str = ""
    rows: KeyedList[dict[str, int]] = KeyedList([{"id": 1}])
    gates: dict[str, asyncio.Event] = field(default_factory=dict, persist=False)
    template = '{{ log|join(" ") }}|{{ count }}|<input ts-model="query">{{ 1 // 0 if count == 99 }}'

    def gate(self, name: str) -> asyncio.Event:
        return self.gates.setdefault(name, asyncio.Event())

    @event
    async def queued(self, name: str) -> None:
        self.log.append(name)

    @event(policy="drop")
    async def dropping(self, name: str) -> None:
        await self.gate(name).wait()
        self.log.append(name)

    @event(policy="drop")
    def dropping_in_thread(self) -> None:
        self.count += 1

    @event(policy="latest")
    async def latest(self, name: str, *, points: bool = False) -> None:
        self.log.append(f"{name}?")
        if points:
            await self.update()
        await self.gate(name).wait()
        self.log.append(name)

    @event(policy="latest")
    async def stubborn(self) -> None:
        self.count += 1
        try:
            await self.gate("never").wait()
        except asyncio.CancelledError:
            self.count += 1

    @event(policy="parallel")
    async def beside(self, name: str, fail: str = "") -> None:
        assert self.event.name == "beside"
        async with self.commit():
            self.log.append(f"{name}:{self.event.id}")
        await self.gate(name).wait()
        if fail == "outside":
            raise ValueError(name)
        async with self.commit():
            self.log.append(name)
            self.broadcast("desk", name)
            if fail == "inside":
                raise ValueError(name)
            if fail == "render":
                self.count = 99

    @event(policy="parallel")
    async def only_waits(self, name: str) -> None:
        await self.gate(name).wait()
        async with self.commit():
            self.log.append(f"{name} {self.query}")

    @event(policy="parallel")
    async def careless(self, how: str) -> None:
        if how == "assign":
            self.count = 7
        elif how == "append":
            self.log.append("x")
        elif how == "twice":
            assert self.log is self.log
            self.log.append("x")
            self.log.append("y")
        elif how == "keyed":
            self.rows.append({"id": 2})
        elif how == "broadcast":
            self.broadcast("desk", 1)
        elif how == "timer":
            self.after(1, self.unmount)
        elif how == "input":
            self.set_input("query", "x")

    @event(policy="parallel")
    async def stop(self, name: str) -> None:
        self.cancel(name)

    @event
    def stop_from_thread(self, name: str) -> None:
        self.cancel(name)


async def turns(count: int = 8) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def codes_of(outbox: Any) -> list[tuple[str, int]]:
    return [(code, ref) for code, _, ref in outbox.errors]


@pytest.mark.parametrize("policy", ["latest", "parallel"])
def test_a_plain_function_cannot_be_cancelled_nor_run_beside(policy: Any) -> None:
    with pytest.raises(ConfigError, match=rf"Wrong\.go: policy='{policy}' needs an `async def`.*thread"):

        class Wrong(LiveView):
            template = "x"

            @event(policy=policy)
            def go(self) -> None: ...


async def test_drop_forgets_what_comes_while_one_runs_or_waits() -> None:
    runner, outbox = await Stage(DurableStore()).show(Desk)
    view = runner.view
    runner.accept(click("dropping", 1, "a"))
    await turns()
    runner.accept(click("dropping", 2, "b", fields={"query": "typed"}))
    runner.accept(click("queued", 3, "c"))
    runner.accept(click("dropping", 4, "d"))
    view.gate("a").set()
    await runner.settle(4)
    assert (view.log, view.query) == (["a", "c"], "typed")
    assert outbox.errors == []
    await runner.durable()
    assert outbox.acks[-1] == (4, 4)
    view.gate("e").set()
    await send(runner, "dropping", "e")
    assert view.log == ["a", "c", "e"]
    for ref in (6, 7):
        runner.accept(click("dropping_in_thread", ref))
    await runner.settle(7)
    assert view.count == 1


async def test_latest_cancels_the_older_one_and_takes_it_back() -> None:
    runner, outbox = await Stage().show(Desk)
    view = runner.view
    view.gate("c").set()
    runner.accept(click("latest", 1, "a", fields={"query": "a"}))
    await turns()
    assert view.log == ["a?"]
    runner.accept(click("latest", 2, "b", fields={"query": "ab"}))
    runner.accept(click("queued", 3, "q"))
    runner.accept(click("latest", 4, "c"))
    await runner.settle(4)
    assert (view.log, view.query) == (["q", "c?", "c"], "ab")
    assert outbox.errors == []
    assert outbox.acks[-1] == (4, 4)


async def test_latest_goes_back_to_its_last_commit_point_only() -> None:
    store = DurableStore()
    runner, outbox = await Stage(store).show(Desk)
    view = runner.view
    runner.accept(Event := click("latest", 1, "a", points=True))
    assert Event.ref == 1
    await turns()
    store.gate.clear()
    view.gate("b").set()
    runner.accept(click("latest", 2, "b"))
    await turns()
    assert view.log[:1] == ["a?"]
    store.gate.set()
    await runner.settle(2)
    assert view.log == ["a?", "b?", "b"]
    assert outbox.errors == []


async def test_a_handler_that_ignores_its_cancellation_is_taken_back_all_the_same() -> None:
    runner, outbox = await Stage().show(Desk)
    runner.accept(click("stubborn", 1))
    await turns()
    runner.accept(click("queued", 2, "next"))
    runner._units.cancel("stubborn")
    await runner.settle(2)
    assert (runner.view.count, runner.view.log) == (0, ["next"])
    assert outbox.errors == []


async def test_a_parallel_handler_holds_the_view_in_its_blocks_only() -> None:
    store = DurableStore()
    stage = Stage(store)
    heard: list[bytes] = []
    stage.bus.deliver = lambda view_id, name, message: heard.append(message.data)
    stage.bus.subscribe("desk", "other", "x")
    runner, outbox = await stage.show(Desk)
    view = runner.view
    runner.accept(click("beside", 1, "a"))
    runner.accept(click("queued", 2, "b"))
    runner.accept(click("queued", 3, "c"))
    await runner.settle(3)
    await until(lambda: "a:v1:1" in view.log)
    await runner._commits.writer.written()
    assert sorted(view.log) == ["a:v1:1", "b", "c"]
    assert outbox.shown.startswith(" ".join(view.log))
    assert outbox.acks[-1] == (3, 0), "later events are shown, none is durable before the first has ended"
    view.gate("a").set()
    await until(lambda: outbox.acks[-1] == (3, 3))
    assert view.log[-1] == "a"
    await runner.durable()
    assert heard == [b"\xa1a"]
    assert runner.view._live.tracker.guard is None
    assert store.record().ref == 3
    assert outbox.errors == []


@pytest.mark.parametrize("fail", ["outside", "inside", "render"])
async def test_what_fails_in_a_parallel_handler_costs_its_block_only(fail: str, caplog: Any) -> None:
    stage = Stage()
    runner, outbox = await stage.show(Desk, dev=False)
    runner.accept(click("beside", 1, "a", fail=fail))
    await send_beside(runner, "queued", "b")
    runner.view.gate("a").set()
    await until(lambda: outbox.acks[-1] == (2, 2))
    assert sorted(runner.view.log) == ["a:v1:1", "b"]
    assert runner.view.count == 0
    assert codes_of(outbox) == [("render_failed" if fail == "render" else "handler_failed", 1)]
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


async def send_beside(runner: Any, handler: str, *args: Any) -> None:
    runner.accept(click(handler, 2, *args))
    await runner.settle(2)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("assign", "must not assign self.count while it does not hold the view. Write `async with self.commit():`"),
        ("append", "Desk.log was changed in place by a parallel handler outside of `async with self.commit():`"),
        ("twice", "Desk.log was changed in place"),
        ("keyed", "Desk.rows was changed in place"),
        ("broadcast", "must not broadcast"),
        ("timer", "must not start a timer"),
        ("input", "must not assign self.query"),
    ],
)
async def test_a_write_outside_of_a_block_is_refused_in_words(how: str, message: str) -> None:
    stage = Stage()
    runner, outbox = await stage.show(Desk)
    runner.accept(click("careless", 1, how))
    await until(lambda: runner.durable_ref == 1)
    [(code, text, _)] = outbox.errors
    assert code == "handler_failed"
    assert message in text
    view = runner.view
    assert (view.count, view.log, len(view.rows), view.query) == (0, [], 1, "")
    assert outbox.patches == []
    assert view._live.is_clean(view) or view._live.tracker.changed(view) == {}


async def test_what_was_typed_before_a_parallel_event_is_there_when_it_begins() -> None:
    runner, outbox = await Stage().show(Desk)
    view = runner.view
    view.gate("a").set()
    runner.accept(click("dropping", 1, "slow"))
    runner.accept(click("only_waits", 2, "a", fields={"query": "typed"}))
    runner.accept(click("queued", 3, "q", fields={"query": "later"}))
    await turns()
    assert view.query == ""
    view.gate("slow").set()
    await until(lambda: runner.durable_ref == 3)
    assert view.query == "later"
    assert view.log[0] == "slow"
    runner.accept(click("only_waits", 4, "a", fields={"count": "x"}))
    runner.accept(click("only_waits", 5))
    await until(lambda: runner.durable_ref == 5)
    assert codes_of(outbox) == [("unknown_field", 4), ("bad_arguments", 5)]


@pytest.mark.parametrize("target", ["only_waits", "latest", "dropping"])
@pytest.mark.parametrize("how", ["stop", "stop_from_thread"])
async def test_cancel_stops_what_runs_and_what_waits(target: str, how: str) -> None:
    if how == "stop_from_thread" and target != "only_waits":
        return  # it would wait for the view that its target holds
    runner, outbox = await Stage().show(Desk)
    view = runner.view
    runner.accept(click(target, 1, "a"))
    await turns()
    runner.accept(click("queued", 2, "b"))
    if target == "only_waits":
        runner.accept(click(target, 3, "c"))
    else:
        runner.accept(click("queued", 3, "c"))
    runner.accept(click(how, 4, target))
    await until(lambda: runner.durable_ref == 4)
    assert view.log == (["b"] if target == "only_waits" else ["b", "c"])
    assert outbox.errors == []
    with pytest.raises(ConfigError, match=r"cancel\('nope'\): Desk has no @event method"):
        view.cancel("nope")


async def test_a_cancel_button_may_be_called_cancel() -> None:
    class Dialog(LiveView):
        open: bool = True
        template = "{{ open }}"

        @event
        async def cancel(self) -> None:  # type: ignore[override]
            self.open = False

    runner, _ = await Stage().show(Dialog)
    await send(runner, "cancel")
    assert not runner.view.open


async def test_closing_cancels_and_an_event_that_had_not_ended_is_interrupted_or_runs_again() -> None:
    stage = Stage(DurableStore())
    first, _ = await stage.show(Desk)
    first.accept(click("only_waits", 1, "a"))
    first.accept(click("beside", 2, "b"))
    first.accept(click("queued", 3, "c"))
    await until(lambda: sorted(first.view.log) == ["b:v1:2", "c"])
    await turns()
    await first._commits.writer.written()
    assert stage.store.record().ref == 0  # type: ignore[attr-defined]
    first.lose()
    await turns()
    assert not [task for task in asyncio.all_tasks() if "Beside" in repr(task)]
    second, outbox = await stage.restore(Desk)
    assert codes_of(outbox) == [("interrupted", 2)]
    log = list(second.view.log)
    assert sorted(log) == ["b:v1:2", "c"]
    second.view.gate("a").set()
    for ref, handler, name in ((1, "only_waits", "a"), (2, "beside", "b"), (3, "queued", "c"), (4, "queued", "d")):
        second.accept(click(handler, ref, name))
    await until(lambda: second.durable_ref == 4)
    assert sorted(second.view.log) == ["a ", "b:v1:2", "c", "d"]
    await second.durable()
    third, outbox = await stage.restore(Desk)
    assert (third.last_ref, third.durable_ref, outbox.errors) == (4, 4, [])
    assert not third.view._live.system.notes.ended


async def test_close_waits_for_no_parallel_handler() -> None:
    runner, outbox = await Stage().show(Desk)
    runner.accept(click("beside", 1, "a"))
    await turns()
    await runner.close()
    assert outbox.errors == []
    runner.accept(click("beside", 2, "a"))


async def test_what_a_page_has_shown_gives_way_to_nothing_after_a_crash() -> None:
    runner, outbox = await Stage(DurableStore()).show(Desk)
    view = runner.view
    for name in "abcd":
        view.gate(name).set()
    runner.will_replay(2)
    for ref, name in enumerate("abcd", 1):
        runner.accept(click("dropping", ref, name))
    await runner.settle(4)
    assert view.log == ["a", "b", "c"], "a and b did run before, and c did not come while one of its kind ran"
    assert outbox.errors == []


async def test_a_block_in_a_task_and_in_a_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    class Blocks(LiveView):
        count: int = 0
        template = "{{ count }}"

        async def mount(self) -> None:
            async with self.commit():
                self.count = 1

        async def work(self) -> None:
            async with self.commit():
                self.count += 10
                await asyncio.sleep(0)

        async def hang(self) -> None:
            async with self.commit():
                self.count = -1
                await asyncio.Event().wait()

        @event
        async def step(self) -> None:
            self.count += 100
            try:
                async with self.commit():
                    self.count = -1
                    raise ValueError
            except ValueError:
                self.count += 1000

    runner, outbox = await Stage().show(Blocks)
    task = asyncio.ensure_future(runner.view.work())
    await send(runner, "step")
    await task
    assert runner.view.count == 1111
    assert [diff for diff, _ in outbox.patches][-1] == [0, "1111"]
    monkeypatch.setattr(calling, "HANDLER_TIMEOUT_S", 0.01)
    with pytest.raises(calling.HandlerTimeout, match=r"a commit\(\) block of .*Blocks was cancelled after 0.01"):
        await runner.view.hang()
    assert runner.view.count == 1111
    await send(runner, "step")
    await runner.close()
    with pytest.raises(asyncio.CancelledError):
        await runner.view.work()


async def test_a_parallel_handler_has_its_own_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "PARALLEL_TIMEOUT_S", 0.01)
    runner, outbox = await Stage().show(Desk)
    runner.accept(click("beside", 1, "a"))
    await until(lambda: runner.durable_ref == 1)
    assert codes_of(outbox) == [("handler_failed", 1)]
