"""A real redis-server for one test: own port, own directory, nothing kept.

`redis_server` is the fixture; `RedisServer` is for tests that kill, pause and restart it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.ports import HOST, free_port
from tests.support.wait import wait_for

MISSING = (
    "redis-server was not found on PATH. `make test` installs Debian's package where apt is there; "
    "otherwise install Redis 6 or later and run the tests again, or name the binary in LIVETS_REDIS_SERVER."
)


def binary() -> str:
    """Path of redis-server; fails the test with instructions when there is none."""
    path = os.environ.get("LIVETS_REDIS_SERVER") or shutil.which("redis-server")
    if path is None:
        pytest.fail(MISSING, pytrace=False)
    return path


def dies_with_parent() -> list[str]:
    """Command prefix that kills the child when the test run is killed (Linux), else nothing."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


class RedisServer:
    """One redis-server process that may be killed, frozen and started again on the same port."""

    def __init__(self, port: int | None = None, *, options: Sequence[str] = ()) -> None:
        """`options`: more words of the command line."""
        self._options = options
        self.port = port or free_port()
        self._directory = Path(tempfile.mkdtemp(prefix="livets-redis-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """`redis://…` of database 0."""
        return f"redis://{HOST}:{self.port}/0"

    @property
    def is_running(self) -> bool:
        """Whether it was started, and not stopped or killed since."""
        return self._process is not None

    def start(self) -> None:
        """Start (or restart) and wait until it answers PING."""
        command = [
            *dies_with_parent(), binary(), "--bind", HOST, "--port", str(self.port), "--dir", str(self._directory),
            "--save", "", "--appendonly", "no", "--enable-debug-command", "local", "--loglevel", "warning",
            *self._options,
        ]  # fmt: skip
        log = (self._directory / "redis.log").open("ab")
        with log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self._ready, f"redis-server on port {self.port}; log: {self._directory}/redis.log", timeout_s=10)

    def stop(self) -> None:
        """SIGTERM: an orderly end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: connections are reset, data is gone."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: connections stay, nothing answers."""
        self._alive().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._alive().send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Kill it and remove its directory."""
        self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def command(self, *words: str | bytes) -> bytes:
        """The raw first bytes of the answer to one command; a tool independent of any client library."""
        with socket.create_connection((HOST, self.port), timeout=2) as connection:
            parts = [word.encode() if isinstance(word, str) else word for word in words]
            connection.sendall(
                b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
            )
            return connection.recv(65536)

    def _alive(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "redis-server is not running"
        return self._process

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
            self._process.send_signal(signal.SIGCONT)
        self._process.wait(10)
        self._process = None

    def _ready(self) -> bool:
        if self._alive().poll() is not None:
            raise AssertionError(f"redis-server ended at once: {(self._directory / 'redis.log').read_text()[-2000:]}")
        try:
            return self.command("PING").startswith(b"+PONG")
        except OSError:
            return False


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A running Redis of this test's own."""
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.close()
