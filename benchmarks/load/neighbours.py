"""What one bad page costs its neighbours: `python -m benchmarks.load.neighbours`.

Method: a server process of its own, ten pages that each send ten events a second and time the answers, and an offender
in a third process. Windows with and without the offender take turns in the same run, so that whatever else the machine
does is in both; medians and 99th percentiles are those of all windows of a kind. The offenders:
"flood": a page that sends heartbeats as fast as the socket takes them, and twenty events a second;
"deaf": a page that reads nothing while tables of 100 rows are broadcast to it twenty times a second;
"talk": those broadcasts alone, to a page that reads;
"slow": pages whose handlers sleep for forty seconds, eight in plain functions and eight in coroutines.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from benchmarks.load.pages import Page, eight_at_a_time, opened
from benchmarks.load.server import Server, running
from livets.wire import Beat, encode_client

OFFENDERS = ("flood", "deaf", "talk", "slow")
_PAGES = 10
_EVERY_S = 0.1
_SETTLE_S = 0.3


class Latency(NamedTuple):
    """Of answers, in milliseconds."""

    median_ms: float
    p99_ms: float


class Effect(NamedTuple):
    """Neighbours without and with an offender."""

    alone: Latency
    beside: Latency


@click.command(epilog="Example: python -m benchmarks.load.neighbours --rounds 3")
@click.option("--rounds", default=6, show_default=True)
@click.option("--window", "window_s", default=2.0, show_default=True, help="Seconds of one window.")
@click.option("--offend", nargs=2, type=str, default=None, help="Be this offender at this port (for the program).")
def main(rounds: int, window_s: float, offend: tuple[str, str] | None) -> None:
    """Print the latency of a page's neighbours, without and with each offender."""
    if offend is not None:
        asyncio.run(_OFFENCES[offend[0]](int(offend[1])))
        return
    click.echo("| offender | median alone | beside it | p99 alone | beside it |\n|---|--:|--:|--:|--:|")
    for kind in OFFENDERS:
        alone, beside = asyncio.run(measure(kind, rounds, window_s))
        click.echo(
            f"| {kind} | {alone.median_ms:.2f} ms | {beside.median_ms:.2f} ms "
            f"| {alone.p99_ms:.2f} ms | {beside.p99_ms:.2f} ms |"
        )


async def measure(kind: str, rounds: int, window_s: float) -> Effect:
    """The effect of one kind of offender on its neighbours."""
    alone: list[float] = []
    beside: list[float] = []
    with running() as server:
        async with opened(server.port, "/", _PAGES) as pages:
            refs = [0] * len(pages)
            for _ in range(rounds):
                alone += await _window(pages, refs, window_s)
                with _offender(kind, server):
                    await asyncio.sleep(_SETTLE_S)
                    beside += await _window(pages, refs, window_s)
                await asyncio.sleep(_SETTLE_S)
    return Effect(_latency(alone), _latency(beside))


async def _window(pages: list[Page], refs: list[int], window_s: float) -> list[float]:
    times: list[float] = []
    ends_s = time.monotonic() + window_s

    async def click_on(number: int) -> None:
        await asyncio.sleep(_EVERY_S * number / len(pages))
        while time.monotonic() < ends_s:
            refs[number] += 1
            started_s = time.perf_counter()
            await pages[number].event(refs[number], "add")
            took_s = time.perf_counter() - started_s
            times.append(1000 * took_s)
            await asyncio.sleep(max(0.0, _EVERY_S - took_s))

    await asyncio.gather(*(click_on(number) for number in range(len(pages))))
    return times


def _latency(times: list[float]) -> Latency:
    times = sorted(times)
    return Latency(times[len(times) // 2], times[int(len(times) * 0.99)])


@contextlib.contextmanager
def _offender(kind: str, server: Server) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.load.neighbours", "--offend", kind, str(server.port)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # it has begun
    try:
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _begun() -> None:
    print("begun", flush=True)


async def _flood(port: int) -> None:
    page = Page(port, "/")
    await page.open()
    _begun()
    reading = asyncio.create_task(_read(page))
    started_s, ref = time.monotonic(), 0
    while not reading.done():
        if ref < 20 * (time.monotonic() - started_s):
            ref += 1
            page.send_event(ref, "add")
        await page.pour(encode_client(Beat(1)), 50)
    await reading


async def _broadcasts(port: int, *, deaf: bool) -> None:
    listener, publisher = Page(port, "/table"), Page(port, "/table")
    await eight_at_a_time([listener, publisher])
    _begun()

    readers = [publisher] if deaf else [publisher, listener]
    reading = [asyncio.create_task(_read(page)) for page in readers]
    for ref in range(1, 10_000):
        publisher.send_event(ref, "publish", ref)
        await asyncio.sleep(0.05)
    await asyncio.gather(*reading)


async def _read(page: Page) -> None:
    while True:
        await page.frame()


async def _slow(port: int) -> None:
    pages = [Page(port, "/slow") for _ in range(16)]
    await eight_at_a_time(pages)
    for number, page in enumerate(pages):
        page.send_event(1, "block" if number % 2 else "wait", 40)
    _begun()
    await asyncio.sleep(3600)


_OFFENCES = {
    "flood": _flood,
    "deaf": lambda port: _broadcasts(port, deaf=True),
    "talk": lambda port: _broadcasts(port, deaf=False),
    "slow": _slow,
}


if __name__ == "__main__":
    main()
