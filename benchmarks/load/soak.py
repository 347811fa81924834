"""Does anything stay of pages that have gone? `python -m benchmarks.load.soak --pages 100000`.

Method: pages are fetched, joined, send an event, get its patch, and go, eight at a time; half of them say goodbye and
half are lost. The server keeps a lost page for a second only, so that its end is part of the run. At twenty moments
all pages have gone, and the server's process is asked for its resident memory, objects, tasks and open files. The
slope is that of a straight line through the second half of the readings: what is made once is made by then.
"""

from __future__ import annotations

import asyncio
import time

import click

from benchmarks.load.pages import Page
from benchmarks.load.server import Server, running

_READINGS = 20
_AT_ONCE = 8
_OWN_TASKS = 6
"""The server's own: its main loop, the request for its state, the sweeper."""


@click.command(epilog="Example: python -m benchmarks.load.soak --pages 2000")
@click.option("--pages", default=10_000, show_default=True, help="How many come and go.")
@click.option("--seconds", default=3600.0, show_default=True, help="Stop after this long, however many have come.")
def main(pages: int, seconds: float) -> None:
    """Print what the server holds while pages come and go."""
    until_s = time.monotonic() + seconds
    readings: list[tuple[int, dict[str, float]]] = []
    click.echo("| pages so far | RSS, KiB | objects | tasks | files | views |\n|--:|--:|--:|--:|--:|--:|")
    with running("--forgetful") as server:
        for part in range(_READINGS):
            if time.monotonic() > until_s:
                break
            asyncio.run(come_and_go(server, pages // _READINGS))
            reading = at_rest(server)
            readings.append(((part + 1) * (pages // _READINGS), reading))
            cells = [f"{reading[name]:.0f}" for name in ("kib", "objects", "tasks", "files", "views")]
            click.echo(f"| {readings[-1][0]} | " + " | ".join(cells) + " |")
    late = readings[len(readings) // 2 :]
    for name, words in (("kib", "bytes of RSS"), ("objects", "objects")):
        factor = 1024 if name == "kib" else 1
        points = [(float(count), reading[name] * factor) for count, reading in late]
        click.echo(f"slope: {slope(points):.2f} {words} a page, over pages {late[0][0]} to {late[-1][0]}")


async def come_and_go(server: Server, count: int) -> None:
    """So many pages."""
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            page = Page(server.port, "/")
            await page.open()
            await page.event(1, "add")
            if number % 2:
                await page.close()
            else:
                page.abort()

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


def at_rest(server: Server) -> dict[str, float]:
    """The state once no view is left (or after 20 seconds, whatever there is)."""
    for _ in range(200):
        state = server.state()
        if state["views"] == 0 and state["tasks"] <= _OWN_TASKS:
            break
        time.sleep(0.1)
    return state


def slope(points: list[tuple[float, float]]) -> float:
    """Of the straight line that fits best."""
    x = sum(point[0] for point in points) / len(points)
    y = sum(point[1] for point in points) / len(points)
    spread = sum((point[0] - x) ** 2 for point in points)
    return sum((point[0] - x) * (point[1] - y) for point in points) / spread if spread else 0.0


if __name__ == "__main__":
    main()
