"""A view's timers on the event loop: they follow what `System.notes.timers` says (D9).

It owns the loop's handles, never the timers themselves and never a handler: when one is due it tells the runner. Made
and called by `world`.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from livets.live.system import Timer


class Owner(Protocol):
    """Who is told (`runner.ViewRunner`)."""

    def due(self, timer: int) -> None:
        """A timer rings."""


class Timers:
    """The running timers of one view."""

    __slots__ = ("_handles", "_owner", "_started")

    def __init__(self, owner: Owner, *, runs: bool) -> None:
        """`runs`: there has been a join."""
        self._owner = owner
        self._handles: dict[int, asyncio.TimerHandle] | None = None
        self._started = runs

    def start(self, wanted: dict[int, Timer]) -> None:
        """Timers run from the first join on, so that pages nobody looks at cost nothing."""
        self._started = True
        self.follow(wanted)

    def follow(self, wanted: dict[int, Timer]) -> None:
        """Make what runs equal to what is wanted."""
        if not self._started or not (wanted or self._handles):
            return
        if self._handles is None:
            self._handles = {}
        for number in [number for number in self._handles if number not in wanted]:
            self._handles.pop(number).cancel()
        loop = asyncio.get_running_loop()
        for number, timer in wanted.items():
            if number not in self._handles:
                delay_s = max(0.0, timer.due - time.time())
                self._handles[number] = loop.call_later(delay_s, self._fire, number)

    def stop(self) -> None:
        """Cancel all; the notes keep them for a restore."""
        self.follow({})
        self._started = False

    def _fire(self, number: int) -> None:
        # The handle stays until `handled`, so that a slow view does not gather ticks.
        self._owner.due(number)

    def handled(self, number: int) -> None:
        """The tick was worked off; the next `follow` starts the timer anew, if it is still wanted."""
        if self._handles is not None:
            self._handles.pop(number, None)


def advance(timer: Timer, now: float) -> bool:
    """Set a repeating timer to its next moment after `now`, leaving out those missed; False if it does not repeat."""
    if timer.interval_s is None:
        return False
    missed = max(0.0, now - timer.due) // timer.interval_s
    timer.due += (missed + 1) * timer.interval_s
    return True
