"""A Dask scheduler and two workers of `livets flow worker`, as real processes on a free port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.ports import HOST, answers, free_port

ROOT = Path(__file__).parents[3]
PATIENCE_S = 90.0


class Cluster:
    """Worker `a` has the label zone=eu, worker `b` has gpu=1; both know far_nodes. `with Cluster(folder)` runs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"dask://{HOST}:{self.port}"
        self.spans = folder / "spans"
        self._scheduler: subprocess.Popen[bytes] | None = None
        self._workers: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Cluster:
        self.start_scheduler()
        self.start_worker("a", "--label", "zone=eu")
        self.start_worker("b", "--label", "gpu=1")
        return self

    def __exit__(self, *_: object) -> None:
        children = [*self._workers.values(), *([self._scheduler] if self._scheduler is not None else [])]
        for child in children:
            child.send_signal(signal.SIGTERM)
        for child in children:
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _begin(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "LIVETS_TEST_SPANS": str(self.spans)}
        env["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "1"  # three by default: a poisonous node would take long
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log, env=env, cwd=self._folder)

    def start_scheduler(self) -> None:
        self._scheduler = self._begin(
            "scheduler", "distributed.cli.dask_scheduler", "--host", HOST, "--port", str(self.port), "--no-dashboard"
        )
        limit = time.monotonic() + PATIENCE_S
        while not answers(self.port):
            assert self._scheduler.poll() is None, self.said("scheduler")
            assert time.monotonic() < limit, self.said("scheduler")
            time.sleep(0.05)

    def start_worker(self, name: str, *more: str) -> None:
        address = f"tcp://{HOST}:{self.port}"
        self._workers[name] = self._begin(
            f"worker-{name}", "livets", "flow", "worker", address, "--name", name, "--slots", "4", "--grace", "1",
            "--nodes", "tests.integration.flow.far_nodes", *more,
        )  # fmt: skip

    def stop_worker(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        child = self._workers.pop(name)
        child.send_signal(how)
        child.wait(30)

    def kill_scheduler(self) -> None:
        assert self._scheduler is not None
        self._scheduler.kill()
        self._scheduler.wait()

    def said(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()
