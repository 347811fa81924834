"""Two workers that share a Redis (two applications in this process), and what becomes of a view between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from livets.app import LiveTS
from livets.live import runner
from livets.state import Change, Claim
from livets.transport import Sweeper
from livets.wire import Frame, Join, JoinMode, codes
from tests.integration.transport.harness import Browser, Closed, app, beat, event, serving
from tests.integration.transport.views import MOUNTS, Counter, Item
from tests.support.redis_server import RedisServer
from tests.support.wait import until

pytestmark = pytest.mark.redis


class Two(NamedTuple):
    """Workers and their origins."""

    one: LiveTS
    two: LiveTS
    at_one: str
    at_two: str


@pytest.fixture
async def both(redis_server: RedisServer) -> AsyncIterator[Two]:
    MOUNTS.clear()
    async with contextlib.AsyncExitStack() as stack:
        workers, origins = [], []
        for _ in range(2):
            worker = app(redis_url=redis_server.url)
            worker.live("/", Counter)
            worker.live("/items/{id:int}", Item)
            workers.append(worker)
            origins.append(await stack.enter_async_context(serving(worker)))
        yield Two(*workers, *origins)


@pytest.fixture
async def user(both: Two) -> AsyncIterator[Browser]:
    async with Browser(both.at_one) as user:
        await user.open("/")
        yield user


async def test_events_are_acked_when_they_are_in_redis(both: Two, user: Browser) -> None:
    socket = await user.join()
    await socket.send(event(1, "add", 5, seen=1))
    patch = await socket.receive()
    assert (patch.kind, patch.done, patch.durable) in [(Frame.PATCH, 1, 0), (Frame.PATCH, 1, 1)]
    if patch.durable == 0:
        ack = await socket.receive()
        assert (ack.kind, ack.done, ack.durable) == (Frame.ACK, 1, 1)
    claim = await both.two.worker.store.claim(user.id, None)
    assert claim is not None
    assert claim.record is not None
    assert claim.record.ref == 1


async def test_a_join_on_another_worker_takes_the_snapshot(both: Two) -> None:
    async with Browser(both.at_one) as user:
        await user.open("/items/7?kind=x")
        socket = await user.connect(at=both.at_two)
        await socket.send(Join(0, user.token, "/items/7?kind=x"))
        assert user.joined(await socket.receive()) is JoinMode.FILLED
        assert "7" in str(user.joined_diff)
        assert MOUNTS == ["item 7"]
        assert both.two.registry.joined == 1
        again = await user.connect()
        await again.send(Join(0, user.token, "/"))
        assert user.joined(await again.receive()) is JoinMode.REMOUNTED
        assert MOUNTS == ["item 7", "item 7"]
        await until(lambda: both.one.registry.unjoined == 0, "the stale copy is gone")


async def test_a_resume_on_another_worker_goes_on_there(both: Two, user: Browser) -> None:
    first = await user.join()
    await first.send(event(1, "add", 5, seen=1))
    while user.note(await first.receive()).durable < 1:
        pass
    first.abort()
    await until(lambda: both.one.registry.detached == 1)
    socket = await user.resume(at=both.at_two)
    assert user.joined(await socket.receive()) is JoinMode.FILLED
    assert "5" in str(user.joined_diff)
    await socket.send(event(2, "add", 1, seen=user.seen))
    patch = await socket.receive_kind(Frame.PATCH)
    assert patch.seq == user.seen + 1
    assert "6" in str(patch.body)
    assert MOUNTS == ["counter"]


async def test_the_old_worker_is_fenced_out_and_its_socket_closed(both: Two, user: Browser) -> None:
    old = await user.join()
    new = await user.resume(at=both.at_two)
    assert user.joined(await new.receive()) is JoinMode.FILLED
    await old.send(event(1, "add", 1000, seen=1))
    assert await old.closed() == codes.CLOSE_MOVED
    await until(lambda: len(both.one.registry) == 0)
    await new.send(event(1, "add", 1, seen=user.seen))
    patch = await new.receive_kind(Frame.PATCH)
    assert "1001" not in str(patch.body)
    assert both.two.registry.joined == 1


async def test_back_on_the_first_worker_its_stale_copy_is_not_used(both: Two, user: Browser) -> None:
    first = await user.join()
    first.abort()
    await until(lambda: both.one.registry.detached == 1)
    second = await user.resume(at=both.at_two)
    user.joined(await second.receive())
    await second.send(event(1, "add", 5, seen=user.seen))
    while user.note(await second.receive()).durable < 1:
        pass
    second.abort()
    await until(lambda: both.two.registry.detached == 1)
    third = await user.resume()
    assert user.joined(await third.receive()) is JoinMode.FILLED
    assert "5" in str(user.joined_diff)
    fourth_seen = user.seen
    await third.send(event(2, "add", 1, seen=fourth_seen))
    assert "6" in str((await third.receive_kind(Frame.PATCH)).body)


async def test_nothing_that_was_shown_is_taken_back(both: Two, user: Browser) -> None:
    """The page has seen event 2 handled, the snapshot has none: JOINED waits until both are handled again."""
    first = await user.join()
    first.abort()
    await until(lambda: both.one.registry.detached == 1)
    socket = await user.resume(at=both.at_two, done=2)
    await socket.send(event(1, "add", 1))
    await socket.send(event(2, "slow"))
    frame = await socket.receive()
    assert user.joined(frame) is JoinMode.FILLED
    assert frame.done == 2
    assert "101" in str(user.joined_diff)
    await socket.send(event(3, "add", 1, seen=user.seen))
    patch = await socket.receive_kind(Frame.PATCH)
    assert (patch.seq, patch.done) == (user.seen + 1, 3)
    assert "102" in str(patch.body)


async def test_events_that_nobody_has_any_more_end_in_a_new_view(both: Two, user: Browser) -> None:
    first = await user.join()
    first.abort()
    await until(lambda: both.one.registry.detached == 1)
    socket = await user.resume(at=both.at_two, done=5, events=[event(5, "add"), event(6, "add")])
    await user.begun_anew(socket)
    await socket.send(event(2, "add"))
    await socket.send(event(3, "add"))
    while (frame := await socket.receive()).done < 3:
        pass
    assert "2" in str(frame.body)


async def test_a_page_that_never_sends_them_gets_a_new_view_in_the_end(both: Two, user: Browser) -> None:
    object.__setattr__(both.two.config, "withhold_max_s", 0.05)
    first = await user.join()
    first.abort()
    socket = await user.resume(at=both.at_two, done=5)
    await user.begun_anew(socket)


async def test_events_that_take_long_when_they_run_again_do_not_cost_the_view(both: Two, user: Browser) -> None:
    object.__setattr__(both.two.config, "withhold_max_s", 0.2)
    first = await user.join()
    first.abort()
    socket = await user.resume(at=both.at_two, done=1, events=[event(1, "slow")])  # 0.3 s
    assert user.joined(await socket.receive()) is JoinMode.FILLED
    assert "100" in str(user.joined_diff)


async def test_a_socket_lost_while_its_resume_is_withheld_leaves_a_view_to_resume(both: Two, user: Browser) -> None:
    first = await user.join()
    first.abort()
    secret = user.secret
    socket = await user.resume(at=both.at_two, done=1)
    await until(lambda: both.two.registry.joined == 1)
    socket.abort()
    await until(lambda: both.two.registry.detached == 1)
    user.secret = secret
    again = await user.resume(at=both.at_two, done=1, events=[event(1, "add", 3)])
    assert user.joined(await again.receive()) is JoinMode.FILLED
    assert "3" in str(user.joined_diff)


async def test_without_redis_a_running_view_goes_on_and_a_resume_is_tried_again(
    both: Two, user: Browser, redis_server: RedisServer
) -> None:
    socket = await user.join()
    redis_server.kill()
    await socket.send(event(1, "add", 5, seen=1))
    patch = await socket.receive_kind(Frame.PATCH)
    assert (patch.done, patch.durable) == (1, 0)
    socket.abort()
    await until(lambda: both.one.registry.detached == 1)
    late = await user.resume(at=both.at_two, done=1, events=[event(1, "add", 5)])
    assert await late.closed() == codes.CLOSE_OVERLOADED
    late = await user.resume(done=1, events=[event(1, "add", 5)])
    assert await late.closed() == codes.CLOSE_OVERLOADED
    assert both.one.registry.detached == 1
    assert (await user.open("/")).status_code == 503


async def test_a_frozen_redis_never_blocks_the_loop(both: Two, user: Browser, redis_server: RedisServer) -> None:
    """Snapshots, broadcasts and presence wait for it; the loop, and with it everybody else, does not."""
    socket = await user.join()
    lags_s: list[float] = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before_s = loop.time()
            await asyncio.sleep(0.01)
            lags_s.append(loop.time() - before_s - 0.01)

    watching = asyncio.create_task(watch())
    redis_server.pause()
    publishing = asyncio.create_task(both.one.worker.bus.publish("news", b"x", "effect"))
    both.one.worker.presence.track("room", "v", "ada", {})
    both.one.worker.presence.follow("room", user.id, "nobody")
    for ref in range(1, 6):
        await socket.send(event(ref, "add", 1, seen=1))
    while (await socket.receive_kind(Frame.PATCH)).done < 5:
        pass
    await asyncio.sleep(1.0)
    redis_server.resume()
    await publishing
    watching.cancel()
    assert max(lags_s) < 0.9, "a call that blocks would have done so for the whole second and more"
    both.one.worker.presence.unfollow("room", user.id)


async def test_a_redis_that_restarts_empty_costs_nothing_that_a_worker_still_runs(
    both: Two, user: Browser, redis_server: RedisServer
) -> None:
    socket = await user.join()
    await socket.send(event(1, "add", 5, seen=1))
    while user.note(await socket.receive()).durable < 1:
        pass
    redis_server.command("FLUSHALL")
    await socket.send(event(2, "add", 1, seen=user.seen))
    while (frame := user.note(await socket.receive())).durable < 2:
        pass
    redis_server.command("FLUSHALL")
    socket.abort()
    await until(lambda: both.one.registry.detached == 1)
    back = await user.resume()
    assert user.joined(await back.receive()) is JoinMode.REPLAYED
    await back.send(event(3, "add", 1, seen=user.seen))
    while (frame := user.note(await back.receive())).durable < 3:
        pass
    back.abort()
    other = await user.resume(at=both.at_two)
    assert (frame.done, user.joined(await other.receive())) == (3, JoinMode.FILLED)
    assert "7" in str(user.joined_diff)
    assert MOUNTS == ["counter"]


async def test_the_snapshot_of_an_idle_page_does_not_expire(
    both: Two, user: Browser, redis_server: RedisServer
) -> None:
    await user.join()
    key = f"livets:view:{{{user.id}}}"
    (resident,) = both.one.registry
    redis_server.command("EXPIRE", key, "50")
    sweeper = Sweeper(both.one.worker)
    await sweeper.sweep()
    assert int(redis_server.command("TTL", key)[1:]) <= 50
    resident.touched_s -= both.one.config.snapshot_ttl_s / 2
    sweeper._sessions_checked_s = float("-inf")
    await sweeper.sweep()
    await until(lambda: int(redis_server.command("TTL", key)[1:]) > 80_000)


async def test_a_used_token_is_known_on_every_worker(both: Two, user: Browser) -> None:
    await user.join()
    socket = await user.connect(at=both.at_two)
    await socket.send(Join(0, user.token, "/"))
    assert user.joined(await socket.receive()) is JoinMode.REMOUNTED
    await socket.send(beat(user.seen))
    assert (await socket.receive()).kind == Frame.BEAT
    assert (both.one.registry.joined, both.two.registry.joined) == (1, 1)


async def test_snapshots_of_pages_that_nobody_joined_expire_soon(
    both: Two, user: Browser, redis_server: RedisServer
) -> None:
    view_id = next(iter(both.one.registry)).view_id
    assert int(redis_server.command("TTL", f"livets:view:{{{view_id}}}")[1:]) <= 300
    await user.join()
    assert int(redis_server.command("TTL", f"livets:view:{{{view_id}}}")[1:]) > 80_000


async def test_two_sockets_resume_a_view_that_redis_has_lost(
    both: Two, user: Browser, redis_server: RedisServer
) -> None:
    """Nobody is left with half of it: one goes on, the other is told."""
    socket = await user.join()
    await socket.send(event(1, "add", 5, seen=1))
    while user.note(await socket.receive()).durable < 1:
        pass
    redis_server.command("FLUSHALL")
    here = await user.resume()
    assert user.joined(await here.receive()) in (JoinMode.REPLAYED, JoinMode.FILLED)
    assert await socket.closed() == codes.CLOSE_MOVED
    redis_server.command("FLUSHALL")
    await here.send(event(2, "add", 1, seen=user.seen))
    while user.note(await here.receive()).durable < 2:
        pass
    there = await user.resume(at=both.at_two)
    assert user.joined(await there.receive()) is JoinMode.FILLED
    assert "6" in str(user.joined_diff)
    await here.send(event(3, "add", 100, seen=1))
    assert await here.closed() == codes.CLOSE_MOVED
    assert MOUNTS == ["counter"]


async def test_a_resume_that_is_overtaken_by_another_is_tried_again(
    both: Two, user: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page sent on a socket that it has given up may be dealt with after what it sent on its new one."""
    socket = await user.join()
    socket.abort()
    claim = both.two.worker.store.claim

    async def overtaken(view_id: str, known: int | None) -> Claim | None:
        mine = await claim(view_id, known)
        await both.one.worker.store.claim(view_id, None)
        return mine

    with monkeypatch.context() as patched:
        patched.setattr(both.two.worker.store, "claim", overtaken)
        socket = await user.resume(at=both.at_two)
        with pytest.raises(Closed) as closed:
            await socket.receive()
    assert closed.value.code == codes.CLOSE_MOVED
    socket = await user.resume(at=both.at_two)
    assert user.joined(await socket.receive()) is JoinMode.FILLED
    assert MOUNTS == ["counter"]


async def test_however_many_answers_are_lost_a_page_comes_back(both: Two, user: Browser) -> None:
    await user.join()
    for origin in (both.at_two, both.at_one, both.at_one, both.at_two, both.at_one):
        lost = await user.resume(at=origin)
        assert (await lost.receive()).kind == Frame.JOINED  # sent, and never read by the page
        lost.abort()
    socket = await user.resume(at=both.at_two)
    assert user.joined(await socket.receive()) is JoinMode.FILLED
    assert MOUNTS == ["counter"]


@pytest.mark.parametrize("resumes", [0, 1])
async def test_a_secret_that_was_never_stored_opens_when_its_worker_is_dead(
    both: Two, user: Browser, monkeypatch: pytest.MonkeyPatch, resumes: int
) -> None:
    """A join does not wait long for Redis; the secret that it gave the page is good all the same."""
    alive = asyncio.Event()
    write = both.one.worker.store.write

    async def late(view_id: str, generation: int, change: Change) -> None:
        await alive.wait()
        await write(view_id, generation, change)

    monkeypatch.setattr(runner, "STORE_WAIT_S", 0.05)
    if resumes:
        await user.join()
    monkeypatch.setattr(both.one.worker.store, "write", late)
    if resumes:
        user.joined(await (await user.resume()).receive())
    else:
        await user.join()
    socket = await user.resume(at=both.at_two)
    assert user.joined(await socket.receive()) is JoinMode.FILLED
    assert MOUNTS == ["counter"]
    alive.set()
