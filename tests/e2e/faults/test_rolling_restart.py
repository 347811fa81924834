"""Four workers are restarted, one after the other, while people click: no event is lost, doubled or taken back.

The short run is one round; LIVETS_FAULT_ROUNDS (or `-m nightly`) makes it long.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.clicker import Clicker
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.wait import until
from tests.support.workers import Workers

ROUNDS = int(os.environ.get("LIVETS_FAULT_ROUNDS", "1"))
DEADLINE_S = 8.0
"""Config.shutdown_s: the end of a worker may take so long."""

pytestmark = [pytest.mark.redis, pytest.mark.timeout(120 + 120 * ROUNDS)]


@dataclass
class Four:
    """Four workers behind one balancer."""

    workers: Workers
    balancer: RoundRobin
    redis: RedisServer

    def effects(self) -> int:
        """How often handlers have run, counted outside."""
        return int(self.redis.command("GET", "load:effects").split(b"\r\n")[1])


@pytest.fixture
def four(redis_server: RedisServer) -> Iterator[Four]:
    env = {"LIVETS_SECRET_KEY": secrets.token_hex(32), "LIVETS_REDIS_URL": redis_server.url}
    with Workers("tests.e2e.faults.load:app", 4, env=env) as workers, RoundRobin(workers.ports) as balancer:
        yield Four(workers, balancer, redis_server)


async def test_a_rolling_restart_under_load_loses_nothing(four: Four) -> None:
    people = [Clicker(four.balancer.url) for _ in range(40)]
    await asyncio.gather(*(person.open() for person in people))
    await asyncio.gather(*(person.joined() for person in people))
    going = True

    async def click(person: Clicker) -> None:
        while going:
            person.click()
            await asyncio.sleep(random.uniform(0.02, 0.2))

    load = [asyncio.create_task(click(person)) for person in people]
    try:
        for _ in range(ROUNDS):
            for index in range(4):
                deaths, began_s = len(four.workers.deaths), time.monotonic()
                four.workers.kill(index, signal.SIGTERM if index % 2 else signal.SIGHUP)
                await until(lambda deaths=deaths: len(four.workers.deaths) > deaths, timeout_s=DEADLINE_S + 2)  # type: ignore[misc]
                assert time.monotonic() - began_s < DEADLINE_S
                assert four.workers.deaths[-1][1] in (70, -signal.SIGTERM), "`run` came to its end"
                await asyncio.to_thread(four.workers.wait_ready)
        going = False
        await asyncio.gather(*load)
        await asyncio.gather(*(person.settled() for person in people))
    finally:
        for task in load:
            task.cancel()
        await asyncio.gather(*(person.close() for person in people))
    clicks = sum(person.clicks for person in people)
    assert [person for person in people if person.shown != person.clicks or person.lies or person.errors] == []
    assert clicks > 40 * 4
    assert four.effects() >= clicks
    assert sum(len(person.modes) for person in people) > len(people) * 1.5, "pages moved"


async def test_clients_that_never_read_do_not_hold_it_up(four: Four) -> None:
    """Three of them, each with more unsent than a socket takes, and one who reads: he moves, all is over in time."""
    direct = f"http://127.0.0.1:{four.workers.ports[0]}"
    four.workers.restart = False
    four.balancer.backends = four.workers.ports[:1]
    async with Clicker(four.balancer.url) as reader:
        deaf = [Clicker(direct, "/long", handler="grow") for _ in range(3)]
        for person in deaf:
            await person.open()
            await person.joined()
            person.patient = False
            person.cut()
            await until(lambda person=person: person._connection is not None and not person._joined.is_set())  # type: ignore[misc]
            for _ in range(8):
                person.click(3_000_000)
        await reader.joined()
        reader.click()
        await reader.settled()
        four.balancer.backends = four.workers.ports[1:]
        began_s = time.monotonic()
        four.workers.kill(0, signal.SIGTERM)
        await until(lambda: four.workers.deaths, timeout_s=DEADLINE_S + 2)
        assert time.monotonic() - began_s < DEADLINE_S
        assert "3 sockets that took no data are cut" in four.workers.log(0)
        reader.click()
        await reader.settled()
        assert (reader.shown, reader.lies, reader.modes[-1]) == (2, [], 2)
        await asyncio.gather(*(person.close() for person in deaf))
