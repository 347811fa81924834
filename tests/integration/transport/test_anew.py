"""Nothing is left of a page's view: the new one gets what was typed, in its place, and the person is told."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from livets import LiveTS, LiveView, event
from livets.transport import anew
from livets.wire import Event, Frame, JoinMode, codes
from tests.integration.transport.harness import Browser, Socket, app, serving
from tests.integration.transport.harness import event as click


class Form(LiveView):
    name: str = ""
    age: int = 0
    is_sure: bool = False
    saved: list[str] = []
    heard: int = 0
    template = """<input ts-model="name"><input ts-model.number="age"><input type="checkbox" ts-model="is_sure">
    <p>{{ saved|join(" ") }}</p><b>{{ heard }}</b><button ts-on:click="save">save</button>"""

    async def mount(self) -> None:
        self.subscribe("all", self.on_all)

    async def on_all(self, number: int) -> None:
        self.heard = number

    @event
    async def save(self) -> None:
        self.saved.append(f"{self.name}/{self.age}/{self.is_sure}")


class Site:
    """An application, and a page whose view is gone for good."""

    def __init__(self, live: LiveTS, user: Browser) -> None:
        self.live, self.user = live, user

    async def lose(self) -> None:
        """Socket, view and snapshot."""
        socket = await self.user.join()
        await socket.close()
        for resident in list(self.live.registry):
            self.live.registry.let_go(resident)
        await self.live.registry.all_closed()
        self.live.store._kept.clear()  # type: ignore[attr-defined]

    async def joined(self) -> Socket:
        """The resume, up to the question."""
        socket = await self.user.resume()
        assert self.user.joined(await socket.receive_kind(Frame.JOINED)) is JoinMode.REMOUNTED
        return socket

    @property
    def view(self) -> Form:
        """The new view."""
        (resident,) = self.live.registry
        view = resident.runner.view
        assert isinstance(view, Form)
        return view


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    live = app()
    live.live("/", Form)
    async with contextlib.AsyncExitStack() as stack:
        origin = await stack.enter_async_context(serving(live))
        user = await stack.enter_async_context(Browser(origin))
        await user.open("/")
        site = Site(live, user)
        await site.lose()
        yield site


async def test_what_was_typed_comes_before_what_was_clicked(site: Site) -> None:
    socket = await site.joined()
    await socket.send(click(1, "save"))
    await socket.send(Event(2, 0, "@typed", [], {}, {"name": "Ada", "age": 36, "is_sure": True}, 0))
    await socket.send(click(3, "save"))
    filled = await socket.receive_kind(Frame.PATCH)
    assert "Ada" in str(filled.body)
    told = await socket.receive_kind(Frame.ERROR)
    assert told.body[0] == codes.BEGUN_ANEW
    while (await socket.receive()).done < 3:
        pass
    assert site.view.saved == ["Ada/36/True", "Ada/36/True"]


async def test_what_does_not_fit_is_left_out(site: Site) -> None:
    socket = await site.joined()
    fields = {"name": "Ada", "age": "old", "saved": ["x"], "nothing": 1}
    await socket.send(Event(1, 0, "@typed", [], {}, fields, 0))
    await socket.receive_kind(Frame.PATCH)
    assert (site.view.name, site.view.age, site.view.saved) == ("Ada", 0, [])


async def test_a_page_that_does_not_answer_is_filled_all_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anew, "WAIT_S", 0.05)
    socket = await site.joined()
    await socket.send(click(1, "save"))
    assert "ts" not in str((await socket.receive_kind(Frame.PATCH)).body)
    while (await socket.receive()).done < 1:
        pass
    assert site.view.saved == ["/0/False"]


async def test_an_answer_that_comes_at_the_next_socket_is_an_ordinary_field_update(site: Site) -> None:
    socket = await site.joined()
    await socket.close()
    again = await site.user.resume(events=[Event(1, 0, "@typed", [], {}, {"name": "Ada"}, 0)])
    assert site.user.joined(await again.receive_kind(Frame.JOINED)) is JoinMode.FILLED
    while (await again.receive()).done < 1:
        pass
    assert site.view.name == "Ada"


async def test_messages_of_meanwhile_are_in_what_the_page_is_filled_with(site: Site) -> None:
    socket = await site.joined()
    await site.live.worker.bus.publish("all", b"\x07", "e1")
    await socket.send(Event(1, 0, "@typed", [], {}, {}, 0))
    seen = ""
    while "7" not in seen:
        frame = await socket.receive()
        seen += str(frame.body) if frame.kind == Frame.PATCH else ""


async def test_events_that_skip_one_break_the_protocol_here_too(site: Site) -> None:
    socket = await site.joined()
    await socket.send(click(1, "save"))
    await socket.send(Event(3, 0, "@typed", [], {}, {}, 0))
    assert await socket.closed() == codes.CLOSE_PROTOCOL
