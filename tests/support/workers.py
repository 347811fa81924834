"""N single-process uvicorn workers of one application, on fixed free ports, that can be killed and come back.

with Workers("tests.e2e.faults.app:app", 2, env={...}) as workers:
    workers.kill(0); workers.wait_ready()
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.support.ports import answers, reserved_port
from tests.support.redis_server import dies_with_parent
from tests.support.wait import wait_for

ROOT = Path(__file__).parents[2]


class Workers:
    """Starts them, restarts those that die (unless told not to), collects their logs."""

    def __init__(self, app: str, count: int = 2, *, env: Mapping[str, str] | None = None, restart: bool = True) -> None:
        self.app = app
        self._reserved = [reserved_port() for _ in range(count)]
        """Nobody else is given the port of a worker that is being started again."""
        self.ports = [int(holder.getsockname()[1]) for holder in self._reserved]
        self.restart = restart
        self.deaths: list[tuple[int, int]] = []
        """(port, exit code; -9 for SIGKILL) in order."""
        self._env = dict(env or {})
        self._pids: dict[int, int] = {}
        self._directory = Path(tempfile.mkdtemp(prefix="livets-workers-"))
        self._lock = threading.Lock()
        self._nursery: subprocess.Popen[str] | None = None
        self._closing = False

    def __enter__(self) -> Workers:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start all and wait until they accept connections."""
        self._nursery = subprocess.Popen(
            [*dies_with_parent(), sys.executable, "-m", "tests.support.worker_nursery", self.app],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self._env},
        )
        assert self._nursery.stdout is not None
        assert self._nursery.stdout.readline() == "ready\n", "the worker nursery did not start"
        threading.Thread(target=self._listen, name="workers", daemon=True).start()
        for port in self.ports:
            self._spawn(port)
        self.wait_ready()

    def close(self) -> None:
        """Kill all of them; logs go too."""
        self._closing = True
        if self._nursery is not None:
            assert self._nursery.stdin is not None
            self._nursery.stdin.close()
            self._nursery.wait(10)
            assert self._nursery.stdout is not None
            self._nursery = None
        for holder in self._reserved:
            holder.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def kill(self, index: int, how: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to one worker; returns its process id. It comes back if `restart` is set."""
        pid = self.pid(index)
        os.kill(pid, how)
        return pid

    def pid(self, index: int) -> int:
        """Process id of a running worker; waits while it is being restarted."""
        return wait_for(lambda: self._pids.get(self.ports[index], 0), f"worker {index} to run", timeout_s=15)

    def revive(self, index: int) -> None:
        """Start a worker that ended while `restart` was off."""
        wait_for(lambda: self.ports[index] not in self._pids, f"worker {index} to end")
        self._spawn(self.ports[index])

    def wait_ready(self, timeout_s: float = 15.0) -> None:
        """Until every worker accepts connections."""
        for index, port in enumerate(self.ports):
            wait_for(
                lambda port=port: port in self._pids and answers(port),  # type: ignore[misc]
                f"worker {index} on port {port}; its log ends: {self.log(index)[-1500:]!r}",
                timeout_s=timeout_s,
            )

    def log(self, index: int) -> str:
        """All that this worker and its predecessors wrote."""
        path = self._log_path(self.ports[index])
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self) -> str:
        """All logs, for failure messages."""
        return "\n".join(f"--- worker {index}\n{self.log(index)[-4000:]}" for index in range(len(self.ports)))

    def _log_path(self, port: int) -> Path:
        return self._directory / f"{port}.log"

    def _spawn(self, port: int) -> None:
        with self._lock:
            if self._nursery is not None and not self._closing:
                assert self._nursery.stdin is not None
                self._nursery.stdin.write(f"start\t{port}\t{self._log_path(port)}\n")
                self._nursery.stdin.flush()

    def _listen(self) -> None:
        nursery = self._nursery
        assert nursery is not None
        assert nursery.stdout is not None
        with nursery.stdout:
            for line in nursery.stdout:
                word, port, pid, *status = line.split()
                if word == "started":
                    self._pids[int(port)] = int(pid)
                else:
                    self._ended(int(port), int(pid), int(status[0]))

    def _ended(self, port: int, pid: int, status: int) -> None:
        if self._pids.get(port) == pid:
            del self._pids[port]
        self.deaths.append((port, status))
        if self.restart and not self._closing:
            self._spawn(port)
