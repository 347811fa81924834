"""What a page costs whose view sleeps, and what waking costs: `python -m benchmarks.load.sleeping`.

Method: a server process of its own for each figure; so many pages are fetched and joined in ten parts, each with a
session and a socket of its own, and stay; the growth of the process's resident memory is divided by their number.
"Awake": views that never sleep. "Asleep": each part sleeps before the next one comes (`idle_after_s=1`), as pages do
that come over a day. Then each page sends two events, one page after the other: the first wakes its view.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import NamedTuple

import click

from benchmarks.load.memory import per_socket
from benchmarks.load.pages import Page, eight_at_a_time, opened
from benchmarks.load.server import Server, running

_WARM = 30
_PARTS = 10
_PATHS = {"/": "a counter, a topic", "/desk": "100 rows of its own"}


class Cost(NamedTuple):
    """Of a page at rest, and of its events."""

    kib: float
    first_ms: float
    next_ms: float


@click.command(epilog="Example: python -m benchmarks.load.sleeping --pages 200")
@click.option("--pages", "counts", multiple=True, type=int, default=(200, 1_000), show_default=True)
def main(counts: tuple[int, ...]) -> None:
    """Print the resident memory of a page whose view is awake and asleep, and the time of its first event."""
    click.echo(
        "| pages | the page | awake | asleep | bare socket | first event | next |\n|--:|---|--:|--:|--:|--:|--:|"
    )
    for count in counts:
        bare = asyncio.run(per_socket(count))
        for path, what in _PATHS.items():
            awake, asleep = asyncio.run(_cost(path, count, "0")), asyncio.run(_cost(path, count, "1"))
            click.echo(
                f"| {count} | {what} | {awake.kib:.1f} KiB | {asleep.kib:.1f} KiB | {bare:.1f} KiB "
                f"| {asleep.first_ms:.2f} ms | {asleep.next_ms:.2f} ms |"
            )


async def _cost(path: str, count: int, idle_after_s: str) -> Cost:
    with running("--idle", idle_after_s) as server:
        async with opened(server.port, path, _WARM):
            pass
        before = server.state()["kib"]
        pages: list[Page] = []
        for part in range(_PARTS):
            more = [Page(server.port, path) for _ in range(count * (part + 1) // _PARTS - len(pages))]
            await eight_at_a_time(more)
            pages += more
            if idle_after_s != "0":
                await _all_asleep(server, len(pages))
        kib = (server.state()["kib"] - before) / count
        first: list[float] = []
        following: list[float] = []
        for page in pages:
            for ref, times in ((1, first), (2, following)):
                started_s = time.perf_counter()
                await page.event(ref, "add")
                times.append(1000 * (time.perf_counter() - started_s))
        for page in pages:
            page.abort()
        return Cost(kib, statistics.median(first), statistics.median(following))


async def _all_asleep(server: Server, count: int) -> None:
    for _ in range(600):
        if (await asyncio.to_thread(server.state))["asleep"] >= count:
            return
        await asyncio.sleep(0.1)
    raise SystemExit("views do not fall asleep")


if __name__ == "__main__":
    main()
