"""What can wait in a view's mailbox besides events of the browser: one class for each kind of work.

They only say what is to be done. `units` knows who does it. An item that somebody waits for has a `cancel`, which the
mailbox calls when the view ends before the item's turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from livets.live.failure import Failure
from livets.pubsub import Message
from livets.wire import Event


class Delivery(NamedTuple):
    """A message for a handler."""

    name: str
    message: Message


class People(NamedTuple):
    """Who is here has changed."""

    topic: str


class Tick(NamedTuple):
    """A timer is due."""

    timer: int


class Heal(NamedTuple):
    """A block has to be sent again."""

    address: list[Any]


class Flush(NamedTuple):
    """What could not be sent can be sent now."""


class Woken(NamedTuple):
    """The view has slept and its fields are there again: first of all `resumed()`, then `shows()`."""

    shows: Callable[[], None]


class Resync(NamedTuple):
    """Messages were missed."""


class Update(NamedTuple):
    """A task of the application asks for a commit."""

    done: asyncio.Future[None]

    def cancel(self) -> None:
        """The view has ended."""
        self.done.cancel()


class Skipped(NamedTuple):
    """An event whose handler is not to run; the fields that came with it count."""

    event: Event


class Typed(NamedTuple):
    """What was typed before a parallel event has to be written, in its turn, before the handler begins."""

    fields: dict[str, Any]
    done: asyncio.Future[Failure | None]

    def cancel(self) -> None:
        """The view has ended."""
        self.done.cancel()


class Over(NamedTuple):
    """A parallel event has ended."""

    event: Event
    failure: Failure | None
    stopped: bool
