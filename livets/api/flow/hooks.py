"""Routes: listening to the triggers of stored workflows, and the webhooks among these, below /hooks.

A webhook with a secret judges its requests by their signature; one without is for those who have the token.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from livets.api.answer import answer
from livets.api.body import read_bytes, read_object
from livets.api.flow.asking import Flows, WorkflowId, as_problem, body_of
from livets.api.flow.service import Service
from livets.api.guard import refused_token
from livets.api.problem import Problem
from livets.engine.encoding import from_plain, to_plain
from livets.engine.errors import EngineError

router = APIRouter(tags=["triggers"])
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_LISTEN = body_of("What its runs begin with.", {"inputs": {"type": "object"}})


def _state(service: Service, id: str) -> Response:
    listener = service.triggers.listener(id)
    if listener is None:
        return answer({"listening": False, "fired": 0, "webhooks": {}})
    hooks = {f"/hooks{path}": methods for path, methods in listener.paths().items()}
    return answer({"listening": True, "fired": listener.fired, "webhooks": hooks})


@router.get("/api/workflows/{id}/listening")
async def get_listening(service: Flows, id: WorkflowId) -> Response:
    """Whether the workflow's triggers are listened to, how many runs they have begun, and where its webhooks are."""
    return _state(service, id)


@router.put("/api/workflows/{id}/listening", openapi_extra=_LISTEN)
async def listen(service: Flows, id: WorkflowId, request: Request) -> Response:
    """Listen to the workflow's triggers, also after a restart; each firing begins a run with `inputs`."""
    body = await read_object(request, frozenset({"inputs"}), optional=True)
    inputs = from_plain(body.get("inputs", {}))
    if type(inputs) is not dict:
        raise Problem(422, "invalid-body", "inputs must be an object")
    try:
        await service.triggers.listen(id, inputs)
    except EngineError as error:
        raise as_problem(error) from None
    return _state(service, id)


@router.delete("/api/workflows/{id}/listening", status_code=204)
async def listen_no_more(service: Flows, id: WorkflowId) -> Response:
    """Listen no more; runs that have begun go on."""
    await service.triggers.stop(id)
    return Response(status_code=204)


@router.api_route("/hooks/{path:path}", methods=METHODS, include_in_schema=False)
async def deliver(service: Flows, path: str, request: Request) -> Response:
    """Hand a request to the webhook at this path; its workflow begins a run."""
    found = service.triggers.hook(f"/{path}")
    has_token = request.scope["livets.token"]
    if not has_token and (found is None or not found[1].config.secret):
        raise refused_token("")
    if found is None:
        raise Problem(404, "no-such-hook", "nobody listens here", "PUT /api/workflows/{id}/listening")
    listener, hook = found
    body = await read_bytes(request, hook.config.max_bytes)
    headers, query = dict(request.headers), dict(request.query_params)
    try:
        reply = await listener.deliver(f"/{path}", request.method, headers, query, body)
    except EngineError as error:
        raise as_problem(error) from None
    return answer(to_plain(reply.body), reply.status)
