"""Triggers begin runs: by the clock, by files, by a real Redis, by requests, by a real WebSocket server."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import hmac
import json
import os
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from websockets.asyncio.server import ServerConnection, serve

from livets.engine.errors import EngineError
from livets.flow import FileRoot, Flow, FlowRuntime, Grants, Network
from livets.flow.listening import Listener
from livets.flow.nodes.trigger_schedule import following
from tests.support.redis_server import RedisServer


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.002)


def keep(got: list[Any]) -> Any:
    def keep(value: Any) -> Any:
        got.append(value)
        return value

    return keep


def triggered(got: list[Any], type: str, config: dict[str, Any], **settings: Any) -> Flow:
    flow = Flow("fired", **settings)
    flow.add(type, id="on", config=config) >> flow.add(keep(got), id="end")
    return flow


def moment(text: str, zone: str = "UTC") -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone)).timestamp()


def test_cron_in_a_time_zone_and_across_the_change_of_time() -> None:
    assert following("*/15 * * * *", "UTC", moment("2026-01-01T00:01:00")) == moment("2026-01-01T00:15:00")
    zone = "Europe/Zurich"
    first = following("30 2 * * *", zone, moment("2026-03-28T12:00:00", zone))
    assert datetime.datetime.fromtimestamp(first, zoneinfo.ZoneInfo(zone)).isoformat() == "2026-03-29T03:00:00+02:00"
    second = following("30 2 * * *", zone, first)
    assert datetime.datetime.fromtimestamp(second, zoneinfo.ZoneInfo(zone)).isoformat() == "2026-03-30T02:30:00+02:00"
    assert following("*/10 * * * * *", "UTC", moment("2026-01-01T00:00:01")) == moment("2026-01-01T00:00:10")
    with pytest.raises(EngineError, match="is no cron expression"):
        following("61 * * * *", "UTC", 0.0)


async def test_a_schedule_begins_runs(tmp_path: Path) -> None:
    got: list[Any] = []
    async with FlowRuntime(tmp_path) as runtime:
        async with runtime.listen(triggered(got, "trigger.schedule", {"every_s": 0.05})):
            await until(lambda: len(got) >= 3)
        dues = [one["due"] for one in got]
        assert dues == sorted(set(dues))
        assert len(await runtime.runs()) >= 3


async def test_missed_firings_count_as_one(tmp_path: Path) -> None:
    got: list[Any] = []
    flow = triggered(got, "trigger.schedule", {"every_s": 0.02, "missed": "once"})
    async with FlowRuntime(tmp_path) as runtime, runtime.listen(flow):
        await until(lambda: len(got) >= 1)
    await asyncio.sleep(0.2)
    before = len(got)
    async with FlowRuntime(tmp_path) as runtime, runtime.listen(flow):
        await until(lambda: len(got) >= before + 2)
    dues = [one["due"] for one in got]
    assert dues == sorted(set(dues)), "no firing twice"
    assert dues[before] - dues[before - 1] > 0.1, "one for all that were missed"


async def test_files_begin_runs_once_each_also_over_a_restart(tmp_path: Path) -> None:
    got: list[Any] = []
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "old.csv").write_text("old")
    grants = Grants(files={"in": FileRoot(str(inbox))})  # type: ignore[arg-type]  # as the documentation has it
    config = {"root": "in", "pattern": "*.csv", "poll_s": 0.01, "settle_s": 0.02}
    flow = triggered(got, "trigger.file", config)
    async with FlowRuntime(tmp_path / "runs", grants=grants) as runtime, runtime.listen(flow):
        await asyncio.sleep(0.1)
        (inbox / "sub").mkdir()
        (inbox / "sub" / "a.csv").write_text("a")
        (inbox / "b.txt").write_text("not this")
        (inbox / "link.csv").symlink_to("/etc/passwd")
        (inbox / os.fsdecode(b"\xff.csv")).write_text("no journal can keep this name")
        await until(lambda: len(got) == 1)
        (inbox / "sub" / "a.csv").write_text("longer")
        await until(lambda: len(got) == 2)
    (inbox / "c.csv").write_text("while nobody looked")
    async with FlowRuntime(tmp_path / "runs", grants=grants) as runtime, runtime.listen(flow):
        await until(lambda: len(got) == 3)
        await asyncio.sleep(0.05)
    assert [(one["path"], one["event"]) for one in got] == [
        ("sub/a.csv", "created"), ("sub/a.csv", "changed"), ("c.csv", "created"),
    ]  # fmt: skip


async def test_a_file_that_still_grows_is_left_alone(tmp_path: Path) -> None:
    got: list[Any] = []
    (tmp_path / "in").mkdir()
    config = {"root": "in", "poll_s": 0.01, "settle_s": 0.4}
    grants = Grants(files={"in": tmp_path / "in"})
    async with FlowRuntime(grants=grants) as runtime, runtime.listen(triggered(got, "trigger.file", config)):
        await asyncio.sleep(0.05)
        with open(tmp_path / "in" / "big", "wb") as file:
            for _ in range(10):
                os.write(file.fileno(), b"x" * 10)
                await asyncio.sleep(0.02)
        await until(lambda: bool(got))
    assert [one["size"] for one in got] == [100]


@pytest.mark.redis
async def test_a_redis_stream_and_a_list_begin_runs(redis_server: RedisServer, tmp_path: Path) -> None:
    got: list[Any] = []
    client = redis.asyncio.Redis.from_url(redis_server.url)
    grants = Grants(redis={"q": redis_server.url})
    flow = triggered(got, "trigger.queue", {"server": "q", "key": "jobs"})
    for n in range(2):
        await client.xadd("jobs", {"n": n, "raw": b"\xff"})
    async with FlowRuntime(tmp_path, grants=grants) as runtime, runtime.listen(flow):
        await until(lambda: len(got) == 2)
    await client.xadd("jobs", {"n": 2})
    async with FlowRuntime(tmp_path, grants=grants) as runtime, runtime.listen(flow):
        await until(lambda: len(got) == 3)
    assert [one["fields"]["n"] for one in got] == ["0", "1", "2"]
    assert got[0]["fields"]["raw"] == b"\xff"

    got.clear()
    flow = triggered(got, "trigger.queue", {"server": "q", "key": "list", "kind": "list"})
    await client.rpush("list", "a", "a", "b")
    await client.rpush("list:taken", "left over")
    async with FlowRuntime(tmp_path, grants=grants) as runtime, runtime.listen(flow):
        await until(lambda: len(got) == 4)
        while await client.llen("list:taken"):
            await asyncio.sleep(0.005)
    assert [one["value"] for one in got] == ["left over", "a", "a", "b"]
    await client.aclose()


@pytest.mark.redis
async def test_a_redis_stream_is_a_source_in_push_mode(redis_server: RedisServer) -> None:
    got: list[Any] = []
    client = redis.asyncio.Redis.from_url(redis_server.url)
    grants = Grants(redis={"q": redis_server.url})
    flow = triggered(got, "trigger.queue", {"server": "q", "key": "flowing"}, stream={"checkpoint_s": 0})
    async with FlowRuntime(grants=grants) as runtime:
        handle = await runtime.start(flow)
        for n in range(5):
            await client.xadd("flowing", {"n": n})
        await until(lambda: len(got) == 5)
        await handle.cancel()
    await client.aclose()


async def deliver(listener: Listener, body: bytes = b"{}", **more: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x", **more.pop("headers", {})}
    method, path = more.pop("method", "POST"), more.pop("path", "/hook")
    reply = await listener.deliver(path, method, headers, {"q": "1"}, body)
    return reply.status, reply.body


async def test_webhooks_begin_runs_and_may_wait_for_them(tmp_path: Path) -> None:
    got: list[Any] = []
    flow = triggered(got, "trigger.webhook", {"path": "/hook", "answer": "result"})
    async with FlowRuntime(tmp_path) as runtime, runtime.listen(flow) as listener:
        status, body = await deliver(listener, b'{"n": 1}')
        assert (status, body["status"], body["outputs"]["end"]["body"]) == (200, "completed", {"n": 1})
        assert got[0]["query"] == {"q": "1"}
        assert "authorization" not in got[0]["headers"]
        assert (await deliver(listener, b"{"))[0] == 400
        for depth, status in ((197, 200), (198, 400), (400, 400)):  # too deep for the journal: no run
            assert (await deliver(listener, b"[" * depth + b"]" * depth))[0] == status
        assert (await deliver(listener, method="GET"))[0] == 405
        assert (await deliver(listener, b" " * 1_000_001))[0] == 413
        assert (await deliver(listener, path="/other"))[0] == 404
        assert listener.paths() == {"/hook": ["POST"]}
        assert len(await runtime.runs()) == 2


async def test_a_webhook_with_a_secret_wants_a_signature() -> None:
    config = {"path": "/hook", "secret": "key"}
    flow = triggered([], "trigger.webhook", config)
    async with FlowRuntime(grants=Grants(secrets={"key": "s"})) as runtime, runtime.listen(flow) as listener:
        body = json.dumps({"n": 1}).encode()
        signed = hmac.new(b"s", body, hashlib.sha256).hexdigest()
        for header in (signed, f"sha256={signed}"):
            assert (await deliver(listener, body, headers={"X-Signature-256": header}))[0] == 202
        for header in ("", "0" * 64, signed[:-1], "é"):
            assert (await deliver(listener, body, headers={"X-Signature-256": header}))[0] == 401
        assert listener.fired == 2


async def test_a_run_that_a_person_starts_takes_the_sample_and_resumed_ones_what_was_fired(tmp_path: Path) -> None:
    got: list[Any] = []
    config = {"path": "/hook", "sample": {"n": 0}}
    async with FlowRuntime(tmp_path) as runtime:
        flow = triggered(got, "trigger.webhook", config)
        assert (await runtime.run(flow)).outputs == {"end": {"n": 0}}
        handle = await runtime.start(flow, run="fired", trigger={"on": 5})
        assert (await handle.result()).outputs == {"end": 5}
        assert (await (await runtime.retry("fired", ["end"], flow)).result()).outputs == {"end": 5}
        with pytest.raises(EngineError, match="has no trigger"):
            async with runtime.listen(Flow("none")):
                pass


async def test_messages_of_a_websocket_flow_in_and_a_dropped_connection_comes_back() -> None:
    connections: list[str] = []

    async def talk(socket: ServerConnection) -> None:
        connections.append(str(await socket.recv()))
        await socket.send(json.dumps({"n": len(connections)}))
        await socket.send("plain")
        if len(connections) == 1:
            await socket.close(1011)
        await socket.wait_closed()

    got: list[Any] = []
    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        config = {"url": f"ws://127.0.0.1:{port}/x", "subscribe": [{"topic": "a"}]}
        flow = triggered(got, "source.websocket", config, stream={"checkpoint_s": 0})
        grants = Grants(network=Network(private=(f"127.0.0.1:{port}",)))
        async with FlowRuntime(grants=grants) as runtime:
            handle = await runtime.start(flow)
            await until(lambda: len(got) == 4)
            await handle.cancel()
        async with FlowRuntime() as runtime:
            result = await runtime.run(flow)
            assert result.failures[0].kind == "forbidden"
    assert got == [{"n": 1}, "plain", {"n": 2}, "plain"]
    assert connections == ['{"topic":"a"}'] * 2
