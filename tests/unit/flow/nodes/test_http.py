"""http.request against a real server, and against what must not be reached."""

from __future__ import annotations

import asyncio
import base64
import gzip
import ipaddress
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from livets.engine.retry import RetryPolicy
from livets.engine.stream import Stream
from livets.flow import FileRoot, Flow, FlowRuntime, Grants, Network
from tests.support.server import serving
from tests.unit.flow.nodes.running import failure, give

seen: list[dict[str, Any]] = []
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]


async def echo(request: Request) -> Response:
    form: Any = None
    kind = request.headers.get("content-type", "")
    if "form" in kind:
        async with request.form() as read:
            items = read.multi_items()
            form = [[k, v if isinstance(v, str) else [v.filename, (await v.read()).decode()]] for k, v in items]
    body = None if form is not None else (await request.body()).decode()
    query = list(map(list, request.query_params.multi_items()))
    headers = dict(request.headers)
    found = {"method": request.method, "query": query, "headers": headers, "body": body, "form": form}
    seen.append(found)
    return JSONResponse(found)


async def pages(request: Request) -> Response:
    at = int(request.query_params.get("page", 1))
    items = [at * 10, at * 10 + 1] if at <= 3 else []
    headers = {"link": f'</pages?page={at + 1}>; rel="next", </pages>; rel="first"'} if at < 3 else {}
    return JSONResponse({"items": items, "next": at + 1 if at < 3 else None}, headers=headers)


async def busy(request: Request) -> Response:
    seen.append({"at": time.monotonic()})
    if len(seen) < 2:
        return PlainTextResponse("later", 503, headers={"retry-after": "0.2" if "odd" in request.url.path else "1"})
    return PlainTextResponse("fine")


async def endless(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000
            await asyncio.sleep(0.001)

    return StreamingResponse(chunks())


async def slow(request: Request) -> Response:
    while not await request.is_disconnected():
        await asyncio.sleep(0.005)
    return Response()


def bomb(request: Request) -> Response:
    return Response(gzip.compress(b"0" * 20_000_000), headers={"content-encoding": "gzip"})


def redirect(request: Request) -> Response:
    return RedirectResponse(request.query_params["to"], int(request.query_params.get("status", 302)))


def status(request: Request) -> Response:
    return PlainTextResponse("no such thing", request.path_params["code"])


def text(request: Request) -> Response:
    return Response("é".encode("latin-1"), media_type="text/plain; charset=latin-1")


def odd_json(request: Request) -> Response:
    return Response(b"{", media_type="application/json")


app = Starlette(
    routes=[
        Route("/echo", echo, methods=METHODS),
        Route("/pages", pages),
        Route("/busy", busy),
        Route("/endless", endless),
        Route("/slow", slow),
        Route("/bomb", bomb),
        Route("/redirect", redirect, methods=METHODS),
        Route("/status/{code:int}", status),
        Route("/text", text),
        Route("/json", odd_json),
    ]
)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    seen.clear()
    async with serving(app) as url:
        yield url


def granted(url: str, **more: Any) -> Grants:
    return Grants(network=Network(private=(url.removeprefix("http://"),)), **more)


async def test_every_method_with_query_headers_and_body(url: str) -> None:
    grants = granted(url)
    for method in METHODS:
        config = {"method": method, "url": f"{url}/echo?a=1", "query": {"b": ["x", "y"]}, "headers": {"X-One": "1"}}
        given = await give("http.request", config, grants, query={"n": 5, "t": True}, headers={"x-two": "2"})
        assert (given["status"], seen[-1]["method"]) == (200, method)
        assert seen[-1]["query"] == [["a", "1"], ["b", "x"], ["b", "y"], ["n", "5"], ["t", "true"]]
        assert (seen[-1]["headers"]["x-one"], seen[-1]["headers"]["x-two"]) == ("1", "2")
    assert given["body"]["method"] == "QUERY"
    assert given["url"] == f"{url}/echo"


@pytest.mark.parametrize(
    ("send", "body", "kind", "arrives"),
    [
        ("json", {"a": [1, None]}, "application/json", '{"a":[1,null]}'),
        ("text", "hé", None, "hé"),
        ("bytes", b"raw", None, "raw"),
        ("form", {"a": "1 2", "b": [3, True]}, "application/x-www-form-urlencoded",
         [["a", "1 2"], ["b", "3"], ["b", "true"]]),
    ],
)  # fmt: skip
async def test_bodies(url: str, send: str, body: Any, kind: str | None, arrives: Any) -> None:
    await give("http.request", {"method": "POST", "url": f"{url}/echo", "send": send}, granted(url), body=body)
    assert seen[0]["headers"].get("content-type") == kind
    assert (seen[0]["form"] or seen[0]["body"]) == arrives


async def test_a_multipart_body_with_a_file(url: str) -> None:
    files = [{"field": "upload", "content": "data", "filename": "a.txt", "type": "text/plain"}]
    config = {"method": "POST", "url": f"{url}/echo", "send": "multipart", "files": files}
    await give("http.request", config, granted(url), body={"name": "x", "data": b"content"})
    assert sorted(seen[0]["form"]) == [["name", "x"], ["upload", ["a.txt", "content"]]]


async def test_a_stream_is_sent_as_it_comes(url: str) -> None:
    async def made() -> Any:
        stream = Stream(2)

        async def fill() -> None:
            for part in ("a", b"b", "c"):
                await stream.send(part)
            stream.close()

        made.task = asyncio.create_task(fill())  # type: ignore[attr-defined]
        return stream

    flow = Flow("streaming")
    config = {"method": "POST", "url": f"{url}/echo"}
    flow.add(made, id="make") >> flow.add("http.request", id="send", config=config)["body"]
    async with FlowRuntime(grants=granted(url)) as runtime:
        (await runtime.run(flow)).raise_if_failed()
    assert seen[0]["body"] == "abc"
    assert seen[0]["headers"]["transfer-encoding"] == "chunked"


async def test_credentials_are_secrets_and_stay_with_their_host(url: str) -> None:
    grants = granted(url, secrets={"key": "s3cret"})
    auths = [
        {"type": "basic", "user": "ann", "secret": "key"}, {"type": "bearer", "secret": "key"},
        {"type": "header", "name": "X-Key", "secret": "key"}, {"type": "query", "name": "key", "secret": "key"},
    ]  # fmt: skip
    for auth in auths:
        await give("http.request", {"url": f"{url}/echo", "auth": auth}, grants)
    basic = "Basic " + base64.b64encode(b"ann:s3cret").decode()
    assert [one["headers"].get("authorization") for one in seen] == [basic, "Bearer s3cret", None, None]
    assert seen[2]["headers"]["x-key"] == "s3cret"
    assert seen[3]["query"] == [["key", "s3cret"]]
    said = await failure("http.request", {"url": f"{url}/status/404", "auth": auths[3]}, grants)
    assert "s3cret" not in said
    seen.clear()
    async with serving(app) as other:
        both = Network(private=(url.removeprefix("http://"), other.removeprefix("http://")))
        grants = Grants(network=both, secrets={"key": "s3cret"})
        for auth in auths[1:3]:
            to = {"to": f"{other}/echo"}
            await give("http.request", {"url": f"{url}/redirect", "query": to, "auth": auth}, grants)
    assert [name for one in seen for name in one["headers"] if name in ("authorization", "x-key")] == []


async def test_failures_say_what_happened(url: str) -> None:
    grants = granted(url)
    assert f"http_404: {url}/status/404 answered 404 Not Found: no such thing" == await failure(
        "http.request", {"url": f"{url}/status/404?token=secret"}, grants
    )
    kept = await give("http.request", {"url": f"{url}/status/404", "fail": False}, grants)
    assert (kept["status"], kept["body"]) == (404, "no such thing")
    assert "timeout: " in await failure("http.request", {"url": f"{url}/slow", "timeout_s": 0.05}, grants)
    assert "json: the body is no JSON" in await failure("http.request", {"url": f"{url}/json"}, grants)
    assert "input: it has no url" in await failure("http.request", {}, grants)
    assert "dns: " in await failure("http.request", {"url": "http://no.such.host.invalid/"}, grants)
    for odd in ("ftp://x/", "http://", "file:///etc/passwd", "http://a:b@c/", "http://[::1", "x"):
        assert (await failure("http.request", {"url": odd}, grants)).startswith("input: "), odd
    assert (await give("http.request", {"url": f"{url}/text"}, grants))["body"] == "é"
    assert (await give("http.request", {"url": f"{url}/text", "parse": "bytes"}, grants))["body"] == b"\xe9"


async def test_sizes_are_capped_compressed_or_not(url: str) -> None:
    grants = granted(url)
    for path in ("endless", "bomb"):
        assert "limit: the body has more than" in await failure("http.request", {"url": f"{url}/{path}"}, grants)


async def test_a_body_is_saved_below_a_granted_folder(url: str, tmp_path: Path) -> None:
    grants = granted(url, files={"out": FileRoot(tmp_path, writable=True)})
    config = {"url": f"{url}/text", "save": {"root": "out", "path": "a/x.bin"}}
    assert (await give("http.request", config, grants))["body"] == {"path": "a/x.bin", "size": 1}
    assert (tmp_path / "a/x.bin").read_bytes() == b"\xe9"
    endless = {"url": f"{url}/endless", "max_bytes": 50_000, "save": {"root": "out", "path": "big"}}
    assert "limit: " in await failure("http.request", endless, grants)
    assert [path.name for path in tmp_path.iterdir()] == ["a"], "what was cut short is not there at all"


async def test_a_retry_waits_as_long_as_the_server_asks(url: str) -> None:
    flow = Flow("busy", retry=RetryPolicy(max_attempts=3, delay_ms=1))
    flow.add("http.request", id="ask", config={"url": f"{url}/busy"})
    async with FlowRuntime(grants=granted(url)) as runtime:
        assert (await runtime.run(flow)).outputs["ask"]["body"] == "fine"
        assert seen[1]["at"] - seen[0]["at"] >= 0.95
        flow.workflow().nodes[0].config["url"] = f"{url}/status/400"
        assert (await runtime.run(flow)).failures[0].attempt == 1, "what is our own fault is not asked again"


@pytest.mark.parametrize(
    "how",
    [
        {"type": "link", "items": "items"},
        {"type": "cursor", "path": "next", "items": "items"},
        {"type": "page", "items": "items"},
    ],
)
async def test_pages_are_followed(url: str, how: dict[str, Any]) -> None:
    given = await give("http.request", {"url": f"{url}/pages", "pages": how}, granted(url))
    assert given["body"] == [10, 11, 20, 21, 30, 31]
    config = {"url": f"{url}/pages", "pages": {**how, "max_pages": 2}}
    assert "limit: there are more than 2 pages" in await failure("http.request", config, granted(url))


# -- what must not be reached


async def test_nothing_private_is_reached_unless_granted(url: str) -> None:
    port = url.rpartition(":")[2]
    for host in (
        "127.0.0.1",
        "localhost",
        "127.1",
        "0x7f000001",
        "2130706433",
        "[::1]",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
    ):
        said = await failure("http.request", {"url": f"http://{host}:{port}/echo"})
        assert said.split(":")[0] in ("forbidden", "dns"), (host, said)
    assert "is not granted (it leads to 127.0.0.1)" in await failure("http.request", {"url": f"{url}/echo"})
    assert seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_judged_like_the_first_request(url: str, status: int) -> None:
    grants = granted(url)
    for to in ("http://169.254.169.254/latest/meta-data/", "http://localhost:1/", "http://[::1]/"):
        config = {"url": f"{url}/redirect", "query": {"to": to, "status": status}}
        assert (await failure("http.request", config, grants)).startswith("forbidden: ")
    config = {"url": f"{url}/redirect", "query": {"to": "file:///etc/passwd", "status": status}}
    assert (await failure("http.request", config, grants)).split(":")[0] in ("forbidden", "connection")
    config = {"url": f"{url}/redirect", "method": "POST", "query": {"to": "/echo", "status": status}}
    await give("http.request", config, grants, body={"a": 1})
    assert seen[-1]["method"] == ("POST" if status >= 307 else "GET")
    loop = {"url": f"{url}/redirect?to=/redirect%3Fto%3D/redirect", "max_redirects": 1}
    assert "redirects: more than 1" in await failure("http.request", loop, grants)


async def test_a_name_that_changes_its_mind_is_asked_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(url.rpartition(":")[2])
    answers: list[list[str]] = []
    asked = 0
    real = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal asked
        if host != "rebind.test":
            return real(host, *args, **kwargs)
        asked += 1
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers[min(asked, len(answers)) - 1]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    grants = Grants(network=Network(private=("127.0.0.2",)))  # nobody listens there
    answers[:] = [["127.0.0.2"], ["127.0.0.1"]]
    assert "connection: " in await failure("http.request", {"url": f"http://rebind.test:{port}/echo"}, grants)
    assert (asked, seen) == (1, [])
    answers[:] = [["127.0.0.2", "127.0.0.1"]]
    asked = 0
    assert "forbidden: " in await failure("http.request", {"url": f"http://rebind.test:{port}/echo"}, grants)
    assert seen == []


@given(st.ip_addresses())
def test_what_is_private_stays_so_however_it_is_wrapped(address: Any) -> None:
    network = Network()
    if not address.is_global:
        inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)  # Python 3.13: not global
        assert not network.allows("x.test", 80, str(address)) or inner
    if address.version == 4:
        wrapped = int(address)
        for form in (
            f"::ffff:{address}",
            str(_v6((0x64FF9B << 96) | wrapped)),
            str(_v6((0x2002 << 112) | wrapped << 80)),
        ):
            assert network.allows("x.test", 80, form) == network.allows("x.test", 80, str(address)), form


def _v6(number: int) -> Any:
    return ipaddress.IPv6Address(number)


@pytest.mark.parametrize(
    ("network", "host", "port", "address", "allowed"),
    [
        (Network(), "a.com", 443, "93.184.216.34", True),
        (Network(public=False), "a.com", 443, "93.184.216.34", False),
        (Network(hosts=("*.a.com",)), "api.a.com", 443, "93.184.216.34", True),
        (Network(hosts=("*.a.com",)), "nota.com", 443, "93.184.216.34", False),
        (Network(private=("10.0.0.0/8",)), "x", 1, "10.2.3.4", True),
        (Network(private=("10.0.0.0/8",)), "x", 1, "11.2.3.4", True),
        (Network(private=("10.0.0.0/8",)), "x", 1, "192.168.0.1", False),
        (Network(private=("db.local:5432",)), "db.local", 5432, "10.2.3.4", True),
        (Network(private=("db.local:5432",)), "db.local", 22, "10.2.3.4", False),
        (Network(), "x", 80, "100.64.0.1", False),
        (Network(), "x", 80, "224.0.0.1", False),
        (Network(), "x", 80, "fe80::1%eth0", False),
        (Network(), "x", 80, "nonsense", False),
    ],
)
def test_the_rules(network: Network, host: str, port: int, address: str, allowed: bool) -> None:
    assert network.allows(host, port, address) is allowed
