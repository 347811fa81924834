"""LiveTS as an ASGI application: alone, inside another one, with another one inside; start and stop."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from livets.app import LiveTS
from livets.errors import ConfigError
from livets.wire import Frame, JoinMode
from tests.integration.transport.harness import SECRET, Browser, app, event, serving
from tests.integration.transport.views import MOUNTS, Counter, Item
from tests.support.ports import answers, free_port
from tests.support.redis_server import RedisServer
from tests.support.wait import until, wait_for

ROOT = Path(__file__).parents[3]


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@pytest.fixture
def site() -> LiveTS:
    MOUNTS.clear()
    site = app()
    site.live("/", Counter)
    site.live("/items/{id:int}", Item)
    return site


async def test_inside_another_application_under_a_prefix(site: LiveTS) -> None:
    outer = Starlette(routes=[Route("/hello", hello), Mount("/shop/live", site)], lifespan=site.lifespan)
    async with serving(outer, site.worker) as origin, Browser(origin) as user:
        assert (await user.http.get("/hello")).text == "hello"
        await user.open("/shop/live/items/7?kind=x")
        assert user.socket_path == "/shop/live/livets/socket"
        source = user.html.partition('<script defer src="')[2].partition('"')[0]
        assert source.startswith("/shop/live/livets/connector-")
        assert (await user.http.get(source)).status_code == 200
        await user.join()
        assert MOUNTS == ["item 7"]
        token_again = await user.connect()
        await user.join()
        assert MOUNTS == ["item 7", "item 7"]
        assert "x" in str(user.joined_diff)
        await token_again.close()


async def test_mounted_without_its_lifespan_it_works_as_well(site: LiveTS) -> None:
    async with serving(Starlette(routes=[Mount("/a", site)]), site.worker) as origin, Browser(origin) as user:
        await user.open("/a/")
        socket = await user.join()
        await socket.send(event(1, "add", seen=1))
        assert (await socket.receive()).kind == Frame.PATCH
    await site.stop()


async def test_another_application_inside(site: LiveTS) -> None:
    site.mount("/api", Starlette(routes=[Route("/hello", hello)]))
    async with serving(site) as origin, httpx.AsyncClient(base_url=origin) as http:
        assert (await http.get("/api/hello")).text == "hello"
        assert (await http.get("/nowhere")).status_code == 404


async def test_own_static_files_and_layout(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "style.css").write_text("b { color: red }")
    (tmp_path / "base.html").write_text(
        '{% extends "livets/layout.html" %}{% block head %}<meta name="x">{% endblock %}'
        "{% block body %}<nav>menu</nav>{{ view }}{% endblock %}"
    )

    class Framed(Counter):
        layout = "base.html"

    site = app(templates=tmp_path, static=tmp_path / "static", stylesheets=("/static/style.css",))
    site.live("/", Framed)
    async with serving(site) as origin, Browser(origin) as user:
        await user.open("/")
        assert '<link rel="stylesheet" href="/static/style.css">' in user.html
        assert '<meta name="x">' in user.html
        assert "<nav>menu</nav><div id=" in user.html
        assert (await user.http.get("/static/style.css")).text == "b { color: red }"


async def test_the_end_asks_pages_to_move_and_writes_snapshots(redis_server: RedisServer) -> None:
    def worker() -> LiveTS:
        one = app(redis_url=redis_server.url)
        one.live("/", Counter)
        return one

    first, second = worker(), worker()
    async with serving(second) as at_two:
        async with serving(first) as at_one:
            user = Browser(at_one)
            await user.open("/")
            socket = await user.join()
            await socket.send(event(1, "add", 5, seen=1))
            user.note(await socket.receive_kind(Frame.PATCH))
            await first.worker.move_all()
            assert (await socket.receive_kind(Frame.MOVE)).body is None
            assert await socket.closed() == 1012
        moved = await user.resume(at=at_two, events=[event(1, "add", 5)])
        assert user.joined(await moved.receive()) is JoinMode.FILLED
        assert "5" in str(user.joined_diff)
        await user.__aexit__(None, None, None)


async def test_what_cannot_work_is_an_error_that_teaches(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="token_urlsafe"):
        LiveTS(secret_key="short")
    with pytest.raises(ConfigError, match="there is no such setting; there are allowed_hosts"):
        app(colour="red")
    with pytest.raises(ConfigError, match="give the class, Counter"):
        app().live("/", Counter())  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="starts with"):
        app().live("x", Counter)
    with pytest.raises(ConfigError, match="redis://"):
        app(redis_url="nonsense")
    with pytest.raises(ConfigError, match="as browsers send it"):
        app(allowed_origins=["*"])


SERVED = """
from livets import LiveView, event
from livets.app import LiveTS
from tests.integration.transport.views import Counter
app = LiveTS()
app.live("/", Counter)
if __name__ == "__main__":
    import sys
    app.run(port=int(sys.argv[1]))
"""


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[tuple[subprocess.Popen[bytes], str]]:
    (tmp_path / "served.py").write_text(SERVED)
    port = free_port()
    environment = {**os.environ, "LIVETS_SECRET_KEY": SECRET, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "served.py"), str(port)], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: answers(port), "the server answers", timeout_s=15)
        yield running, f"http://127.0.0.1:{port}"
    finally:
        running.kill()
        running.wait()


async def test_sigterm_ends_it_in_time_even_with_a_client_that_never_reads(
    process: tuple[subprocess.Popen[bytes], str],
) -> None:
    running, origin = process
    async with Browser(origin) as user, Browser(origin) as mute:
        await user.open("/")
        await mute.open("/")
        socket, deaf = await user.join(), await mute.join()
        deaf.connection.transport.pause_reading()
        for ref in range(1, 61):
            await deaf.send(event(ref, "grow", 60_000, seen=1))
        await asyncio.sleep(0.2)
        running.send_signal(signal.SIGTERM)
        assert (await socket.receive()).kind == Frame.MOVE
        assert await socket.closed() == 1012
        await until(lambda: running.poll() is not None, "the process has ended", timeout_s=9)
