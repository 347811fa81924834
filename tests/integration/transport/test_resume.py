"""A lost socket on the same worker: nothing is lost, nothing comes twice."""

from __future__ import annotations

import logging

import pytest

from livets.app import LiveTS
from livets.transport import sweeper
from livets.wire import Frame, JoinMode, Resume, codes
from tests.integration.transport.harness import Browser, Socket, app, beat, event
from tests.integration.transport.views import MOUNTS, Counter
from tests.support.wait import until


@pytest.fixture
def site() -> LiveTS:
    MOUNTS.clear()
    site = app()
    site.live("/", Counter)
    return site


async def lost(site: LiveTS, socket: Socket) -> None:
    """Lose the socket; the server has noticed on return."""
    socket.abort()
    await until(lambda: site.registry.detached == 1, "the view is detached")


async def test_missed_frames_are_replayed_in_order(site: LiveTS, user: Browser) -> None:
    first = await user.join()
    for ref in (1, 2, 3):
        await first.send(event(ref, "add", seen=user.seen))
        frame = await first.receive()
        if ref == 1:
            user.note(frame)
    await lost(site, first)
    socket = await user.resume(events=[event(2, "add"), event(3, "add")])
    assert user.joined(await socket.receive()) is JoinMode.REPLAYED
    assert user.joined_diff == []
    frames = [user.note(await socket.receive()) for _ in range(2)]
    assert [(frame.kind, frame.done) for frame in frames] == [(Frame.PATCH, 2), (Frame.PATCH, 3)]
    assert [frame.seq for frame in frames] == [4, 5]
    await socket.send(event(4, "add", seen=user.seen))
    frame = await socket.receive()
    assert (frame.kind, frame.seq, frame.done) == (Frame.PATCH, 6, 4)
    assert "4" in str(frame.body)
    assert MOUNTS == ["counter"]


async def test_what_happened_meanwhile_follows(site: LiveTS, user: Browser) -> None:
    first = await user.join()
    await first.send(event(1, "slow", seen=1))
    await lost(site, first)
    resident = next(iter(site.registry))
    await resident.runner.settle(1)
    socket = await user.resume(events=[event(1, "slow")])
    assert user.joined(await socket.receive()) is JoinMode.REPLAYED
    patch = await socket.receive_kind(Frame.PATCH)
    assert (patch.seq, patch.done) == (3, 1)
    assert "100" in str(patch.body)


async def test_a_ring_that_has_dropped_frames_fills(site: LiveTS, user: Browser) -> None:
    first = await user.join()
    for ref in range(1, 5):
        await first.send(event(ref, "grow", 60_000, seen=1))
        await first.receive()
    await first.send(event(5, "grow", 60_000, seen=4))
    user.note(await first.receive())
    user.seen = 2
    await lost(site, first)
    socket = await user.resume()
    assert user.joined(await socket.receive()) is JoinMode.FILLED
    assert user.seen == 3
    assert user.joined_diff[0] == -10
    assert "4" * 100 in str(user.joined_diff)


async def test_secrets_rotate_with_an_overlap(site: LiveTS, user: Browser) -> None:
    first = await user.join()
    oldest = user.secret
    await lost(site, first)
    second = await user.resume()
    user.joined(await second.receive())
    newer, user.secret = user.secret, oldest
    await lost(site, second)

    third = await user.resume()  # as if JOINED had been lost: the older one still opens
    assert user.joined(await third.receive()) in (JoinMode.REPLAYED, JoinMode.FILLED)
    newest = user.secret
    await third.send(beat(user.seen))
    await third.receive_kind(Frame.BEAT)
    resident = next(iter(site.registry))
    await until(lambda: len(resident.secrets) == 32, "the older secret is dropped")
    await lost(site, third)
    for secret in (oldest, newer):
        refused = await user.connect()
        await refused.send(Resume(0, user.id, secret, "/", user.seen, 0, ""))
        assert (await refused.receive()).body[0] == codes.BAD_TOKEN
    user.secret = newest
    socket = await user.resume()
    user.joined(await socket.receive())


async def test_a_page_that_has_a_new_socket_loses_the_old_one(site: LiveTS, user: Browser) -> None:
    first = await user.join()
    second = await user.resume()
    user.joined(await second.receive())
    assert await first.closed() == codes.CLOSE_MOVED
    await second.send(event(1, "add", seen=user.seen))
    assert (await second.receive_kind(Frame.PATCH)).done == 1
    assert site.registry.joined == 1


async def test_an_idle_view_is_put_to_rest_and_comes_back(
    site: LiveTS, user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await user.join()
    await first.send(event(1, "add", 7, seen=1))
    user.note(await first.receive())
    await lost(site, first)
    object.__setattr__(site.config, "detached_keep_s", 0.0)
    await sweeper.Sweeper(site.worker).sweep()
    await site.registry.all_closed()
    assert len(site.registry) == 0
    socket = await user.resume()
    assert user.joined(await socket.receive()) is JoinMode.FILLED
    assert "7" in str(user.joined_diff)
    await socket.send(event(2, "add", seen=user.seen))
    assert "8" in str((await socket.receive_kind(Frame.PATCH)).body)
    assert MOUNTS == ["counter"]


async def test_nothing_left_is_mounted_again_with_one_warning(
    site: LiveTS, user: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "livets.transport")
    for _ in range(2):
        await user.open("/")
        user.seen = user.done = 0
        first = await user.join()
        await first.send(event(1, "add", 7, seen=1))
        user.note(await first.receive())
        await lost(site, first)
        resident = site.registry.take(user.id)
        assert resident is not None
        await resident.runner.close()
        await site.worker.store.forget(user.id, resident.runner.generation)
        socket = await user.resume(events=[event(2, "add"), event(3, "add")])
        await user.begun_anew(socket)
        assert "0" in str(user.joined_diff)
        await socket.send(event(2, "add", seen=user.seen))
        await socket.send(event(3, "add", seen=user.seen))
        while (frame := await socket.receive()).done != 3:
            pass
        assert "2" in str(frame.body)
        await lost(site, socket)
        site.registry.let_go(site.registry.find(user.id))  # type: ignore[arg-type]
    warnings = [record.message for record in caplog.records if "LIVETS_REDIS_URL" in record.message]
    assert len(warnings) == 1
