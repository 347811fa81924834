"""An exception anywhere in application code harms one view (issue 3, "Errors"), through real sockets: its state is as
before, the log has it once, the browser is told a number and nothing else, and the neighbour does not notice."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
from typing import Any

import pytest

from livets import LiveTS, LiveView, event
from livets.transport.registry import Ending
from livets.wire import Frame, codes
from tests.integration.security.views import Counter
from tests.integration.transport.harness import Browser, Socket, app, serving
from tests.integration.transport.harness import event as sends
from tests.support.wait import until

SECRET = "/srv/shop/hidden.py knows the pass phrase <script>"
RELEASED = threading.Event()
NUMBER = re.compile(r"\b[0-9a-f]{8}\b")


class Breaks(LiveView):
    """Fails where it is told to; `count` shows whether what a failing unit did was taken back."""

    count: int = 0
    where: str = ""
    template = '<p>{{ count }}</p><i>{{ shown }}</i><input ts-model="where">'

    def mount(self, at: str = "") -> None:
        if at == "mount":
            self.fail()
        if at == "first-render":
            self.where = "render"

    def handle_params(self, tab: str = "") -> None:
        if tab == "bad":
            self.count += 1000
            self.fail()

    @property
    def shown(self) -> str:
        if self.where == "render":
            self.fail()
        return self.where

    def updated(self) -> None:
        if self.where == "updated":
            self.count += 1000
            self.fail()

    async def unmount(self) -> None:
        if self.where == "unmount":
            self.fail()

    def fail(self) -> None:
        raise RuntimeError(SECRET)

    @event
    async def add(self) -> None:
        self.count += 1

    @event
    async def handler(self) -> None:
        self.count += 1000
        self.fail()

    @event
    def plain_handler(self) -> None:
        self.count += 1000
        self.fail()

    @event(policy="parallel")
    async def beside(self) -> None:
        async with self.commit():
            self.count += 1000
            self.fail()

    @event(policy="latest")
    async def latest(self) -> None:
        self.count += 1000
        self.fail()

    @event
    async def put(self, where: str) -> None:
        self.count += 1000
        self.where = where

    @event
    async def soon(self) -> None:
        self.after(0.01, self.tick)

    @event
    async def listen(self) -> None:
        self.subscribe("news", self.heard)
        self.broadcast("news", "x")

    async def tick(self) -> None:
        self.count += 1000
        self.fail()

    async def heard(self, data: str) -> None:
        self.count += 1000
        self.fail()

    @event
    async def exits(self) -> None:
        sys.exit(SECRET)

    @event
    def waits(self) -> None:
        assert RELEASED.wait(30)

    @event
    def plain(self) -> None:
        self.count += 1

    @event
    async def stops(self) -> None:
        next(iter(()))

    @event
    def stops_in_thread(self) -> None:
        next(iter(()))

    @event
    def exits_in_thread(self) -> None:
        sys.exit(SECRET)

    @event
    async def recursion(self) -> None:
        await self.recursion()

    @event
    async def odd(self) -> None:
        class Odd(Exception):
            def __str__(self) -> str:
                raise ValueError("no words either")

        raise Odd


@pytest.fixture
def site() -> LiveTS:
    site = app()
    site.live("/", Counter)
    site.live("/breaks", Breaks)
    site.live("/breaks/{at}", Breaks)
    return site


def failures(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


def check_told(text: str) -> str:
    """The number in what a visitor is told, who is told nothing else."""
    for word in ("RuntimeError", "Traceback", "hidden.py", "pass phrase", ".py", "Breaks", "Odd"):
        assert word not in text
    [number] = NUMBER.findall(text)
    return str(number)


EVENTS: dict[str, tuple[str, ...]] = {
    "handler": ("handler",),
    "plain handler": ("plain_handler",),
    "parallel": ("beside",),
    "latest": ("latest",),
    "render": ("put", "render"),
    "updated": ("put", "updated"),
    "handle_params": ("@params", "/breaks?tab=bad", 0),  # type: ignore[dict-item]
    "recursion": ("recursion",),
    "an exception without words": ("odd",),
    "StopIteration": ("stops",),
    "StopIteration in a thread": ("stops_in_thread",),
    "sys.exit()": ("exits",),
    "sys.exit() in a thread": ("exits_in_thread",),
}


@pytest.mark.parametrize("name", EVENTS)
async def test_a_failing_event_is_taken_back_logged_once_and_told_by_number(
    site: LiveTS, origin: str, neighbour: Socket, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    async with Browser(origin) as user:
        await user.open("/breaks")
        socket = await user.join()
        await socket.send(sends(1, *EVENTS[name]))
        error = await socket.receive_kind(Frame.ERROR)
        assert error.body[0] in (codes.HANDLER_FAILED, codes.RENDER_FAILED)
        assert error.body[2] == 1
        assert len(error.body) == 3, "no traceback, state or event in production"
        number = check_told(error.body[1])
        [record] = failures(caplog)
        assert number in record.getMessage()
        assert record.exc_info is not None
        await socket.send(sends(2, "add"))
        patch = await socket.receive_kind(Frame.PATCH)
        assert patch.done == 2
        view: Any = next(each for each in site.registry if each.view_id == user.id).runner.view
        assert (view.count, view.where) == (1, "")
    await neighbour.send(sends(1, "add"))
    assert (await neighbour.receive_kind(Frame.PATCH)).done == 1


async def test_slow_plain_handlers_of_many_hold_up_nobody_else(origin: str) -> None:
    RELEASED.clear()
    async with contextlib.AsyncExitStack() as stack:
        people = [await stack.enter_async_context(Browser(origin)) for _ in range(24)]
        sockets = []
        for person in people:
            await person.open("/breaks")
            sockets.append(await person.join())
        try:
            for socket in sockets[1:]:
                await socket.send(sends(1, "waits"))
            await sockets[0].send(sends(1, "plain"))
            assert (await sockets[0].receive_kind(Frame.PATCH)).done == 1
            assert (await people[0].open("/breaks")).status_code == 200, "mount() is a plain function, too"
        finally:
            RELEASED.set()
        for socket in sockets[1:]:
            while (await socket.receive()).done < 1:
                pass


@pytest.mark.parametrize("starts", ["soon", "listen"])
async def test_a_failing_timer_or_message_harms_that_view_alone(
    site: LiveTS, origin: str, neighbour: Socket, caplog: pytest.LogCaptureFixture, starts: str
) -> None:
    async with Browser(origin) as user:
        await user.open("/breaks")
        socket = await user.join()
        await socket.send(sends(1, starts))
        error = await socket.receive_kind(Frame.ERROR)
        assert error.body[2] == 0, "it was no event that failed"
        number = check_told(error.body[1])
        [record] = failures(caplog)
        assert number in record.getMessage()
        await socket.send(sends(2, "add"))
        await socket.receive_kind(Frame.PATCH)
        view: Any = next(each for each in site.registry if each.view_id == user.id).runner.view
        assert view.count == 1
    await neighbour.send(sends(1, "add"))
    assert (await neighbour.receive_kind(Frame.PATCH)).done == 1


@pytest.mark.parametrize("at", ["mount", "first-render"])
async def test_a_page_that_can_not_be_made_tells_a_number(
    origin: str, neighbour: Socket, caplog: pytest.LogCaptureFixture, at: str
) -> None:
    async with Browser(origin) as user:
        response = await user.open(f"/breaks/{at}")
        assert response.status_code == 500
        number = check_told(response.text)
        [record] = failures(caplog)
        assert number in record.getMessage()
        assert (await user.open("/breaks?tab=bad")).status_code == 500
        assert (await user.open("/breaks")).status_code == 200
    await neighbour.send(sends(1, "add"))
    assert (await neighbour.receive_kind(Frame.PATCH)).done == 1


async def test_a_failing_unmount_is_logged_and_nothing_else(
    site: LiveTS, origin: str, neighbour: Socket, caplog: pytest.LogCaptureFixture
) -> None:
    async with Browser(origin) as user:
        await user.open("/breaks")
        socket = await user.join()
        await socket.send(sends(1, "put", "unmount"))
        await socket.receive_kind(Frame.PATCH)
        await socket.close()
        await until(lambda: site.registry.detached == 1)
        (gone,) = [each for each in site.registry if each.view_id == user.id]
        site.registry.let_go(gone, Ending.END)
        await site.registry.all_closed()
    [record] = failures(caplog)
    assert "unmount" in record.getMessage()
    await neighbour.send(sends(1, "add"))
    assert (await neighbour.receive_kind(Frame.PATCH)).done == 1


async def test_development_shows_what_production_hides(caplog: pytest.LogCaptureFixture) -> None:
    site = app(dev=True)
    site.live("/breaks", Breaks)
    async with serving(site) as origin, Browser(origin) as user:
        await user.open("/breaks")
        socket = await user.join()
        await socket.send(sends(1, "handler"))
        error = await socket.receive_kind(Frame.ERROR)
        assert SECRET in error.body[3]["traceback"]
        assert error.body[3]["state"]["count"] == "0", "the state before the event"
    assert len(failures(caplog)) == 1
