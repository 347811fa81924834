"""What the socket refuses, and that only the culprit is closed."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from livets.app import LiveTS
from livets.transport import sweeper
from livets.transport.session import Session
from livets.wire import Frame, Join, Resume, codes, limits
from tests.integration.transport.harness import Browser, app, beat, event, heal, serving
from tests.integration.transport.views import MOUNTS, Broken, Counter
from tests.support.wait import until


@pytest.fixture
def site() -> LiveTS:
    MOUNTS.clear()
    site = app(allowed_origins=["https://listed.example"])
    site.live("/", Counter)
    site.live("/broken", Broken)
    return site


@pytest.mark.parametrize(
    "of", [None, "null", "http://evil.com", "{own}.evil.com", "https{rest}", "{own}/", "http://x{rest}", "HTTP{rest}"]
)
async def test_other_origins_are_refused_before_anything_else(site: LiveTS, user: Browser, of: str | None) -> None:
    own = user.origin
    claimed = of and of.format(own=own, rest=own.removeprefix("http"))
    with pytest.raises(InvalidStatus) as refused:
        await user.connect(origin=claimed)
    assert refused.value.response.status_code == 403
    assert len(site.worker.pages) == 0
    await user.connect(origin="https://listed.example")


async def test_a_bad_host_header_changes_no_decision(user: Browser) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in user.http.cookies.items())
    for host in ("x/health?", "x#", "x\\"):
        with pytest.raises(InvalidStatus) as refused:
            await user.connect(headers={"Cookie": cookies, "Host": host}, origin=f"http://{host}")
        assert refused.value.response.status_code in (400, 403)


async def test_a_stranger_to_the_protocol_is_not_accepted(user: Browser) -> None:
    for offered in (None, ["chat"]):
        with pytest.raises(InvalidStatus):
            await user.connect(subprotocols=offered)


async def test_another_version_is_told_so(user: Browser) -> None:
    socket = await user.connect(subprotocols=["livets.99.msgpack"])
    frame = await socket.receive()
    assert (frame.kind, frame.body[0]) == (Frame.REFUSED, codes.VERSION)
    assert await socket.closed() == codes.CLOSE_PROTOCOL


async def test_without_its_session_a_token_opens_nothing(site: LiveTS, user: Browser) -> None:
    anonymous = await user.connect(headers={})
    await anonymous.send(Join(0, user.token, "/"))
    assert (await anonymous.receive()).body[0] == codes.NO_SESSION
    async with Browser(user.origin) as other:
        await other.open("/")
        stolen = await other.connect()
        await stolen.send(Join(0, user.token, "/"))
        assert (await stolen.receive()).body[0] == codes.BAD_TOKEN
    assert site.registry.joined == 0
    await user.join()


async def test_a_tampered_token_or_cookie_opens_nothing(site: LiveTS, user: Browser) -> None:
    name, value = next(iter(user.http.cookies.items()))
    for at in range(0, len(value), 17):
        changed = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
        socket = await user.connect(headers={"Cookie": f"{name}={changed}"})
        await socket.send(Join(0, user.token, "/"))
        assert (await socket.receive()).body[0] == codes.NO_SESSION
        await socket.close()
    token = user.token
    socket = await user.connect()
    for number, at in enumerate(range(0, len(token), 17)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        await socket.send(Join(number, changed, "/"))
        assert (await socket.receive()).body[0] == codes.BAD_TOKEN
    assert site.registry.joined == 0
    assert MOUNTS == ["counter"]


async def test_a_resume_needs_the_secret_of_that_view(user: Browser) -> None:
    await user.join()
    async with Browser(user.origin) as other:
        await other.open("/")
        await other.join()
        socket = await other.connect()
        for number, secret in enumerate((user.secret, other.secret, other.token, "", "x")):
            await socket.send(Resume(number, user.id, secret, "/", 1, 0, ""))
            assert (await socket.receive()).body[0] == codes.BAD_TOKEN
        assert (await socket.connection.ping()) is not None


BAD: list[Any] = [
    b"", b"\xc1", b"\x90", b"\xff" * 10, b"\x91\xc1", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\x92" * 5000,
    msgspec.msgpack.encode([99]), msgspec.msgpack.encode([2]), msgspec.msgpack.encode([2, "1"]),
    msgspec.msgpack.encode([2, 1, 1]), msgspec.msgpack.encode({"a": 1}), msgspec.msgpack.encode([2, -(2**63)])[:-1],
    msgspec.msgpack.encode([1, 1, 0, "add", [msgspec.msgpack.Ext(1, b"x")], {}, {}, 0]), "[2]", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("message", BAD, ids=range(len(BAD)))
async def test_a_malformed_message_closes_that_socket_only(user: Browser, message: Any) -> None:
    good = await user.join()
    bad = await user.connect()
    await bad.send(message)
    assert await bad.closed() == codes.CLOSE_PROTOCOL
    await good.send(beat(1))
    assert (await good.receive()).kind == Frame.BEAT


@pytest.mark.parametrize(
    "message",
    [
        event(1, "add", seen=99),
        event(2, "add"),
        event(1 + 2 * limits.OUTBOX_WINDOW, "add"),
        event(2**62, "add"),
        beat(2),
        beat(2**63),
        Join(0, "x", "/"),
        Join(50, "x", "/"),
        Join(-1, "x", "/"),
        Resume(1, "x", "x", "/", -1, 0, ""),
        Resume(1, "x", "x", "/", 2**60, 0, ""),
    ],
)
async def test_a_message_out_of_turn_closes_the_socket(site: LiveTS, user: Browser, message: Any) -> None:
    socket = await user.join()
    await socket.send(message)
    assert await socket.closed() == codes.CLOSE_PROTOCOL
    await until(lambda: site.registry.detached == 1)


async def test_events_before_a_join_close_the_socket(user: Browser) -> None:
    socket = await user.connect()
    await socket.send(event(1, "add"))
    assert await socket.closed() == codes.CLOSE_PROTOCOL


@pytest.mark.parametrize("size", [limits.MAX_MESSAGE_BYTES + 1, 1_000_000])
async def test_a_large_message_closes_the_socket(site: LiveTS, size: int) -> None:
    for limit in (limits.MAX_MESSAGE_BYTES, 16 * 1024 * 1024):
        async with serving(site, ws_max_size=limit) as origin, Browser(origin) as user:
            await user.open("/")
            socket = await user.join()
            await socket.send(b"\xc4" + b"x" * (size - 1))
            assert await socket.closed() == codes.CLOSE_TOO_LARGE


async def test_a_flood_of_heals_closes_the_socket(user: Browser) -> None:
    socket = await user.join()
    for _ in range(100):
        await socket.send(heal(99, "nowhere"))
    assert await socket.closed() == codes.CLOSE_PROTOCOL


async def test_one_socket_holds_so_many_views(user: Browser) -> None:
    socket = await user.connect()
    for number in range(limits.MAX_VIEWS_PER_SOCKET):
        await socket.send(Join(number, "nonsense", "/"))
        assert (await socket.receive()).kind == Frame.REFUSED
    await socket.send(Join(0, user.token, "/"))
    assert await socket.closed() == codes.CLOSE_PROTOCOL


async def test_nobody_may_sit_there_without_joining(
    site: LiveTS, user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "JOIN_DEADLINE_S", 0.05)
    monkeypatch.setattr(sweeper, "_EVERY_S", 0.02)
    joined = await user.join()
    sockets = [await user.connect() for _ in range(20)]
    for socket in sockets:
        assert await socket.closed() == codes.CLOSE_TIMEOUT
    await joined.send(beat(1))
    assert (await joined.receive()).kind == Frame.BEAT
    await until(lambda: len(site.worker.pages) == 1)


async def test_a_silent_socket_is_cut_and_its_view_waits(
    site: LiveTS, user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEARTBEAT_TIMEOUT_S", 0.1)
    monkeypatch.setattr(sweeper, "_EVERY_S", 0.02)
    socket = await user.join()
    assert await socket.closed() == codes.CLOSE_TIMEOUT
    await until(lambda: site.registry.detached == 1)


async def test_a_socket_ends_with_its_session(site: LiveTS, user: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "_EVERY_S", 0.02)
    object.__setattr__(site.config, "session_check_s", 0.01)
    joined, late = await user.join(), await user.connect()
    monkeypatch.setattr(site.worker.cookie, "_clock", lambda: time.time() + site.config.session_max_age_s)
    await late.send(Join(0, user.token, "/"))
    assert (await late.receive()).body[0] == codes.EXPIRED
    assert await late.closed() == codes.CLOSE_UNAUTHORISED
    assert await joined.closed() == codes.CLOSE_UNAUTHORISED


async def test_a_page_that_is_gone_or_broken_is_refused(site: LiveTS, user: Browser) -> None:
    session = Session("me", 0, 2**40, {})
    cookie = site.worker.cookie.header(session, secure=False).partition(";")[0]
    socket = await user.connect(headers={"Cookie": cookie})
    for number, (url, code) in enumerate([("/nowhere", codes.GONE), ("/broken", codes.MOUNT_FAILED)]):
        token = site.worker.tokens.page(f"unknown{number}", session, url, "")
        await socket.send(Join(number, token, "/"))
        frame = await socket.receive()
        assert (frame.view, frame.body[0]) == (number, code)
