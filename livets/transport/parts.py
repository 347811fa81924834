"""What starts and stops together with the application: its own lifespan, and those of applications mounted in it.

Owns one task that enters them all in order and leaves them in reverse, because what is opened in a task has to be
closed in it. Started by the server's lifespan, or, where a surrounding application does not pass that on, by the
first request. Called by `app`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Final

from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livets.errors import ConfigError

logger = logging.getLogger("livets.transport")

_END_S: Final = 10.0
"""Longest time that what is mounted may take to end."""

Enter = Callable[[], AbstractAsyncContextManager[Any]]


class Parts:
    """The lifespans of one application."""

    def __init__(self) -> None:
        self._enter: list[Enter] = []
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._end: asyncio.Event | None = None

    @property
    def are_running(self) -> bool:
        """Whether everything has been entered (or there is nothing to enter)."""
        return not self._enter or (self._ready is not None and self._ready.done() and self._task is not None)

    def add(self, enter: Enter) -> None:
        """Enter this, too, at the start."""
        self._enter.append(enter)

    async def start(self) -> None:
        """Enter all; once, whoever asks first. Raises what one of them raises, and may then be asked again."""
        if not self._enter:
            return
        if self._task is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._end = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._run(self._ready, self._end))
        assert self._ready is not None
        await asyncio.shield(self._ready)

    async def stop(self) -> None:
        """Leave all, the last one first."""
        task, self._task = self._task, None
        if task is None or self._end is None:
            return
        self._end.set()
        await asyncio.wait([task], timeout=_END_S)
        if not task.done():
            task.cancel()
        elif not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a part of the application did not end in order", exc_info=error)

    async def _run(self, ready: asyncio.Future[None], end: asyncio.Event) -> None:
        try:
            async with AsyncExitStack() as stack:
                for enter in self._enter:
                    await stack.enter_async_context(enter())
                ready.set_result(None)
                await end.wait()
        except Exception as error:
            if ready.done():
                raise
            self._task = None
            ready.set_exception(error)


class Guest(Mount):
    """Another application mounted in this one, whose lifespan is run as a server would run it."""

    def __init__(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        super().__init__(path, app, name=name)
        self._state: dict[str, Any] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, with what the other's lifespan put into its state."""
        if self._state:
            scope["state"] = {**scope.get("state", {}), **self._state}
        await super().handle(scope, receive, send)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Its lifespan, as a server would run it; nothing for an application that has none."""
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def send(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                started.set_result(None)
            elif message["type"] == "lifespan.startup.failed":
                why = message.get("message", "")
                started.set_exception(ConfigError(f"the mounted application {self.app!r} could not start: {why}"))

        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        task = asyncio.ensure_future(self.app(scope, inbox.get, send))
        inbox.put_nowait({"type": "lifespan.startup"})
        await asyncio.wait([task, started], return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            task.exception()  # it raised because it knows no lifespan; servers take no offence either
            yield
            return
        started.result()
        try:
            yield
        finally:
            inbox.put_nowait({"type": "lifespan.shutdown"})
            await asyncio.wait([task], timeout=_END_S)
            task.cancel()
