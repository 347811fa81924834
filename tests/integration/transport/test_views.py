"""Views as visitors meet them: first HTML, routes, URLs over HTTP and the socket, error pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from livets import LiveTS, LiveView, NotFound, event, render_to_string
from livets.errors import ConfigError, NavigationError
from livets.wire import Frame, JoinMode
from tests.integration.transport.harness import Browser, Socket, app, serving
from tests.integration.transport.harness import event as message

NAVIGATE = -5


class Items(LiveView):
    title = "Items"
    page: int = 1
    tags: list[str] = []
    template = """<h1>Items {{ page }}</h1><p>{{ tags|join("+") }}</p>
    <a href="{{ url_for('items', page=page + 1) }}" ts-link>next</a>"""

    def handle_params(self, page: int = 1, tag: list[str] = []) -> None:  # noqa: B006
        if page == 99:
            self.redirect("/items?page=1")
        self.page, self.tags = page, tag

    @event
    def turn(self, page: int) -> None:
        self.patch(f"?page={page}")


class Item(LiveView):
    number: int = 0
    head = '<meta name="description" content="{{ number }} &amp; {{ title }}"><link rel="canonical" href="{{ uri }}">'
    body_class = "item wide"
    template = "<h1>Item {{ number }}</h1>"

    def mount(self, number: int) -> None:
        if number == 404:
            raise NotFound("there is no item 404")
        if number == 410:
            raise HTTPException(410)
        self.number, self.title = number, f'Item "{number}" </title>'


def site(**settings: Any) -> LiveTS:
    live = app(**settings)
    live.live("/items", Items, name="items")
    live.live("/items/{number}", Item, name="item")
    return live


class Tags(HTMLParser):
    """The start tags of a text, as they stand there."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.names.append(tag)


def parsed(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html)


async def test_the_first_html_is_a_whole_document() -> None:
    live = app(lang="de")
    live.live("/items/{number}", Item)
    async with serving(live) as origin, Browser(origin) as user:
        page = await user.open("/items/7")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.startswith('<!doctype html>\n<html lang="de">')
    tree = parsed(page.text)
    assert tree.css_first("title").text() == 'Item "7" </title>'
    assert [node.attributes["charset"] for node in tree.css("head > meta[charset]")] == ["utf-8"]
    assert tree.css_first("meta[name=viewport]") is not None
    assert tree.css_first("meta[name=description]").attributes["content"] == '7 & Item "7" </title>'
    assert tree.css_first("link[rel=canonical]").attributes["href"] == "/items/7"
    assert tree.css_first("body").attributes["class"] == "item wide"
    assert tree.css_first("#livets > h1").text() == "Item 7"
    # A browser's parser moves, drops and adds nothing: every element stands where it was written.
    written = Tags()
    written.feed(page.text)
    assert [node.tag for node in tree.root.traverse()] == written.names


async def test_path_and_query_are_typed_or_refused_in_words() -> None:
    async with serving(site(dev=True)) as origin, Browser(origin) as user:
        assert parsed((await user.open("/items?page=3&tag=a&tag=b")).text).css_first("#livets p").text() == "a+b"
        for path, status, words in [
            ("/items/seven", 404, "Item.mount: the argument 'number' does not fit"),
            ("/items?page=x", 400, "Items.handle_params: page='x' in the URL does not fit"),
            ("/items/404", 404, "there is no item 404"),
            ("/items/410", 410, "Gone"),
            ("/nowhere", 404, "/items/{number}"),
        ]:
            page = await user.open(path)
            assert page.status_code == status, path
            assert words in parsed(page.text).css_first("body").text(), path


async def test_production_tells_visitors_nothing_but_what_they_need(tmp_path: Path) -> None:
    async with serving(site()) as origin, Browser(origin) as user:
        for path in ("/items/seven", "/nowhere", "/items/404", "/livets/nothing.js"):
            page = await user.open(path)
            assert page.status_code == 404
            assert "mount" not in page.text
            assert "/items/{" not in page.text
            assert "there is no item" not in page.text
        assert (await user.http.get("/favicon.ico")).status_code == 204  # no error in the console of every page
        page = await user.open("/nowhere")
        tree = parsed(page.text)
        assert tree.css_first("html").attributes["lang"] == "en"
        assert tree.css_first("h1").text() == "There is nothing here"
        assert "'sha256-" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        text = await user.http.get("/nowhere", headers={"accept": "application/json"})
        assert (text.status_code, text.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    (tmp_path / "404.html").write_text("<!doctype html><title>{{ title }}</title><p>own {{ status }} {{ detail }}</p>")
    async with serving(site(templates=tmp_path)) as origin, Browser(origin) as user:
        own = await user.open("/nowhere")
        assert own.status_code == 404
        assert "own 404 </p>" in own.text


async def test_methods() -> None:
    live = site()
    async with serving(live) as origin, Browser(origin) as user:
        for path, status in [("/items", 200), ("/items/404", 404), ("/nowhere", 404), ("/items?page=x", 400)]:
            head, get = await user.http.head(path), await user.http.get(path)
            assert (head.status_code, get.status_code, head.content) == (status, status, b"")
            assert head.headers["content-type"] == get.headers["content-type"]
        assert len(live.registry) == 1, "a HEAD keeps no view"
        refused = await user.http.post("/items", data={"a": "b"})
        assert refused.status_code == 405
        assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}
        assert (await user.http.get("/items?q=" + "a" * 5000)).status_code == 414


async def test_a_redirect_of_the_first_render_is_one_of_http() -> None:
    async with serving(site()) as origin, Browser(origin) as user:
        away = await user.open("/items?page=99")
        assert (away.status_code, away.headers["location"]) == (303, "/items?page=1")
        assert len((await user.http.get("/items?page=99", follow_redirects=True)).text) > 100


def navigation(diff: list[Any]) -> list[Any]:
    return [change for address, change in zip(diff[::2], diff[1::2], strict=True) if address == NAVIGATE]


async def patched(socket: Socket, user: Browser) -> list[Any]:
    return user.note(await socket.receive_kind(Frame.PATCH)).body  # type: ignore[no-any-return]


async def test_patches_over_the_socket_and_a_resume_that_stays_there() -> None:
    live = site()
    async with serving(live) as origin, Browser(origin) as user:
        await user.open("/items")
        socket = await user.join()
        await socket.send(message(1, "turn", 5))
        assert navigation(await patched(socket, user)) == [[0, "/items?page=5"]]
        await socket.send(message(2, "@params", "/items?page=6&tag=a", 0))
        assert navigation(await patched(socket, user)) == [[0, "/items?page=6&tag=a"]]
        await socket.send(message(3, "@params", "/items/7", 0))
        assert navigation(await patched(socket, user)) == [[2, "/items/7"]]
        socket.abort()
        user.path = "/items?page=6&tag=a"
        socket = await user.resume()
        assert user.joined(await socket.receive_kind(Frame.JOINED)) is JoinMode.REPLAYED
        (resident,) = list(live.registry)
        assert (resident.url, resident.runner.view.uri) == ("/items?page=6&tag=a", "/items?page=6&tag=a")


@pytest.mark.parametrize(
    ("says", "is_at", "told"),
    [
        ("/items?page=8", "/items?page=8", []),
        ("/items", "/items", []),
        ("/items?page=x", "/items?page=4", [[1, "/items?page=4"]]),
        ("/items/7", "/items?page=4", [[1, "/items?page=4"]]),
        ("//evil", "/items?page=4", [[1, "/items?page=4"]]),
        ("/nowhere", "/items?page=4", [[1, "/items?page=4"]]),
    ],
)
async def test_a_new_mount_believes_the_browser_only_where_a_patch_could_have_led(
    says: str, is_at: str, told: list[Any]
) -> None:
    live = site()
    async with serving(live) as origin, Browser(origin) as user:
        await user.open("/items?page=4")
        socket = await user.join()
        await socket.close()
        live.registry.let_go(next(iter(live.registry)))
        await live.registry.all_closed()
        await live.store.forget(user.id, 10**9)
        live.store._kept.clear()  # type: ignore[attr-defined]
        user.path = says
        socket = await user.resume()
        await user.begun_anew(socket)
        (resident,) = list(live.registry)
        assert resident.url == is_at
        assert navigation(user.joined_diff) == told


async def test_several_paths_names_a_decorator_and_plain_routes() -> None:
    live = app()

    @live.live("/", name="home")
    @live.live("/start")
    class Home(LiveView):
        template = "<h1>{{ uri }}</h1>"

    @live.route("/health")
    async def health(request: Request) -> PlainTextResponse:
        return PlainTextResponse("well")

    @live.route("/teapot")
    async def teapot(request: Request) -> None:
        raise HTTPException(418)

    live.live("/a/{id:int}/{rest:path}", Items, name="deep")
    assert live.url_for(Home) == "/start"
    assert live.url_for("home", q="a b&c", tag=["x", "y"], none=None, on=True) == "/?q=a+b%26c&tag=x&tag=y&on=true"
    assert live.url_for("deep", id=3, rest="x/y? z", page=2) == "/a/3/x/y%3F%20z?page=2"
    assert live.url_for("health") == "/health"
    with pytest.raises(NavigationError, match=r"there are: .*deep"):
        live.url_for("nothing")
    with pytest.raises(NavigationError, match="needs the parameters"):
        live.url_for("deep", id=3)
    with pytest.raises(NavigationError):
        live.url_for("deep", id=-1.5, rest="")
    async with serving(live) as origin, Browser(origin) as user:
        assert (await user.open("/health")).text == "well"
        assert (await user.open("/teapot")).status_code == 418
        for path in ("/", "/start"):
            assert f"<h1>{path}</h1>" in (await user.open(path)).text


def test_what_could_never_be_served_is_refused_at_once() -> None:
    live = site()

    class Both(LiveView):
        template = "x"

        def render(self) -> str:
            return "y"

    class Neither(LiveView):
        pass

    class Better(Both):
        template_name = "better.html"

    with pytest.raises(ConfigError, match="template and render"):
        live.live("/both", Both)
    with pytest.raises(ConfigError, match="shows nothing"):
        live.live("/neither", Neither)
    live.live("/better", Better)
    with pytest.raises(ConfigError, match=r"mount\(\) needs 'number'.*\{number\}"):
        live.live("/item", Item)
    with pytest.raises(ConfigError, match="has this path already"):
        live.live("/items", Items)
    with pytest.raises(ConfigError, match="has this name already"):
        live.live("/other", Items, name="item")


async def test_layouts_see_the_view_and_say_where_they_were_looked_for(tmp_path: Path) -> None:
    (tmp_path / "base.html").write_text(
        '{% extends "livets/layout.html" %}'
        '{% block body %}<nav>{{ url_for("own") }} {{ who }}</nav>{{ view }}{% endblock %}'
    )
    (tmp_path / "own.html").write_text("<h1>{{ who }}</h1>")

    class Own(LiveView):
        who: str = "<Ada>"
        template_name = "own.html"

    class Lost(Own):
        layout = "lost.html"

    live = app(templates=tmp_path, layout="base.html", dev=True)
    live.live("/", Own, name="own")
    live.live("/lost", Lost)
    live.live("/none", type("None_", (LiveView,), {"template_name": "none.html"}))
    async with serving(live) as origin, Browser(origin) as user:
        tree = parsed((await user.open("/")).text)
        assert tree.css_first("nav").text() == "/ <Ada>"
        assert tree.css_first("#livets h1").text() == "<Ada>"
        for path, name in (("/lost", "lost.html"), ("/none", "none.html")):
            page = await user.open(path)
            assert page.status_code == 500
            assert name in page.text
            assert str(tmp_path) in page.text


async def test_render_to_string(tmp_path: Path) -> None:
    (tmp_path / "mail.html").write_text("<p>{{ name }} {{ page }} {{ url_for('items') }}</p>")

    class Mail(LiveView):
        name: str = ""
        page: int = 0
        template_name = "mail.html"

        async def mount(self, name: str) -> None:
            self.name = name

        def handle_params(self, page: int = 1) -> None:
            self.page = page
            self.broadcast("mails", {"name": self.name})

    live = site(templates=tmp_path)
    assert await live.render_to_string(Mail, {"name": "<b>", "page": 3}) == "<p>&lt;b&gt; 3 /items</p>"
    assert re.sub(r"<!--.*?-->", "", await render_to_string(Item, {"number": 3})) == "<h1>Item 3</h1>"
    assert len(live.registry) == 0


async def test_a_path_that_looks_like_a_query_keeps_its_view() -> None:
    live = app()

    class Named(LiveView):
        name: str = ""
        template = "<h1>{{ name }}</h1>"

        def mount(self, name: str) -> None:
            self.name = name

    live.live("/named/{name}", Named)
    async with serving(live) as origin, Browser(origin) as user:
        await user.open("/named/a%3Fb%20%25ü?x=1")
        assert parsed(user.html).css_first("h1").text() == "a?b %ü"
        await user.join()
        (resident,) = list(live.registry)
        assert live.worker.routes.match(resident.url) is not None
        assert resident.runner.view.request.path == "/named/a?b %ü"


async def test_error_pages_come_without_a_server_too() -> None:
    transport = httpx.ASGITransport(app=site())
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.get("/items/x")).status_code == 404
