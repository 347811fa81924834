"""Signing in and out, and revocation: two workers that share a Redis, and one that is alone (D10)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from livets.app import LiveTS
from livets.live import LiveView, event
from livets.pubsub import BusError
from livets.transport import sweeper
from livets.transport.session import Session
from livets.wire import Frame, codes
from tests.integration.transport.harness import Browser, app, serving
from tests.integration.transport.harness import event as sends
from tests.support.redis_server import RedisServer
from tests.support.wait import until

pytestmark = pytest.mark.redis


class Who(LiveView):
    count: int = 0
    template = "<b>{{ session.user }}</b><i>{{ session.theme }}</i><p>{{ count }}</p>"

    @event
    async def add(self) -> None:
        assert self.session.user == "ada"
        self.count += 1


async def login(request: Request) -> Response:
    response = RedirectResponse("/", 303)
    await request.app.login(request, response, request.query_params["user"], {"theme": "dark"})
    return response


async def logout(request: Request) -> Response:
    response = RedirectResponse("/", 303)
    await request.app.logout(request, response)
    return response


def site(redis_url: str | None) -> LiveTS:
    made = app(redis_url=redis_url)
    made.live("/", Who)
    made.route("/login", login, methods=["POST"])
    made.route("/logout", logout, methods=["POST"])
    return made


class Two(NamedTuple):
    one: LiveTS
    two: LiveTS
    at_one: str
    at_two: str


@pytest.fixture(params=["redis", "alone"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[Two]:
    """Two workers; or one under two addresses, without Redis."""
    url = request.getfixturevalue("redis_server").url if request.param == "redis" else None
    one = site(url)
    two = site(url) if url else one
    async with contextlib.AsyncExitStack() as stack:
        at_one = await stack.enter_async_context(serving(one))
        yield Two(one, two, at_one, await stack.enter_async_context(serving(two)) if url else at_one)


@pytest.fixture
async def ada(both: Two) -> AsyncIterator[Browser]:
    async with Browser(both.at_one) as ada:
        await ada.open("/")
        await ada.http.post("/login?user=ada")
        await ada.open("/")
        yield ada


def session_of(browser: Browser, worker: LiveTS) -> Session:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())
    session = worker.worker.cookie.read({"headers": [(b"cookie", cookies.encode())]}, secure=False)
    assert session is not None
    return session


async def test_who_is_signed_in_is_seen_by_views_on_every_worker(both: Two, ada: Browser) -> None:
    assert "<b>ada</b><i>dark</i>" in ada.html
    await ada.open("/", at=both.at_two)
    assert "<b>ada</b>" in ada.html
    socket = await ada.join(at=both.at_two)
    await socket.send(sends(1, "add"))
    assert (await socket.receive_kind(Frame.PATCH)).done == 1
    async with Browser(both.at_one) as other:
        await other.open("/")
        assert "<b>None</b><i></i>" in other.html


async def test_the_session_id_changes_at_login_and_logout(both: Two) -> None:
    async with Browser(both.at_one) as user:
        await user.open("/")
        ids = [session_of(user, both.one).id]
        old_page = await user.join()
        for path in ("/login?user=ada", "/login?user=ada", "/logout"):
            await user.http.post(path)
            ids.append(session_of(user, both.one).id)
        assert len(set(ids)) == 4
        assert session_of(user, both.one).user == ""
        await old_page.close()
        await user.open("/")
        assert "<b>None</b>" in user.html


async def test_a_page_of_before_the_login_does_not_become_the_users(both: Two) -> None:
    async with Browser(both.at_one) as user:
        await user.open("/")
        planted = dict(user.http.cookies)
        await user.http.post("/login?user=ada")
        socket = await user.connect()
        with pytest.raises(AssertionError, match="bad_token"):
            await user.join()
        await socket.close()
        user.http.cookies.clear()
        user.http.cookies.update(planted)
        await user.open("/")
        assert "<b>None</b>" in user.html


async def test_disconnect_closes_everywhere_at_once_and_resume_is_refused(both: Two, ada: Browser) -> None:
    here = await ada.join()
    async with Browser(both.at_two) as elsewhere, Browser(both.at_two) as bob:
        elsewhere.http.cookies.update(ada.http.cookies)
        await elsewhere.open("/")
        there = await elsewhere.join()
        await bob.http.post("/login?user=bob")
        await bob.open("/")
        untouched = await bob.join()
        await both.one.disconnect("ada")
        assert await here.closed() == codes.CLOSE_UNAUTHORISED
        assert await there.closed() == codes.CLOSE_UNAUTHORISED
        for page, at in ((ada, both.at_two), (elsewhere, both.at_one)):
            socket = await page.resume(at=at)
            frame = await socket.receive()
            assert (frame.kind, frame.body[0]) == (Frame.REFUSED, codes.EXPIRED)
        await ada.open("/", at=both.at_two)
        assert "<b>None</b>" in ada.html
        await untouched.send(sends(1, "nothing"))
        assert (await untouched.receive()).kind == Frame.ERROR
        await ada.http.post("/login?user=ada")
        await ada.open("/", at=both.at_two)
        assert "<b>ada</b>" in ada.html


async def test_logout_ends_that_browsers_session_and_a_stolen_copy_of_its_cookie(both: Two, ada: Browser) -> None:
    stolen = dict(ada.http.cookies)
    mine = await ada.join()
    async with Browser(both.at_two) as other:
        await other.http.post("/login?user=ada")
        await other.open("/")
        theirs = await other.join()
        await ada.http.post("/logout")
        assert await mine.closed() == codes.CLOSE_UNAUTHORISED
        await theirs.send(sends(1, "add"))
        assert (await theirs.receive_kind(Frame.PATCH)).done == 1
    ada.http.cookies.clear()
    ada.http.cookies.update(stolen)
    await ada.open("/", at=both.at_two)
    assert "<b>None</b>" in ada.html


async def test_a_revocation_that_was_not_heard_is_found_by_the_clock(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = site(redis_server.url), site(redis_server.url)
    monkeypatch.setattr(sweeper, "_EVERY_S", 0.02)
    object.__setattr__(two.config, "session_check_s", 0.01)

    async def deaf(*_: object) -> None:
        raise BusError("Redis is away for a moment")

    monkeypatch.setattr(one.worker.bus, "publish", deaf)
    async with serving(one), serving(two) as at_two, Browser(at_two) as ada:
        await ada.http.post("/login?user=ada")
        await ada.open("/")
        socket = await ada.join()
        await one.disconnect("ada")
        assert await socket.closed() == codes.CLOSE_UNAUTHORISED
        await until(lambda: not two.worker.pages)


async def test_what_is_no_user_is_refused(both: Two, ada: Browser) -> None:
    with pytest.raises(Exception, match="login: a user is a string of 1 to 256 characters"):
        await both.one.login(Request({"type": "http", "headers": [], "scheme": "http"}), Response(), "")


FORGED = [
    {"Origin": "http://evil.com"},
    {"Origin": "null"},
    {"Origin": "{own}.evil.com"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FORGED)
async def test_t13_a_page_of_another_site_cannot_post(both: Two, headers: dict[str, str]) -> None:
    async with Browser(both.at_one) as user:
        filled = {name: value.format(own=both.at_one) for name, value in headers.items()}
        refused = await user.http.post("/login?user=ada", headers=filled)
        assert refused.status_code == 403
        assert "set-cookie" not in refused.headers
        for good in ({}, {"Origin": both.at_one}, {"Sec-Fetch-Site": "same-origin"}):
            assert (await user.http.post("/login?user=ada", headers=good)).status_code == 303
