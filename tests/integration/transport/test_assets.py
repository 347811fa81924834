"""The application's own files: hashed URLs, caching, compression, ranges, edits, and nothing outside of them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest

from livets import LiveTS, LiveView
from livets.errors import ConfigError, NavigationError
from tests.integration.transport.harness import Browser, app, serving

CSS = "body { background: url(img/a.png) }\n" * 50


class Page(LiveView):
    style: str = "style.css"
    template = """<link rel="stylesheet" href="{{ static(style) }}"><img src="{{ static('img/a b.png') }}" alt="">"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    public = tmp_path / "public"
    (public / "img").mkdir(parents=True)
    (public / "style.css").write_text(CSS)
    (public / "img" / "a b.png").write_bytes(bytes(range(256)) * 8)
    (public / "app.0123456789ab.js").write_text("export default 1")
    (public / "module.mjs").write_text("export default 2")
    (public / "LICENSE").write_text("free")
    (public / ".env").write_text("SECRET=1")
    os.symlink(tmp_path / "secret.txt", public / "link.txt")
    return public


def site(files: Path, **settings: object) -> LiveTS:
    live = app(static=files, **settings)
    live.live("/", Page)
    return live


def client(origin: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=origin)


async def test_hashed_urls_may_be_kept_for_ever(files: Path) -> None:
    live = site(files, stylesheets=("style.css", "/other.css", "https://x.example/y.css"))
    async with serving(live) as origin, Browser(origin) as user, client(origin) as http:
        html = (await user.open("/")).text
        (url,) = set(re.findall(r'href="(/static/style\.[0-9a-f]{12}\.css)"', html))
        assert 'href="/other.css"' in html
        assert 'href="https://x.example/y.css"' in html
        hashed, plain, old = [await http.get(u) for u in (url, "/static/style.css", "/static/style.ffffffffffff.css")]
        assert hashed.text == plain.text == old.text == CSS
        assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert plain.headers["cache-control"] == old.headers["cache-control"] == "public, no-cache"
        assert hashed.headers["content-encoding"] == "gzip"
        assert hashed.headers["vary"] == "Accept-Encoding"
        assert int(hashed.headers["content-length"]) < len(CSS) / 5
        uncompressed = await http.get(url, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in uncompressed.headers
        assert uncompressed.text == CSS
        assert uncompressed.headers["etag"] != hashed.headers["etag"]
        for response in (hashed, uncompressed):
            again = await http.get(
                url,
                headers={"if-none-match": response.headers["etag"], "accept-encoding":
                         response.headers.get("content-encoding", "identity")},
            )  # fmt: skip
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["cache-control"] == hashed.headers["cache-control"]
        image = re.findall(r'src="([^"]+)"', html)[-1]
        part = await http.get(image, headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"\4\5\6\7", "bytes 4-7/2048")
        head = await http.head(url)
        assert (head.status_code, head.content) == (200, b"")
        assert (await http.post(url)).status_code == 405


async def test_names_of_all_sorts(files: Path) -> None:
    live = site(files)
    async with serving(live) as origin, client(origin) as http:
        own = await http.get("/static/app.0123456789ab.js")
        assert own.text == "export default 1"
        kinds = {"app.0123456789ab.js": "text/javascript", "module.mjs": "text/javascript", "LICENSE": ""}
        for name, kind in kinds.items():
            found = await http.get(live.worker.routes.static(name))
            assert found.status_code == 200
            assert found.headers["content-type"].startswith(kind)
            assert "immutable" in found.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "img/../../secret.txt", "//etc/passwd",
     "%2fetc%2fpasswd", "link.txt", ".env", "img", "img/", "", "..\\secret.txt", "%00",
     "../secret.ffffffffffff.txt", "x" * 5000],
)  # fmt: skip
async def test_nothing_else_is_served(files: Path, path: str) -> None:
    async with serving(site(files)) as origin, client(origin) as http:
        raw = httpx.URL(origin).copy_with(raw_path=b"/static/" + path.encode())
        response = await http.send(http.build_request("GET", raw))
        assert response.status_code == 404, response.text
        assert "secret" not in response.text.lower()


async def test_an_edited_file_has_another_url_in_development(files: Path) -> None:
    live = site(files, dev=True)
    async with serving(live) as origin, Browser(origin) as user, client(origin) as http:
        first = live.worker.routes.static("style.css")
        assert first in (await user.open("/")).text
        (files / "style.css").write_text("p {}")
        second = live.worker.routes.static("style.css")
        assert second != first
        assert second in (await user.open("/")).text
        assert (await http.get(second)).text == (await http.get(first)).text == "p {}"
        assert "immutable" not in (await http.get(first)).headers["cache-control"]


async def test_a_missing_file_and_a_missing_directory_are_errors_that_teach(files: Path) -> None:
    with pytest.raises(NavigationError, match=r"no such file in .*public"):
        site(files).worker.routes.static("missing.css")
    with pytest.raises(NavigationError, match="no such file"):
        site(files).worker.routes.static("../secret.txt")
    with pytest.raises(NavigationError, match="no directory of static files"):
        app(static=None).worker.routes.static("style.css")
    with pytest.raises(ConfigError, match="no such directory"):
        app(static="not-there")


async def test_under_a_prefix(files: Path) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    live = site(files)
    async with serving(Starlette(routes=[Mount("/shop", live)]), live.worker) as origin, Browser(origin) as user:
        html = (await user.open("/shop/")).text
        (url,) = re.findall(r'href="(/shop/static/style\.[0-9a-f]{12}\.css)"', html)
        assert (await user.http.get(url)).text == CSS
