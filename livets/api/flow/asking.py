"""What routes over workflows share: their parts of the application, parameters, errors of the service as problems.

Called by every module of routes beside it.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from starlette.requests import HTTPConnection, Request

from livets.api.flow.service import NoSuchRun, NoSuchWorkflow, OtherRequest, Service, TooManyRuns
from livets.api.problem import Problem
from livets.engine.errors import EngineError
from livets.flow.leasing import RunsElsewhere
from livets.flow.library import Changed
from livets.flow.result import RunExists
from livets.flow.validate import ID

ID_PATTERN = f"^{ID.pattern}$"


def service_of(connection: HTTPConnection) -> Service:
    """The service of this application."""
    service: Service = connection.app.state.service
    return service


Flows = Annotated[Service, Depends(service_of)]
WorkflowId = Annotated[str, Path(pattern=ID_PATTERN, description="The id that stands in the workflow.")]
RunName = Annotated[str, Path(min_length=1, max_length=200, description="The run's name.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="So many at most; `next` leads to the rest.")]
Version = Annotated[
    str | None, Query(pattern="^[0-9a-f]{64}$", description="The content hash; the current one if left out.")
]


def as_problem(error: EngineError) -> Problem | EngineError:
    """Return what the service raised as an answer, if it is not one that every API knows."""
    if isinstance(error, NoSuchRun):
        return Problem(404, "no-such-run", str(error), "GET /api/runs lists them")
    if isinstance(error, NoSuchWorkflow):
        return Problem(404, "no-such-workflow", str(error), "GET /api/workflows lists them")
    if isinstance(error, TooManyRuns):
        return Problem(429, "too-many-runs", str(error), headers={"retry-after": "5"})
    if isinstance(error, OtherRequest):
        return Problem(422, "idempotency-key", str(error))
    if isinstance(error, RunsElsewhere):
        return Problem(409, "elsewhere", str(error))
    if isinstance(error, Changed):
        return Problem(412, "changed", str(error), current=error.current)
    if isinstance(error, RunExists):
        return Problem(409, "run-exists", str(error))
    return error


def expected_version(request: Request) -> str | None:
    """Return the version that If-Match (or `If-None-Match: *`: "") asks for; None when nothing is asked."""
    if request.headers.get("if-none-match", "").strip() == "*":
        return ""
    said = request.headers.get("if-match")
    return None if said is None or said.strip() == "*" else said.strip().removeprefix("W/").strip('"')


def body_of(description: str, properties: dict[str, Any], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """OpenAPI of a JSON object as the body; without `required` members there need be no body at all."""
    schema = {"type": "object", "properties": properties, "additionalProperties": False, "required": list(required)}
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"description": description, "required": bool(required), "content": content}}
