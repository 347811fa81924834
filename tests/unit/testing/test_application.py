"""An application under test: started and stopped by one task, its errors told, nothing of a test left for the next."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from livets import LiveTS, LiveView, event
from livets.testing import Client, asgi, client
from livets.testing.watch import Failures

_SECRET = "a secret of at least 32 characters"


class Heard(LiveView):
    count: int = 0

    def mount(self) -> None:
        self.subscribe("news", "hear")

    @event
    async def hear(self, data: int) -> None:
        self.count += data

    template = "<b>{{ count }}</b>"


def _app(lifespan: Callable[[LiveTS], AbstractAsyncContextManager[None]] | None = None) -> LiveTS:
    app = LiveTS(_SECRET, lifespan=lifespan)
    app.live("/", Heard)
    return app


async def test_one_task_starts_and_stops_whoever_asks_for_it() -> None:
    tasks = []

    @contextlib.asynccontextmanager
    async def lifespan(_app: LiveTS) -> AsyncIterator[None]:
        tasks.append(asyncio.current_task())
        async with asyncio.TaskGroup():
            yield
        tasks.append(asyncio.current_task())

    person = client(_app(lifespan))
    await asyncio.create_task(_open(person))
    assert len(tasks) == 1
    await asyncio.create_task(person.close())
    assert tasks[0] is tasks[1]
    assert tasks[0] is not asyncio.current_task()


@pytest.mark.parametrize("when", ["start", "stop"])
async def test_what_the_lifespan_raises_is_raised(when: str) -> None:
    @contextlib.asynccontextmanager
    async def lifespan(_app: LiveTS) -> AsyncIterator[None]:
        if when == "start":
            raise LookupError("no database")
        yield
        raise LookupError("no database")

    person = client(_app(lifespan))
    if when == "stop":
        await _open(person)
    with pytest.raises(LookupError, match="no database"):
        await (_open(person) if when == "start" else person.close())
    await person.close()
    assert not any(isinstance(handler, Failures) for handler in logging.getLogger("livets").handlers)


async def test_a_start_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "_STARTUP_S", 0.001)
    left = []

    @contextlib.asynccontextmanager
    async def slow() -> AsyncIterator[None]:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            left.append(True)
        yield

    with pytest.raises(TimeoutError):
        async with asgi.held(slow()):
            raise AssertionError("it has not started")
    assert left == [True]


async def test_nothing_of_a_test_is_left_for_the_next_one() -> None:
    app = _app()
    bus = app.worker.bus
    for number in range(2):
        async with client(app) as person:
            page = await person.open("/")
            await person.broadcast("news", 1)
            assert page.state["count"] == 1, f"person {number} sees what another one has done"
        assert not list(app.registry)
        assert not app.worker.pages
        assert app.worker.bus is bus
    assert len(asyncio.all_tasks()) == 1


async def _open(person: Client) -> None:
    await person.open("/")
