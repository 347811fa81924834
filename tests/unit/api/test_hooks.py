"""Triggers of stored workflows: webhooks by signature or token; listening survives the server, follows versions."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import httpx

from livets.api.flow import create_app
from livets.flow import FlowRuntime, Grants
from tests.support.wait import until
from tests.unit.api.conftest import TOKEN, Api, small

AUTH = {"authorization": f"Bearer {TOKEN}"}


def hooked(id: str = "hooked", **config: Any) -> dict[str, Any]:
    hook = {"id": "hook", "type": "trigger.webhook", "config": {"path": "/order", "answer": "result", **config}}
    show = {"id": "show", "type": "debug.log"}
    link = {"from_node": "hook", "from_port": "out", "to_node": "show", "to_port": "value"}
    return {"schema_version": 1, "id": id, "nodes": [hook, show], "connections": [link]}


async def test_a_hook_without_a_secret_wants_the_token(api: Api) -> None:
    await api.client.put("/api/workflows/hooked", json=hooked())
    assert (await api.client.post("/hooks/order", json={"n": 1})).status_code == 404
    listening = await api.client.put("/api/workflows/hooked/listening")
    assert listening.json() == {"listening": True, "fired": 0, "webhooks": {"/hooks/order": ["POST"]}}
    answer = await api.client.post("/hooks/order", json={"n": 1})
    assert (answer.status_code, answer.json()["outputs"]["show"]["body"]) == (200, {"n": 1})
    assert "authorization" not in answer.json()["outputs"]["show"]["headers"]
    for headers in ({"authorization": ""}, {"authorization": "Bearer wrong"}):
        assert (await api.client.post("/hooks/order", json={"n": 1}, headers=headers)).status_code == 401
        assert (await api.client.post("/hooks/none", headers=headers)).status_code == 401
    assert (await api.client.get("/hooks/order")).status_code == 405
    run = (await api.client.get(f"/api/runs/{answer.json()['run']}")).json()
    assert (run["workflow"], run["status"]) == ("hooked", "completed")
    assert (await api.client.delete("/api/workflows/hooked/listening")).status_code == 204
    assert (await api.client.post("/hooks/order", json={"n": 1})).status_code == 404
    assert (await api.client.get("/api/workflows/hooked/listening")).json()["listening"] is False


async def test_what_has_no_trigger_or_takes_a_path_cannot_listen(api: Api) -> None:
    await api.store()
    refused = await api.client.put("/api/workflows/hello/listening")
    assert (refused.status_code, "has no trigger" in refused.json()["detail"]) == (422, True)
    assert (await api.client.put("/api/workflows/none/listening")).status_code == 404
    for id in ("one", "two"):
        await api.client.put(f"/api/workflows/{id}", json=hooked(id))
    assert (await api.client.put("/api/workflows/one/listening")).status_code == 200
    taken = await api.client.put("/api/workflows/two/listening")
    assert (taken.status_code, "another path" in taken.json()["detail"]) == (422, True)
    assert (await api.client.put("/api/workflows/one/listening")).status_code == 200


async def test_a_new_version_is_listened_to_and_a_deleted_one_is_not(api: Api) -> None:
    await api.client.put("/api/workflows/hooked", json=hooked())
    await api.client.put("/api/workflows/hooked/listening")
    await api.client.put("/api/workflows/hooked", json=hooked(path="/other"))
    assert (await api.client.post("/hooks/order", json={})).status_code == 404
    assert (await api.client.post("/hooks/other", json={})).status_code == 200
    without = small("hooked")
    assert (await api.client.put("/api/workflows/hooked", json=without)).status_code == 200
    assert (await api.client.get("/api/workflows/hooked/listening")).json()["listening"] is False
    await api.client.put("/api/workflows/hooked", json=hooked())
    await api.client.put("/api/workflows/hooked/listening")
    await api.client.delete("/api/workflows/hooked")
    assert (await api.client.post("/hooks/order", json={})).status_code == 404


async def test_the_next_server_listens_again_and_signatures_open_hooks(tmp_path: Path) -> None:
    grants = {"hook": "a shared secret"}
    for begin in range(2):
        async with FlowRuntime(tmp_path, grants=Grants(secrets=grants)) as runtime:
            app = create_app(runtime, TOKEN)
            await app.service.begin()
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                if not begin:
                    stored = hooked(secret="hook", max_bytes=1000)
                    await client.put("/api/workflows/hooked", json=stored, headers=AUTH)
                    await client.put("/api/workflows/hooked/listening", headers=AUTH)
                body = b'{"n": 2}'
                sign = hmac.new(b"a shared secret", body, hashlib.sha256).hexdigest()
                good = {"content-type": "application/json", "x-signature-256": f"sha256={sign}"}
                answer = await client.post("/hooks/order", content=body, headers=good)
                assert (answer.status_code, answer.json()["outputs"]["show"]["body"]) == (200, {"n": 2})
                assert (await client.post("/hooks/order", content=b"{}", headers=good)).status_code == 401
                assert (await client.post("/hooks/order", content=body)).status_code == 401
                assert (await client.post("/hooks/order", content=b" " * 2000, headers=good)).status_code == 413
            await app.service.end()


async def test_a_schedule_begins_runs_of_the_server(api: Api) -> None:
    nodes = [{"id": "due", "type": "trigger.schedule", "config": {"cron": "* * * * * *"}}]
    await api.client.put("/api/workflows/often", json={"schema_version": 1, "id": "often", "nodes": nodes})
    assert (await api.client.put("/api/workflows/often/listening", json={"inputs": {}})).status_code == 200
    await until(lambda: api.service.triggers.listener("often").fired > 0, "the schedule to fire")
    runs = (await api.client.get("/api/runs", params={"workflow": "often"})).json()["runs"]
    assert runs
    await api.client.delete("/api/workflows/often/listening")
