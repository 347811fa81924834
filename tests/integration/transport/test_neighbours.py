"""What one page does wrong is its own trouble: floods, deaf ears and slow handlers leave its neighbours alone."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from livets import LiveTS, LiveView, event
from livets.transport import flood_guard
from livets.wire import Beat, encode_client
from tests.integration.transport.harness import Browser, Socket, app, serving
from tests.integration.transport.harness import event as click
from tests.support.wait import until

SLOW_S = 40
FLOOD = 100_000


class Shop(LiveView):
    count: int = 0
    template = "<b>{{ count }}</b>"

    @event
    async def add(self) -> None:
        self.count += 1

    @event
    def block(self) -> None:
        time.sleep(2.0)

    @event
    async def wait(self) -> None:
        await asyncio.sleep(SLOW_S)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[tuple[LiveTS, str]]:
    live = app()
    live.live("/", Shop)
    async with serving(live) as origin:
        yield live, origin


async def answered(user: Browser, socket: Socket, ref: int) -> float:
    """Seconds until event `ref` is answered."""
    started_s = time.monotonic()
    await socket.send(click(ref, "add", seen=user.seen))
    while user.note(await socket.receive()).done < ref:
        pass
    return time.monotonic() - started_s


async def test_a_flood_of_heartbeats_is_read_no_faster_than_the_limit(
    site: tuple[LiveTS, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: what waits does so at the flooding client."""
    counts: Counter[int] = Counter()
    real = flood_guard.GuardedWebSocket.handle_events

    def handle_events(protocol: flood_guard.GuardedWebSocket) -> None:
        counts[id(protocol)] += len(protocol.conn.events)
        real(protocol)

    monkeypatch.setattr(flood_guard.GuardedWebSocket, "handle_events", handle_events)
    async with Browser(site[1]) as flood, Browser(site[1]) as neighbour:
        await flood.open("/")
        await neighbour.open("/")
        loud, quiet = await flood.join(), await neighbour.join()
        beat = encode_client(Beat(0))
        raw = beat if isinstance(beat, bytes) else beat.encode()
        frame = bytes([0x82 if isinstance(beat, bytes) else 0x81, 0x80 | len(raw)]) + bytes(4) + raw
        started_s = time.monotonic()
        loud.connection.transport.write(frame * FLOOD)
        await until(lambda: max(counts.values()) > flood_guard.FRAMES_BURST, "the flood to come")
        for ref in range(1, 21):
            await answered(neighbour, quiet, ref)
        most = flood_guard.FRAMES_BURST + flood_guard.FRAMES_PER_S * (time.monotonic() - started_s + 1) + 200
        assert flood_guard.FRAMES_BURST < max(counts.values()) <= most < FLOOD
        loud.abort()


async def test_what_was_held_back_is_handled_in_its_order_and_nothing_is_lost(site: tuple[LiveTS, str]) -> None:
    async with Browser(site[1]) as user:
        await user.open("/")
        socket = await user.join()
        for ref in range(1, 31):
            for _ in range(60):
                await socket.send(Beat(user.seen))
            await socket.send(click(ref, "add", seen=user.seen))
        while user.note(await socket.receive()).done < 30:
            pass
        (resident,) = site[0].registry
        assert resident.runner.view.count == 30  # type: ignore[attr-defined]


async def test_slow_handlers_plain_and_async_stop_no_other_view(site: tuple[LiveTS, str]) -> None:
    live, origin = site
    async with Browser(origin) as neighbour, Browser(origin) as slow:
        await neighbour.open("/")
        socket = await neighbour.join()
        for number in range(12):
            await slow.open("/")
            at_work = await slow.join()
            await at_work.send(click(1, "block" if number % 2 else "wait"))
            slow.seen = slow.done = 0
        for ref in range(1, 11):
            await answered(neighbour, socket, ref)
        at_work_now = [one for one in live.registry if one.runner.last_ref == 0]
        assert len(at_work_now) == 12, "twelve are still at work, and ten events were answered meanwhile"
        assert (await neighbour.http.get("/")).status_code == 200
