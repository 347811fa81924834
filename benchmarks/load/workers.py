"""What one, two or four workers that share a Redis do: `python -m benchmarks.load.workers --workers 2`.

Method: worker processes and a redis-server of their own on this machine; pages spread evenly, without a browser
(`pages`). Memory: resident memory of all workers after joining, less before, by pages. Events: each page sends one and
waits until it is durable, so that each is a write of its own; all at once, for some seconds. Broadcasts: one page
publishes a number that all show, round after round. The times are CPU times of the workers' and Redis' processes, which
another program's load changes less than the clock; "possible" is what one core would do in a second at that price. What
was reached depends on the machine: the program that sends shares its cores with the workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.load.pages import Page, eight_at_a_time
from benchmarks.load.server import Server

_PATCH = 0
_DURABLE = 0x93
"""First byte of a frame whose head has three numbers: all that is done is durable."""
_ROUNDS = 30
_START_S = 30.0


@dataclass(frozen=True)
class Fleet:
    """Workers and their Redis."""

    workers: list[Server]
    redis: Server

    @property
    def cpu_s(self) -> float:
        """Of all workers."""
        return sum(worker.cpu_s for worker in self.workers)

    @property
    def kib(self) -> int:
        """Resident, of all workers."""
        return sum(worker.kib for worker in self.workers)


@click.command(epilog="Example: python -m benchmarks.load.workers --workers 1 --pages 200 --seconds 2")
@click.option("--workers", "counts", multiple=True, type=int, default=(1, 2, 4), show_default=True)
@click.option("--pages", default=1_000, show_default=True, help="In all.")
@click.option("--seconds", default=5.0, show_default=True, help="Of events.")
def main(counts: tuple[int, ...], pages: int, seconds: float) -> None:
    """Print a table of what so many workers cost and reach."""
    click.echo(
        "| workers | KiB a page | us of CPU an event | possible events/s a core | reached | Redis, us an event "
        "| us a page of a broadcast | possible pages/s a core | reached | Redis, us a broadcast |\n" + "|--:" * 10 + "|"
    )
    for count in counts:
        with running(count) as fleet:
            click.echo(f"| {count} | " + " | ".join(asyncio.run(measured(fleet, pages, seconds))) + " |")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    click.echo(f"\n{pages} pages; {os.cpu_count()} cores; load average {load}")


async def measured(fleet: Fleet, count: int, seconds: float) -> list[str]:
    """The cells of one row."""
    warm = [Page(worker.port, "/") for worker in fleet.workers for _ in range(8)]
    await eight_at_a_time(warm)
    before_kib = fleet.kib
    pages = [Page(fleet.workers[number % len(fleet.workers)].port, "/") for number in range(count)]
    await eight_at_a_time(pages)
    kib = (fleet.kib - before_kib) / count
    for page in warm:
        page.abort()
    refs, events = await _events(fleet, pages, seconds)
    broadcasts = await _broadcasts(fleet, pages, refs)
    for page in pages:
        page.abort()
    return [f"{kib:.1f}", *events, *broadcasts]


async def _events(fleet: Fleet, pages: list[Page], seconds: float) -> tuple[int, list[str]]:
    """How many the first page has sent, and the cells."""
    refs = [0] * len(pages)
    until_s = time.monotonic() + seconds

    async def work(number: int) -> None:
        while time.monotonic() < until_s:
            refs[number] += 1
            pages[number].send_event(refs[number], "add")
            while (await pages[number].frame())[0] != _DURABLE:
                pass

    cpu_s, redis_s, began_s = fleet.cpu_s, fleet.redis.cpu_s, time.monotonic()
    await asyncio.gather(*map(work, range(len(pages))))
    took_s, events = time.monotonic() - began_s, sum(refs)
    us = (fleet.cpu_s - cpu_s) / events * 1e6
    redis_us = (fleet.redis.cpu_s - redis_s) / events * 1e6
    return refs[0], [f"{us:.0f}", f"{1e6 / us:,.0f}", f"{events / took_s:,.0f}", f"{redis_us:.0f}"]


async def _broadcasts(fleet: Fleet, pages: list[Page], ref: int) -> list[str]:
    cpu_s, redis_s, began_s = fleet.cpu_s, fleet.redis.cpu_s, time.monotonic()
    for number in range(1, _ROUNDS + 1):
        pages[0].send_event(ref + number, "publish", number)
        await asyncio.gather(*(_patch(page) for page in pages))
    took_s, heard = time.monotonic() - began_s, _ROUNDS * len(pages)
    us = (fleet.cpu_s - cpu_s) / heard * 1e6
    redis_us = (fleet.redis.cpu_s - redis_s) / _ROUNDS * 1e6
    return [f"{us:.0f}", f"{1e6 / us:,.0f}", f"{heard / took_s:,.0f}", f"{redis_us:,.0f}"]


async def _patch(page: Page) -> None:
    """The next patch; what only says that something is durable is passed over."""
    while (await page.frame())[1] != _PATCH:
        pass


@contextlib.contextmanager
def running(count: int) -> Iterator[Fleet]:
    """So many workers and a Redis, each a process of its own."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise click.ClickException("redis-server is not on PATH: apt install redis-server")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="livets-bench-"))
        port = _free_port()
        words = [binary, "--port", str(port), "--save", "", "--dir", folder, "--logfile", f"{folder}/log"]
        redis = _started(stack, words, port, {})
        env = {"LIVETS_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        workers = []
        for _ in range(count):
            port = _free_port()
            workers.append(_started(stack, [sys.executable, "-m", "benchmarks.load.server", str(port)], port, env))
        yield Fleet(workers, redis)


def _started(stack: contextlib.ExitStack, words: list[str], port: int, env: dict[str, str]) -> Server:
    process = subprocess.Popen(words, cwd=Path(__file__).parents[2], env={**os.environ, **env})
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    until_s = time.monotonic() + _START_S
    while time.monotonic() < until_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return Server(port, process.pid)
        time.sleep(0.05)
    raise click.ClickException(f"{words[0]} did not start on port {port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
