"""Presence across workers: who comes and goes is seen everywhere, whatever happens to workers and to Redis."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.presence.conftest import TTL_S, MakeHere
from tests.support.redis_server import RedisServer
from tests.support.wait import until

pytestmark = pytest.mark.redis


async def test_people_are_seen_on_all_workers_also_by_who_comes_late(make_here: MakeHere) -> None:
    one, two = make_here(), make_here()
    one.presence.follow("room", "watcher", "changed")
    two.presence.track("room", "v", "ada", {"name": "Ada"})
    one.presence.track("room", "w", "bo", {"name": "Bo"})
    await until(lambda: one.people() == {"ada", "bo"})
    assert one.presence.list("room")["ada"] == [{"name": "Ada"}]
    late = make_here()
    late.presence.follow("room", "watcher", "changed")
    await until(lambda: late.people() == {"ada", "bo"})
    two.presence.track("room", "v", "ada", {"name": "Ada L."})
    await until(lambda: late.presence.list("room")["ada"] == [{"name": "Ada L."}])
    two.presence.untrack("room", "v", "ada")
    await until(lambda: one.people() == late.people() == {"bo"})
    assert one.left == late.left == ["ada"]


async def test_people_of_a_dead_worker_leave_within_the_ttl(make_here: MakeHere, redis_server: RedisServer) -> None:
    one, dead = make_here(), make_here()
    one.presence.follow("room", "watcher", "changed")
    dead.presence.track("room", "v", "ada", {})
    await until(lambda: one.people() == {"ada"})
    await dead.close()
    died_s = asyncio.get_running_loop().time()
    await until(lambda: one.people() == set(), timeout_s=3 * TTL_S)
    assert asyncio.get_running_loop().time() - died_s < 1.5 * TTL_S, "the TTL, and the slowness of a busy machine"
    await until(lambda: redis_server.command("EXISTS", "livets:presence:{room}") == b":0\r\n", "Redis to be clean")
    late = make_here()
    late.presence.follow("room", "watcher", "changed")
    late.presence.track("room", "w", "bo", {})
    await until(lambda: late.people() == {"bo"})


async def test_a_view_that_moves_to_another_worker_never_leaves(make_here: MakeHere) -> None:
    one, old, new = make_here(), make_here(), make_here()
    one.presence.follow("room", "watcher", "changed")
    old.presence.track("room", "v", "ada", {})
    await until(lambda: one.people() == {"ada"})
    old.presence.hand_over("room", "v", "ada")
    await old.close()
    new.presence.track("room", "v", "ada", {})
    await until(lambda: one.presence._topics["room"].people.owned(new.presence.owner) != [])
    await asyncio.sleep(1.5 * TTL_S)
    assert one.people() == {"ada"}
    assert one.left == []


async def test_redis_restarts_and_everybody_is_there_again(make_here: MakeHere, redis_server: RedisServer) -> None:
    one, two = make_here(), make_here()
    one.presence.follow("room", "watcher", "changed")
    two.presence.track("room", "v", "ada", {})
    await until(lambda: one.people() == {"ada"})
    redis_server.kill()
    two.presence.track("room", "w", "bo", {})
    two.presence.untrack("room", "v", "ada")
    redis_server.start()
    await until(lambda: one.people() == {"bo"}, timeout_s=15)
    late = make_here()
    late.presence.follow("room", "watcher", "changed")
    await until(lambda: late.people() == {"bo"})


async def test_a_frozen_redis_blocks_nobody_and_a_frozen_worker_comes_back(
    make_here: MakeHere, redis_server: RedisServer
) -> None:
    one, two = make_here(), make_here()
    one.presence.follow("room", "watcher", "changed")
    two.presence.track("room", "v", "ada", {})
    await until(lambda: one.people() == {"ada"})
    redis_server.pause()
    one.presence.track("room", "w", "bo", {})
    assert one.people() == {"ada", "bo"}, "here at once"
    await asyncio.sleep(0.5)
    redis_server.resume()
    two.presence.follow("room", "watcher", "changed")
    await until(lambda: one.people() == two.people() == {"ada", "bo"}, timeout_s=10)
    # a worker that was frozen for longer than its heartbeat lasts: others bury its people, it says them anew
    redis_server.command("DEL", f"livets:alive:{two.presence.owner}")
    await until(lambda: one.people() == two.people() == {"ada", "bo"}, timeout_s=10)


async def test_a_thousand_come_at_once_in_few_messages(make_here: MakeHere) -> None:
    one, two = make_here(), make_here()
    one.presence.follow("room", "watcher", "changed")
    await until(lambda: not one.presence._topics["room"].is_loading)
    for number in range(1000):
        two.presence.track("room", f"v{number}", f"p{number}", {"n": number})
    await until(lambda: len(one.people()) == 1000)
    assert len(one.changes) <= 4
    for number in range(1000):
        two.presence.untrack("room", f"v{number}", f"p{number}")
    await until(lambda: not one.people())
    assert len(one.changes) <= 8
    one.presence.unfollow("room", "watcher")
    await until(lambda: not two.presence._topics and not one.presence._topics, "nothing is left")


async def test_what_others_write_into_redis_is_nobody(make_here: MakeHere, redis_server: RedisServer) -> None:
    one = make_here()
    redis_server.command("HSET", "livets:presence:{room}", "v eve", b"owner\0{}")
    redis_server.command("SET", "livets:alive:owner", "1")
    one.presence.follow("room", "watcher", "changed")
    await until(lambda: not one.presence._topics["room"].is_loading)
    assert one.people() == set()
