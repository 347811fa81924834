"""Each kind of fault on each link, by itself: people click before, during and after it, and every click counts once.

The links: a page and its worker, over a WebSocket; a worker and Redis. Pages without a WebSocket, whose POSTs come
twice, are at the end, in Chromium.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.e2e.faults.stage import NewWitness, Stage
from tests.support.browser import PageLog
from tests.support.clicker import Clicker
from tests.support.duplicates import RedisCommands
from tests.support.fault_proxy import FaultProxy
from tests.support.only_http import OnlyHttp
from tests.support.ports import HOST
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.wait import until
from tests.support.workers import Workers

PEOPLE = 4

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]


@dataclass
class Links:
    """Two workers, and the two links that may be at fault."""

    redis: RedisServer
    workers: Workers
    to_workers: FaultProxy
    to_redis: FaultProxy

    def handled(self, person: Clicker) -> int:
        """How many of a person's events were handled, by their ids."""
        events = [f"{person.id}:{ref}" for ref in range(1, person.clicks + 2)]
        return self.redis.command("SMISMEMBER", "load:events", *events).count(b":1\r\n")


@pytest.fixture(scope="module")
def links() -> Iterator[Links]:
    redis = RedisServer()
    redis.start()
    try:
        with FaultProxy(redis.port, repeats=RedisCommands) as to_redis:
            env = {
                "LIVETS_SECRET_KEY": secrets.token_hex(32),
                "LIVETS_REDIS_URL": f"redis://{HOST}:{to_redis.port}/0",
                "LIVETS_TEST_COUNTS_URL": redis.url,
            }
            with (
                Workers("tests.e2e.faults.load:app", 2, env=env) as workers,
                RoundRobin(workers.ports) as balancer,
                FaultProxy(balancer.port) as to_workers,
            ):
                yield Links(redis, workers, to_workers, to_redis)
    finally:
        redis.close()


async def latency(link: FaultProxy, act: Callable[[], Awaitable[None]]) -> None:
    link.up.latency_s = link.down.latency_s = 0.1
    await act()
    link.up.latency_s = link.down.latency_s = 0.0


async def bandwidth(link: FaultProxy, act: Callable[[], Awaitable[None]]) -> None:
    link.up.bytes_per_s = link.down.bytes_per_s = 4_000.0
    await act()
    link.up.bytes_per_s = link.down.bytes_per_s = 0.0


async def drop(link: FaultProxy, act: Callable[[], Awaitable[None]]) -> None:
    """Connections are lost, and for a moment none can be had."""
    for _ in range(3):
        link.reset()
        link.refuse = True
        await act()
        link.refuse = False
        await act()


async def half_open_up(link: FaultProxy, act: Callable[[], Awaitable[None]]) -> None:
    """What is said vanishes; what is answered to it would come."""
    await _swallowed(link, act, up=True, down=False)


async def half_open_down(link: FaultProxy, act: Callable[[], Awaitable[None]]) -> None:
    """What is said arrives; the answers vanish."""
    await _swallowed(link, act, up=False, down=True)


async def blackhole(link: FaultProxy, act: Callable[[], Awaitable[None]]) -> None:
    await _swallowed(link, act, up=True, down=True)


async def _swallowed(link: FaultProxy, act: Callable[[], Awaitable[None]], *, up: bool, down: bool) -> None:
    """Connections that were used meanwhile stay dead in silence, until somebody gives them up."""
    before = link.up.swallowed_bytes + link.down.swallowed_bytes
    link.up.blackhole, link.down.blackhole = up, down
    await act()
    await until(lambda: link.up.swallowed_bytes + link.down.swallowed_bytes > before, "something to vanish")
    link.up.blackhole = link.down.blackhole = False
    await act()


async def duplicate(link: FaultProxy, act: Callable[[], Awaitable[None]]) -> None:
    """On connections from now on, messages come twice: frames of pages, commands and messages of Redis."""
    link.duplicates = True
    link.reset()
    await act()
    await until(lambda: link.repeated > 10, "something to come twice")
    await act()
    link.duplicates = False
    link.reset()


FAULTS = [latency, bandwidth, drop, half_open_up, half_open_down, blackhole, duplicate]


@asynccontextmanager
async def clicking(links: Links) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """People who click, and at the end: all of it counted once, nothing was taken back."""
    people = [Clicker(f"http://{HOST}:{links.to_workers.port}") for _ in range(PEOPLE)]
    await asyncio.gather(*(person.open() for person in people))
    await asyncio.gather(*(person.joined() for person in people))

    async def act() -> None:
        for _ in range(5):
            for person in people:
                person.click()
            await asyncio.sleep(0.02)  # the pace of people, not a wait for something

    try:
        await act()
        await asyncio.gather(*(person.settled() for person in people))
        yield act
        await act()
        await asyncio.gather(*(person.settled(60) for person in people))
        wrong = [person for person in people if not person.is_right or links.handled(person) != person.clicks]
        told = [line for person in wrong for line in (str(person), *person.story)]
        assert not wrong, "\n".join([*told, links.workers.logs()])
    finally:
        await asyncio.gather(*(person.close() for person in people))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_between_page_and_worker(links: Links, fault: Callable[..., Awaitable[None]]) -> None:
    async with clicking(links) as act:
        await fault(links.to_workers, act)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_between_worker_and_redis(links: Links, fault: Callable[..., Awaitable[None]]) -> None:
    async with clicking(links) as act:
        await fault(links.to_redis, act)


@pytest.mark.parametrize("transport", ["http"], indirect=True)
async def test_posts_of_a_page_come_twice(
    stage: Stage, witness_at: NewWitness, only_http: OnlyHttp, page_log: PageLog
) -> None:
    page_log.allow("Failed to load resource")
    witness = await witness_at(stage.balancer.url)
    await witness.open()
    only_http.repeats_posts, only_http.repeated = True, 0
    try:
        await witness.click(5)
        assert (await witness.settled())["shown"] == 5
        home = 0 if await witness.worker() == stage.workers.pid(0) else 1
        stage.workers.kill(home)  # so that the line is opened again, twice
        await witness.click(5)
        testimony = await witness.settled(30)
    finally:
        only_http.repeats_posts = False
    assert (testimony["shown"], testimony["lies"]) == (10, []), stage.workers.logs()
    assert only_http.repeated > 2
    assert stage.mounts() == witness.views == 1
