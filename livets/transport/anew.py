"""A page that was there before gets a new view, for nothing is left of its old one: what was typed is not lost with it.

Owns the moment between JOINED and the new view's first values. The page is asked what its bound controls hold; that is
written to the view before any event that the page still had to send, then the page is filled, and told that it has
begun anew. Never waits longer than WAIT_S for a page that does not answer. Begun by `joining`, fed by `dialogue`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Final

import msgspec

from livets.errors import ProtocolError
from livets.live.move import Mode
from livets.transport.resident import Resident
from livets.transport.visitor import Visitor
from livets.wire import Event, ReservedOp, codes, limits

logger = logging.getLogger("livets.transport")

HANDLER: Final = "@typed"
"""The reserved handler under which a page says what its bound controls hold."""
WAIT_S: Final = 3.0
_WORDS: Final = (
    "The server no longer had what this page was doing, so it has begun anew. What you typed is still here; please "
    "check the rest."
)


def question(resident: Resident) -> list[Any]:
    """The diff that asks the page for what was typed; a page that can't answer loads itself from its URL."""
    return [int(ReservedOp.NAVIGATE), [int(Mode.ANEW), resident.runner.location.uri]]


class Anew:
    """The wait for one page's answer (a `visitor.Waiting`)."""

    def __init__(self, visitor: Visitor, view: int, fingerprint: str, resident: Resident) -> None:
        self._visitor = visitor
        self._view = view
        self._fingerprint = fingerprint
        self._resident = resident
        self._events: list[Event] = []
        self._answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        visitor.waiting[view] = self
        resident.outbox.hold()
        self._task = visitor.worker.spawn(self._fill())

    def keeps(self, event: Event) -> bool:
        """The event waits until the view knows what was typed before it."""
        if event.handler == HANDLER:
            self._say(event.fields)
            event = plain(event)
        self._events.append(event)
        if len(self._events) >= limits.OUTBOX_WINDOW:
            self._say({})  # the answer is behind these, and comes in its turn
        return True

    def has(self, ref: int) -> None:
        """Never asked: every event is kept."""

    def misses(self, ref: int) -> None:
        """Never asked: every event is kept."""

    def cancel(self) -> None:
        """The socket is gone; the page says it again at the next one."""
        self._task.cancel()

    def _say(self, fields: dict[str, Any]) -> None:
        if not self._answer.done():
            self._answer.set_result(fields)

    async def _fill(self) -> None:
        visitor, resident = self._visitor, self._resident
        fields: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                fields = await self._answer
        await resident.runner.retype(fields)

        # From here to the end nothing waits.
        visitor.waiting.pop(self._view, None)
        if resident.page is not visitor:
            return
        resident.outbox.is_held = False
        resident.outbox.patch(resident.runner.fill(self._fingerprint), 0)
        resident.outbox.error(codes.BEGUN_ANEW, _WORDS, 0)
        try:
            for event in self._events:
                resident.runner.accept(event)
        except ProtocolError as error:
            logger.info("a socket is closed: %r", str(error))
            visitor.channel.close(codes.CLOSE_PROTOCOL, str(error), now=True)


def plain(event: Event) -> Event:
    """The answer of a page as what it is to any view: a field update."""
    return msgspec.structs.replace(event, handler="") if event.handler == HANDLER else event
