"""Presence over a real Redis Cluster: rooms at different nodes, slots that move, a worker and a primary that die."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.presence.conftest import MakeHere
from tests.support.redis_cluster import PRIMARIES, RedisCluster
from tests.support.wait import until

pytestmark = pytest.mark.redis

ROOMS = [f"room{n}" for n in range(12)]


def key(room: str) -> str:
    return f"livets:presence:{{{room}}}"


async def test_people_are_seen_whatever_happens_to_the_cluster(
    make_here: MakeHere, redis_cluster: RedisCluster
) -> None:
    one, two, dead = (make_here(redis_cluster.url) for _ in range(3))
    assert len({redis_cluster.owner(key(room)).port for room in ROOMS}) == PRIMARIES, "rooms are at all nodes"
    for room in ROOMS:
        one.presence.follow(room, "watcher", "changed")
        two.presence.track(room, "v", "ada", {})
        dead.presence.track(room, "w", "bo", {})
    await until(lambda: all(one.people(room) == {"ada", "bo"} for room in ROOMS), "all to be seen", timeout_s=20)

    await dead.close()
    await until(lambda: all(one.people(room) == {"ada"} for room in ROOMS), "the dead to leave", timeout_s=20)

    for room in ROOMS:
        two.presence.track(room, "x", "cy", {})
    await until(lambda: all(one.people(room) == {"ada", "cy"} for room in ROOMS), "who came late", timeout_s=20)

    for room in ROOMS:  # every slot moves to another primary
        owner = redis_cluster.nodes.index(redis_cluster.owner(key(room)))
        await asyncio.to_thread(redis_cluster.move, key(room), redis_cluster.nodes[(owner + 1) % PRIMARIES])
        one.presence.track(room, "y", "di", {})
    everybody = {"ada", "cy", "di"}
    await until(lambda: all(one.people(room) == everybody for room in ROOMS), "who came meanwhile", timeout_s=20)
    for room in ROOMS:
        one.presence.untrack(room, "y", "di")

    redis_cluster.nodes[0].kill()
    for room in ROOMS:
        two.presence.untrack(room, "v", "ada")
    await until(lambda: all(one.people(room) == {"cy"} for room in ROOMS), "who left meanwhile", timeout_s=40)
    late = make_here(redis_cluster.url)
    for room in ROOMS:
        late.presence.follow(room, "watcher", "changed")
    await until(lambda: all(late.people(room) == {"cy"} for room in ROOMS), "the late to see all", timeout_s=40)
