"""No address that a visitor smuggles in leads to another site."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from livets import LiveTS, LiveView, event
from livets.wire import Frame
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
