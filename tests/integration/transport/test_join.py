"""From the page to the first event."""

from __future__ import annotations

import pytest

from livets.app import LiveTS
from livets.wire import Frame, Join, JoinMode
from tests.integration.transport.harness import Browser, app, beat, event, heal, serving
from tests.integration.transport.views import MOUNTS, Broken, Counter, Item


@pytest.fixture
def site() -> LiveTS:
    MOUNTS.clear()
    site = app(title="A <title>")
    site.live("/", Counter)
    site.live("/items/{id:int}", Item, title="Item")
    site.live("/loose/{id}", Item)
    site.live("/broken", Broken)
    return site


@pytest.mark.parametrize("json", [False, True], ids=["msgpack", "json"])
async def test_a_page_is_mounted_once_and_handles_a_click(site: LiveTS, origin: str, json: bool) -> None:
    async with Browser(origin) as browser:
        response = await browser.open("/")
        assert response.status_code == 200
        assert "<h1>0</h1>" in browser.html
        assert (site.registry.unjoined, site.registry.joined) == (1, 0)
        socket = await browser.join(json=json)
        assert browser.joined_diff == []
        assert (site.registry.unjoined, site.registry.joined) == (0, 1)
        assert MOUNTS == ["counter"]

        await socket.send(event(1, "add", 5, seen=1))
        patch = await socket.receive()
        assert (patch.kind, patch.seq, patch.done, patch.durable) == (Frame.PATCH, 2, 1, 1)
        assert "5" in str(patch.body)
        await socket.send(event(2, "nothing", seen=2))
        ack = await socket.receive()
        assert (ack.kind, ack.seq, ack.done, ack.durable) == (Frame.ACK, 2, 2, 2)
        await socket.send(event(3, "fail", seen=2))
        error = await socket.receive()
        assert (error.kind, error.body[0], error.body[2]) == (Frame.ERROR, "handler_failed", 3)
        assert (await socket.receive_kind(Frame.ACK)).done == 3
        await socket.send(event(4, "add", 1, seen=2))
        assert "6" in str((await socket.receive()).body)
        await socket.send(beat(3))
        assert (await socket.receive()).kind == Frame.BEAT


async def test_path_parameters_are_typed_and_the_query_arrives(origin: str) -> None:
    async with Browser(origin) as browser:
        await browser.open("/items/7?kind=a%20b")
        assert "<b>7</b><i>a b</i>" in browser.html
        assert "<title>Item</title>" in browser.html
        await browser.join()
        assert MOUNTS == ["item 7"]
        assert (await browser.open("/items/seven")).status_code == 404
        assert (await browser.open("/items/" + "9" * 5000)).status_code == 404
        assert (await browser.open("/loose/seven")).status_code == 404
        assert (await browser.open("/items/7?" + "x" * 5000)).status_code == 414


async def test_a_token_seen_again_gets_a_view_of_its_own(site: LiveTS, origin: str) -> None:
    async with Browser(origin) as browser:
        await browser.open("/items/7?kind=x")
        first = await browser.join()
        first_id = browser.id
        second = await browser.connect()
        await second.send(Join(0, browser.token, "/items/8"))
        frame = await second.receive()
        assert browser.joined(frame) is JoinMode.REMOUNTED
        assert browser.id != first_id
        assert "x" in str(browser.joined_diff)
        assert MOUNTS == ["item 7", "item 7"]
        assert site.registry.joined == 2
        await first.send(beat(1))
        assert (await first.receive()).kind == Frame.BEAT


async def test_a_block_can_be_asked_for_again(origin: str) -> None:
    async with Browser(origin) as browser:
        await browser.open("/")
        socket = await browser.join()
        await socket.send(heal())
        patch = await socket.receive()
        assert (patch.kind, patch.seq) == (Frame.PATCH, 2)
        assert patch.body[0] == -9


async def test_headers_and_cookie(origin: str) -> None:
    async with Browser(origin) as browser:
        response = await browser.open("/")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "unsafe" not in response.headers["content-security-policy"]
        assert "HttpOnly; SameSite=Lax" in response.headers["set-cookie"]
        assert "<title>A &lt;title&gt;</title>" in browser.html
        assert "set-cookie" not in (await browser.open("/")).headers
        head = await browser.http.head("/")
        assert head.status_code == 200
        assert head.text == ""
        assert (await browser.http.post("/")).status_code == 405


async def test_the_connector_is_first_and_cached_for_ever(origin: str) -> None:
    async with Browser(origin) as browser:
        await browser.open("/")
        source = browser.html.partition('<script defer src="')[2].partition('"')[0]
        script = await browser.http.get(source)
        assert script.status_code == 200
        assert "immutable" in script.headers["cache-control"]
        assert script.headers["content-type"].startswith("text/javascript")
        old = await browser.http.get("/livets/connector-0000000000000000.js")
        assert old.text == script.text
        assert "immutable" not in old.headers["cache-control"]
        for other in ("/livets/secret.key", "/livets/..%2fapp.py", "/livets/connector.js", "/livets/socket"):
            assert (await browser.http.get(other)).status_code == 404
        assert browser.html.count("<script") == 2


async def test_a_page_that_fails_says_nothing_in_production(origin: str) -> None:
    async with Browser(origin) as browser:
        response = await browser.open("/broken")
        assert response.status_code == 500
        assert "secret reason" not in response.text
        assert "Error number" in response.text


async def test_and_everything_escaped_in_development() -> None:
    site = app(dev=True)
    site.live("/broken", Broken)
    async with serving(site) as origin, Browser(origin) as browser:
        response = await browser.open("/broken")
        assert response.status_code == 500
        assert "&lt;script&gt;secret reason" in response.text
        assert "<script>" not in response.text
        assert "views.py" in response.text
