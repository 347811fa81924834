"""Handlers that run beside each other: what they may write, what fails, what they are interrupted by."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livets import LiveView, event
from livets.live import beside, calling
from tests.support.wait import until
from tests.unit.live.desk import Desk, codes_of, turns
from tests.unit.live.fakes import DurableStore, Stage, click, send


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


async def test_close_waits_for_no_parallel_handler() -> None:
    runner, outbox = await Stage().show(Desk)
    runner.accept(click("beside", 1, "a"))
    await turns()
    await runner.close()
    assert outbox.errors == []
    runner.accept(click("beside", 2, "a"))


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
