"""Plain `uvicorn --workers 2`, one environment variable: pages work, and SIGHUP moves them without loss."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clicker import Clicker
from tests.support.ports import HOST, answers, free_port
from tests.support.redis_server import RedisServer, dies_with_parent
from tests.support.wait import until, wait_for

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.redis


@pytest.fixture
def served(redis_server: RedisServer, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """The process, its origin, its log."""
    port, log = free_port(), tmp_path / "log"
    env = {**os.environ, "LIVETS_REDIS_URL": redis_server.url, "LIVETS_STATE_DIR": str(tmp_path)}
    env.pop("LIVETS_SECRET_KEY", None)
    command = [*dies_with_parent(), sys.executable, "-m", "uvicorn", "tests.e2e.faults.load:app"]
    with log.open("wb") as output:
        running = subprocess.Popen(
            [*command, "--workers", "2", "--host", HOST, "--port", str(port), "--ws", "websockets-sansio"],
            env=env, cwd=ROOT, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_for(lambda: answers(port), f"uvicorn; {log.read_text()}", timeout_s=20)
        yield running, f"http://{HOST}:{port}", log
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        print(log.read_text())  # shown when the test fails


async def test_two_workers_and_a_hangup(served: tuple[subprocess.Popen[bytes], str, Path]) -> None:
    running, origin, log = served
    people = [Clicker(origin) for _ in range(8)]
    await asyncio.gather(*(person.open() for person in people))
    await asyncio.gather(*(person.joined() for person in people))
    for person in people:
        person.click()
    started = log.read_text().count("Application startup complete")
    running.send_signal(signal.SIGHUP)
    for _ in range(200):
        for person in people:
            person.click()
        await asyncio.sleep(0.05)
        if log.read_text().count("Application startup complete") >= started + 2:
            break
    await asyncio.gather(*(person.settled() for person in people))
    await until(lambda: log.read_text().count("Application startup complete") >= started + 2, timeout_s=20)
    for person in people:
        person.click()
    await asyncio.gather(*(person.settled() for person in people))
    assert [person for person in people if person.shown != person.clicks or person.lies or person.errors] == []
    await asyncio.gather(*(person.close() for person in people))
