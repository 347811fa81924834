"""A unit of work, and how code knows which one it belongs to.

It owns the record of one piece of work and the context variable that leads to it, also from tasks and threads that a
handler has started. It never runs anything. `transaction`, `holding` and `beside` open and close units; `view` and
`tracking` ask.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from livets.wire import Event


class CurrentEvent(NamedTuple):
    """The browser event being handled."""

    id: str
    """Names this event for ever; use it as idempotency key for writes to your own database."""
    name: str


class Unit:
    """One event, message, tick or hook at work on a view, or one `commit()` block."""

    __slots__ = ("beside", "event", "has_begun", "open", "ref", "stopped", "task", "view", "wire")

    def __init__(
        self,
        view: object | None,
        ref: int = 0,
        event: CurrentEvent | None = None,
        *,
        wire: Event | None = None,
        beside: bool = False,
    ) -> None:
        self.view = view
        self.wire = wire
        """The event as it came, for who has to tell of a failure."""
        self.ref = ref
        self.event = event
        self.beside: Final = beside
        """A parallel handler outside of its commit() blocks: it may read the state and not write it."""
        self.open = True
        self.has_begun = False
        """The application's handler has been called."""
        self.task: asyncio.Task[Any] | None = None
        """The task to cancel, while an async handler is at work in it."""
        self.stopped = False
        """The handler is not to finish."""

    @property
    def name(self) -> str:
        """The event's handler; "" for other work."""
        return "" if self.event is None else self.event.name

    def close(self) -> None:
        """It is over. Contexts that were copied meanwhile (a task's, a connection's) keep it, but not the view."""
        self.open, self.view = False, None

    def stop(self) -> None:
        """Don't begin, or cancel what has begun; a plain function in its thread goes on to its end."""
        if self.stopped:
            return
        if self.task is not None:
            self.stopped = True
            self.task.cancel()
        elif not self.has_begun:
            self.stopped = True


CURRENT: Final[ContextVar[Unit | None]] = ContextVar("livets_unit", default=None)


def current(view: object) -> Unit | None:
    """The unit on whose behalf this code runs, if it is one of `view` and has not ended."""
    unit = CURRENT.get()
    return unit if unit is not None and unit.open and unit.view is view else None
