"""Event streams of a real server: from any number on, by SSE and WebSocket, gaps told, ended with run and server."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from livets.api.flow import create_app
from livets.api.flow import events as events_module
from livets.flow import FlowRuntime
from tests.support.server import serving
from tests.support.wait import until
from tests.unit.api.conftest import TOKEN, asking, small

AUTH = {"authorization": f"Bearer {TOKEN}"}


class Server:
    def __init__(self, app: Any, url: str, client: httpx.AsyncClient) -> None:
        self.app, self.url, self.client = app, url, client
        self.ws = url.replace("http", "ws", 1)

    async def run(self, workflow: dict[str, Any], **body: Any) -> str:
        await self.client.put(f"/api/workflows/{workflow['id']}", json=workflow)
        wait = 20 if workflow["id"] == "hello" else 0
        answer = await self.client.post(f"/api/workflows/{workflow['id']}/runs?wait={wait}", json=body)
        return str(answer.json()["run"])


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with FlowRuntime(tmp_path) as runtime:
        app = create_app(runtime, TOKEN, max_streams=3)
        async with serving(app) as url, httpx.AsyncClient(base_url=url, headers=AUTH, timeout=30) as client:
            yield Server(app, url, client)
            app.service.closing.set()


async def sse(
    server: Server, path: str, headers: dict[str, str] | None = None, into: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """All messages of a stream until it ends; `into`: where they are put as they come."""
    found: list[dict[str, Any]] = [] if into is None else into
    async with server.client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        message: dict[str, Any] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if not line and message:
                found.append(message)
                message = {}
            elif name:
                message[name] = json.loads(value) if name == "data" else value
    return found


async def test_a_run_is_told_from_any_number_on_and_ends(server: Server) -> None:
    run = await server.run(small())
    told = await sse(server, f"/api/runs/{run}/events/stream")
    events = [one["data"] for one in told if one["event"] == "event"]
    assert [one["id"] for one in told if one["event"] == "event"] == [str(n + 1) for n in range(len(events))]
    assert [events[0]["type"], events[-1]["type"]] == ["flow.run.created", "flow.run.completed"]
    assert [events[0]["alias"], events[-1]["alias"]] == ["WorkflowStarted", "WorkflowCompleted"]
    assert told[-1]["data"] == {"type": "end", "status": "completed", "seq": len(events)}
    rest = await sse(server, f"/api/runs/{run}/events/stream?after=3")
    assert rest == told[3:]
    assert await sse(server, f"/api/runs/{run}/events/stream", {"last-event-id": "3"}) == told[3:]
    page = (await server.client.get(f"/api/runs/{run}/events", params={"after": 1, "limit": 2})).json()
    assert ([one["seq"] for one in page["events"]], page["next"]) == ([2, 3], 3)
    over = await server.client.get(f"/api/runs/{run}/events/stream", params={"after": len(events)})
    assert over.status_code == 204
    assert (await server.client.get("/api/runs/none/events/stream")).status_code == 404


async def test_a_socket_follows_a_run_to_its_end(server: Server) -> None:
    run = await server.run(asking())
    seen: list[dict[str, Any]] = []
    async with connect(f"{server.ws}/api/runs/{run}/events/ws?after=1", additional_headers=AUTH) as socket:
        while not seen or seen[-1]["event"]["type"] != "flow.node.waiting":
            seen.append(json.loads(await socket.recv()))
        await server.client.post(f"/api/runs/{run}/approve", json={"node": "ask", "approved": True})
        seen += [json.loads(text) async for text in socket]
    assert seen[-1]["type"] == "end"
    assert [one["event"]["seq"] for one in seen[:-1]] == list(range(2, len(seen) + 1))


async def test_sockets_without_a_token_or_of_other_pages_are_refused_before_they_open(server: Server) -> None:
    attempts: list[tuple[dict[str, str], str | None]] = [
        ({}, None),
        ({"authorization": "Bearer wrong-token-wrong-token"}, None),
        (AUTH, "https://evil.example"),
        (AUTH, "null"),
    ]
    for path in ("/api/events", "/api/runs/x/events/ws", "/api/nothing", "/"):
        for headers, origin in attempts:
            with pytest.raises(InvalidStatus) as refused:
                async with connect(server.ws + path, additional_headers=headers, origin=origin):  # type: ignore[arg-type]
                    pass
            assert refused.value.response.status_code == 403


async def test_a_ticket_opens_one_socket_once(server: Server) -> None:
    ticket = (await server.client.post("/api/tickets")).json()["ticket"]
    async with connect(f"{server.ws}/api/events?ticket={ticket}", origin=server.url):  # type: ignore[arg-type]
        pass
    with pytest.raises(InvalidStatus):
        async with connect(f"{server.ws}/api/events?ticket={ticket}"):
            pass


async def test_all_runs_are_told_live_and_a_gap_is_said(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "CAPACITY", 4)
    async with connect(f"{server.ws}/api/events", additional_headers=AUTH) as socket:
        compiled_nodes = [{"id": f"n{n}", "type": "debug.log", "inputs": {"value": n}} for n in range(200)]
        run = await server.run({"schema_version": 1, "id": "hello", "nodes": compiled_nodes})
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1].get("event", {}).get("type") != "flow.run.completed":
            seen.append(json.loads(await socket.recv()))
    told = [one["event"] for one in seen if one["type"] == "event"]
    assert {one["stream"] for one in told} == {f"flow/{run}"}
    missed = sum(one["dropped"] for one in seen if one["type"] == "gap")
    assert missed > 0
    assert missed + len(told) == told[-1]["seq"]


async def test_streams_are_counted_and_given_back(server: Server) -> None:
    run = await server.run(asking())
    streams = server.app.app.state.streams
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            socket = await stack.enter_async_context(
                connect(f"{server.ws}/api/runs/{run}/events/ws", additional_headers=AUTH)
            )
            await socket.recv()
        full = await server.client.get("/api/events")
        assert (full.status_code, full.json()["type"]) == (429, "urn:livets:problem:too-many-streams")
        with pytest.raises(InvalidStatus):
            async with connect(f"{server.ws}/api/events", additional_headers=AUTH):
                pass
    await until(lambda: streams.open == 0, "the streams to be given back")


async def test_streams_end_when_the_server_stops(server: Server) -> None:
    run = await server.run(asking())
    told: list[dict[str, Any]] = []
    reading = asyncio.create_task(sse(server, f"/api/runs/{run}/events/stream", into=told))
    async with connect(f"{server.ws}/api/events", additional_headers=AUTH) as socket:
        await until(lambda: server.app.app.state.streams.open == 2 and told, "both streams to be open, and one to tell")
        server.app.service.closing.set()
        assert [text async for text in socket] == []
    await reading
    assert {one["event"] for one in told} == {"event"}, "no end is told: the run goes on at the next start"
