"""`livets flow serve` as a process: the token, what survives stops and kills, who may call it, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.api.conftest import asking, small

ROOT = Path(__file__).parents[3]
OWN = "a-token-of-ones-own-for-tests"


class Serving:
    """One process of `livets flow serve`, and what it says."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        command = [sys.executable, "-m", "livets", "flow", "serve", "--port", "0", *arguments]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **environment}
        env.pop("LIVETS_FLOW_FOLDER", None)
        self.process = subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self._serves = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("token"):
                self._serves.set()
        self._serves.set()

    def ready(self) -> Serving:
        assert self._serves.wait(60)
        assert self.process.poll() is None, "".join(self.said)
        return self

    @property
    def url(self) -> str:
        return next(re.findall(r"http://\S+", line)[0] for line in self.said if "serving" in line)

    @property
    def token(self) -> str:
        return next(re.findall(r"lvt_\S+", line)[0] for line in self.said if "lvt_" in line)

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {token}"}, timeout=30)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(60)
        self._reader.join(60)
        return code


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    begun: list[Serving] = []

    def serve(*arguments: str, **environment: str) -> Serving:
        begun.append(Serving(tmp_path, *arguments, **environment))
        return begun[-1]

    yield serve
    for one in begun:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait(60)
        one._reader.join(60)
        assert one.process.stderr is not None
        one.process.stderr.close()


def test_runs_survive_stop_and_kill(serve: Callable[..., Serving], tmp_path: Path) -> None:
    (tmp_path / "asking.json").write_text(json.dumps(asking()))
    first = serve("asking.json").ready()
    token = first.token
    with first.client(token) as client:
        assert client.get("/api/workflows/asking").status_code == 200
        run = client.post("/api/workflows/asking/runs", json={}).json()["run"]
        with client.stream("GET", f"/api/runs/{run}/events/stream") as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if "flow.node.waiting" in line)
            assert first.stop() == 0
    second = serve().ready()
    assert not any("lvt_" in line for line in second.said)
    with second.client(token) as client:
        assert client.get(f"/api/runs/{run}").json()["here"] is True
        second.process.kill()
        second.process.wait(60)
    third = serve().ready()
    with third.client(token) as client:
        answer = client.post(f"/api/runs/{run}/approve", json={"node": "ask", "approved": True})
        assert answer.status_code == 200, answer.text
        with client.stream("GET", f"/api/runs/{run}/events/stream") as stream:
            assert any('"type":"end","status":"completed"' in line for line in stream.iter_lines())
        assert client.get(f"/api/runs/{run}").json()["outputs"]["ask"]["approved"] == 7
    assert third.stop(signal.SIGINT) == 0


def test_the_token_is_shown_once_and_can_be_renewed(serve: Callable[..., Serving], tmp_path: Path) -> None:
    first = serve().ready()
    old = first.token
    kept = tmp_path / ".livets/flow/api-token"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert old not in kept.read_text()
    assert httpx.get(f"{first.url}/api/nodes").status_code == 401
    assert httpx.get(f"{first.url}/health").json() == {"status": "ok"}
    other = serve()
    assert other.process.wait(60) == 1
    other._reader.join(60)
    assert "another server serves" in "".join(other.said)
    assert first.stop() == 0
    second = serve("--new-token").ready()
    with second.client(old) as client:
        assert client.get("/api/nodes").status_code == 401
    with second.client(second.token) as client:
        assert client.get("/api/nodes").status_code == 200
        metrics = client.get("/metrics")
        assert "livets_flow_active_runs 0.0" in metrics.text
        assert metrics.headers["content-type"].startswith("text/plain")
    assert second.stop() == 0


def test_lines_of_the_log_are_json_with_run_and_node(serve: Callable[..., Serving]) -> None:
    server = serve("--log-json", "--no-metrics", "--log-level", "debug", LIVETS_FLOW_TOKEN=OWN).ready()
    workflow: dict[str, Any] = small()
    workflow["nodes"][1]["type"] = "debug.log"
    with server.client(OWN) as client:
        client.put("/api/workflows/hello", json=workflow).raise_for_status()
        run = client.post("/api/workflows/hello/runs?wait=20", json={"inputs": {"name": "Ann"}}).json()["run"]
        assert client.get("/metrics").status_code == 404
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.said if line.startswith("{")]
    of_run = [line for line in lines if line.get("run") == run]
    assert {line.get("node") for line in of_run} >= {"set", "who", None}
    assert any(line.get("status") == "completed" and line["workflow"] == "hello" for line in of_run)
    assert OWN not in "".join(server.said)
