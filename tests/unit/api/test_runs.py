"""Runs over HTTP: begun once, looked at, cancelled, resumed, retried, answered; across restarts of the server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from livets.api.flow import create_app
from livets.engine.log import SqliteLog
from livets.engine.node import node
from livets.engine.registry import Registry
from livets.flow import FlowRuntime
from livets.flow.control import ask_to_cancel, ask_to_signal
from livets.flow.nodes import standard_registry
from tests.support.wait import until
from tests.unit.api.conftest import TOKEN, Api, asking, slow, small


async def begin(api: Api, id: str, **more: object) -> str:
    answer = await api.client.post(f"/api/workflows/{id}/runs", json=more)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run"])


async def shown(api: Api, run: str) -> dict[str, object]:
    found: dict[str, object] = (await api.client.get(f"/api/runs/{run}")).json()
    return found


async def test_a_run_gives_its_outputs(api: Api) -> None:
    version = await api.store()
    run = await api.run(inputs={"name": "Ann"})
    assert run["status"] == "completed"
    assert run["version"] == version
    assert run["inputs"] == {"name": "Ann"}
    assert run["outputs"] == {"set": {"greeting": "Hello", "polite": True}, "who": "Ann"}
    assert run["counts"] == {"completed": 2}
    assert run["here"] is False
    nodes = (await api.client.get(f"/api/runs/{run['run']}/nodes")).json()
    assert [(one["node"], one["state"], one["attempts"]) for one in nodes["nodes"]] == [
        ("set", "completed", 1), ("who", "completed", 1),
    ]  # fmt: skip
    outputs = await api.client.get(f"/api/runs/{run['run']}/outputs", params={"node": "who"})
    assert outputs.json() == {"node": "who", "outputs": {"out": "Ann"}}


async def test_the_older_route_runs_too(api: Api) -> None:
    await api.store()
    answer = await api.client.post("/api/workflows/hello/execute?wait=20", json={"inputs": {"name": "Bo"}})
    assert (answer.status_code, answer.json()["outputs"]["who"]) == (200, "Bo")


async def test_only_stored_workflows_run_and_inputs_are_checked(api: Api) -> None:
    assert (await api.client.post("/api/workflows/hello/runs")).status_code == 404
    await api.store()
    wrong = await api.client.post("/api/workflows/hello/runs", json={"inputs": {"nam": 1}})
    assert wrong.status_code == 422
    assert "it has: name" in wrong.json()["detail"]
    smuggled = await api.client.post("/api/workflows/hello/runs", json={"workflow": small("evil")})
    assert (smuggled.status_code, smuggled.json()["type"]) == (422, "urn:livets:problem:invalid-body")
    assert (await api.client.get("/api/runs")).json()["runs"] == []


async def test_an_idempotency_key_begins_one_run(api: Api) -> None:
    await api.store()
    headers = {"idempotency-key": "order-17"}
    answers = await asyncio.gather(
        *(api.client.post("/api/workflows/hello/runs?wait=20", json={}, headers=headers) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["run"] for answer in answers}) == 1
    assert len((await api.client.get("/api/runs")).json()["runs"]) == 1
    again = await api.client.post("/api/workflows/hello/runs", json={}, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    other = await api.client.post("/api/workflows/hello/runs", json={"inputs": {"name": "x"}}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:livets:problem:idempotency-key"


async def test_names_are_taken_once(api: Api) -> None:
    await api.store()
    assert (await api.run(run="mine"))["run"] == "mine"
    again = await api.client.post("/api/workflows/hello/runs", json={"run": "mine"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:livets:problem:run-exists")


async def test_the_list_comes_in_pages_and_by_workflow_and_status(api: Api) -> None:
    await api.store()
    await api.client.put("/api/workflows/asking", json=asking())
    begun = [(await api.run())["run"] for _ in range(4)]
    waiting = await begin(api, "asking")
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await api.client.get("/api/runs", params={"limit": 2, "after": after, "workflow": "hello"})).json()
        seen += [one["run"] for one in page["runs"]]
        after = page["next"]
    assert seen == begun[::-1]
    running = (await api.client.get("/api/runs", params={"status": "running"})).json()["runs"]
    assert [(one["run"], one["here"]) for one in running] == [(waiting, True)]
    assert (await api.client.get("/api/runs", params={"after": "bad"})).status_code == 422


async def test_a_run_is_cancelled_and_resumed(api: Api) -> None:
    await api.client.put("/api/workflows/slow", json=slow())
    run = await begin(api, "slow")
    cancelled = await api.client.post(f"/api/runs/{run}/cancel", json={"why": "enough"})
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await api.client.post(f"/api/runs/{run}/cancel")).json()["status"] == "cancelled"
    resumed = await api.client.post(f"/api/runs/{run}/resume")
    assert (resumed.status_code, resumed.json()["status"]) == (202, "running")
    twice = await api.client.post(f"/api/runs/{run}/resume")
    assert twice.status_code == 422
    await api.client.post(f"/api/runs/{run}/cancel")


async def test_a_waiting_node_is_answered(api: Api) -> None:
    await api.client.put("/api/workflows/asking", json=asking())
    run = await begin(api, "asking")
    await until(lambda: api.service.handle(run).waiting(), "the approval to wait")
    assert (await shown(api, run))["waiting"] == [
        {"node": "ask", "for": "approval", "until": None, "prompt": "Shall I?"}
    ]
    wrong = await api.client.post(f"/api/runs/{run}/approve", json={"node": "nobody", "approved": True})
    assert (wrong.status_code, "those that do: ask" in wrong.json()["detail"]) == (422, True)
    body = {"node": "ask", "approved": True, "by": "Ann"}
    assert (await api.client.post(f"/api/runs/{run}/approve", json=body)).status_code == 200
    handle = api.service.handle(run)
    assert handle is None or await handle.ended(20)
    assert (await shown(api, run))["outputs"] == {"ask": {"approved": 7, "decision": {"approved": True, "by": "Ann"}}}


_broken = True


@node("test.fragile")
def fragile(n: int) -> int:
    """Fails until it is mended."""
    if _broken:
        raise ValueError("broken")
    return n + 1


def registry() -> Registry:
    found = standard_registry()
    found.add(fragile)
    return found


async def test_failed_nodes_are_retried(tmp_path: Path) -> None:
    global _broken
    _broken = True
    async with FlowRuntime(tmp_path, registry()) as runtime:
        app = create_app(runtime, TOKEN)
        headers = {"authorization": f"Bearer {TOKEN}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            api = Api(app, client)
            await api.store("fragile", nodes=[{"id": "a", "type": "test.fragile", "inputs": {"n": 1}}], inputs={})
            run = await api.run("fragile")
            assert run["status"] == "failed"
            assert run["failures"][0]["kind"] == "ValueError"
            nothing = await client.post(f"/api/runs/{run['run']}/retry", json={"nodes": []})
            assert nothing.status_code == 422
            _broken = False
            again = await client.post(f"/api/runs/{run['run']}/retry")
            assert again.status_code == 202
            await until(lambda: app.service.handle(run["run"]) is None, "the retried run to end")
            assert (await shown(api, run["run"]))["outputs"] == {"a": 2}
            await app.service.end()


async def test_runs_go_on_with_the_next_server_and_only_its_own(tmp_path: Path) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with FlowRuntime(tmp_path) as runtime:
        app = create_app(runtime, TOKEN)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            api = Api(app, client)
            await client.put("/api/workflows/asking", json=asking())
            run = await begin(api, "asking")
            await api.store()
            await api.run()
            foreign = await runtime.start((await app.service.compiled("asking")), run="foreign")
            await until(lambda: foreign.waiting(), "the other run to wait")
            await app.service.end()
    for _ in range(2):  # however often it is stopped
        async with FlowRuntime(tmp_path) as runtime:
            app = create_app(runtime, TOKEN)
            assert await app.service.begin() == [run]
            await app.service.end()
    async with FlowRuntime(tmp_path) as runtime:
        app = create_app(runtime, TOKEN)
        await app.service.begin()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            assert (await client.get("/api/runs/foreign")).json()["status"] == "interrupted"
            assert [one["run"] for one in (await client.get("/api/runs?status=interrupted")).json()["runs"]] == [
                "foreign"
            ]
            async with FlowRuntime(tmp_path) as other:
                held = await other.resume("foreign")
                elsewhere = await client.post("/api/runs/foreign/resume", json={"force": True})
                assert (elsewhere.status_code, "running in process" in elsewhere.json()["detail"]) == (409, True)
                assert (await client.get("/api/runs/foreign")).json()["status"] == "running"
                await held.cancel()
            await until(lambda: app.service.handle(run).waiting(), "the approval to wait again")
            await client.post(f"/api/runs/{run}/approve", json={"node": "ask", "approved": False})
            await until(lambda: app.service.handle(run) is None, "the run to end")
            assert (await client.get(f"/api/runs/{run}")).json()["status"] == "completed"
        await app.service.end()
        assert await create_app(runtime, TOKEN).service.begin() == []


async def test_other_processes_cancel_and_answer_its_runs(api: Api) -> None:
    await api.client.put("/api/workflows/asking", json=asking())
    cancelled, answered = [await begin(api, "asking") for _ in range(2)]
    async with asyncio.timeout(20):
        while not (await shown(api, answered))["waiting"]:  # in the journal, where others see it
            await asyncio.sleep(0.01)
    elsewhere = SqliteLog(api.service.log.path)
    await ask_to_signal(elsewhere, answered, "ask", True)
    assert await ask_to_cancel(elsewhere, cancelled, "enough") == "cancelled"
    await until(lambda: api.service.handle(answered) is None, "the answered run to end")
    assert (await shown(api, answered))["status"] == "completed"
    assert (await shown(api, cancelled))["status"] == "cancelled"
    await elsewhere.close()
