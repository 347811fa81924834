"""Routes about the server itself: health, metrics, tickets, OpenAPI, and a page that lists the routes.

The page is made here, without a script: nothing from elsewhere runs beside a token.
"""

from __future__ import annotations

import html

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from livets.api.answer import answer
from livets.api.flow.asking import Flows
from livets.api.problem import Problem
from livets.engine.errors import EngineError

router = APIRouter(tags=["server"])


@router.get("/health")
async def health(service: Flows) -> Response:
    """200 when the server can write its journal, else 503. Public; tells nothing else."""
    try:
        await service.log.head("server/runs")
    except EngineError:
        raise Problem(503, "journal", "the journal cannot be read") from None
    if service.closing.is_set():
        raise Problem(503, "closing", "the server is stopping")
    return answer({"status": "ok"})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(service: Flows) -> Response:
    """Prometheus metrics; 404 without the extra `livets[metrics]` or when they are switched off."""
    found = service.metrics
    if found is None:
        raise Problem(404, "no-metrics", "metrics are off", "pip install 'livets[metrics]', and serve with --metrics")
    return Response(found.exposition(), media_type=found.media_type)


@router.post("/api/tickets", status_code=201)
async def issue_ticket(request: Request) -> Response:
    """A ticket that opens one event stream, once: `?ticket=...`. For browsers, which cannot send a token there."""
    tickets = request.app.state.tickets
    return answer({"ticket": tickets.issue(), "seconds": tickets.seconds}, 201)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The description of all routes, as OpenAPI. Public."""
    return answer(request.app.openapi())


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The routes as a page. Public."""
    rows = []
    for path, operations in request.app.openapi()["paths"].items():
        for method, said in operations.items():
            what = html.escape(said.get("description", said.get("summary", ""))).replace("\n\n", "<br>")
            rows.append(f"<tr><td><code>{method.upper()}</code><td><code>{html.escape(path)}</code><td>{what}")
    for path, what in STREAMS_TOLD.items():
        rows.append(f"<tr><td><code>WS</code><td><code>{path}</code><td>{what}")
    return HTMLResponse(_PAGE.replace("ROWS", "\n".join(rows)))


STREAMS_TOLD = {
    "/api/events": "The events of all runs, live: JSON messages <code>{type: event | gap}</code>.",
    "/api/runs/{run}/events/ws": "The events of one run from <code>?after=SEQ</code> on, none missed, until it ends.",
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>livets flow API</title><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #8886;padding:.4rem .6rem;vertical-align:top}
td:nth-child(2){overflow-wrap:anywhere}</style>
<h1>livets flow API</h1><p>Send the token as <code>Authorization: Bearer TOKEN</code>. The whole description, for tools:
<a href="openapi.json">openapi.json</a>.</p><table>ROWS</table></html>
"""
