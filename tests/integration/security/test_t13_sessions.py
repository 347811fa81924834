"""Sessions and what a page shows to be let in (T09, T11, T13, T14, T16): taken from elsewhere, from before, from
another person or application, or made up, none of it opens anything."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount

from livets import LiveTS
from livets.app import LiveTS as Application
from livets.state import KeyRing
from livets.wire import Frame, Join, JoinMode, Resume, codes
from tests.integration.security import raw
from tests.integration.security.views import REACHED, Counter, Guarded
from tests.integration.transport.harness import SECRET, Browser, app, serving
from tests.integration.transport.harness import event as sends
from tests.support.redis_server import RedisServer


async def login(request: Request) -> Response:
    response = RedirectResponse("/", 303)
    await request.app.login(request, response, request.query_params["user"])
    return response


async def logout(request: Request) -> Response:
    response = RedirectResponse("/", 303)
    await request.app.logout(request, response)
    return response


def site_of(**settings: Any) -> LiveTS:
    site = app(**settings)
    site.live("/", Counter)
    site.live("/inside", Guarded)
    site.route("/login", login, methods=["POST"])
    site.route("/logout", logout, methods=["POST"])
    return site


@pytest.fixture
def site() -> LiveTS:
    REACHED.clear()
    return site_of()


@pytest.fixture
async def ada(origin: str) -> AsyncIterator[Browser]:
    async with Browser(origin) as ada:
        await ada.http.post("/login?user=ada")
        yield ada


async def answer_to(user: Browser, message: Any, **more: Any) -> tuple[Frame, str]:
    """Kind and code of what the server says to a Join or Resume."""
    socket = await user.connect(**more)
    await socket.send(message)
    frame = await socket.receive()
    await socket.close()
    return Frame(frame.kind), str(frame.body[0])


async def test_t11_nobody_gets_inside_without_signing_in(site: LiveTS, origin: str, ada: Browser) -> None:
    """By the page, by a join, by a token that was used, by a resume, mounted in another application, over HEAD."""
    surroundings = Starlette(routes=[Mount("/live", app=site)], lifespan=site.lifespan)
    async with serving(surroundings, site.worker) as mounted, Browser(origin) as stranger:
        for at, path in ((origin, "/inside"), (mounted, "/live/inside")):
            async with httpx.AsyncClient(base_url=at) as http:
                for method in ("GET", "HEAD"):
                    assert (await http.request(method, path)).status_code == 303
        await stranger.open("/")
        session = site.worker.cookie.read(
            {"headers": [(b"cookie", b"livets_session=" + stranger.http.cookies["livets_session"].encode())]},
            secure=False,
        )
        assert session is not None
        token = site.worker.tokens.page("no such view", session, "/inside", "")
        assert await answer_to(stranger, Join(0, token, "/inside")) == (Frame.REFUSED, codes.GONE)
        assert await answer_to(stranger, Join(0, stranger.token, "/inside")) != (Frame.REFUSED, codes.GONE)
        secret = site.worker.tokens.secret("no such view", session, "/inside")
        resume = Resume(0, "no such view", secret, "/inside", 0, 0, "")
        assert await answer_to(stranger, resume) == (Frame.REFUSED, codes.GONE)
        assert REACHED == []
        await ada.open("/inside")
        assert REACHED == ["ada"]
        for what in (Join(0, ada.token, "/inside"), Join(0, ada.token[:-1], "/inside")):
            assert (await answer_to(stranger, what))[0] == Frame.REFUSED
        await stranger.http.post("/logout")
        assert REACHED == ["ada"]


async def test_t13_a_page_token_is_good_once_for_its_own_session(site: LiveTS, origin: str, ada: Browser) -> None:
    await ada.open("/")
    first = await ada.join()
    await first.send(sends(1, "add", 41))
    await first.receive_kind(Frame.PATCH)
    first_id = ada.id
    again = await ada.connect()
    await again.send(Join(0, ada.token, "/"))
    assert ada.joined(await again.receive()) is JoinMode.REMOUNTED, "a duplicated tab gets a view of its own"
    assert ada.id != first_id
    async with Browser(origin) as other:
        await other.open("/")
        assert await answer_to(other, Join(0, ada.token, "/")) == (Frame.REFUSED, codes.BAD_TOKEN)
        assert await answer_to(other, Join(0, ada.token, "/"), headers={}) == (Frame.REFUSED, codes.NO_SESSION)
        resume = Resume(0, ada.id, ada.secret, "/", 1, 0, "")
        assert await answer_to(other, resume) == (Frame.REFUSED, codes.BAD_TOKEN)
        for view_id in (first_id, ada.id):
            resume = Resume(0, view_id, other.token, "/", 1, 0, "")
            assert await answer_to(other, resume) == (Frame.REFUSED, codes.BAD_TOKEN)


async def test_t13_after_logout_nothing_of_before_is_good(origin: str, ada: Browser) -> None:
    await ada.open("/inside")
    token, cookies = ada.token, dict(ada.http.cookies)
    await ada.open("/inside")
    await ada.join()
    await ada.http.post("/logout")
    for message in (Join(0, token, "/inside"), Resume(0, ada.id, ada.secret, "/inside", 1, 0, "")):
        assert (await answer_to(ada, message)) == (Frame.REFUSED, codes.BAD_TOKEN)
    async with Browser(origin) as thief:
        thief.http.cookies.update(cookies)
        for message in (Join(0, token, "/inside"), Resume(0, ada.id, ada.secret, "/inside", 1, 0, "")):
            assert (await answer_to(thief, message)) == (Frame.REFUSED, codes.EXPIRED)
        assert (await thief.http.get("/inside")).status_code == 303


async def test_t13_old_tokens_are_too_old(site: LiveTS, ada: Browser) -> None:
    await ada.open("/")
    site.worker.tokens._clock = lambda: time.time() + site.config.page_token_max_age_s + 1
    assert await answer_to(ada, Join(0, ada.token, "/")) == (Frame.REFUSED, codes.EXPIRED)


async def test_t14_boxes_of_other_purposes_keys_and_times_are_none(site: LiveTS, ada: Browser) -> None:
    await ada.open("/")
    await ada.join()
    stranger = KeyRing(["another secret that is long enough, too"])
    own = KeyRing([SECRET])
    session = msgspec.msgpack.encode(["id", 0, 2**40, {}, "root", 0])
    name = "livets_session"
    boxes = [
        ada.token, ada.secret, stranger.seal("session", session), own.seal("page", session), own.seal("", session),
        session.hex(), base64.urlsafe_b64encode(session).decode(), "", "x" * 8_000, "\xff\xfe",
        ada.http.cookies[name][:-1], ada.http.cookies[name] + "=", ada.http.cookies[name].swapcase(),
    ]  # fmt: skip
    for box in boxes:
        cookie = {"Cookie": f"{name}={box}"}
        assert await answer_to(ada, Join(0, ada.token, "/"), headers=cookie) == (Frame.REFUSED, codes.NO_SESSION), box
    refused = [(Frame.REFUSED, codes.BAD_TOKEN), (Frame.REFUSED, codes.VERSION)]
    for box in [*boxes[1:3], ada.http.cookies[name], own.seal("page", session), "", "x" * 20_000]:
        assert await answer_to(ada, Join(0, box, "/")) in refused
    over = own.seal("session", msgspec.msgpack.encode(["id", 0, 1, {}, "root", 0]))
    assert (await answer_to(ada, Join(0, ada.token, "/"), headers={"Cookie": f"{name}={over}"}))[1] == codes.NO_SESSION


async def test_t16_nothing_can_be_read_in_a_token_or_cookie(ada: Browser) -> None:
    await ada.open("/?q=marker")
    await ada.join()
    for box in (ada.token, ada.secret, ada.http.cookies["livets_session"]):
        content = base64.urlsafe_b64decode(box + "=" * (-len(box) % 4))
        for word in (b"ada", b"marker", b"Counter", b"/", b"livets", ada.id.encode()):
            assert len(word) < 3 or word not in content


async def test_two_applications_of_a_host_do_not_share_sessions(tmp_path: Path) -> None:
    """Browsers send a host's cookies to all its ports; without a key of their own applications share a key file."""
    sites = []
    for name in ("shop", "admin"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "main.py").write_text("from livets import LiveTS\napp = LiveTS()\n")
        names: dict[str, Any] = {"__file__": str(folder / "main.py"), "LiveTS": Application, "state": tmp_path}
        exec("app = LiveTS(state_dir=state)", names)
        sites.append(names["app"])
    shop, admin = sites
    cookie = shop.worker.cookie.header(shop.worker.cookie.new(user="root"), secure=False).partition(";")[0]
    scope = {"headers": [(b"cookie", cookie.encode())]}
    assert shop.worker.cookie.read(scope, secure=False).user == "root"
    assert admin.worker.cookie.read(scope, secure=False) is None
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


async def test_pages_with_tokens_are_kept_by_nobody_and_framed_by_nobody() -> None:
    site = Application(secret_key=SECRET, csp="baseline")
    site.live("/", Counter)
    async with serving(site) as origin, Browser(origin) as user:
        for path in ("/", "/nothing"):
            headers = (await user.open(path)).headers
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert "frame-ancestors 'self'" in headers["content-security-policy"]
            assert "server" not in headers
        assert user.token not in str((await user.open("/")).url)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [(True, "https", True), (True, "http", False), (False, "https", False), (True, "", False)],
)
async def test_cookies_are_for_this_host_and_no_script(trusted: bool, forwarded: str, expected: bool) -> None:
    site = site_of(trust_forwarded=trusted)
    async with serving(site, proxy_headers=False) as origin:
        more = [f"X-Forwarded-Proto: {forwarded}"] if forwarded else []
        for path, method in (("/", "GET"), ("/login?user=ada", "POST"), ("/logout", "POST")):
            cookie = raw.head(await raw.get(origin, path, *more, method=method))["set-cookie"]
            parts = {part.strip() for part in cookie.split(";")}
            assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= parts
            assert not any(part.startswith("Domain") for part in parts)
            assert ("Secure" in parts) is expected
            assert cookie.startswith("__Host-livets_session=" if expected else "livets_session=")


FORGERIES: list[list[str]] = [
    ["Origin: http://evil.com"], ["Origin: null"], ["Sec-Fetch-Site: cross-site"], ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: CROSS-SITE"], ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
    ["Origin: http://evil.com", "Sec-Fetch-Site: same-origin"], ["Origin: {own}", "Origin: http://evil.com"],
    ["Origin: http://evil.com", "X-HTTP-Method-Override: GET"], ["Origin: http://evil.com", "Upgrade: websocket"],
    ["Origin: http://evil.com", "X-Forwarded-Host: evil.com"], ["Origin: http://evil.com", "Content-Type: text/plain"],
    ["Origin: {own}.evil.com"], ["Origin: "], ["Origin: {own}/"],
]  # fmt: skip


@pytest.mark.parametrize("headers", FORGERIES, ids=str)
async def test_t13_a_page_of_another_site_changes_nothing(origin: str, headers: list[str]) -> None:
    filled = [line.replace("{own}", origin) for line in headers]
    for method in ("POST", "PUT", "PATCH", "DELETE", "post", "PROPFIND"):
        answer = await raw.get(origin, "/login?user=mallory", *filled, method=method)
        assert raw.status(answer) in (400, 403), (method, answer[:80])
        assert "set-cookie" not in raw.head(answer)


@pytest.mark.parametrize("path", ["/login?user=mallory", "/logout"])
async def test_t13_reading_signs_nobody_in(origin: str, path: str) -> None:
    for more in ([], ["X-HTTP-Method-Override: POST"], ["X-Method-Override: POST"]):
        for asked in (path, f"{path}{'&' if '?' in path else '?'}_method=POST"):
            answer = await raw.get(origin, asked, *more)
            assert raw.status(answer) == 405
            assert "set-cookie" not in raw.head(answer)


@pytest.mark.redis
async def test_t38_who_can_write_to_redis_changes_no_view(redis_server: RedisServer) -> None:
    """Another view's or an older value, or made-up bytes, in a snapshot: the page is mounted anew, nothing is taken."""
    from redis.asyncio import Redis

    one = site_of(redis_url=redis_server.url, detached_keep_s=0.0)
    redis = Redis.from_url(redis_server.url)
    async with serving(one) as origin, Browser(origin) as user, Browser(origin) as other:
        await other.open("/")
        theirs = await other.join()
        await theirs.send(sends(1, "add", 1000))
        await theirs.receive_kind(Frame.PATCH)
        for attack in range(6):
            await user.open("/")
            socket = await user.join()
            await socket.send(sends(1, "add", 7))
            while (await socket.receive()).durable < 1:
                pass
            await socket.close()
            one.registry.expire()
            await one.registry.all_closed()
            mine, not_mine = (f"livets:view:{{{view_id}}}" for view_id in (user.id, other.id))
            field = f"f:{'count'}"
            stolen = await redis.hget(not_mine, field)  # type: ignore[misc]
            meta = await redis.hget(not_mine, "m")  # type: ignore[misc]
            changes: list[dict[str, Any]] = [
                {field: stolen}, {field: msgspec.msgpack.encode(1000)}, {field: b""},
                {"s": b"\x80\x04cposix\nsystem\n"}, {"m": meta}, {"r": "x"},
            ]  # fmt: skip
            await redis.hset(mine, mapping=changes[attack])  # type: ignore[misc]
            back = await user.resume()
            frame = await back.receive()
            assert frame.kind == Frame.JOINED, frame
            assert "1000" not in str(frame.body[4])
            assert user.joined(frame) is JoinMode.REMOUNTED, changes[attack]
            await back.close()
    await redis.aclose()
