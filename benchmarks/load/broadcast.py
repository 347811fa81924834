"""What a broadcast costs for each page that hears it: `python -m benchmarks.load.broadcast`.

Method: a server process of its own, so many joined pages, one of which publishes a number that all show. Server CPU is
the process's clock over all rounds, divided by rounds and pages. "shared": all pages show the same, so the patch is
made and encoded once. "each its own": the same with sharing switched off. The page shows a number, or a table of 100
rows that are all new.
"""

from __future__ import annotations

import asyncio

import click

from benchmarks.load.pages import opened
from benchmarks.load.server import running

_ROUNDS = 20


@click.command(epilog="Example: python -m benchmarks.load.broadcast --pages 100")
@click.option("--pages", "counts", multiple=True, type=int, default=(10, 100, 1_000), show_default=True)
def main(counts: tuple[int, ...]) -> None:
    """Print the server's CPU time for each page of a broadcast."""
    click.echo("| pages | what | shared, us a page | each its own |\n|--:|---|--:|--:|")
    for count in counts:
        for what, path in (("a number", "/"), ("a table of 100 rows", "/table")):
            shared = asyncio.run(_cpu_us(count, path))
            own = asyncio.run(_cpu_us(count, path, "--unshared"))
            click.echo(f"| {count} | {what} | {shared:.0f} | {own:.0f} ({own / shared:.2f}x) |")


async def _cpu_us(count: int, path: str, *options: str) -> float:
    with running(*options) as server:
        async with opened(server.port, path, count) as pages:
            before_s = 0.0
            for number in range(_ROUNDS + 2):
                if number == 2:
                    before_s = server.cpu_s
                await pages[0].event(number + 1, "publish", number + 1)
                await asyncio.gather(*(page.frame() for page in pages))
                await asyncio.sleep(0.03)  # a frame later, so that this is shown at once
            return (server.cpu_s - before_s) / _ROUNDS / count * 1e6


if __name__ == "__main__":
    main()
