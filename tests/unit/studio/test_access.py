"""Who gets in: nobody from elsewhere by default; a token, or what the application says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from livets import LiveTS
from livets.errors import ConfigError
from livets.flow import FlowRuntime
from livets.studio import Studio

KEY = "a secret of at least 32 characters"
TOKEN = "a token that is long enough"


def browser(app: LiveTS, host: str = "localhost:8765", client: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(client, 5000))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers=headers)


async def status(app: LiveTS, path: str = "/", **who: Any) -> int:
    async with browser(app, **who) as one:
        return (await one.get(path)).status_code


async def test_this_machine_alone(tmp_path: Path) -> None:
    async with FlowRuntime(tmp_path) as runtime:
        app = Studio(runtime).application(secret_key=KEY)
        for host in ("localhost:8765", "127.0.0.1", "[::1]:8765"):
            assert await status(app, host=host) == 200
        assert await status(app, client="192.0.2.7") == 403, "from elsewhere"
        assert await status(app, host="evil.example") == 403, "DNS rebinding"
        assert await status(app, host="192.0.2.1:8765") == 403
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            assert await status(app, **{name: "127.0.0.1"}) == 403, "through a proxy"
        assert await status(app, "/runs/r", client="192.0.2.7") == 403, "nothing is said about what exists"


async def test_a_token(tmp_path: Path) -> None:
    async with FlowRuntime(tmp_path) as runtime:
        app = Studio(runtime, token=TOKEN).application(secret_key=KEY)
        async with browser(app, "studio.example", "192.0.2.7") as one:
            answer = await one.get("/")
            assert (answer.status_code, answer.headers["location"]) == (303, "/enter")
            assert (await one.get("/enter")).status_code == 200
            assert (await one.post("/enter", data={"token": "wrong"})).status_code == 403
            assert (await one.get("/")).status_code == 303
            entered = await one.get("/enter", params={"token": TOKEN})
            assert (entered.status_code, entered.headers["location"]) == (303, "/")
            assert (await one.get("/")).status_code == 200
        other = Studio(runtime, token=TOKEN[::-1]).application(secret_key=KEY)
        async with browser(other, "studio.example", "192.0.2.7") as two:
            two.cookies = one.cookies
            assert (await two.get("/")).status_code == 303, "another token: who was in is out"


async def test_the_application_says(tmp_path: Path) -> None:
    async with FlowRuntime(tmp_path) as runtime:

        async def authorize(session: Any) -> bool:
            return bool(session.user == "ada")

        app = LiveTS(secret_key=KEY)
        Studio(runtime, authorize=authorize).add_to(app, "/studio")

        async def login(request: Any) -> Any:
            from starlette.responses import Response

            response = Response()
            await request.app.login(request, response, request.query_params["user"])
            return response

        app.route("/login", login)
        async with browser(app) as one:
            assert (await one.get("/studio")).status_code == 403, "not even this machine"
            await one.get("/login?user=bob")
            assert (await one.get("/studio")).status_code == 403
            await one.get("/login?user=ada")
            assert (await one.get("/studio")).status_code == 200
            assert (await one.get("/studio/runs/none")).status_code == 404
            assert (await one.get("/studio/studio.css")).headers["content-type"].startswith("text/css")


async def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async with FlowRuntime() as memory, FlowRuntime(tmp_path) as runtime:
        for wrong, said in (
            (lambda: Studio(memory), "folder"),
            (lambda: Studio(runtime, token="short"), "guessed"),
            (lambda: Studio(runtime, token=TOKEN, authorize=lambda session: True), "one of them"),
            (lambda: Studio(runtime).add_to(LiveTS(secret_key=KEY), "studio/"), "slash"),
        ):
            with pytest.raises(ConfigError, match=said):
                wrong()
