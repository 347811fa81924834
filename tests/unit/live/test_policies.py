"""What becomes of an event that comes while others are at work: the four policies, and cancel (D7)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livets import LiveView, event
from livets.errors import ConfigError
from tests.support.wait import until
from tests.unit.live.desk import Desk, codes_of, turns
from tests.unit.live.fakes import DurableStore, Stage, click, send


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
