"""State travels, not messages: what a browser can't take now it gets at once when it can, and only as it is then."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from livets import LiveView, event
from livets.app import LiveTS
from livets.live.pace import FRAME_S
from livets.transport.resident import Resident
from livets.wire import Frame
from tests.integration.transport.harness import Browser, Received, app
from tests.integration.transport.harness import event as click


class News(LiveView):
    number: int = 0
    filler: str = ""
    template = "<p>{{ number }}</p><i>{{ filler }}</i>"

    def mount(self) -> None:
        self.subscribe("news", self.heard)
        self.subscribe("filler", self.filled)

    async def heard(self, number: int) -> None:
        self.number = number

    async def filled(self, filler: str) -> None:
        self.filler = filler

    @event
    async def many(self) -> None:
        for number in range(1000):
            self.number = number
            self.filler = f"{number}"


@pytest.fixture
def site() -> LiveTS:
    site = app()
    site.live("/", News)
    return site


def page(frames: list[Received]) -> dict[int, Any]:
    """The slots' last values."""
    values: dict[int, Any] = {}
    for frame in frames:
        values.update(zip(frame.body[::2], frame.body[1::2], strict=True))
    return values


def resident(site: LiveTS, user: Browser) -> Resident:
    found = site.registry.get(user.id)
    assert found is not None
    return found


async def test_many_changes_in_one_handler_are_one_patch(user: Browser) -> None:
    socket = await user.join()
    await socket.send(click(1, "many"))
    frame = await socket.receive_kind(Frame.PATCH)
    assert (frame.seq, page([frame])) == (2, {0: 999, 1: "999"})


async def publish(site: LiveTS, topic: str, data: Any) -> None:
    await site.worker.bus.publish(topic, msgspec.msgpack.encode(data), uuid4().hex)


async def test_a_hundred_messages_in_50_ms_are_few_patches(site: LiveTS, user: Browser) -> None:
    socket = await user.join()
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    for number in range(1, 101):
        await publish(site, "news", number)
        await asyncio.sleep(0.0005)
    frames: list[Received] = []
    while page(frames).get(0) != 100:
        frames.append(await socket.receive_kind(Frame.PATCH))
    assert len(frames) <= 2 + (loop.time() - started_s) / FRAME_S


async def test_a_socket_above_its_mark_gets_no_diff_until_it_drains_and_then_one(site: LiveTS, user: Browser) -> None:
    socket = await user.join()
    view = resident(site, user)
    assert view.page is not None
    channel = view.page.channel
    socket.connection.transport.pause_reading()
    for number in range(1000):
        await publish(site, "filler", f"{number % 10}" * 60_000)
        await view.runner.settle()
        if channel.is_full:
            break
    assert channel.is_full
    sent = view.outbox.seq
    for number in range(1, 201):
        await publish(site, "news", number)
        await view.runner.settle()
    assert view.runner.view.number == 200  # type: ignore[attr-defined]
    assert view.outbox.seq == sent
    socket.connection.transport.resume_reading()
    frames = [await socket.receive_kind(Frame.PATCH) for _ in range(sent - 1)]
    assert 0 not in page(frames)
    last = await socket.receive_kind(Frame.PATCH)
    assert (last.seq, page([last])) == (sent + 1, {0: 200})
    await view.runner.settle()
    assert view.outbox.seq == sent + 1
