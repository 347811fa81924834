"""Messages that go straight from and to uvicorn's protocol: they mean the same as those that go by ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from livets import LiveTS, LiveView, event
from livets.transport import straight
from livets.transport.dialogue import Dialogue
from livets.transport.flood_guard import GuardedWebSocket
from livets.transport.straight import Straight
from livets.wire import Event, Frame, Join
from tests.integration.transport.harness import SERVERS, Browser, serving
from tests.support.wait import until

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


class Page(LiveView):
    """Tells who its handlers run for."""

    who: str = ""
    template = '<p>{{ who }}</p><button ts-on:click="tell(1)">?</button>'

    @event
    async def tell(self, size: int) -> None:
        self.who = f"{TENANT.get()}{'.' * size}"
        TENANT.set("somebody else")


def tell(ref: int, size: int) -> Event:
    return Event(ref, 0, "tell", [size], {}, {}, ref)


@pytest.fixture
async def user(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    app = LiveTS(secret_key="only for tests, more than 32 characters", dev=False)
    app.live("/", Page)

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        TENANT.set("acme")
        await app(scope, receive, send)

    protocol = request.param if hasattr(request, "param") else GuardedWebSocket
    async with serving(outer, app.worker, ws=protocol) as origin, Browser(origin) as browser:
        await browser.open("/")
        yield browser


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many messages went straight, in and out."""
    counts = {"in": 0, "out": 0}
    take_now, write = Dialogue.take_now, Straight.write

    def counted_take(self: Dialogue, data: bytes | str) -> bool:
        taken = take_now(self, data)
        counts["in"] += taken
        return taken

    def counted_write(self: Straight, data: bytes) -> None:
        counts["out"] += 1
        write(self, data)

    monkeypatch.setattr(Dialogue, "take_now", counted_take)
    monkeypatch.setattr(Straight, "write", counted_write)
    return counts


@pytest.mark.parametrize("user", [GuardedWebSocket, WebSocketsSansIOProtocol], indirect=True)
async def test_events_and_their_patches_go_straight(user: Browser, counts: dict[str, int]) -> None:
    """Heads of all three lengths, in the context that the application's middleware has made, which stays as it was."""
    socket = await user.join()
    for ref, size in enumerate((1, 200, 50_000, 70_000, 2), 1):
        await socket.send(tell(ref, size))
        frame = await socket.receive_kind(Frame.PATCH)
        assert (frame.done, frame.body) == (ref, [0, "acme" + "." * size])
    assert counts == {"in": 5, "out": 5}


async def test_messages_behind_a_join_wait_for_it(user: Browser, counts: dict[str, int]) -> None:
    socket = await user.connect()
    await socket.send(Join(0, user.token, user.path))
    for ref in range(1, 11):
        await socket.send(tell(ref, ref))
    done = 0
    while done < 10:
        frame = await socket.receive()
        assert frame.done >= done
        done = frame.done
    assert counts["in"] < 11


@pytest.mark.parametrize("user", [GuardedWebSocket, WebSocketsSansIOProtocol], indirect=True)
async def test_text_that_is_none_ends_the_socket(user: Browser, counts: dict[str, int]) -> None:
    socket = await user.join()
    await socket.connection.send(b'[1,1,0,"tell",[2],{},{},1]', text=True)
    assert (await socket.receive_kind(Frame.PATCH)).body == [0, "acme.."]
    assert counts == {"in": 1, "out": 1}
    await socket.connection.send(b"\xff\xfe", text=True)
    assert await socket.closed() in (1006, 1007)


async def test_nothing_is_offered_when_the_socket_has_ended(user: Browser) -> None:
    socket = await user.join()
    (server,) = SERVERS
    (protocol,) = [each for each in server.server_state.connections if hasattr(each, "writable")]
    assert "send_receive_event_to_app" in vars(protocol)
    await socket.close()
    await until(lambda: "send_receive_event_to_app" not in vars(protocol))


async def test_by_asgi_where_json_is_spoken(user: Browser, counts: dict[str, int]) -> None:
    socket = await user.join(json=True)
    await socket.send(tell(1, 3))
    assert (await socket.receive_kind(Frame.PATCH)).body == [0, "acme..."]
    assert counts["out"] == 0


async def test_by_asgi_where_uvicorn_is_built_otherwise(
    user: Browser, counts: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(straight, "_PARTS", (*straight._PARTS, "what_another_release_calls_otherwise"))
    socket = await user.join()
    await socket.send(tell(1, 3))
    assert (await socket.receive_kind(Frame.PATCH)).body == [0, "acme..."]
    assert counts == {"in": 0, "out": 0}
