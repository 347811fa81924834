"""`livets run` as processes: one worker, several, their end, and what is said when something is missing."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from livets.wire import JoinMode
from tests.integration.transport.harness import Browser, event
from tests.support.clicker import Clicker
from tests.support.command import Command
from tests.support.redis_server import RedisServer
from tests.support.wait import wait_for

MAIN = """
import os
from livets import LiveTS, LiveView

class Who(LiveView):
    pid: int = 0
    template = "<b>{{ pid }}</b>"

    def mount(self) -> None:
        self.pid = os.getpid()

app = LiveTS()
app.live("/", Who)
"""
SECRET = "a secret of at least 32 characters"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


def pid(url: str) -> int:
    return int(httpx.get(url).text.split("<b>")[1].split("</b>")[0].split("<!--[-->")[-1].split("<!--]-->")[0])


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_worker_ends_in_order(project: Path, number: signal.Signals) -> None:
    with Command("run", "--port", "0", folder=project) as run:
        assert pid(run.url) == run.pid
        assert "this host's own key" in run.output
        began = time.monotonic()
        run.signal(number)
        assert run.wait() == 0, run.output
        assert time.monotonic() - began < 5
    assert "Traceback" not in run.output


def test_a_client_that_never_ends_does_not_keep_it(project: Path) -> None:
    import socket

    with Command("run", "--port", "0", "--graceful-timeout", "2", folder=project) as run:
        host = socket.create_connection(("127.0.0.1", int(run.url.rpartition(":")[2])))
        host.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        pid(run.url)
        began = time.monotonic()
        run.signal(signal.SIGTERM)
        run.wait()
        assert time.monotonic() - began < 5
        host.close()


@pytest.fixture
def two(project: Path, redis_server: RedisServer) -> Iterator[Command]:
    env = {"LIVETS_REDIS_URL": redis_server.url, "LIVETS_SECRET_KEY": SECRET}
    with Command("run", "--port", "0", "--workers", "2", folder=project, env=env) as run:
        run.says(r"worker \d+ serves", times=2)
        yield run


def test_two_workers_serve_one_dies_another_comes(two: Command) -> None:
    assert "sealed with LIVETS_SECRET_KEY" in two.output
    assert SECRET not in two.output
    first = pid(two.url)
    os.kill(first, signal.SIGKILL)
    two.says(rf"worker {first} has ended \(killed by SIGKILL\)")
    two.says(r"worker \d+ serves", times=3)
    assert pid(two.url) != first
    assert two.stop() == 0, two.output
    assert not is_alive(first)


def test_several_workers_need_one_variable(project: Path, redis_server: RedisServer) -> None:
    """The secret is this host's: a page of one worker is joined at another."""
    env = {"LIVETS_REDIS_URL": redis_server.url}
    with Command("run", "--port", "0", "--workers", "2", folder=project, env=env) as run:
        run.says(r"worker \d+ serves", times=2)
        run.says("sealed with this host's own key")
        assert len({pid(run.url) for _ in range(40)}) == 2, "both serve"

        async def join_some() -> None:
            people = [Clicker(run.url) for _ in range(12)]
            await asyncio.gather(*(person.open() for person in people))
            await asyncio.gather(*(person.joined() for person in people))
            modes = [mode for person in people for mode in person.modes]
            assert JoinMode.REMOUNTED not in modes
            assert JoinMode.FILLED in modes, "some were fetched from the other worker"
            await asyncio.gather(*(person.close() for person in people))

        asyncio.run(join_some())
        assert run.stop() == 0, run.output


def test_hangup_starts_every_worker_anew_while_pages_are_served(two: Command) -> None:
    def workers() -> set[str]:
        return {line.split()[2] for line in two.output.splitlines() if line.endswith(" serves")}

    before = workers()
    two.signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while len(workers()) < 4 and time.monotonic() < deadline:
        assert pid(two.url)  # never refused
        time.sleep(0.02)  # the processor is the new workers', too
    assert len(workers()) == 4, two.output
    wait_for(lambda: not any(is_alive(int(process)) for process in before), timeout_s=10)
    assert str(pid(two.url)) in workers() - before


def test_the_workers_go_when_the_parent_is_killed(two: Command) -> None:
    worker = pid(two.url)
    os.kill(two.pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(worker), timeout_s=10)


def test_a_program_that_can_not_be_imported(project: Path) -> None:
    (project / "main.py").write_text("import os\nos.nothing\n")
    with Command("run", "--port", "0", folder=project) as run:
        assert run.wait() == 1
    assert 'main.py", line 2' in run.output
    assert "livets/cli" not in run.output


def test_a_port_that_is_taken(project: Path) -> None:
    with Command("run", "--port", "0", folder=project) as first:
        port = first.url.rpartition(":")[2]
        pid(first.url)
        with Command("run", "--port", port, folder=project) as second:
            assert second.wait() == 1
    assert "choose another port" in second.output


STUCK = """
import threading
from livets import LiveTS, LiveView, event

class Stuck(LiveView):
    template = '<button ts-on:click="wait">wait</button>'

    @event
    def wait(self) -> None:
        print("WAITS", flush=True)
        threading.Event().wait()

app = LiveTS()
app.live("/", Stuck)
"""


async def test_a_handler_that_never_returns_does_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(STUCK)
    with Command("run", "--port", "0", "--graceful-timeout", "4", folder=tmp_path) as run:
        async with Browser(run.url) as user:
            await user.open("/")
            socket = await user.join()
            await socket.send(event(1, "wait"))
            run.says("WAITS")
            began = time.monotonic()
            run.signal(signal.SIGTERM)
            assert run.wait(30) == 0
            assert time.monotonic() - began < 15
