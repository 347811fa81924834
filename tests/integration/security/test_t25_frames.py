"""Broken, endless and enormous WebSocket frames (T25), and sockets that only sit there (T28): who sends them is cut,
with the code that says why, and nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
import zlib

import pytest

from livets import LiveTS
from livets.transport import http_guard, sweeper
from livets.transport.http_guard import GuardedH11
from livets.transport.httptools_guard import GuardedHttpTools
from livets.wire import Frame, codes, limits
from tests.integration.security import raw
from tests.integration.security.raw import RawSocket, frame
from tests.integration.security.views import Counter
from tests.integration.transport.harness import Browser, Socket, app, event, serving
from tests.support.wait import until

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
BOMB = zlib.compressobj(9, zlib.DEFLATED, -15)
BOMB_BYTES = BOMB.compress(b"\0" * 20_000_000) + BOMB.flush(zlib.Z_SYNC_FLUSH)

ATTACKS: dict[str, tuple[bytes, set[int]]] = {
    "unmasked": (frame(BINARY, b"\x92\2\1", masked=False), {1002}),
    "deflate that nobody agreed on": (frame(BINARY, BOMB_BYTES, rsv=4), {1002, 1009}),
    "a small deflated frame": (frame(TEXT, zlib.compress(b"[2,1]"), rsv=4), {1002}),
    "reserved bits": (frame(BINARY, b"x", rsv=3), {1002}),
    "unknown opcode": (frame(3, b"x"), {1002}),
    "unknown control opcode": (frame(11, b"x"), {1002}),
    "a fragmented ping": (frame(PING, b"x", fin=False), {1002}),
    "a ping of 126 bytes": (frame(PING, b"x" * 126), {1002}),
    "a continuation of nothing": (frame(CONTINUATION, b"x"), {1002}),
    "a new message inside of another": (frame(TEXT, b"[", fin=False) + frame(TEXT, b"2]"), {1002}),
    "text that is no UTF-8": (frame(TEXT, b"\xff\xfe\xfd"), {1007, 1002, codes.CLOSE_PROTOCOL}),
    "a lone surrogate": (frame(TEXT, b'[2,"\xed\xa0\x80"]'), {1007, 1002, codes.CLOSE_PROTOCOL}),
    "a claim of 4 GiB": (frame(BINARY, b"x", length=2**32), {1009}),
    "a claim of 2**63 bytes": (frame(BINARY, b"x", length=2**63), {1002, 1009}),
    "more than a message may have": (frame(BINARY, b"x" * (limits.MAX_MESSAGE_BYTES + 1)), {1009}),
    "the same in pieces": (
        frame(BINARY, b"x" * 60_000, fin=False) + frame(CONTINUATION, b"x" * 60_000, fin=False), {1009}
    ),
    "endless empty pieces": (frame(BINARY, fin=False) + frame(CONTINUATION, fin=False) * 5_000, {1009}),
    "a close code that nobody may send": (frame(CLOSE, struct.pack("!H", 1005)), {1002}),
    "a close of one byte": (frame(CLOSE, b"x"), {1002}),
    "a close whose reason is no UTF-8": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), {1002, 1007}),
}  # fmt: skip


@pytest.fixture
def site() -> LiveTS:
    site = app()
    site.live("/", Counter)
    return site


async def lives(neighbour: Socket, ref: int) -> float:
    """Seconds that another page's event takes."""
    began = time.perf_counter()
    await neighbour.send(event(ref, "add"))
    while (await neighbour.receive()).done < ref:
        pass
    return time.perf_counter() - began


async def test_t25_a_broken_frame_ends_its_own_socket(
    site: LiveTS, origin: str, neighbour: Socket, caplog: pytest.LogCaptureFixture
) -> None:
    for ref, (name, (attack, expected)) in enumerate(ATTACKS.items(), 1):
        socket = await RawSocket.open(origin)
        assert socket.status == 101
        socket.send(attack)
        assert await socket.ending() in expected, name
        socket.close()
        assert await lives(neighbour, ref) < 2.0, name
    await until(lambda: len(site.worker.pages) == 1, "only the neighbour is left")
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


@pytest.mark.parametrize(
    "extension",
    [
        "permessage-deflate", "permessage-deflate; client_max_window_bits=99", ",,,;;;", "x" * 8_000,
        'a; b="' + "\\" * 4_000, "permessage-deflate; " * 400, "permessage-deflate; a" + " =" * 2_000,
    ],
    ids=["offered", "malformed", "separators", "long", "backslashes", "many", "blanks"],
)  # fmt: skip
async def test_t25_no_extension_is_agreed_on_and_none_costs_time(
    origin: str, neighbour: Socket, extension: str
) -> None:
    began = time.process_time()
    socket = await RawSocket.open(origin, {"Sec-WebSocket-Extensions": extension})
    assert socket.status in (101, 400, 431)
    assert b"permessage-deflate" not in socket.answer
    assert time.process_time() - began < 0.5
    socket.close()
    assert await lives(neighbour, 1) < 2.0


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-WebSocket-Version": "8"}, {"Sec-WebSocket-Version": None}, {"Sec-WebSocket-Key": None},
        {"Sec-WebSocket-Key": "short"}, {"Upgrade": "h2c"}, {"Connection": "close"},
        {"Sec-WebSocket-Protocol": None}, {"Sec-WebSocket-Protocol": "chat"},
        {"Sec-WebSocket-Protocol": "livets.1.msgpack\x00"},
    ],
    ids=str,
)  # fmt: skip
async def test_t25_a_broken_handshake_opens_nothing(
    site: LiveTS, origin: str, headers: dict[str, str | None], caplog: pytest.LogCaptureFixture
) -> None:
    assert await raw.handshake(origin, headers) in (0, 400, 403, 404, 426)
    assert not site.worker.pages
    assert not [record for record in caplog.records if record.exc_info]


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "a header": (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", b"a" * 8192),
    "headers": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n" * 1024),
    "a path": (b"GET /", b"a" * 8192),
    "a method": (b"", b"G" * 8192),
    "blank lines": (b"", b"\r\n" * 4096),
    "a line of a chunk": (CHUNKED, b"1;" + b"a" * 8190),
    "a trailer": (CHUNKED + b"0\r\nX-A: ", b"a" * 8192),
    "trailers": (CHUNKED + b"0\r\n", b"X-A: b\r\n" * 1024),
}


@pytest.mark.parametrize("more", [[f"Cookie: a={'x' * 9_000}"], [f"X-A: {'x' * 60_000}"], ["X-A: b"] * 200], ids=len)
async def test_t25_a_handshake_that_is_too_long_is_answered(site: LiveTS, origin: str, more: list[str]) -> None:
    assert await raw.handshake(origin, {}, *more) == 431
    assert not site.worker.pages


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("protocol", [GuardedH11, GuardedHttpTools])
async def test_t25_requests_without_end_are_cut(site: LiveTS, protocol: type[asyncio.Protocol], name: str) -> None:
    lead, more = ENDLESS[name]
    async with serving(site, http=protocol) as origin:
        reader, writer = await raw.connected(origin)
        answer = asyncio.ensure_future(reader.read())
        writer.write(lead)
        sent = 0
        while not answer.done() and sent < 4_000_000:
            with contextlib.suppress(ConnectionError):
                writer.write(more)
                await writer.drain()
            sent += len(more)
            await asyncio.sleep(0)
        with contextlib.suppress(ConnectionError):
            assert raw.status(await asyncio.wait_for(answer, raw.WAIT_S)) in (0, 400, 405, 431)
        assert sent < 4_000_000
        writer.close()
        assert raw.status(await raw.get(origin, "/")) == 200


@pytest.mark.parametrize("protocol", [GuardedH11, GuardedHttpTools])
async def test_t28_who_never_ends_the_question_is_cut_and_who_asks_is_not(
    site: LiveTS, protocol: type[asyncio.Protocol], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_guard, "HEAD_DEADLINE_S", 0.3)
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving(site, http=protocol) as origin, Browser(origin) as user:
        for begun in (b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n", request + b"GET / HTTP/1.1\r\nX-A"):
            with contextlib.suppress(ConnectionError):
                answer = await raw.exchange(origin, begun)
                assert raw.status(answer) == (200 if begun.startswith(request) else 0)
        await user.open("/")
        socket = await user.join()
        await asyncio.sleep(0.5)  # longer than a head may take: the socket has long been something else
        assert await lives(socket, 1) < 2.0


async def test_t28_sockets_without_a_join_start_nothing_and_are_cut(
    site: LiveTS, origin: str, neighbour: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "JOIN_DEADLINE_S", 0.3)
    monkeypatch.setattr(sweeper, "_EVERY_S", 0.05)
    tasks = len(site.worker._tasks)
    sockets = [await RawSocket.open(origin) for _ in range(100)]
    for at, socket in enumerate(sockets):
        noise = [
            b"",
            frame(PONG, b"x") * 50,
            frame(PING),
            frame(BINARY, b"\x92\2\0"),
            frame(BINARY, b"\x92", fin=False),
        ]
        socket.send(noise[at % len(noise)])
    assert len(site.worker._tasks) == tasks
    assert len(site.registry) == 1
    for socket in sockets:
        assert await socket.ending() in (codes.CLOSE_TIMEOUT, 1006)
        socket.close()
    await until(lambda: len(site.worker.pages) == 1)
    assert await lives(neighbour, 1) < 2.0


async def test_t27_one_page_holds_so_many_views_and_no_more_join_than_that(
    site: LiveTS, origin: str, neighbour: Socket
) -> None:
    from livets.wire import Join

    async with Browser(origin) as user:
        await user.open("/")
        socket = await user.connect()
        for number in range(limits.MAX_VIEWS_PER_SOCKET):
            await socket.send(Join(number, user.token, "/"))  # used once, then each a view of its own
            assert (await socket.receive_kind(Frame.JOINED)).view == number
        assert site.registry.joined == limits.MAX_VIEWS_PER_SOCKET + 1
        await socket.send(Join(0, user.token, "/"))
        assert await socket.closed() == codes.CLOSE_PROTOCOL
        await until(lambda: site.registry.joined == 1)
    assert await lives(neighbour, 1) < 2.0
