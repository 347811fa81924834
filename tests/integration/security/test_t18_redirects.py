"""No address that a visitor smuggles in leads to another site."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from livets import LiveTS, LiveView, event
from livets.wire import Frame
from tests.integration.security import raw
from tests.integration.transport.harness import Browser, app, serving
from tests.integration.transport.harness import event as sends

EVIL = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\r\n//evil.example",
    " //evil.example",
    "https://evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVa\tScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "/\x00/evil.example",
    "evil.example",
    "",
    ".//evil.example",
    "?\r\nSet-Cookie: a=b",
]


class Everywhere(LiveView):
    template = "<p>{{ uri }}</p>"

    def mount(self) -> None:
        if next := self.request.query_params.get("next"):
            self.redirect(next)

    def handle_params(self, tab: str = "") -> None:
        pass

    @event
    def leave(self, to: str) -> None:
        self.redirect(to)

    @event
    def stay(self, to: str) -> None:
        self.patch(to)


def site() -> LiveTS:
    made = app()
    made.live("/{path:path}", Everywhere)
    return made


async def test_t18_nothing_redirects_to_another_site() -> None:
    async with serving(site()) as origin, Browser(origin) as user:
        for to in EVIL:
            response = await user.http.get("/", params={"next": to}, follow_redirects=False)
            assert response.status_code in (200, 500), to  # the first for an empty one
            assert "location" not in response.headers
        await user.open("/")
        socket = await user.join()
        for ref, to in enumerate([each for each in EVIL if each], 1):
            await socket.send(sends(ref, ("leave", "stay")[ref % 2], to))
            assert (await socket.receive_kind(Frame.ERROR)).body[2] == ref, to
        refused = [each for each in EVIL if each]
        for ref, to in enumerate(refused, len(refused) + 1):
            await socket.send(sends(ref, "@params", to, 0))
            assert (await socket.receive_kind(Frame.ERROR)).body[2] == ref, to


@pytest.mark.parametrize("path", ["//evil.example/x", "//evil.example", "///evil.example/x", "/%5Cevil.example/"])
@pytest.mark.parametrize("to", ["?a=1", "#top"])
async def test_t18_a_relative_address_on_an_odd_path_stays_here(path: str, to: str) -> None:
    async with serving(site()) as origin, Browser(origin) as user:
        response = await user.http.get(f"{origin}{path}", params={"next": to}, follow_redirects=False)
        where = response.headers.get("location")
        assert where is None or urlsplit(urljoin(f"{origin}{path}", where)).netloc in origin


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "{own}"])
async def test_t12_a_missing_slash_leads_to_the_same_host_whatever_host_is_claimed(host: str) -> None:
    made = app()
    made.live("/here", Everywhere)
    made.live("/there/", Everywhere)
    made.live("/any{path:path}", Everywhere)
    async with serving(made) as origin:
        for path, expected in [
            ("/here/", "/here"), ("/there", "/there/"), ("/here/?a=//b", "/here?a=//b"), ("/here//", "/here"),
            ("//evil.example/", None), ("//evil.example/here/", None), ("/%2fevil.example/", None), ("//here/", None),
            ("/nothing/", None), ("/", None), ("/here/%0d%0aX-A:b/", None),
        ]:  # fmt: skip
            answer = await raw.get(origin, path, host=host.replace("{own}", origin.removeprefix("http://")))
            assert raw.head(answer).get("location") == expected, path
            assert raw.status(answer) == (404 if expected is None else 307)


async def test_a_missing_slash_below_a_mount_point() -> None:
    made = app()
    made.live("/here", Everywhere)
    async with serving(Starlette(routes=[Mount("/live", app=made)], lifespan=made.lifespan), made.worker) as origin:
        answer = await raw.get(origin, "/live/here/?a=1", host="evil.example")
        assert (raw.status(answer), raw.head(answer).get("location")) == (307, "/live/here?a=1")
