"""The order in which things happen to a view: one at a time, as accepted (D7).

It owns the queue and the task that works it off; the task exists only while there is work. It never looks into an
item. Called by the runner; what is to be done about an item is its owner's business (`units`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextvars import copy_context
from typing import Any, Protocol, runtime_checkable

from livets.live.calling import rest_of


@runtime_checkable
class Awaited(Protocol):
    """An item that somebody waits for."""

    def cancel(self) -> object:
        """It will never have its turn."""


class Owner(Protocol):
    """Whose items these are (`units.Units`)."""

    def handle(self, item: Any) -> Coroutine[Any, Any, None]:
        """Work one item off."""


class Mailbox:
    """A queue with one worker task that comes and goes."""

    __slots__ = ("_is_at_it", "_items", "_owner", "_stopped", "_task", "is_stirred")

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._items: deque[Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._is_at_it = False
        """True while an item is worked on without a task."""
        self.is_stirred = True
        """Set by each item; who wants to know when the view is quiet takes it back."""

    @property
    def busy(self) -> bool:
        """True while an item is being worked on or waits."""
        return self._task is not None or self._is_at_it

    def put(self, item: Any, *, at_once: bool = False) -> None:
        """Queue an item; a stopped mailbox drops it (what somebody waits for is cancelled).

        `at_once`: it will not have to wait for anything, so it may be worked off here and now if nothing is before it.
        That saves a task and a turn of the event loop.
        """
        self.is_stirred = True
        if self._stopped:
            _drop(item)
            return
        if at_once and self._task is None and not self._is_at_it:
            self._do(item)
            return
        if self._items is None:
            self._items = deque()
        self._items.append(item)
        if not self.busy:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def __iter__(self) -> Iterator[Any]:
        return iter(tuple(self._items or ()))

    def exchange(self, replacement: Callable[[Any], Any]) -> None:
        """Put `replacement(item)` in the place of every item that waits."""
        if self._items:
            self._items = deque(replacement(item) for item in self._items)

    def threadsafe(self, action: Callable[[], None]) -> None:
        """Do `action` on the event loop: at once if we are on it, else soon (from a plain handler's thread)."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            if self._task is not None:
                self._task.get_loop().call_soon_threadsafe(action)
        else:
            action()

    async def reach(self) -> None:
        """Wait until everything queued before has been worked off."""
        if self._task is not None and not self._stopped:
            marker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.put(marker)
            await marker

    async def finish(self, grace_s: float) -> None:
        """Take nothing any more; what runs may go on for `grace_s` seconds, then it is cancelled."""
        self.halt()
        task = self._task
        if task is not None and task is not asyncio.current_task():
            await asyncio.wait([task], timeout=grace_s)
            if not task.done():
                task.cancel()
                await asyncio.wait([task])

    def halt(self) -> None:
        """Take nothing any more and drop what waits; what runs may end."""
        self._stopped = True
        while self._items:
            _drop(self._items.popleft())

    def _do(self, item: Any) -> None:
        work = self._owner.handle(item)
        begun: Awaitable[None] | None = None
        self._is_at_it = True
        try:
            # In a context of its own, as it would have in a task.
            awaited = copy_context().run(work.send, None)
            begun = _rest(work, awaited)  # it had to wait after all
        except StopIteration:
            pass
        finally:
            self._is_at_it = False
            if begun is not None or (self._items and not self._stopped):
                self._task = asyncio.get_running_loop().create_task(self._work(begun))

    async def _work(self, begun: Awaitable[None] | None = None) -> None:
        try:
            if begun is not None:
                await begun
            while self._items:
                item = self._items.popleft()
                if isinstance(item, asyncio.Future):
                    if not item.done():
                        item.set_result(None)
                else:
                    await self._owner.handle(item)
        finally:
            self._task = None
            self._items = None if not self._items else self._items
            if self._items and not self._stopped:
                self._task = asyncio.get_running_loop().create_task(self._work())


async def _rest(work: Coroutine[Any, Any, None], awaited: Any) -> None:
    await rest_of(work, awaited)


def _drop(item: Any) -> None:
    if isinstance(item, Awaited):
        item.cancel()
