"""Stored workflows over HTTP: made, read, replaced, listed, deleted, validated; versions are content hashes."""

from __future__ import annotations

from tests.unit.api.conftest import Api, small


async def test_a_workflow_is_created_once_and_read_back(api: Api) -> None:
    made = await api.client.post("/api/workflows", json=small())
    assert made.status_code == 201
    assert made.headers["location"] == "/api/workflows/hello"
    version = made.json()["version"]
    assert made.headers["etag"] == f'"{version}"'
    read = await api.client.get("/api/workflows/hello")
    assert read.status_code == 200
    assert read.json()["workflow"]["nodes"][1]["inputs"] == {"value": {"$input": "name"}}
    again = await api.client.post("/api/workflows", json=small(name="other"))
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    assert "PUT /api/workflows/hello" in again.json()["mend"]
    same = await api.client.put("/api/workflows/hello", json=small())
    assert (same.status_code, same.json()["version"]) == (200, version)


async def test_versions_are_kept_and_guarded(api: Api) -> None:
    first = await api.store()
    second = await api.store(name="better")
    assert first != second
    told = (await api.client.get("/api/workflows/hello/versions")).json()["versions"]
    assert [one["version"] for one in told] == [second, first]
    old = await api.client.get("/api/workflows/hello", params={"version": first})
    assert "name" not in old.json()["workflow"]
    late = await api.client.put("/api/workflows/hello", json=small(name="late"), headers={"if-match": f'"{first}"'})
    assert (late.status_code, late.json()["current"]) == (412, second)
    right = await api.client.put("/api/workflows/hello", json=small(name="late"), headers={"if-match": f'"{second}"'})
    assert right.status_code == 200
    only_new = await api.client.put("/api/workflows/hello", json=small(), headers={"if-none-match": "*"})
    assert only_new.status_code == 412
    unknown = await api.client.get("/api/workflows/hello", params={"version": "0" * 64})
    assert unknown.status_code == 404


async def test_a_version_of_another_workflow_is_not_to_be_had(api: Api) -> None:
    other = await api.store("other")
    await api.store("hello")
    assert (await api.client.get("/api/workflows/hello", params={"version": other})).status_code == 404
    assert (await api.client.post("/api/workflows/hello/runs", json={"version": other})).status_code == 404


async def test_deleted_is_gone_and_its_runs_stay(api: Api) -> None:
    await api.store()
    run = await api.run()
    assert (await api.client.delete("/api/workflows/hello")).status_code == 204
    assert (await api.client.get("/api/workflows/hello")).status_code == 404
    assert (await api.client.delete("/api/workflows/hello")).status_code == 404
    assert (await api.client.post("/api/workflows/hello/runs")).status_code == 404
    assert (await api.client.get(f"/api/runs/{run['run']}")).json()["status"] == "completed"
    assert (await api.client.get("/api/workflows")).json() == {"workflows": [], "next": None}
    assert (await api.client.post("/api/workflows", json=small())).status_code == 201


async def test_the_list_comes_in_pages(api: Api) -> None:
    for name in ("b", "a", "d", "c"):
        await api.store(name)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await api.client.get("/api/workflows", params={"limit": 3, "after": after})).json()
        seen += [one["id"] for one in page["workflows"]]
        after = page["next"]
    assert seen == ["a", "b", "c", "d"]


async def test_every_fault_is_told_and_nothing_is_stored(api: Api) -> None:
    faulty = small()
    faulty["nodes"][0]["type"] = "no.such"
    faulty["nodes"][1]["inputs"] = {"valve": 1}
    verdict = (await api.client.post("/api/workflows/validate", json=faulty)).json()
    assert verdict["valid"] is False
    assert {"nodes[0].type", "nodes[1].inputs.valve"} <= {fault["path"] for fault in verdict["faults"]}
    refused = await api.client.post("/api/workflows", json=faulty)
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:livets:problem:invalid-workflow"
    assert refused.json()["faults"] == verdict["faults"]
    assert (await api.client.get("/api/workflows")).json()["workflows"] == []
    await api.store()
    assert (await api.client.post("/api/workflows/hello/validate")).json()["faults"] == []


async def test_yaml_is_read_too(api: Api) -> None:
    text = "schema_version: 1\nid: hello\nnodes: [{id: a, type: debug.log, inputs: {value: no}}]\n"
    made = await api.client.put("/api/workflows/hello", content=text, headers={"content-type": "application/yaml"})
    assert made.status_code == 201
    assert made.json()["workflow"]["nodes"][0]["inputs"] == {"value": "no"}


async def test_the_path_and_the_body_must_agree(api: Api) -> None:
    answer = await api.client.put("/api/workflows/one", json=small("two"))
    assert (answer.status_code, answer.json()["mend"]) == (422, "make them equal")
