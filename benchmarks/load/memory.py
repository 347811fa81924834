"""Memory of an idle page: `python -m benchmarks.load.memory`.

Method: a server process of its own; so many pages are fetched and joined, each with a session and a socket of its own,
and stay; the growth of the process's resident memory is divided by their number. A few pages that come and go before
warm up what is made once. The same with a bare Starlette socket, in the same run.
"""

from __future__ import annotations

import asyncio
import time

import click

from benchmarks.load.pages import Page, opened
from benchmarks.load.server import running

_WARM = 30
_REST_S = 1.0


@click.command(epilog="Example: python -m benchmarks.load.memory --pages 200")
@click.option("--pages", "counts", multiple=True, type=int, default=(200, 1_000), show_default=True)
def main(counts: tuple[int, ...]) -> None:
    """Print the resident memory of a page that does nothing."""
    click.echo("| pages at rest | livets, KiB a page | after an event each | bare Starlette socket | difference |")
    click.echo("|--:|--:|--:|--:|--:|")
    for count in counts:
        (idle, used), socket = asyncio.run(_pages(count)), asyncio.run(per_socket(count))
        click.echo(f"| {count} | {idle:.1f} | {used:.1f} | {socket:.1f} | {idle - socket:.1f} |")


async def _pages(count: int) -> tuple[float, float]:
    with running() as server:
        async with opened(server.port, "/", _WARM):
            pass
        await asyncio.sleep(_REST_S)
        before = server.state()["kib"]
        async with opened(server.port, "/", count) as pages:
            time.sleep(_REST_S)
            idle = server.kib
            for page in pages:
                await page.event(1, "add")
            time.sleep(_REST_S)
            return (idle - before) / count, (server.kib - before) / count


async def per_socket(count: int) -> float:
    """Of a bare Starlette socket, KiB."""
    with running() as server:
        warm = [Page(server.port, "/bare") for _ in range(_WARM)]
        for page in warm:
            await page.connect("/bare")
            page.abort()
        await asyncio.sleep(_REST_S)
        before = server.state()["kib"]
        pages = [Page(server.port, "/bare") for _ in range(count)]
        for page in pages:
            await page.connect("/bare")
        time.sleep(_REST_S)
        after = server.kib
        for page in pages:
            page.abort()
        return (after - before) / count


if __name__ == "__main__":
    main()
