"""Routes: runs - begin, list, look at, cancel, resume, retry, answer nodes that wait. Only stored workflows run."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from livets.api.answer import answer
from livets.api.body import read_object
from livets.api.flow.asking import Flows, Limit, RunName, WorkflowId, as_problem, body_of
from livets.api.flow.service import Service
from livets.api.problem import Problem
from livets.engine.encoding import from_plain, to_plain
from livets.engine.errors import EngineError
from livets.flow.archive import RunInfo
from livets.flow.handle import RunHandle
from livets.flow.journal import Recorded
from livets.flow.outcome import counted, recorded_outputs
from livets.flow.replay import replayed
from livets.flow.validate import ID

router = APIRouter(tags=["runs"])
MAX_WAIT_S = 60.0
_START = body_of(
    "What to run with; all of it may be left out.",
    {
        "inputs": {"type": "object", "description": "The workflow's inputs by name."},
        "targets": {"type": "array", "items": {"type": "string"}, "description": "Only these and what they need."},
        "run": {"type": "string", "pattern": f"^{ID.pattern}$", "description": "A name; one is made if left out."},
        "version": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "Not the current, but this one."},
    },
)  # fmt: skip
_NODE = {"type": "string", "maxLength": 1000, "description": "The path of a node that waits: `ask`, `map[3]/ask`."}
_RESUME = body_of(
    "",
    {
        "force": {
            "type": "boolean",
            "description": "Also when it belongs to a process that lives but has been silent for ten seconds.",
        }
    },
)
_RETRY = body_of(
    "Which nodes, with all after them; those that failed if left out.",
    {"nodes": {"type": "array", "items": {"type": "string"}}, "force": {"type": "boolean"}},
)
_CANCEL = body_of("", {"why": {"type": "string", "maxLength": 500, "description": "The reason, for the journal."}})
_SIGNAL = body_of("The answer.", {"node": _NODE, "value": {"description": "Any value."}}, required=("node",))
_APPROVE = body_of(
    "The decision.",
    {
        "node": _NODE,
        "approved": {"type": "boolean"},
        "by": {"type": "string", "maxLength": 200},
        "comment": {"type": "string", "maxLength": 5000},
    },
    required=("node", "approved"),
)  # fmt: skip
Status = Literal["running", "interrupted", "completed", "failed", "cancelled"]


def _typed(body: dict[str, Any], name: str, kind: type, default: Any = None) -> Any:
    """Return a member of a body; raises Problem when it is of another type."""
    value = body.get(name, default)
    if name in body and type(value) is not kind:
        words = {str: "a string", bool: "true or false", dict: "an object", list: "an array of strings"}
        raise Problem(422, "invalid-body", f"{name} must be {words[kind]}")
    if kind is list and value is not None and not all(type(one) is str for one in value):
        raise Problem(422, "invalid-body", f"{name} must be an array of strings")
    return value


# -- begin


@router.post("/api/workflows/{id}/runs", status_code=202, openapi_extra=_START)
@router.post("/api/workflows/{id}/execute", status_code=202, openapi_extra=_START, name="execute_workflow")
async def start_run(
    service: Flows,
    id: WorkflowId,
    request: Request,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_S, description="Seconds to wait for the end.")] = 0.0,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Response:
    """Begin a run of a stored workflow: 202, or 200 with its outputs when it has ended within `wait` seconds.

    With an Idempotency-Key the same request begins one run only; the answer says which.
    """
    body = await read_object(request, frozenset({"inputs", "targets", "run", "version"}), optional=True)
    run, version = _typed(body, "run", str), _typed(body, "version", str)
    if run is not None and not ID.fullmatch(run):
        raise Problem(422, "invalid-body", "run: letters, digits, '_', '-', '.', at most 128")
    if run is not None and idempotency_key is not None:
        raise Problem(422, "invalid-body", "a run is named by `run` or by the Idempotency-Key, not by both")
    inputs = from_plain(_typed(body, "inputs", dict, {}))
    if type(inputs) is not dict:
        raise Problem(422, "invalid-body", "inputs must be an object")
    try:
        name, handle, begun = await service.start(
            id, inputs, version=version, targets=_typed(body, "targets", list), run=run, key=idempotency_key
        )
    except EngineError as error:
        raise as_problem(error) from None
    if handle is not None and wait:
        await handle.ended(wait)
    shown = await _shown(service, name)
    headers = {"location": f"/api/runs/{name}"} | ({} if begun else {"idempotent-replayed": "true"})
    return answer(shown, 202 if shown["status"] == "running" else 200, headers)


# -- look


@router.get("/api/runs")
async def list_runs(
    service: Flows,
    limit: Limit = 50,
    after: Annotated[str, Query(max_length=400, description="`next` of the page before.")] = "",
    workflow: Annotated[str | None, Query(max_length=200)] = None,
    status: Annotated[Status | None, Query()] = None,
) -> Response:
    """The runs, the latest first, a page at a time. "interrupted": its process is gone, and it can be resumed."""
    found = [
        one
        for one in await service.runtime.runs()
        if (workflow is None or one.workflow == workflow) and (status is None or one.status == status)
    ]
    if after:
        place = _place(after)
        found = [one for one in found if (-one.started, one.run) > place]
    page = found[:limit]
    more = _cursor(page) if len(found) > limit else None
    return answer({"runs": [_line(service, one) for one in page], "next": more})


@router.get("/api/runs/{run}")
async def get_run(service: Flows, run: RunName) -> Response:
    """One run: status, inputs, outputs so far, how many nodes are in each state, which wait, what failed."""
    try:
        return answer(await _shown(service, run))
    except EngineError as error:
        raise as_problem(error) from None


@router.get("/api/runs/{run}/nodes")
async def list_run_nodes(
    service: Flows, run: RunName, limit: Limit = 100, after: Annotated[str, Query(max_length=1000)] = ""
) -> Response:
    """The nodes of a run that have begun or ended, in that order, with state, attempts, times and error."""
    replay = replayed(await _events(service, run))
    paths = list(replay.nodes)
    if after and after not in replay.nodes:
        raise Problem(422, "invalid-parameters", f"after: run {run!r} has no node {after!r:.200}")
    begin = paths.index(after) + 1 if after else 0
    page = paths[begin : begin + limit]
    nodes = [{"node": path, **_without_outputs(msgspec.to_builtins(replay.nodes[path]))} for path in page]
    return answer({"nodes": nodes, "next": page[-1] if begin + limit < len(paths) else None})


@router.get("/api/runs/{run}/outputs")
async def get_node_outputs(service: Flows, run: RunName, node: Annotated[str, Query(max_length=1000)]) -> Response:
    """What one node of a run gave, by port."""
    replay = replayed(await _events(service, run))
    if node not in replay.nodes:
        raise Problem(404, "no-such-node", f"run {run!r} has no node {node!r:.200}", f"GET /api/runs/{run}/nodes")
    outputs = replay.nodes[node].outputs
    return answer({"node": node, "outputs": None if outputs is None else _plain_values(outputs)})


# -- act


@router.post("/api/runs/{run}/cancel", openapi_extra=_CANCEL)
async def cancel_run(service: Flows, run: RunName, request: Request) -> Response:
    """Cancel a run in whatever process it runs; running nodes stop at once. It can be resumed."""
    body = await read_object(request, frozenset({"why"}), optional=True)
    why = _typed(body, "why", str, "cancelled")[:500]
    try:
        await service.cancel(run, why)
        return answer(await _shown(service, run))
    except EngineError as error:
        raise as_problem(error) from None


@router.post("/api/runs/{run}/resume", status_code=202, openapi_extra=_RESUME)
async def resume_run(service: Flows, run: RunName, request: Request) -> Response:
    """Go on with a run that was cut off, cancelled or failed: what is recorded as done is not done again."""
    body = await read_object(request, frozenset({"force"}), optional=True)
    return await _again(service, run, None, force=_typed(body, "force", bool, False))


@router.post("/api/runs/{run}/retry", status_code=202, openapi_extra=_RETRY)
async def retry_run(service: Flows, run: RunName, request: Request) -> Response:
    """Run nodes and everything after them again, with what the nodes before them gave."""
    body = await read_object(request, frozenset({"nodes", "force"}), optional=True)
    nodes = _typed(body, "nodes", list)
    if nodes is None:
        failed = [path for path, one in replayed(await _events(service, run)).nodes.items() if one.state == "failed"]
        nodes = sorted({re.split(r"[\[/]", path, maxsplit=1)[0] for path in failed})
    if not nodes:
        raise Problem(422, "nothing-failed", f"no node of run {run!r} has failed", 'name nodes: {"nodes": ["a"]}')
    return await _again(service, run, nodes, force=_typed(body, "force", bool, False))


async def _again(service: Service, run: str, nodes: list[str] | None, *, force: bool) -> Response:
    try:
        await service.again(run, nodes, force=force)
        return answer(await _shown(service, run), 202)
    except EngineError as error:
        raise as_problem(error) from None


@router.post("/api/runs/{run}/signal", openapi_extra=_SIGNAL)
async def signal_run(service: Flows, run: RunName, request: Request) -> Response:
    """Answer a node that waits for an input; durable when this returns."""
    body = await read_object(request, frozenset({"node", "value"}))
    return await _signal(service, run, body, from_plain(body.get("value")))


@router.post("/api/runs/{run}/approve", openapi_extra=_APPROVE)
async def approve_run(service: Flows, run: RunName, request: Request) -> Response:
    """Say yes or no to a node that waits for an approval."""
    body = await read_object(request, frozenset({"node", "approved", "by", "comment"}))
    if type(body.get("approved")) is not bool:
        raise Problem(422, "invalid-body", "approved must be true or false")
    more = {name: _typed(body, name, str) for name in ("by", "comment") if name in body}
    value: Any = {"approved": body["approved"], **more} if more else body["approved"]
    return await _signal(service, run, body, value)


async def _signal(service: Service, run: str, body: dict[str, Any], value: Any) -> Response:
    if type(body.get("node")) is not str:
        raise Problem(422, "invalid-body", "node must be the path of a node that waits, a string")
    try:
        await service.signal(run, body["node"], value)
        return answer(await _shown(service, run))
    except EngineError as error:
        raise as_problem(error) from None


# -- how it is shown


async def _shown(service: Service, run: str) -> dict[str, Any]:
    events = await service.runtime.events(run)
    recorded, handle = service.recorded_of(run, events), service.handle(run)
    try:
        outputs = _plain_values(recorded_outputs(await service.definition_of(recorded), recorded))
    except EngineError:  # a type of node is gone since: what is recorded by node can still be read
        outputs = {}
    failures = [{"node": path, **failure} for path, failure in recorded.failures.items()]
    created = recorded.created
    return {
        "run": run,
        "workflow": created["workflow"],
        "version": created["version"],
        "status": _status(service, recorded, handle),
        "here": handle is not None and not handle.done,
        "created": recorded.created_at,
        "ended": recorded.ended_at or None,
        "inputs": _plain_values(created["inputs"]),
        "outputs": outputs,
        "counts": counted(handle.states()) if handle is not None else replayed(events).counts(),
        "waiting": [_waiting(path, recorded) for path in sorted(recorded.waits)],
        "failures": failures[:100],
        "seq": recorded.head,
    }


def _status(service: Service, recorded: Recorded, handle: RunHandle | None) -> str:
    if recorded.status != "running" or handle is not None:
        return recorded.status
    return "interrupted" if service.runtime.lease.holder(recorded.runner).state == "gone" else "running"


def _waiting(path: str, recorded: Recorded) -> dict[str, Any]:
    how = recorded.waits[path]
    return {"node": path, "for": how.signal, "until": how.until, "prompt": how.data.get("prompt", "")}


def _line(service: Service, info: RunInfo) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(info)
    return {**found, "ended": info.ended or None, "here": service.handle(info.run) is not None}


async def _events(service: Service, run: str) -> Any:
    events = await service.runtime.events(run)
    if not events:
        raise Problem(404, "no-such-run", f"there is no run {run!r}", "GET /api/runs lists them")
    return events


def _plain_values(values: dict[str, Any]) -> dict[str, Any]:
    """Each value in its lossless form; the names around them stay as they are."""
    return {name: to_plain(value) for name, value in values.items()}


def _without_outputs(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "outputs"}


def _cursor(page: list[RunInfo]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([-page[-1].started, page[-1].run])).decode()


def _place(cursor: str) -> tuple[float, str]:
    try:
        started, run = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[float, str])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise Problem(422, "invalid-parameters", "after: this is no `next` of this list") from None
    return started, run
