"""What becomes of an event when it comes in: it waits, begins at once, takes another's place, or is dropped (D7).

It owns the four policies and `cancel`. It never runs a handler. Every event keeps its place in the order and is
acknowledged there: one that is not to run counts as what was typed before it. Called by `units`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from livets.live.beside import Beside
from livets.live.event import Handler
from livets.live.mailbox import Mailbox
from livets.live.unit import Unit
from livets.wire import Event, codes

WHY: Final = {
    codes.DROPPED: "An earlier event of this handler was not done yet.",
    codes.CANCELLED: "This event was cancelled, or a newer one took its place.",
}
"""Said to the browser with the code."""


class Skipped(NamedTuple):
    """An event whose handler is not to run; the fields that came with it count."""

    event: Event
    code: str


class Acceptance:
    """How events come into one view."""

    __slots__ = ("_handlers", "_mailbox", "running")

    def __init__(self, handlers: dict[str, Handler], mailbox: Mailbox) -> None:
        self._handlers = handlers
        self._mailbox = mailbox
        self.running: Unit | None = None
        """The event that has its turn."""

    def accept(self, event: Event, begin: Callable[[], None], *, is_replay: bool) -> None:
        """Queue an event, or `begin` it. `is_replay`: its page has shown its result, so it did run and does again."""
        handler = self._handlers.get(event.handler)
        policy = "queue" if handler is None else handler.policy
        if policy == "parallel":
            begin()
        elif policy == "drop" and not is_replay and self._is_pending(event.handler):
            self._mailbox.put(Skipped(event, codes.DROPPED))
        else:
            if policy == "latest" and not is_replay:
                self.cancel(event.handler, None, None)
            self._mailbox.put(event)

    def cancel(self, name: str, beside: Beside | None, asking: Unit | None) -> None:
        """Stop every event of this handler but the one that asks."""

        def skipped(item: Any) -> Any:
            return Skipped(item, codes.CANCELLED) if isinstance(item, Event) and item.handler == name else item

        self._mailbox.exchange(skipped)
        units = [self.running, *(beside.running if beside is not None else ())]
        for unit in units:
            if unit is not None and unit.name == name and not _is_part(unit, asking):
                unit.stop(codes.CANCELLED)

    def _is_pending(self, name: str) -> bool:
        if self.running is not None and self.running.name == name and not self.running.stopped:
            return True
        return any(isinstance(item, Event) and item.handler == name for item in self._mailbox)


def _is_part(unit: Unit, asking: Unit | None) -> bool:
    return asking is not None and asking.ref == unit.ref != 0
