"""What becomes of an event when it comes in: it waits, begins at once, takes another's place, or is dropped (D7).

It owns the four policies and `cancel`. It never runs a handler. Every event keeps its place in the order and is
acknowledged there: one that is not to run counts as what was typed before it. Called by `units`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livets.live.beside import Beside
from livets.live.event import Handler
from livets.live.mailbox import Mailbox
from livets.live.unit import Unit
from livets.live.work import Skipped
from livets.wire import Event


class Acceptance:
    """How events come into one view."""

    __slots__ = ("_handlers", "_mailbox", "running", "shown_ref")

    def __init__(self, handlers: dict[str, Handler], mailbox: Mailbox) -> None:
        self._handlers = handlers
        self._mailbox = mailbox
        self.running: Unit | None = None
        """The event that has its turn."""
        self.shown_ref = 0
        """Events up to this one were done before a crash: they did run, do so again, and keep no other from running."""

    def accept(self, event: Event, begin: Callable[[Event], None], *, at_once: bool) -> None:
        """Queue an event, or `begin` it. `at_once`: a handler that has nothing to await may run here and now."""
        handler = self._handlers.get(event.handler)
        policy = "queue" if handler is None else handler.policy
        is_replay = event.ref <= self.shown_ref
        if policy == "parallel":
            begin(event)
        elif policy == "drop" and not is_replay and self._is_pending(event.handler):
            self._mailbox.put(Skipped(event))
        else:
            if policy == "latest" and not is_replay:
                self.cancel(event.handler, None, None)
            self._mailbox.put(event, at_once=at_once and (not event.handler if handler is None else handler.is_prompt))

    def cancel(self, name: str, beside: Beside | None, asking: Unit | None) -> None:
        """Stop every event of this handler but the one that asks."""

        def skipped(item: Any) -> Any:
            return Skipped(item) if self._is_open(item, name) else item

        self._mailbox.exchange(skipped)
        units = [self.running, *(beside.running if beside is not None else ())]
        for unit in units:
            is_meant = unit is not None and unit.name == name and (unit.beside or unit.ref > self.shown_ref)
            if is_meant and unit is not None and not _is_part(unit, asking):
                unit.stop()

    def _is_pending(self, name: str) -> bool:
        unit = self.running
        if unit is not None and unit.name == name and not unit.stopped and unit.ref > self.shown_ref:
            return True
        return any(self._is_open(item, name) for item in self._mailbox)

    def _is_open(self, item: Any, name: str) -> bool:
        return isinstance(item, Event) and item.handler == name and item.ref > self.shown_ref


def _is_part(unit: Unit, asking: Unit | None) -> bool:
    return asking is not None and asking.ref == unit.ref != 0
