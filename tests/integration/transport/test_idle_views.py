"""Views that sleep between real workers and a real Redis: what wakes them, who takes them over, what Redis may do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from livets import LiveTS, LiveView, event
from livets.transport.registry import Ending
from livets.transport.resident import Resident
from livets.wire import Frame, JoinMode
from tests.integration.transport.harness import Browser, Socket, app, serving
from tests.integration.transport.harness import event as click
from tests.support.redis_server import RedisServer
from tests.support.wait import until

pytestmark = pytest.mark.redis

CALLS: list[str] = []


class Radio(LiveView):
    count: int = 0
    heard: list[str] = []
    template = "<h1>{{ count }}</h1><p>{{ heard|join(' ') }}</p>"

    async def mount(self) -> None:
        CALLS.append("mount")
        self.subscribe("news", self.on_news)

    async def resumed(self) -> None:
        CALLS.append("resumed")

    async def on_news(self, words: str) -> None:
        self.heard.append(words)

    async def unmount(self) -> None:
        CALLS.append(f"unmount {self.count}")

    @event
    async def add(self) -> None:
        self.count += 1

    @event
    async def say(self, words: str) -> None:
        self.broadcast("news", words)


class Two:
    """Two workers of one application, and a page at the first."""

    def __init__(self, one: LiveTS, two: LiveTS, at_two: str, user: Browser) -> None:
        self.one, self.two, self.at_two, self.user = one, two, at_two, user
        self.ref = 0

    @property
    def resident(self) -> Resident:
        """The page's view at the first worker."""
        found = self.one.registry.find(self.user.id)
        assert found is not None
        return found

    async def asleep(self) -> None:
        """Until the view sleeps."""
        await until(lambda: self.resident.asleep is not None, "the view to sleep")

    async def click(self, socket: Socket, handler: str, *args: str) -> str:
        """One event; its patch."""
        self.ref += 1
        await socket.send(click(self.ref, handler, *args, seen=self.user.seen))
        while True:
            frame = self.user.note(await socket.receive())
            if frame.kind == Frame.PATCH:
                return str(frame.body)

    async def durable(self, socket: Socket) -> None:
        """Until the last event is in the store."""
        while (await self._frame(socket)) < self.ref:
            pass

    async def _frame(self, socket: Socket) -> int:
        return self.user.note(await socket.receive()).durable


@pytest_asyncio.fixture
async def both(redis_server: RedisServer) -> AsyncIterator[Two]:
    CALLS.clear()
    async with contextlib.AsyncExitStack() as stack:
        workers = [app(redis_url=redis_server.url, idle_after_s=0.2) for _ in range(2)]
        origins = []
        for worker in workers:
            worker.live("/", Radio)
            origins.append(await stack.enter_async_context(serving(worker)))
        user = await stack.enter_async_context(Browser(origins[0]))
        await user.open("/")
        yield Two(*workers, origins[1], user)


async def test_events_and_broadcasts_of_other_workers_wake_it_in_order(both: Two) -> None:
    socket = await both.user.join()
    assert "1" in await both.click(socket, "add")
    await both.asleep()
    assert "2" in await both.click(socket, "add")
    assert CALLS == ["mount", "resumed"]
    await both.asleep()
    async with Browser(both.at_two) as other:
        await other.open("/")
        speaker = await other.join()
        for number, words in enumerate(("one", "two", "three")):
            await speaker.send(click(number + 1, "say", words))
        heard = ""
        while "one two three" not in heard:
            frame = both.user.note(await socket.receive())
            heard = str(frame.body) if frame.kind == Frame.PATCH else heard
    assert both.resident.runner.view.heard == ["one", "two", "three"]  # type: ignore[attr-defined]


async def test_another_worker_takes_over_what_slept_and_this_one_gives_way(both: Two) -> None:
    socket = await both.user.join()
    await both.click(socket, "add")
    await both.asleep()
    resumed = await both.user.resume(at=both.at_two)
    assert both.user.joined(await resumed.receive()) is JoinMode.FILLED
    assert "1" in str(both.user.joined_diff)
    assert CALLS == ["mount", "resumed"]
    await socket.send(click(2, "add", seen=2))
    await socket.closed()
    await until(lambda: len(both.one.registry) == 0, "the copy that slept to go")
    both.ref = 1
    assert "2" in await both.click(resumed, "add")


async def test_a_page_that_lost_its_socket_meets_the_view_that_slept(both: Two) -> None:
    socket = await both.user.join()
    await both.click(socket, "add")
    await both.durable(socket)
    await both.asleep()
    socket.abort()
    await until(lambda: both.one.registry.detached == 1, "the socket to be missed")
    assert both.resident.asleep is not None, "that alone wakes nobody"
    again = await both.user.resume()
    assert both.user.joined(await again.receive()) is JoinMode.REPLAYED
    assert "2" in await both.click(again, "add")
    assert CALLS == ["mount", "resumed"]


async def test_redis_may_be_frozen_when_it_wakes(both: Two, redis_server: RedisServer) -> None:
    socket = await both.user.join()
    await both.click(socket, "add")
    await both.durable(socket)
    await both.asleep()
    redis_server.pause()
    try:
        assert "2" in await both.click(socket, "add"), "the answer does not wait for Redis"
        await asyncio.sleep(0)
        assert both.resident.runner.durable_ref == 1
    finally:
        redis_server.resume()
    await both.durable(socket)


async def test_redis_may_lose_everything_while_it_sleeps(both: Two, redis_server: RedisServer) -> None:
    socket = await both.user.join()
    await both.click(socket, "add")
    await both.durable(socket)
    await both.asleep()
    redis_server.command("FLUSHALL")
    assert "2" in await both.click(socket, "add")
    await both.durable(socket)
    resumed = await both.user.resume(at=both.at_two)
    assert both.user.joined(await resumed.receive()) is JoinMode.FILLED
    assert "2" in str(both.user.joined_diff)


async def test_a_renewal_wakes_nobody_unless_the_store_has_lost_the_view(both: Two, redis_server: RedisServer) -> None:
    socket = await both.user.join()
    await both.click(socket, "add")
    await both.asleep()
    await both.resident.renew()
    assert both.resident.asleep is not None
    redis_server.command("FLUSHALL")
    await both.resident.renew()
    assert both.resident.asleep is None
    await both.resident.runner.durable()
    assert await both.two.worker.store.claim(both.user.id, None) is not None


async def test_a_view_that_has_something_to_do_at_its_end_wakes_for_it(both: Two) -> None:
    socket = await both.user.join()
    await both.click(socket, "add")
    await both.asleep()
    resident = both.resident
    await socket.close()
    await until(lambda: both.one.registry.detached == 1, "the socket to be missed")
    both.one.registry.let_go(resident, Ending.END)
    await both.one.registry.all_closed()
    assert CALLS == ["mount", "resumed", "unmount 1"]


async def test_a_worker_that_ends_needs_nobody_awake(both: Two) -> None:
    socket = await both.user.join()
    await both.click(socket, "add")
    await both.durable(socket)
    await both.asleep()
    resident = both.resident
    await both.one.worker.stop()
    assert resident.asleep is not None
    resumed = await both.user.resume(at=both.at_two)
    assert both.user.joined(await resumed.receive()) is JoinMode.FILLED
    assert "1" in str(both.user.joined_diff)
