"""One page on one socket: who it is and what it has.

Owns the session of the handshake and the views on the socket, by the numbers that the page gave them. Never reads
from the socket. Filled by `joining`, read by `dialogue` and `sweeper`; views and worker see it as `resident.Page`.
"""

from __future__ import annotations

import logging
from typing import Protocol

from livets.transport.channel import Channel
from livets.transport.origin import Scope
from livets.transport.resident import Resident
from livets.transport.session import Session
from livets.transport.worker import Worker
from livets.wire import Event, codes, encode_body

logger = logging.getLogger("livets.transport")


class Waiting(Protocol):
    """A resume that is not yet answered (`joining.Withheld`)."""

    def keeps(self, event: Event) -> bool:
        """Whether the event waits here, and not for the view."""

    def has(self, ref: int) -> None:
        """Event `ref` was accepted."""

    def misses(self, ref: int) -> None:
        """Event `ref` came, but not those before it."""

    def cancel(self) -> None:
        """The socket is gone."""


class Visitor:
    """A page and its views."""

    __slots__ = ("channel", "scope", "session", "views", "waiting", "worker")

    def __init__(self, worker: Worker, channel: Channel, session: Session | None, scope: Scope) -> None:
        self.worker = worker
        self.channel = channel
        self.session = session
        self.scope = scope
        self.views: dict[int, Resident] = {}
        """Those joined, and those whose JOINED is withheld."""
        self.waiting: dict[int, Waiting] = {}
        channel.on_room = self._flush

    def refuse(self, view: int, code: str, message: str) -> None:
        """Tell the page that it can't have this view."""
        logger.info("a view is refused (%s): %r", code, message)
        self.channel.refuse(view, encode_body([code, message]))

    def lose(self, resident: Resident) -> None:
        """The page has gone on with this view on another socket."""
        resident.leave()
        for number, other in list(self.views.items()):
            if other is resident:
                del self.views[number]
                if waiting := self.waiting.pop(number, None):
                    waiting.cancel()
        if not self.views:
            self.channel.close(codes.CLOSE_MOVED, "the page has another socket")

    def leave(self) -> None:
        """The socket is gone; its views wait for a resume."""
        self.channel.ended()
        for waiting in self.waiting.values():
            waiting.cancel()
        for resident in self.views.values():
            if resident.page is self:
                resident.leave()
                self.worker.registry.detach(resident)
        self.views.clear()
        self.waiting.clear()

    def _flush(self) -> None:
        for number, resident in self.views.items():
            if number not in self.waiting and resident.asleep is None:
                resident.runner.flush()
