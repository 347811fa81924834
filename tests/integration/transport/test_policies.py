"""Event policies over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from livets import LiveTS, LiveView, event
from livets.wire import Frame
from tests.integration.transport.harness import Browser, app, serving
from tests.integration.transport.harness import event as sends


class Desk(LiveView):
    log: str = ""
    template = "<p>{{ log }}</p>"

    @event(policy="parallel")
    async def slow(self) -> None:
        async with self.commit():
            self.log += "slow?"
        await asyncio.Event().wait()

    @event(policy="latest")
    async def search(self, word: str) -> None:
        if word == "never":
            await asyncio.Event().wait()
        self.log += word

    @event(policy="drop")
    async def save(self) -> None:
        await asyncio.sleep(0.05)
        self.log += "saved"

    @event(policy="parallel")
    async def stop(self) -> None:
        self.cancel("slow")


@pytest.fixture
async def user() -> AsyncIterator[Browser]:
    site: LiveTS = app()
    site.live("/", Desk)
    async with serving(site) as origin, Browser(origin) as user:
        await user.open("/")
        yield user


async def test_a_slow_handler_beside_others_and_its_cancel_button(user: Browser) -> None:
    socket = await user.join()
    await socket.send(sends(1, "slow"))
    assert (await socket.receive_kind(Frame.PATCH)).body == [0, "slow?"]
    await socket.send(sends(2, "search", "never"))
    await socket.send(sends(3, "search", "found"))
    frame = await socket.receive_kind(Frame.PATCH)
    assert (frame.body, frame.done, frame.durable) == ([0, "slow?found"], 3, 0)
    for ref in (4, 5, 6):
        await socket.send(sends(ref, "save"))
    assert (await socket.receive_kind(Frame.PATCH)).body == [0, "slow?foundsaved"]
    await socket.send(sends(7, "stop"))
    while frame.durable < 7:
        frame = await socket.receive()
        assert frame.kind != Frame.ERROR
