"""Routes: stored workflows - list, create, read, replace, delete, validate; each version is named by its content hash.

What comes in is read and validated, never executed. The version travels as ETag; If-Match guards against lost updates.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from livets.api.answer import answer
from livets.api.body import decode, read_body
from livets.api.flow.asking import Flows, Limit, Version, WorkflowId, as_problem, expected_version
from livets.api.flow.service import Service
from livets.api.problem import Problem
from livets.flow.files import from_plain_workflow, from_yaml
from livets.flow.library import Changed, StoredWorkflow
from livets.flow.model import Workflow
from livets.flow.validate import validate

router = APIRouter(prefix="/api/workflows", tags=["workflows"])
JSON, YAML = "application/json", "application/yaml"


_BODY = {
    "requestBody": {
        "required": True,
        "description": "A workflow as in files; its form is `livets flow schema`, also docs/flow/workflow.schema.json.",
        "content": {JSON: {"schema": {"type": "object"}}, YAML: {"schema": {"type": "string"}}},
    }
}


async def _read(request: Request) -> Workflow:
    kind, data = await read_body(request, JSON, YAML)
    return from_yaml(data) if kind == YAML else from_plain_workflow(decode(data))


def _shown(stored: StoredWorkflow, workflow: Workflow) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(stored)
    return {**found, "workflow": {"schema_version": workflow.schema_version, **msgspec.to_builtins(workflow)}}


async def _save(service: Service, workflow: Workflow, expected: str | None) -> Response:
    try:
        compiled = await asyncio.to_thread(service.runtime.compile, workflow)  # 10,000 nodes take their time
        existed = await service.library.find(workflow.id) is not None
        stored, changed = await service.library.save(compiled, expected)
    except Changed as error:
        raise as_problem(error) from None
    if changed:
        await service.triggers.renew(stored.id)
    headers = {"etag": f'"{stored.version}"', "location": f"/api/workflows/{stored.id}"}
    return answer(_shown(stored, workflow), 201 if changed and not existed else 200, headers)


@router.get("")
async def list_workflows(
    service: Flows, limit: Limit = 100, after: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The stored workflows by id, a page at a time: `next` is what to send as `after`."""
    found = await service.library.list(after, limit + 1)
    page = found[:limit]
    return answer({"workflows": msgspec.to_builtins(page), "next": page[-1].id if len(found) > limit else None})


@router.post("", status_code=201, openapi_extra=_BODY)
async def create_workflow(service: Flows, request: Request) -> Response:
    """Store a new workflow; 409 when there is another of that id."""
    workflow = await _read(request)
    try:
        return await _save(service, workflow, "")
    except Problem as error:
        if error.code != "changed":
            raise
        mend = f"replace it with  PUT /api/workflows/{workflow.id}"
        raise Problem(409, "workflow-exists", f"there is a workflow {workflow.id!r} already", mend) from None


@router.post("/validate", openapi_extra=_BODY)
async def validate_workflow(service: Flows, request: Request) -> Response:
    """Say everything that is wrong with a workflow, each with its path; nothing is stored or run."""
    workflow = await _read(request)
    return await _verdict(service, workflow)


async def _verdict(service: Service, workflow: Workflow) -> Response:
    faults = await asyncio.to_thread(validate, workflow, service.runtime.registry)
    body = {"valid": not faults, "version": workflow.content_version(), "faults": msgspec.to_builtins(faults[:1000])}
    return answer(body)


@router.get("/{id}")
async def get_workflow(service: Flows, id: WorkflowId, version: Version = None) -> Response:
    """A workflow as it is now, or in a `version` that it had."""
    if version is None:
        stored = await service.library.find(id)
    else:
        stored = next((one for one in await service.library.versions(id) if one.version == version), None)
    if stored is None:
        raise _missing(id)
    workflow = await service.library.definition(stored.version)
    return answer(_shown(stored, workflow), headers={"etag": f'"{stored.version}"'})


@router.put("/{id}", openapi_extra=_BODY)
async def put_workflow(service: Flows, id: WorkflowId, request: Request) -> Response:
    """Store a workflow under its id, new or in place of what is there. If-Match: only if that is the version there."""
    workflow = await _read(request)
    if workflow.id != id:
        raise Problem(422, "id", f"the body is workflow {workflow.id!r:.130}, the path says {id!r}", "make them equal")
    return await _save(service, workflow, expected_version(request))


@router.delete("/{id}", status_code=204)
async def delete_workflow(service: Flows, id: WorkflowId, request: Request) -> Response:
    """Forget a workflow; its runs, and the versions that they were begun with, stay in the journal."""
    try:
        if not await service.library.delete(id, expected_version(request)):
            raise _missing(id)
    except Changed as error:
        raise as_problem(error) from None
    await service.triggers.stop(id)
    return Response(status_code=204)


@router.get("/{id}/versions")
async def list_versions(service: Flows, id: WorkflowId) -> Response:
    """Every version that the workflow had, the latest first."""
    found = await service.library.versions(id)
    if not found:
        raise _missing(id)
    return answer({"versions": msgspec.to_builtins(found)})


@router.post("/{id}/validate")
async def validate_stored(service: Flows, id: WorkflowId) -> Response:
    """Say what is wrong with a stored workflow now: types of nodes may have gone since it was stored."""
    stored = await service.library.find(id)
    if stored is None:
        raise _missing(id)
    return await _verdict(service, await service.library.definition(stored.version))


def _missing(id: str) -> Problem:
    return Problem(404, "no-such-workflow", f"there is no workflow {id!r}", "GET /api/workflows lists them")
