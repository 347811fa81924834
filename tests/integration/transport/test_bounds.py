"""Memory stays bounded, whoever knocks: pages without sockets, clients that never read."""

from __future__ import annotations

import asyncio

import pytest

from livets.app import LiveTS
from livets.transport import sending, sweeper
from livets.transport.flood_guard import GuardedWebSocket
from livets.wire import Frame, JoinMode, limits
from tests.integration.transport.harness import SERVERS, Browser, app, beat, event
from tests.integration.transport.views import MOUNTS, Counter
from tests.support.wait import until


@pytest.fixture
def site() -> LiveTS:
    MOUNTS.clear()
    site = app(unjoined_max=10, detached_max=5)
    site.live("/", Counter)
    return site


async def test_pages_without_sockets_are_bounded_and_an_evicted_one_is_mounted_again(
    site: LiveTS, user: Browser
) -> None:
    token = user.token
    for _ in range(50):
        await user.open("/")
    await site.registry.all_closed()
    assert site.registry.unjoined == 10
    assert len(site.worker.store) == 10  # type: ignore[arg-type]
    user.token = token
    socket = await user.connect()
    await user.join()
    assert "0" in str(user.joined_diff)
    assert len(MOUNTS) == 52
    await socket.close()


async def test_their_bytes_are_bounded_and_return_to_nothing(site: LiveTS, user: Browser) -> None:
    one = site.registry.unjoined_bytes
    object.__setattr__(site.config, "unjoined_max_bytes", 3 * one)
    for _ in range(10):
        await user.open("/")
    assert site.registry.unjoined == 3
    object.__setattr__(site.config, "unjoined_keep_s", 0.0)
    await sweeper.Sweeper(site.worker).sweep()
    await site.registry.all_closed()
    assert (len(site.registry), site.registry.unjoined_bytes) == (0, 0)
    assert len(site.worker.store) == 0  # type: ignore[arg-type]


async def test_lost_pages_are_bounded(site: LiveTS, user: Browser) -> None:
    for _ in range(12):
        await user.open("/")
        (await user.join()).abort()
    await until(lambda: site.registry.joined == 0)
    await site.registry.all_closed()
    assert site.registry.detached == 5
    socket = await user.resume()
    assert user.joined(await socket.receive()) is JoinMode.REPLAYED


async def test_a_client_that_never_reads_costs_bounded_memory_and_is_cut(
    site: LiveTS, user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRITE_STALL_S", 0.3)
    monkeypatch.setattr(sending, "_SLOWEST_BYTES_PER_S", 1_000_000)
    monkeypatch.setattr(sweeper, "_EVERY_S", 0.05)
    async with Browser(user.origin) as other:
        await other.open("/")
        neighbour = await other.join()
        socket = await user.join()
        socket.connection.transport.pause_reading()
        resident = next(view for view in site.registry if view.view_id == user.id)
        channel = resident.page.channel  # type: ignore[union-attr]
        most = 0
        for ref in range(1, 60):
            await socket.send(event(ref, "grow", 50_000 + ref, seen=1))
            await asyncio.sleep(0)
            most = max(most, channel.unsent_bytes)
        await neighbour.send(event(1, "add", seen=1))
        assert (await neighbour.receive()).kind == Frame.PATCH
        await until(lambda: site.registry.detached == 1, "the socket is cut")
        assert most < 2 * limits.HIGH_WATER_BYTES
        assert resident.outbox.ring_bytes <= limits.RING_MAX_BYTES
        assert channel.unsent_bytes == 0


async def test_a_slow_reader_gets_the_last_state_when_it_reads_again(site: LiveTS, user: Browser) -> None:
    socket = await user.join()
    transport = socket.connection.transport
    transport.pause_reading()
    for ref in range(1, 61):
        await socket.send(event(ref, "grow", 60_000, seen=1))
    resident = next(iter(site.registry))
    await until(lambda: not resident.outbox.ready() or resident.runner.last_ref == 60)
    await asyncio.sleep(0.1)
    transport.resume_reading()
    frames = 0
    while (frame := await socket.receive()).done < 60:
        frames += 1
    assert frame.done == 60
    await socket.send(beat(frame.seq))
    assert (await socket.receive_kind(Frame.BEAT)).done == 60


async def test_opening_and_closing_leaves_nothing_behind(site: LiveTS, user: Browser) -> None:
    object.__setattr__(site.config, "detached_keep_s", 0.0)
    site.registry.expire()
    for _ in range(30):
        await user.open("/")
        socket = await user.join()
        await socket.send(event(1, "add", seen=1))
        await socket.receive()
        await socket.close()
    await until(lambda: not site.worker.pages)
    object.__setattr__(site.config, "unjoined_keep_s", 0.0)
    await sweeper.Sweeper(site.worker).sweep()
    await site.registry.all_closed()
    assert len(site.registry) == 0
    assert not site.worker._tasks


async def test_a_flood_of_pings_from_a_client_that_never_reads_is_bounded(
    user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GuardedWebSocket, "_tokens", 1e12)  # frames are not counted: this is about the answers
    (guarded,) = SERVERS
    socket = await user.join()
    mine = socket.connection.transport
    mine.pause_reading()
    server_side = [connection for connection in guarded.server_state.connections if hasattr(connection, "writable")]
    (protocol,) = server_side
    ping = b"\x89\xfd\0\0\0\0" + b"x" * 125
    for _ in range(200):
        if mine.get_write_buffer_size() < 1_000_000:
            mine.write(ping * 500)
        await asyncio.sleep(0.002)
    assert not protocol.writable.is_set()
    assert protocol.transport.get_write_buffer_size() < 1_000_000
    mine.resume_reading()
    await until(lambda: mine.get_write_buffer_size() == 0, "the flood has been answered")
    await socket.send(beat(1))
    assert (await socket.receive()).kind == Frame.BEAT


async def test_a_message_of_endless_fragments_is_cut(site: LiveTS, user: Browser) -> None:
    for fragment in (b"\0\x80\0\0\0\0", b"\0\xfd\0\0\0\0" + b"x" * 125):
        socket = await user.connect()
        socket.connection.transport.write(b"\x02\x80\0\0\0\0" + fragment * 1000)
        assert await socket.closed() == 1009
