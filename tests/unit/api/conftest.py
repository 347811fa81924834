"""What tests of the HTTP API share: the application over a journal of its own, and a client with its token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from livets.api.flow import create_app
from livets.flow import FlowRuntime

TOKEN = "a-token-for-tests-and-nothing-else"


class Api:
    """The application, its service, and a client that sends the token."""

    def __init__(self, app: Any, client: httpx.AsyncClient) -> None:
        self.app, self.client, self.service = app, client, app.service
        self.service_app, self.token = app.app, TOKEN

    async def store(self, id: str = "hello", **more: Any) -> str:
        """Store a small workflow; returns its version."""
        answer = await self.client.put(f"/api/workflows/{id}", json=small(id, **more))
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["version"])

    async def run(self, id: str = "hello", **body: Any) -> dict[str, Any]:
        """Run a stored workflow to its end."""
        answer = await self.client.post(f"/api/workflows/{id}/runs?wait=20", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def small(id: str = "hello", **more: Any) -> dict[str, Any]:
    """A workflow of two nodes with an input."""
    return {
        "schema_version": 1,
        "id": id,
        "inputs": {"name": {"kind": "String", "default": "world"}},
        "nodes": [
            {"id": "set", "type": "transform.set", "config": {"fields": {"polite": True}},
             "inputs": {"value": {"greeting": "Hello"}}},
            {"id": "who", "type": "debug.log", "inputs": {"value": {"$input": "name"}}},
        ],
        **more,
    }  # fmt: skip


def asking(id: str = "asking") -> dict[str, Any]:
    """A workflow that waits for an approval."""
    return {
        "schema_version": 1,
        "id": id,
        "nodes": [{"id": "ask", "type": "flow.approval", "config": {"prompt": "Shall I?"}, "inputs": {"value": 7}}],
    }


def slow(id: str = "slow", seconds: float = 60.0) -> dict[str, Any]:
    """A workflow that takes its time."""
    node = {"id": "sleep", "type": "time.delay", "config": {"seconds": seconds}}
    return {"schema_version": 1, "id": id, "nodes": [node]}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with FlowRuntime(tmp_path / "flow") as runtime:
        app = create_app(runtime, TOKEN)
        transport = httpx.ASGITransport(app)
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8400", headers=headers) as client:
            await app.service.begin()
            yield Api(app, client)
            await app.service.end()
