"""The deployment guide's nginx configuration and systemd unit, taken from the page as they stand there.

Only what belongs to the guide's machine is put right: ports, the certificate, and where nginx may write.
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.async_api import Browser, Page, expect

from tests.support.browser import PageLog
from tests.support.command import ROOT, Command
from tests.support.ports import answers, free_port
from tests.support.redis_server import dies_with_parent
from tests.support.wait import wait_for

GUIDE = (ROOT / "docs" / "deployment.md").read_text()
MAIN = """
from livets import LiveTS, LiveView, event

class Counter(LiveView):
    count: int = 0
    template = '''<h1>{{ count }}</h1><button ts-on:click="add">add</button>
    <a href="{{ url_for('other') }}">other</a><p>{{ address }}</p>'''

    @property
    def address(self):
        return str(self.request.url)

    @event
    async def add(self):
        self.count += 1

app = LiveTS(secret_key="a secret of at least 32 characters", stylesheets=("style.css",))
app.live("/", Counter)
app.live("/other", Counter, name="other")
"""

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.S | re.M)


class Site(NamedTuple):
    """nginx with two applications behind it."""

    secure: str
    """The first one, at /."""
    plain: str
    """http, which leads to https."""
    below: str
    """The second one, below /shop/."""
    app: Command


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    project = tmp_path / "project"
    (project / "static").mkdir(parents=True)
    (project / "main.py").write_text(MAIN)
    (project / "static" / "style.css").write_text("h1 { color: rgb(1, 2, 3) }")
    with (
        Command("run", "--port", "0", folder=project) as app,
        Command("run", "--port", "0", "--root-path", "/shop", folder=project) as below,
        nginx(tmp_path, app.url.rpartition(":")[2], below.url.rpartition(":")[2]) as (http, https),
    ):
        secure = f"https://localhost:{https}"
        yield Site(secure, f"http://localhost:{http}", f"{secure}/shop", app)


@contextmanager
def nginx(folder: Path, port: str, below: str) -> Iterator[tuple[int, int]]:
    """nginx with the guide's configuration; its ports for http and https."""
    http, https = free_port(), free_port()
    main, inner = blocks("nginx")
    inner = inner.replace("127.0.0.1:8000", f"127.0.0.1:{below}")
    own = main.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace("location / {", inner + "\n    location / {", 1)
    for there, here in {
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ": f"listen 127.0.0.1:{https} ",
        "shop.example": "localhost",
        "/etc/ssl/": f"{folder}/",
        "/var/cache/nginx/shop": str(folder / "cache"),
        "proxy_cache shop;": "proxy_cache shop; add_header X-Cache $upstream_cache_status;",
        "$host$request_uri": f"$host:{https}$request_uri",
    }.items():
        assert there in own, there
        own = own.replace(there, here)
    certificate(folder)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.getuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(
        f"{user}daemon off;\nerror_log {folder}/error.log;\npid {folder}/nginx.pid;\nevents {{}}\n"
        f"http {{\n{temporary}access_log off;\n{own}\n}}\n"
    )
    process = subprocess.Popen([*dies_with_parent(), "nginx", "-c", str(conf), "-e", f"{folder}/error.log"])
    try:
        wait_for(lambda: answers(https) or process.poll() is not None)
        assert process.poll() is None, (folder / "error.log").read_text()
        yield http, https
    finally:
        process.terminate()
        process.wait(10)


def certificate(folder: Path) -> None:
    """shop.pem and shop.key for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    (folder / "shop.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "shop.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, page_log: PageLog) -> AsyncIterator[Page]:
    """A page that takes the certificate for good."""
    context = await browser.new_context(ignore_https_errors=True)
    page_log.watch(context)
    yield await context.new_page()
    await context.close()


async def test_pages_socket_files_and_cookie_through_nginx(site: Site, visitor: Page) -> None:
    await visitor.goto(f"{site.plain}/?from=http")
    await expect(visitor).to_have_url(f"{site.secure}/?from=http")
    await expect(visitor.locator("p")).to_have_text(f"{site.secure}/?from=http")
    for count in ("1", "2", "3"):
        await visitor.click("button")
        await expect(visitor.locator("h1")).to_have_text(count)
    await expect(visitor.locator("h1")).to_have_css("color", "rgb(1, 2, 3)")
    (cookie,) = await visitor.context.cookies()
    assert cookie["secure"]
    assert cookie["httpOnly"]
    async with httpx.AsyncClient(verify=False, base_url=site.secure) as client:
        page = (await client.get("/")).text
        for url in (*re.findall(r'"(/static/style[^"]+)"', page), *re.findall(r'"(/livets/[^"]+\.js)"', page)):
            seen = [(await client.get(url)).headers["x-cache"] for _ in range(2)]
            assert seen[1] == "HIT", url
        assert "x-cache" not in (await client.get("/")).headers


async def test_another_origin_is_not_let_in(site: Site) -> None:
    headers = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }  # fmt: skip
    async with httpx.AsyncClient(verify=False, base_url=site.secure) as client:
        for origin in ("https://evil.example", site.secure.replace("https", "http"), site.plain):
            answer = await client.get("/livets/socket", headers={**headers, "Origin": origin})
            assert answer.status_code == 403, origin


async def test_below_a_path(site: Site, visitor: Page) -> None:
    await visitor.goto(f"{site.below}/")
    await visitor.click("button")
    await expect(visitor.locator("h1")).to_have_text("1")
    await expect(visitor.locator("h1")).to_have_css("color", "rgb(1, 2, 3)")
    await expect(visitor.locator("p")).to_have_text(f"{site.below}/")
    await visitor.get_by_role("link", name="other").click()
    await expect(visitor).to_have_url(f"{site.below}/other")
    await visitor.click("button")
    await expect(visitor.locator("h1")).to_have_text("1")


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    (unit,) = blocks("ini")
    command = re.search(r"^ExecStart=(\S+) run (.*)$", unit, re.M)
    assert command is not None
    own = tmp_path / "shop.service"
    own.write_text(unit.replace(command[1], "/bin/true"))
    checked = subprocess.run(["systemd-analyze", "verify", str(own)], capture_output=True, text=True, timeout=60)
    ours = [line for line in checked.stderr.splitlines() if "shop.service" in line]
    assert ours == []
    assert "--workers 4" in command[2]
