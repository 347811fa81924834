"""Whose page may open a socket, or any connection at all (T08, T10, T12): handshakes written byte by byte."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from livets import LiveTS
from livets.config import from_environment
from livets.errors import ConfigError
from tests.integration.security import raw
from tests.integration.security.raw import handshake
from tests.integration.security.views import Counter, Echo
from tests.integration.transport.harness import app, serving
from tests.support.command import Command

ACCEPTED = 101


@pytest.fixture
def site() -> LiveTS:
    site = app(allowed_origins=["https://app.example.com"])
    site.live("/", Counter)
    site.live("/{path:path}", Echo)
    return site


def claims(origin: str) -> list[str | None]:
    """Origins that are nearly right."""
    host, port = urlsplit(origin).hostname, urlsplit(origin).port
    return [
        None, "", "null", "file://", "http://evil.com", f"https://{host}:{port}", f"http://{host}", f"http://{host}:80",
        f"http://{host}:{port}1", f"http://{host}:{port}.evil.com", f"http://{host}.:{port}", f"{origin}.evil.com",
        f"{origin}@evil.com", f"http://evil.com#{host}:{port}", f"http://evil.com/{host}:{port}", f"{origin}/",
        f"http://user@{host}:{port}", f"http://[::1]:{port}", f"http://localhost:{port}", f"HTTP://{host}:{port}",
        f"{origin} ", f"{origin},{origin}", f"{origin}\t", f"ws://{host}:{port}", f"http://[::ffff:{host}]:{port}",
        f"http://2130706433:{port}", f"http://0x7f.1:{port}",
        "https://app.example.com.evil.com", "https://evil-app.example.com", "https://appXexample.com",
        "https://APP.example.com", "https://app.example.com:443", "http://app.example.com", "https://app.example.com.",
        "https://evil@app.example.com", "https://app.example.com@evil.com", "https://sub.app.example.com",
    ]  # fmt: skip


async def test_t08_only_the_very_same_origin_opens_a_socket(site: LiveTS, origin: str) -> None:
    for claimed in claims(origin):
        if claimed is not None and claimed.strip() == origin:
            continue  # white space around a header's value is no part of it
        answered = await handshake(origin, {"Origin": claimed})
        assert answered == 403, claimed
    assert not site.worker.pages
    for good in (origin, "https://app.example.com"):
        answered = await handshake(origin, {"Origin": good})
        assert answered == ACCEPTED


async def test_t08_two_origins_are_none(origin: str) -> None:
    assert await handshake(origin, {}, "Origin: http://evil.com") in (400, 403)
    assert await handshake(origin, {"Origin": "http://evil.com"}, f"Origin: {origin}") in (400, 403)


async def test_t10_each_application_has_its_own_list() -> None:
    one, two = app(allowed_origins=["https://one.example"]), app(allowed_origins=["https://two.example"])
    async with serving(one) as at_one, serving(two) as at_two:
        for claimed, opens_one in [("https://one.example", True), ("https://two.example", False)] * 2:
            assert (await handshake(at_one, {"Origin": claimed}) == ACCEPTED) is opens_one
            assert (await handshake(at_two, {"Origin": claimed}) == ACCEPTED) is not opens_one


ODD_HOSTS = ["x/health?", "x#", "x\\", "evil.com", "", "a b", "[::1", "a@b", '"><script>x()</script>', "x:99999999"]


@pytest.mark.parametrize("host", ODD_HOSTS)
async def test_t12_a_host_header_leads_nowhere_else_and_is_not_shown(origin: str, host: str) -> None:
    for path, expected in (("/", 200), ("/nothing", 404), ("/livets/none.js", 404)):
        answer = await raw.get(origin, path, host=host or " ")
        assert raw.status(answer) in (expected, 400), path
        assert len(host) < 4 or host.encode() not in answer
    answered = await handshake(origin, {"Host": host})
    assert answered in (400, 403), "the page's own origin does not fit any more"


async def test_t12_two_hosts_are_none(origin: str) -> None:
    answered = await handshake(origin, {}, "Host: evil.com")
    assert answered in (400, 403)


async def test_t12_forwarded_headers_count_only_where_they_are_trusted(origin: str) -> None:
    forwarded = ("X-Forwarded-Host: evil.com", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: //evil.com")
    assert await handshake(origin, {"Origin": "https://evil.com"}, *forwarded) == 403
    answer = await raw.get(origin, "/", *forwarded)
    assert raw.status(answer) == 200
    assert b"evil.com" not in answer


# A name that leads to this machine: DNS rebinding. Requests then carry the attacker's own host and origin.

REBOUND = ["evil.com", "evil.com.", "127.0.0.1.nip.io", "localhost.evil.com", "x.localhostevil.com", "local.evil.com"]
OWN = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    "192.168.1.7",
    "devbox",
    "app.localhost",
    "devbox.local",
    "app.test",
    "example.com",
]


@pytest.fixture
async def dev_origin() -> AsyncIterator[str]:
    site = app(dev=True)
    site.live("/", Counter)
    async with serving(site) as origin:
        yield origin


async def test_t08_development_answers_to_names_of_this_machine_only(dev_origin: str) -> None:
    port = urlsplit(dev_origin).port
    for name in REBOUND:
        assert raw.status(await raw.get(dev_origin, "/", host=f"{name}:{port}")) == 400, name
        for path in ("/livets/socket", "/livets/dev"):
            claimed = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}"}
            assert await handshake(dev_origin, claimed, path=path) == 403, name
    for name in OWN:
        answer = await raw.get(dev_origin, "/", host=f"{name}:{port}")
        assert raw.status(answer) == 200, name
        claimed = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}"}
        assert await handshake(dev_origin, claimed, path="/livets/dev") == ACCEPTED


async def test_t08_the_refresh_socket_of_development_has_the_same_rule(dev_origin: str) -> None:
    for claimed in claims(dev_origin)[:27]:
        if claimed is None or claimed.strip() != dev_origin:
            assert await handshake(dev_origin, {"Origin": claimed}, path="/livets/dev") == 403, claimed


async def test_t08_livets_dev_has_the_rule_while_the_program_is_broken_too(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "from livets import LiveTS\napp = LiveTS()\nraise RuntimeError('a secret path')\n"
    )
    with Command("dev", "main:app", "--port", "0", folder=tmp_path) as dev:
        dev.says("could not be started", timeout_s=60.0)
        assert b"a secret path" in await raw.get(dev.url, "/")
        for name in REBOUND:
            answer = await raw.get(dev.url, "/", host=name)
            assert raw.status(answer) == 400
            assert b"secret" not in answer
            claimed = {"Host": name, "Origin": f"http://{name}"}
            assert await handshake(dev.url, claimed, path="/livets/dev") == 403


async def test_t08_in_production_the_names_are_those_that_are_listed() -> None:
    site = app(allowed_hosts=["shop.example", ".shop.test"], allowed_origins=["https://partner.example"])
    site.live("/", Counter)
    async with serving(site) as origin:
        for name, expected in [
            ("shop.example", 200), ("SHOP.example", 200), ("a.b.shop.test", 200), ("shop.test:8000", 200),
            ("partner.example", 200), ("evil.example", 400), ("shop.example.evil", 400), ("xshop.test", 400),
            ("x.shop.example", 400), ("127.0.0.1", 400), ("localhost", 400), ("shop.example.", 400),
        ]:  # fmt: skip
            assert raw.status(await raw.get(origin, "/", host=name)) == expected, name
            answered = await handshake(origin, {"Host": name, "Origin": f"http://{name}".lower()})
            assert (answered == 403) is (expected == 400), name


def test_t08_the_environment_may_list_them() -> None:
    assert from_environment({"LIVETS_ALLOWED_HOSTS": "a.example, .b.example,"}).allowed_hosts == (
        "a.example",
        ".b.example",
    )


@pytest.mark.parametrize("name", ["https://a.example", "a.example/", "A.example", "*.example", ".", "", "a b"])
def test_t08_what_is_no_host_name_is_said_at_once(name: str) -> None:
    with pytest.raises(ConfigError, match=r"allowed_hosts: .* is not a host name"):
        app(allowed_hosts=[name])
