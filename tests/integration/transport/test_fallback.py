"""The way without a WebSocket: a streaming answer down, POSTs up, with the same checks as a socket has."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from livets.app import LiveTS
from livets.wire import Event, Frame, Join, encode_client, limits
from tests.integration.transport.harness import Browser, app, event, serving, split
from tests.integration.transport.views import Counter
from tests.support.redis_server import RedisServer
from tests.support.wait import until


class Stream:
    """One line, as the browser's module has it."""

    def __init__(self, user: Browser, at: str | None = None) -> None:
        self.user, self.at = user, at or user.origin
        self.frames: list[Any] = []
        self.name = ""
        self.closed = ""
        self.status = 0
        self.over = asyncio.Event()
        self.number = 0

    async def run(self, *messages: Any, origin: str | None = None) -> None:
        """Open it and read to its end."""
        body = json.dumps(
            [limits.SUBPROTOCOL_MSGPACK, [m if isinstance(m, str) else encode_client(m, json=True) for m in messages]]
        )
        headers = {"Origin": origin or self.at}
        async with self.user.http.stream("POST", f"{self.at}/livets/down", content=body, headers=headers) as answer:
            self.status = answer.status_code
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    kind = line[6:]
                elif line.startswith("data:"):
                    self._take(kind, line[5:])
                else:
                    kind = ""
        self.over.set()

    def _take(self, kind: str, data: str) -> None:
        if kind == "line":
            self.name = data
        elif kind == "close":
            self.closed = data
        else:
            self.frames.append(split(base64.b64decode(data)))

    async def up(self, *messages: Any, at: str | None = None, number: int | None = None, **headers: str) -> int:
        """POST messages; the status."""
        if number is None:
            self.number += 1
        body = json.dumps(
            [
                self.name,
                number or self.number,
                [m if isinstance(m, str) else encode_client(m, json=True) for m in messages],
            ]
        )
        base = at or self.at
        answer = await self.user.http.post(f"{base}/livets/up", content=body, headers={"Origin": base, **headers})
        return answer.status_code

    def kinds(self) -> list[int]:
        return [head[0] for head, _ in self.frames]


@pytest.fixture
async def site() -> AsyncIterator[tuple[LiveTS, str]]:
    one = app()
    one.live("/", Counter)
    async with serving(one) as origin:
        yield one, origin


@pytest.fixture
async def user(site: tuple[LiveTS, str]) -> AsyncIterator[Browser]:
    async with Browser(site[1]) as user:
        await user.open("/")
        yield user


async def joined(user: Browser, at: str | None = None) -> tuple[Stream, asyncio.Task[None]]:
    stream = Stream(user, at)
    task = asyncio.create_task(stream.run(Join(0, user.token, "/")))
    await until(lambda: Frame.JOINED in stream.kinds())
    return stream, task


async def test_the_same_frames_in_order(user: Browser, site: tuple[LiveTS, str]) -> None:
    stream, task = await joined(user)
    assert await stream.up(event(1, "add", 5, seen=1), event(2, "add", 1, seen=1)) == 204
    assert await stream.up(event(1, "add", 5), number=1) == 204, "a repetition by the browser or a proxy"
    await until(lambda: "6" in str(stream.frames[-1]) or "6" in str(stream.frames[-2:]))
    assert site[0].registry.joined == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: site[0].registry.detached == 1, "the page has gone")
    assert await stream.up(event(3, "add")) == 410


async def test_a_gap_ends_the_line(user: Browser) -> None:
    stream, task = await joined(user)
    assert await stream.up(event(1, "add"), number=3) == 204
    await asyncio.wait_for(stream.over.wait(), 5)
    await task


async def test_it_is_checked_as_a_socket_is(user: Browser, site: tuple[LiveTS, str]) -> None:
    for origin in ("http://evil.example", "null"):
        stream = Stream(user)
        await stream.run(Join(0, user.token, "/"), origin=origin)
        assert (stream.status, stream.frames) == (403, [])
    stream, task = await joined(user)
    assert await stream.up(event(1, "add"), Origin="http://evil.example") == 403
    stream.number = 0
    async with Browser(site[1]) as thief:
        await thief.open("/")
        stolen = Stream(thief)
        stolen.name = stream.name
        assert await stolen.up(event(1, "add", 1000)) == 410, "the line belongs to another session"
    async with Browser(site[1]) as stranger:  # no page, no cookie
        refused = Stream(stranger)
        refusal = asyncio.create_task(refused.run(Join(0, user.token, "/")))
        await until(lambda: refused.frames)
        assert refused.kinds() == [Frame.REFUSED]
        assert "no_session" in str(refused.frames)
        refusal.cancel()
        await asyncio.gather(refusal, return_exceptions=True)
        bare = httpx.AsyncClient(base_url=site[1])
        for path, body, status in [
            ("down", json.dumps(["foreign", []]), 503),
            ("down", "no json", 400),
            ("up", "[]", 400),
            ("up", json.dumps([stream.name, 1, ["[2,0]"] * 200]), 400),
            ("up", "x" * (8 * limits.MAX_MESSAGE_BYTES + 1), 413),
        ]:
            answer = await bare.post(f"/livets/{path}", content=body, headers={"Origin": site[1]})
            assert answer.status_code == status, (path, body[:50])
        await bare.aclose()
    assert await stream.up(Event(1, 0, "add", [7], {}, {}, 1)) == 204
    await until(lambda: "7" in str(stream.frames[-1]) or "7" in str(stream.frames[-2:]))
    assert await stream.up("not json") == 204
    await asyncio.wait_for(stream.over.wait(), 5)
    assert stream.closed.startswith("4400")
    await task


async def test_too_much_at_once_ends_the_line(user: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from livets.transport import line

    monkeypatch.setattr(line, "MAX_QUEUED", 3)
    stream, task = await joined(user)
    assert await stream.up(*[event(n, "add") for n in range(1, 10)]) == 204
    await asyncio.wait_for(stream.over.wait(), 5)
    await task


@pytest.mark.redis
async def test_a_post_that_reaches_another_worker_is_passed_on(redis_server: RedisServer) -> None:
    def worker() -> LiveTS:
        one = app(redis_url=redis_server.url)
        one.live("/", Counter)
        return one

    one, two = worker(), worker()
    async with serving(one) as at_one, serving(two) as at_two, Browser(at_one) as user:
        await user.open("/")
        stream, task = await joined(user)
        for number in range(1, 6):
            assert await stream.up(event(number, "add", 10), at=[at_two, at_one][number % 2]) == 204
        await until(lambda: any("50" in str(body) for _, body in stream.frames))
        assert two.registry.joined == 0
        async with Browser(at_two) as thief:
            await thief.open("/")
            stolen = Stream(thief)
            stolen.name, stolen.number = stream.name, 5
            assert await stolen.up(event(6, "add", 1000)) == 204, "it is told nothing"
        assert await stream.up(event(6, "add", 1)) == 204
        await until(lambda: any("51" in str(body) for _, body in stream.frames))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
