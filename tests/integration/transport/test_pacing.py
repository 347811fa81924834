"""Events that come too fast wait (D8): nothing is lost, and nobody and nothing else waits with them."""

from __future__ import annotations

import asyncio
import time

import pytest

from livets.app import LiveTS
from livets.wire import Frame, codes, limits
from tests.integration.transport.harness import Browser, Socket, app, beat, event, heal
from tests.integration.transport.views import Counter

WINDOW = limits.OUTBOX_WINDOW


@pytest.fixture
def site() -> LiveTS:
    site = app(events_per_s=8.0, events_burst=WINDOW)
    site.live("/", Counter)
    return site


async def burst(socket: Socket, first: int, count: int) -> None:
    for ref in range(first, first + count):
        await socket.send(event(ref, "add", seen=1))


async def until_done(socket: Socket, ref: int) -> int:
    """The number of the frames up to the one that covers event `ref`."""
    frames = 1
    while (await socket.receive()).done < ref:
        frames += 1
    return frames


async def test_what_waited_offline_passes_at_once(user: Browser) -> None:
    socket = await user.join()
    started_s = time.monotonic()
    await burst(socket, 1, WINDOW)
    await until_done(socket, WINDOW)
    assert time.monotonic() - started_s < WINDOW / 8.0  # not at the pace of the others


async def test_faster_ones_wait_in_order_and_nothing_is_lost(site: LiveTS, user: Browser) -> None:
    socket = await user.join()
    started_s = time.monotonic()
    await burst(socket, 1, WINDOW)
    await until_done(socket, WINDOW)
    await burst(socket, WINDOW + 1, 8)
    await socket.send(beat(1))
    await socket.receive_kind(Frame.BEAT)
    async with Browser(user.origin) as other:
        await other.open("/")
        neighbour = await other.join()
        await neighbour.send(event(1, "add", seen=1))
        assert (await neighbour.receive()).kind == Frame.PATCH
    await until_done(socket, WINDOW + 8)
    assert time.monotonic() - started_s >= 0.99  # eight above the burst, eight a second
    assert any(view.runner.view.count == WINDOW + 8 for view in site.registry)  # type: ignore[attr-defined]


async def test_blocks_that_are_asked_for_too_fast_wait_as_well(user: Browser) -> None:
    socket = await user.join()
    started_s = time.monotonic()
    for _ in range(WINDOW + 8):
        await socket.send(heal())
        await socket.receive_kind(Frame.PATCH)
    assert time.monotonic() - started_s >= 0.99


async def test_a_violated_window_closes(user: Browser) -> None:
    socket = await user.join()
    await burst(socket, 1, WINDOW)
    await until_done(socket, WINDOW)
    await burst(socket, WINDOW + 1, 2 * WINDOW + 10)
    assert await socket.closed() == codes.CLOSE_PROTOCOL


async def test_repeats_can_not_pile_up(user: Browser) -> None:
    socket = await user.join()
    for _ in range(5 * WINDOW):
        await socket.send(event(1, "add", seen=1))
    assert await socket.closed() == codes.CLOSE_PROTOCOL


async def test_those_that_waited_when_the_socket_was_lost_are_sent_again(site: LiveTS, user: Browser) -> None:
    socket = await user.join()
    await burst(socket, 1, WINDOW + 5)
    await until_done(socket, WINDOW)
    socket.abort()
    user.done = WINDOW
    back = await user.resume(events=[event(ref, "add", seen=1) for ref in range(WINDOW + 1, WINDOW + 6)])
    user.joined(await back.receive())
    await until_done(back, WINDOW + 5)
    await asyncio.sleep(0.1)
    (view,) = site.registry
    assert view.runner.view.count == WINDOW + 5  # type: ignore[attr-defined]
