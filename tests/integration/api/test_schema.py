"""schemathesis asks every operation of the OpenAPI description with good and bad data: no answer may be a 5xx.

A bounded number of cases here, more every night (`pytest -m nightly`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from livets.api.flow import create_app
from livets.flow import FlowRuntime
from tests.unit.api.conftest import TOKEN, asking, small

REAL = {"id": "hello", "run": "waits", "type": "debug.log"}
AUTH = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in a thread of its own, with a workflow and a run that waits."""
    ready: list[Any] = []
    began = threading.Event()

    async def main() -> None:
        async with FlowRuntime(tmp_path_factory.mktemp("flow")) as runtime:
            app = create_app(runtime, TOKEN, max_runs=50)
            app.guard._requests.per_second, app.guard._requests.burst = 1e6, 1_000_000
            server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=2))
            ready.append(server)
            serving = asyncio.ensure_future(server._serve())
            while not server.started:
                await asyncio.sleep(0.01)
            ready.append((app, asyncio.get_running_loop()))
            began.set()
            await serving

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert began.wait(30)
    server, (app, loop) = ready
    base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    with httpx.Client(base_url=base, headers=AUTH) as client:
        client.put("/api/workflows/hello", json=small()).raise_for_status()
        client.put("/api/workflows/asking", json=asking()).raise_for_status()
        client.post("/api/workflows/asking/runs", json={"run": "waits"}).raise_for_status()
    yield base
    loop.call_soon_threadsafe(app.service.closing.set)
    server.should_exit = True
    thread.join(30)


def ask(operation: Any, mode: GenerationMode, cases: int, label: str, asked: dict[str, int]) -> None:
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        if asked.get(label, 0) % 2 and operation.method != "delete":  # ask of what is there, too
            case.path_parameters |= {k: v for k, v in REAL.items() if k in case.path_parameters}
            case.query.pop("wait", None)
        answer = case.call(headers=AUTH)
        assert answer.status_code < 500, (label, answer.status_code, answer.text, case.as_curl_command())
        asked[label] = asked.get(label, 0) + 1

    try:
        one()
    except Unsatisfiable:  # nothing of an operation without parameters can be wrong
        assert mode is GenerationMode.NEGATIVE


def fuzz(url: str, cases: int) -> dict[str, int]:
    """Ask every operation `cases` times; returns how many cases each had."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    asked: dict[str, int] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.endswith("events/stream") or operation.path == "/api/events":
            continue  # they go on for ever
        label = f"{operation.method.upper()} {operation.path}"
        for mode in GenerationMode:
            ask(operation, mode, cases, label, asked)
    return asked


OPERATIONS = 28
"""How many operations are asked; a new one counts itself in (test_inventory.py lists them)."""


def test_no_answer_is_an_error_of_ours(url: str) -> None:
    asked = fuzz(url, 3)
    assert len(asked) == OPERATIONS


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_no_answer_is_an_error_of_ours_however_long(url: str) -> None:
    assert sum(fuzz(url, 200).values()) > OPERATIONS * 100
