"""Handlers that have nothing to await run where their event comes in, as if they had a task of their own."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import Any

import pytest

from livets import LiveView, event
from livets.live.event import is_prompt
from livets.live.mailbox import Mailbox
from tests.support.wait import until
from tests.unit.live.fakes import Stage, click

MARK: ContextVar[str] = ContextVar("mark", default="")


async def counts(view: Any) -> None:
    view.count += 1


async def awaits(view: Any) -> None:
    await asyncio.sleep(0)


async def enters(view: Any) -> None:
    async with asyncio.timeout(1):
        pass


async def loops(view: Any) -> None:
    async for _ in view:
        pass


async def collects(view: Any) -> Any:
    return [each async for each in view]


async def defines(view: Any) -> Any:
    async def inner() -> None:
        await asyncio.sleep(0)

    return asyncio.create_task(inner())


def plain(view: Any) -> None:
    pass


@pytest.mark.parametrize("function", [counts, defines])
def test_what_cannot_wait_is_prompt(function: Any) -> None:
    assert is_prompt(function)


@pytest.mark.parametrize("function", [awaits, enters, loops, collects, plain, int])
def test_what_may_wait_or_block_is_not(function: Any) -> None:
    assert not is_prompt(function)


class Counter(LiveView):
    count: int = 0
    log: list[str] = []
    template = "{{ count }} {{ log }}"

    def mount(self) -> None:
        self.subscribe("self", self.heard)

    @event
    async def add(self) -> None:
        self.count += 1

    @event
    async def slow(self) -> None:
        await asyncio.sleep(0)
        self.count += 10

    @event
    async def mark(self, text: str) -> None:
        self.log.append(MARK.get())
        MARK.set(text)

    @event
    async def fail(self) -> None:
        raise asyncio.CancelledError

    @event
    async def tell(self) -> None:
        self.broadcast("self", self.count)
        self.log.append("told")

    async def heard(self, count: int) -> None:
        async with asyncio.timeout(1):
            await asyncio.sleep(0)
            self.log.append(f"heard {count}")


class After(Counter):
    async def updated(self) -> None:
        await asyncio.sleep(0)


async def test_it_has_run_when_accept_returns() -> None:
    runner, outbox = await Stage().show(Counter)
    for ref in (1, 2, 3):
        runner.accept(click("add", ref))
        assert (runner.view.count, outbox.acks[-1]) == (ref, (ref, ref))
    assert not runner._units.mailbox.busy


async def test_it_waits_for_its_turn() -> None:
    runner, _ = await Stage().show(Counter)
    runner.accept(click("slow", 1))
    runner.accept(click("add", 2))
    assert runner.view.count == 0
    await runner.settle(2)
    assert runner.view.count == 11


async def test_not_before_a_hook_that_waits() -> None:
    runner, _ = await Stage().show(After)
    runner.accept(click("add", 1))
    assert runner.view.count == 0
    await runner.settle(1)
    assert runner.view.count == 1


async def test_what_it_sets_in_its_context_does_not_reach_the_next() -> None:
    runner, _ = await Stage().show(Counter)
    runner.accept(click("mark", 1, "a"))
    runner.accept(click("mark", 2, "b"))
    assert runner.view.log == ["", ""]
    assert MARK.get() == ""


async def test_whatever_it_raises_is_its_own_failure() -> None:
    runner, outbox = await Stage().show(Counter, dev=False)
    runner.accept(click("fail", 1))
    runner.accept(click("add", 2))
    await runner.settle(2)
    assert [ref for _, _, ref in outbox.errors] == [1]
    assert runner.view.count == 1


async def test_what_it_sends_to_its_own_view_is_handled_in_a_task() -> None:
    runner, _ = await Stage().show(Counter)
    runner.accept(click("tell", 1))
    assert runner.view.log == ["told"]
    await until(lambda: runner.view.log == ["told", "heard 0"])


async def test_an_item_that_has_to_wait_after_all_goes_on_in_a_task() -> None:
    done: list[Any] = []

    class Owner:
        async def handle(self, item: Any) -> None:
            if item == "waits":
                async with contextlib.AsyncExitStack():
                    await asyncio.sleep(0)
            done.append(item)

    mailbox = Mailbox(Owner())
    mailbox.put("waits", at_once=True)
    mailbox.put("next", at_once=True)
    assert done == []
    await mailbox.reach()
    assert done == ["waits", "next"]


async def test_a_bug_in_the_middle_stops_nothing() -> None:
    done: list[Any] = []

    class Owner:
        async def handle(self, item: Any) -> None:
            if item == "bug":
                mailbox.put("after")
                raise RuntimeError("bug")
            done.append(item)

    mailbox = Mailbox(Owner())
    with pytest.raises(RuntimeError):
        mailbox.put("bug", at_once=True)
    await mailbox.reach()
    assert done == ["after"]
