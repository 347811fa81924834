"""LiveTS inside FastAPI, FastAPI inside LiveTS: prefixes, sockets, cookies, and lifespans that really run."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import fastapi
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from livets import LiveTS, LiveView, event
from livets.wire import Frame
from tests.integration.transport.harness import Browser, app, serving
from tests.integration.transport.harness import event as message


class Shop(LiveView):
    page: int = 1
    template = """<h1>{{ page }}</h1><a ts-link href="{{ url_for('shop', page=2) }}">2</a>"""

    def handle_params(self, page: int = 1) -> None:
        self.page = page

    @event
    def turn(self) -> None:
        self.patch(self.url_for("shop", page=3))


@pytest.fixture
def diary() -> list[str]:
    return []


def live_app(diary: list[str]) -> LiveTS:
    @contextlib.asynccontextmanager
    async def ours(live: LiveTS) -> AsyncIterator[None]:
        diary.append("ours up")
        yield
        diary.append("ours down")

    live = app(lifespan=ours)
    live.live("/shop/", Shop, name="shop")
    live.mount("/api", api(diary))
    live.mount("/plain", PlainTextResponse("plain"))
    return live


def api(diary: list[str]) -> fastapi.FastAPI:
    @contextlib.asynccontextmanager
    async def theirs(_: fastapi.FastAPI) -> AsyncIterator[dict[str, Any]]:
        diary.append("theirs up")
        yield {"pool": "pool"}
        diary.append("theirs down")

    inner = fastapi.FastAPI(lifespan=theirs)

    @inner.get("/items/{number}")
    async def item(number: int, request: Request) -> dict[str, Any]:
        return {"number": number, "pool": request.state.pool}

    return inner


async def use(user: Browser, prefix: str) -> None:
    """Everything of a page works at this prefix."""
    page = await user.open(f"{prefix}/shop/")
    assert page.status_code == 200
    assert user.socket_path == f"{prefix}/livets/socket"
    assert f'href="{prefix}/shop/?page=2"' in page.text
    script = page.text.partition('<script defer src="')[2].partition('"')[0]
    assert script.startswith(f"{prefix}/livets/connector-")
    assert (await user.http.get(script)).status_code == 200
    socket = await user.join()
    await socket.send(message(1, "turn"))
    body = (await socket.receive_kind(Frame.PATCH)).body
    assert body[body.index(-5) + 1] == [0, f"{prefix}/shop/?page=3"]
    await socket.send(message(2, "@params", f"{prefix}/shop/?page=9", 0))
    body = (await socket.receive_kind(Frame.PATCH)).body
    assert body[body.index(-5) + 1] == [0, f"{prefix}/shop/?page=9"]
    if prefix:
        await socket.send(message(3, "@params", "/shop/?page=9", 0))
        body = (await socket.receive_kind(Frame.PATCH)).body
        assert body[body.index(-5) + 1] == [2, "/shop/?page=9"], "outside of the mount point"
    assert (await user.http.get(f"{prefix}/api/items/7")).json() == {"number": 7, "pool": "pool"}
    assert (await user.http.get(f"{prefix}/api/items/x")).status_code == 422
    assert (await user.http.get(f"{prefix}/api/nothing")).json() == {"detail": "Not Found"}
    assert (await user.http.get(f"{prefix}/plain/")).text == "plain"
    missing = await user.http.get(f"{prefix}/nothing")
    assert missing.status_code == 404
    assert "There is nothing here" in missing.text


UP, DOWN = ["ours up", "theirs up"], ["theirs down", "ours down"]


async def test_alone_with_fastapi_mounted_in_it(diary: list[str]) -> None:
    async with serving(live_app(diary)) as origin, Browser(origin) as user:
        assert diary == UP
        await use(user, "")
    assert diary == UP + DOWN


async def test_in_fastapi_which_passes_no_lifespan_on(diary: list[str]) -> None:
    live = live_app(diary)
    outer = fastapi.FastAPI()

    @outer.get("/own")
    async def own() -> str:
        return "own"

    outer.mount("/live", live)
    async with serving(outer, live.worker) as origin, Browser(origin) as user:
        assert diary == []
        assert (await user.http.get("/own")).json() == "own"
        await use(user, "/live")
        assert diary == UP, "what is to be started starts with the first request"
        await live.stop()
    assert diary == UP + DOWN


async def test_in_fastapi_with_its_lifespan(diary: list[str]) -> None:
    live = live_app(diary)
    outer = fastapi.FastAPI(lifespan=live.lifespan)
    outer.mount("/live", live)
    async with serving(outer, live.worker) as origin, Browser(origin) as user:
        assert diary == UP
        await use(user, "/live")
    assert diary == UP + DOWN


async def test_in_fastapi_at_the_root(diary: list[str]) -> None:
    live = live_app(diary)
    outer = fastapi.FastAPI()
    outer.mount("/", live)
    async with serving(outer, live.worker) as origin, Browser(origin) as user:
        await use(user, "")
        await live.stop()


async def test_two_deep_in_starlette_and_behind_a_proxy_that_names_a_prefix(diary: list[str]) -> None:
    live = live_app(diary)
    outer = Starlette(routes=[Mount("/a", routes=[Mount("/b", live)]), Route("/x", PlainTextResponse("x"))])
    async with serving(outer, live.worker) as origin, Browser(origin) as user:
        await use(user, "/a/b")
        await live.stop()
    diary.clear()
    live = live_app(diary)
    async with serving(live, root_path="/proxy") as origin, Browser(origin) as user:
        # what the browser asks for as /proxy/shop/ arrives as /shop/: uvicorn puts root_path before it
        page = await user.http.get("/shop/")
        assert 'data-socket="/proxy/livets/socket"' in page.text
        assert 'href="/proxy/shop/?page=2"' in page.text


async def test_a_part_that_cannot_start_stops_the_start() -> None:
    @contextlib.asynccontextmanager
    async def broken(_: Any) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    live = app(lifespan=broken)
    live.live("/", Shop)
    with pytest.raises(RuntimeError, match="no database"):
        async with live.lifespan():
            pass
    with pytest.raises(RuntimeError, match="no database"):
        await live({"type": "http", "path": "/", "method": "GET", "headers": []}, None, None)  # type: ignore[arg-type]
