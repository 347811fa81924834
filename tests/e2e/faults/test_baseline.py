"""Pages come and go, and nothing of them stays: tasks, file descriptors, connections of Redis, memory of the worker."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.faults.stage import Report
from tests.support.clicker import Clicker
from tests.support.redis_server import RedisServer
from tests.support.wait import until
from tests.support.workers import Workers

AT_ONCE = 25
WARM_UP = 8 * AT_ONCE
"""Pages until the allocator has what it needs for `AT_ONCE` of them."""
GROWTH_BYTES_A_PAGE = 1_000
"""What may stay of a page that has gone: detached views wait a while."""
GROWTH_BYTES = 8_000_000
"""What allocators keep after their first pages, however many come; on top of the above."""

pytestmark = [pytest.mark.redis, pytest.mark.timeout(900)]


@pytest.fixture
def worker(redis_server: RedisServer) -> Iterator[Workers]:
    env = {
        "LIVETS_SECRET_KEY": secrets.token_hex(32),
        "LIVETS_REDIS_URL": redis_server.url,
        "LIVETS_TEST_DETACHED_S": "0.5",
    }
    with Workers("tests.e2e.faults.load:app", 1, env=env, restart=False) as workers:
        yield workers


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def redis_clients(redis: RedisServer) -> int:
    return redis.command("CLIENT", "LIST").count(b"\nid=") + 1


async def come_and_go(origin: str, count: int) -> None:
    for _ in range(count // AT_ONCE):
        people = [Clicker(origin) for _ in range(AT_ONCE)]
        await asyncio.gather(*(person.open() for person in people))
        for person in people:
            person.click()
        await asyncio.gather(*(person.settled() for person in people))
        await asyncio.gather(*(person.close() for person in people))


async def at_rest(pid: int) -> None:
    """Until the worker has closed what the last pages have left."""
    before = -1
    while (now := descriptors(pid)) != before:
        before = now
        await asyncio.sleep(0.7)


def tasks(origin: str) -> int:
    return int(httpx.get(f"{origin}/tasks").text)


async def check(worker: Workers, redis: RedisServer, pages: int, report: Report) -> None:
    origin, pid = f"http://127.0.0.1:{worker.ports[0]}", worker.pid(0)
    await come_and_go(origin, WARM_UP)
    await at_rest(pid)
    files, clients, running, memory = descriptors(pid), redis_clients(redis), tasks(origin), resident_bytes(pid)
    await come_and_go(origin, pages)
    await until(lambda: descriptors(pid) <= files + 4, f"{files} descriptors again", timeout_s=30)
    await until(lambda: redis_clients(redis) <= clients + 2, f"{clients} connections of Redis again", timeout_s=30)
    await until(lambda: tasks(origin) <= running + 2, f"{running} tasks again", timeout_s=30)
    grown = resident_bytes(pid) - memory
    report(
        f"{pages} pages: descriptors {files} -> {descriptors(pid)}, connections of Redis {clients} -> "
        f"{redis_clients(redis)}, tasks {running} -> {tasks(origin)}, memory {memory:,} -> {memory + grown:,} bytes"
    )
    assert grown < GROWTH_BYTES + pages * GROWTH_BYTES_A_PAGE, f"{grown} bytes more after {pages} pages"


async def test_hundreds_of_pages_leave_nothing(worker: Workers, redis_server: RedisServer, report: Report) -> None:
    await check(worker, redis_server, 500, report)


@pytest.mark.nightly
async def test_five_thousand_pages_leave_nothing(worker: Workers, redis_server: RedisServer, report: Report) -> None:
    await check(worker, redis_server, 5_000, report)
