"""Nobody is ever shown what is another's (T15): equal views share patches, all views share a loop, a bus and a Redis,
and handlers are cancelled in the middle of a broadcast."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from livets import KeyedList, LiveTS, LiveView, event, field
from tests.integration.transport.harness import Browser, Closed, Socket, app, serving
from tests.integration.transport.harness import event as sends
from tests.support.redis_server import RedisServer

MARK = re.compile(r"mark-(\w+)-end")


class Line(msgspec.Struct, frozen=True):
    id: str
    text: str


class Board(LiveView):
    """The same for all, but for who looks at it: by session, property, method, undeclared and unkept attributes."""

    news: str = ""
    mine: str = ""
    lines: KeyedList[Line] = KeyedList()
    kept_not: str = field("", persist=False)
    template = """<h1>{{ news }}</h1><b title="{{ session.user }} {{ news }}">{{ news }}: {{ session.user }}</b>
    <i>{{ news }} {{ computed }}</i><u>{{ news }} {{ called(news) }}</u><s>{{ news }} {{ undeclared }}</s>
    <em>{{ news }} {{ kept_not }}</em>
    {% if news %}<p class="{{ mine }}">{{ mine }} {{ news }}</p>{% endif %}
    <ul>{% for line in lines %}
    <li ts-key="{{ line.id }}">{{ line.text }} {{ mine }} {{ session.user }}</li>
    {% endfor %}</ul>"""

    def mount(self) -> None:
        self.mine = self.kept_not = self.undeclared = self.session.user or ""
        self.subscribe("board", self.heard)

    @property
    def computed(self) -> str:
        return self.session.user or ""

    def called(self, news: str) -> str:
        return f"{news} {self.session.user}"

    def heard(self, data: str) -> None:
        self.news = data
        self.lines.append(Line(f"{len(self.lines)}", data))
        if len(self.lines) > 20:
            self.lines.clear()

    @event
    async def say(self, text: str) -> None:
        self.broadcast("board", text)

    @event(policy="latest")
    async def dither(self, text: str) -> None:
        self.news = text
        self.broadcast("board", text)
        await self.update()
        await asyncio.sleep(0.005)
        self.broadcast("board", text + "!")


async def login(request: Request) -> Response:
    response = RedirectResponse("/", 303)
    await request.app.login(request, response, request.query_params["user"])
    return response


def site_of(redis_url: str | None) -> LiveTS:
    site = app(redis_url=redis_url)
    site.live("/", Board)
    site.route("/login", login, methods=["POST"])
    return site


async def person(origin: str, number: int, dice: random.Random, stack: contextlib.AsyncExitStack) -> set[str]:
    """Somebody who clicks about; the marks that he has seen."""
    user = await stack.enter_async_context(Browser(origin))
    mark = f"mark-{number}-end"
    await user.http.post("/login", params={"user": mark})
    await user.open("/")
    seen = set(MARK.findall(user.html))
    socket: Socket = await user.join()

    async def listen() -> None:
        with contextlib.suppress(Closed, TimeoutError):
            while True:
                seen.update(MARK.findall(repr((await socket.receive()).body)))

    listening = asyncio.ensure_future(listen())
    for ref in range(1, 25):
        await socket.send(sends(ref, dice.choice(["say", "dither"]), f"news {ref % 3}"))
        await asyncio.sleep(dice.random() * 0.01)
    await asyncio.sleep(0.3)
    await socket.close()
    await listening
    return seen


@pytest.mark.parametrize("with_redis", [False, pytest.param(True, marks=pytest.mark.redis)])
async def test_t15_everybody_sees_his_own(request: pytest.FixtureRequest, with_redis: bool) -> None:
    server: RedisServer | None = request.getfixturevalue("redis_server") if with_redis else None
    dice = random.Random(15)
    site: Any = site_of(server.url if server else None)
    async with serving(site) as origin, contextlib.AsyncExitStack() as stack:
        found = await asyncio.gather(*(person(origin, number, dice, stack) for number in range(10)))
    assert found == [{str(number)} for number in range(10)]
