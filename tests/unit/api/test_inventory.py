"""Every route of the API, by hand: one that is not listed here fails, and every one but the public is closed."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute

from livets.api.flow.app import PUBLIC
from livets.api.rates import Rates
from tests.unit.api.conftest import Api

ROUTES = {
    ("GET", "/health"): "public",
    ("GET", "/openapi.json"): "public",
    ("GET", "/docs"): "public",
    ("GET", "/metrics"): "token",
    ("POST", "/api/tickets"): "token",
    ("GET", "/api/nodes"): "token",
    ("GET", "/api/nodes/{type}"): "token",
    ("GET", "/api/workflows"): "token",
    ("POST", "/api/workflows"): "token",
    ("POST", "/api/workflows/validate"): "token",
    ("GET", "/api/workflows/{id}"): "token",
    ("PUT", "/api/workflows/{id}"): "token",
    ("DELETE", "/api/workflows/{id}"): "token",
    ("GET", "/api/workflows/{id}/versions"): "token",
    ("POST", "/api/workflows/{id}/validate"): "token",
    ("POST", "/api/workflows/{id}/runs"): "token",
    ("POST", "/api/workflows/{id}/execute"): "token",
    ("GET", "/api/workflows/{id}/listening"): "token",
    ("PUT", "/api/workflows/{id}/listening"): "token",
    ("DELETE", "/api/workflows/{id}/listening"): "token",
    **{(method, "/hooks/{path:path}"): "token or signature" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")},
    ("GET", "/api/runs"): "token",
    ("GET", "/api/runs/{run}"): "token",
    ("GET", "/api/runs/{run}/nodes"): "token",
    ("GET", "/api/runs/{run}/outputs"): "token",
    ("POST", "/api/runs/{run}/cancel"): "token",
    ("POST", "/api/runs/{run}/resume"): "token",
    ("POST", "/api/runs/{run}/retry"): "token",
    ("POST", "/api/runs/{run}/signal"): "token",
    ("POST", "/api/runs/{run}/approve"): "token",
    ("GET", "/api/runs/{run}/events"): "token",
    ("GET", "/api/runs/{run}/events/stream"): "token or ticket",
    ("GET", "/api/events"): "token or ticket",
    ("WS", "/api/runs/{run}/events/ws"): "token or ticket",
    ("WS", "/api/events"): "token or ticket",
}
CLOSED = [route for route, access in ROUTES.items() if access != "public"]


def leaves(routes: list[BaseRoute]) -> set[tuple[str, str]]:
    """The method and path of every route, those of routers within too."""
    found: set[tuple[str, str]] = set()
    for route in routes:
        inner: Any = getattr(route, "original_router", None) or getattr(route, "app", None)
        if getattr(route, "path", None) is None or not hasattr(route, "endpoint"):
            assert inner is not None, f"{route!r} is of a kind that this test does not know"
            found |= leaves(inner.routes)
            continue
        for method in getattr(route, "methods", None) or ("WS",):
            found.add((method, route.path))
    return found


def test_there_is_no_route_that_nobody_listed(api: Api) -> None:
    app: FastAPI = api.service_app
    assert leaves(app.routes) == set(ROUTES)


def test_what_is_public_is_what_is_listed_so() -> None:
    assert {route for route, access in ROUTES.items() if access == "public"} == PUBLIC


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "x", path)


async def asked(app: Any, kind: str, path: str, headers: list[tuple[bytes, bytes]], query: bytes = b"") -> int:
    """Ask the application itself, without a client library between; a WebSocket that is refused counts as 403."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "websocket" if kind == "WS" else "http",
        "method": kind,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": headers,
        "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 8400),
        "scheme": "ws" if kind == "WS" else "http",
        "subprotocols": [],
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        if scope["type"] == "websocket":
            return {"type": "websocket.connect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    first = sent[0]
    assert first["type"] in ("http.response.start", "websocket.close"), first
    return int(first.get("status", 403))


HOST = (b"host", b"127.0.0.1:8400")


async def test_without_the_token_nothing_is_done(api: Api) -> None:
    for method, path in CLOSED:
        for credentials in ("", "Bearer wrong", "Bearer ", "Basic YTpi", "bearer", "Bearer null"):
            headers = [HOST] + ([(b"authorization", credentials.encode())] if credentials else [])
            api.app.guard._failures = Rates(1, 100)
            status = await asked(api.app, method, filled(path), headers)
            assert status == (403 if method == "WS" else 401), (method, path, credentials)


async def test_a_token_in_the_query_is_none(api: Api) -> None:
    for method, path in CLOSED:
        for query in (f"token={api.token}", f"access_token={api.token}", f"ticket={api.token}"):
            api.app.guard._failures = Rates(1, 100)
            status = await asked(api.app, method, filled(path), [HOST], query.encode())
            assert status == (403 if method == "WS" else 401), (method, path, query)


async def test_a_ticket_opens_streams_only(api: Api) -> None:
    for method, path in CLOSED:
        if ROUTES[method, path] == "token":
            ticket = (await api.client.post("/api/tickets")).json()["ticket"]
            api.app.guard._failures = Rates(1, 100)
            assert await asked(api.app, method, filled(path), [HOST], f"ticket={ticket}".encode()) == 401


async def test_what_is_no_route_is_closed_too(api: Api) -> None:
    for path in ("/", "/api", "/api/", "/nothing", "/api/workflows/", "//api/nodes", "/API/nodes", "/docs/x",
                 "/health/", "/%68ealth"):  # fmt: skip
        for method in ("GET", "POST", "WS", "OPTIONS", "TRACE", "HEAD"):
            status = await asked(api.app, method, path, [HOST])
            assert status == (403 if method == "WS" else 401), (method, path)
