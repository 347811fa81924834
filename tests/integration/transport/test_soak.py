"""Nothing is left of pages that have gone: no object, task or open file (benchmarks.load.soak is the long run)."""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from collections.abc import Iterator

import pytest

from benchmarks.load.pages import Page
from livets import LiveView, event
from livets.app import LiveTS
from tests.integration.transport.harness import app, serving
from tests.support.wait import until


class Tally(LiveView):
    count: int = 0
    template = "<b>{{ count }}</b>"

    def mount(self) -> None:
        self.subscribe("tally", self.heard)
        self.every(30, self.heard)

    @event
    async def add(self) -> None:
        self.count += 1
        self.broadcast("tally", self.count)

    @event
    async def slow(self) -> None:
        await asyncio.sleep(0)
        self.count += 1

    async def heard(self, count: int = 0) -> None:
        self.count += count


@pytest.fixture
def site() -> LiveTS:
    site = app(detached_keep_s=0.0)
    site.live("/", Tally)
    return site


async def visit(port: int, numbers: Iterator[int]) -> None:
    for number in numbers:
        page = Page(port, "/")
        await page.open()
        await page.event(1, "slow" if number % 3 else "add")
        if number % 2:
            await page.close()
        else:
            page.abort()


async def come_and_go(site: LiveTS, port: int, count: int) -> tuple[Counter[str], int, int]:
    """So many pages; what is there when they have gone: objects by type, tasks, open files."""
    numbers = iter(range(count))
    await asyncio.gather(*(visit(port, numbers) for _ in range(4)))

    def is_empty() -> bool:
        site.registry.expire()
        return not (len(site.registry) or site.worker.pages)

    await until(is_empty, "all pages to be gone")
    await site.registry.all_closed()
    # What is kept on purpose, and bounded (test_bounds): snapshots for those who come back, tokens that were used.
    site.worker.store._kept.clear()  # type: ignore[attr-defined]
    site.worker.used._used.clear()  # type: ignore[attr-defined]
    await until(lambda: gc.collect() == 0)
    objects = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
    return objects, len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))


async def check(site: LiveTS, count: int) -> None:
    async with serving(site) as origin:
        port = int(origin.rpartition(":")[2])
        await come_and_go(site, port, 50)
        before = await come_and_go(site, port, 20)
        after = await come_and_go(site, port, count)
        grown = {name: number for name, number in (after[0] - before[0]).items() if number >= count // 2}
        assert not grown  # a few come and go with the event loop and caches
        # The sweeper's task ends a second after the last page; sockets end when both sides have said so.
        await until(lambda: len(asyncio.all_tasks()) <= before[1], "tasks to end")
        await until(lambda: len(os.listdir("/proc/self/fd")) <= before[2], "files to be closed")


async def test_nothing_is_left_of_pages_that_have_gone(site: LiveTS) -> None:
    await check(site, 150)


@pytest.mark.nightly
@pytest.mark.timeout(600)
async def test_nothing_is_left_of_two_thousand(site: LiveTS) -> None:
    await check(site, 2000)
