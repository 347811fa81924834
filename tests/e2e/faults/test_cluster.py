"""Workers on a real Redis Cluster: slots move, a primary dies and its replica knows too little, a worker is killed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

import pytest

from tests.support.clicker import Clicker
from tests.support.redis_cluster import PRIMARIES, RedisCluster
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.wait import until
from tests.support.workers import Workers

PEOPLE = 12

pytestmark = pytest.mark.redis


@pytest.fixture
def workers(redis_cluster: RedisCluster, redis_server: RedisServer) -> Iterator[Workers]:
    env = {
        "LIVETS_SECRET_KEY": secrets.token_hex(32),
        "LIVETS_REDIS_URL": redis_cluster.url,
        "LIVETS_TEST_COUNTS_URL": redis_server.url,
    }
    with Workers("tests.e2e.faults.load:app", 2, env=env) as workers:
        yield workers


def key(person: Clicker) -> str:
    return f"livets:view:{{{person.id}}}"


async def clicked(people: list[Clicker]) -> None:
    """Everybody clicks and sees it."""
    for person in people:
        person.click()
    await asyncio.gather(*(person.settled() for person in people))


async def test_nothing_is_lost_while_the_cluster_changes(
    workers: Workers, redis_cluster: RedisCluster, redis_server: RedisServer
) -> None:
    with RoundRobin(workers.ports) as balancer:
        people = [Clicker(balancer.url) for _ in range(PEOPLE)]
        try:
            await asyncio.gather(*(person.open() for person in people))
            await asyncio.gather(*(person.joined() for person in people))
            await clicked(people)
            assert len({redis_cluster.owner(key(person)).port for person in people}) > 1, "views are spread"

            for person in people:  # their slots move while they click
                person.click()
                owner = redis_cluster.owner(key(person))
                target = redis_cluster.nodes[(redis_cluster.nodes.index(owner) + 1) % PRIMARIES]
                await asyncio.to_thread(redis_cluster.move, key(person), target)
                person.click()
            await asyncio.gather(*(person.settled() for person in people))

            first, replica = redis_cluster.nodes[0], redis_cluster.nodes[PRIMARIES]
            there = [person for person in people if redis_cluster.owner(key(person)) is first]
            assert there, "some views are at the node that dies"
            replica.pause()
            first.command("CLIENT", "KILL", "TYPE", "REPLICA")  # what is written now never reaches it
            await clicked(people)
            first.kill()
            replica.resume()
            for person in people:
                person.click()
            await until(lambda: redis_cluster.owner(key(there[0])) is replica, "the failover", timeout_s=20)
            await clicked(people)

            workers.kill(0)
            await asyncio.gather(*(person.settled() for person in people))
            await clicked(people)
            assert [person for person in people if not person.is_right] == [], workers.logs()
            assert "put back from the running view" in workers.log(0) + workers.log(1)
            for person in people:
                events = [f"{person.id}:{ref}" for ref in range(1, person.clicks + 2)]
                handled = redis_server.command("SMISMEMBER", "load:events", *events).count(b":1\r\n")
                assert handled == person.clicks
        finally:
            await asyncio.gather(*(person.close() for person in people))


async def test_somebody_who_is_signed_out_and_pages_that_come_twice(
    workers: Workers, redis_cluster: RedisCluster
) -> None:
    """Single keys beside the views: tokens are used once, on whichever node they are noted."""
    person = Clicker(f"http://127.0.0.1:{workers.ports[0]}")
    async with person:
        await person.joined()
        again = Clicker(f"http://127.0.0.1:{workers.ports[1]}")
        again.cookie, again.token, again.fingerprint, again.socket_path = (
            person.cookie, person.token, person.fingerprint, person.socket_path,
        )  # fmt: skip
        again._task = asyncio.create_task(again._stay())
        await again.joined()
        assert again.id != person.id, "a token that was used gives a view of its own"
        await again.close()
        await until(lambda: person.is_settled)
