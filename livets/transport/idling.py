"""Views that nothing has happened to for a while sleep, and wake when something does (ADR 0011).

Owns the clock of quiet, and how many are put to sleep or woken in one turn of the event loop: a broadcast to thousands
that sleep must not hold up those who click. What sleep is, is `live`'s business. Called by `sweeper` and `worker`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

from livets.presence import PresenceChange
from livets.pubsub import Message
from livets.transport.registry import Registry
from livets.transport.resident import Resident

_TURN_S: Final = 0.005
"""So long at a time; then others have their turn."""
_LOOKS: Final = 10
"""In each quiet time views are looked at about so often."""


class Idling:
    """Who of one worker's views sleeps."""

    def __init__(self, registry: Registry, idle_after_s: float) -> None:
        """`idle_after_s`: how long nothing happens to a view before it sleeps; 0: none ever does."""
        self._registry = registry
        self._idle_after_s = idle_after_s
        self._looked_s = 0.0
        self._tired: deque[Resident] = deque()
        self._called: deque[Resident] = deque()
        self._task: asyncio.Task[None] | None = None

    def look(self, now_s: float) -> None:
        """Find those that have been quiet for long enough, and put them to sleep soon. `now_s`: of the event loop."""
        if not self._idle_after_s or now_s - self._looked_s < self._idle_after_s / _LOOKS:
            return
        self._looked_s = now_s
        for resident in self._registry.on_sockets():
            if resident.asleep is not None:
                continue
            if resident.runner.is_stirred:
                resident.quiet_since_s = now_s
            elif now_s - resident.quiet_since_s >= self._idle_after_s:
                resident.quiet_since_s = now_s  # who can't sleep now is asked again after as long
                self._tired.append(resident)
        self._work_soon()

    def deliver(self, resident: Resident, name: str, message: Message) -> None:
        """A message for a view; one that sleeps hears it when its turn to wake has come."""
        if resident.asleep is None:
            resident.runner.deliver(name, message)
        else:
            resident.asleep.deliver(name, message)
            self._call(resident)

    def present(self, resident: Resident, handler: str, topic: str, change: PresenceChange) -> None:
        """The same for people who come and go."""
        if resident.asleep is None:
            resident.runner.present(handler, topic, change)
        else:
            resident.asleep.present(handler, topic, change)
            self._call(resident)

    @property
    def is_busy(self) -> bool:
        """Whether somebody is still to be woken or put to sleep."""
        return self._task is not None

    def stop(self) -> None:
        """Nobody falls asleep any more, and nobody is woken but by asking for the view."""
        if self._task is not None:
            self._task.cancel()

    def _call(self, resident: Resident) -> None:
        if not resident.is_called:
            resident.is_called = True
            self._called.append(resident)
            self._work_soon()

    def _work_soon(self) -> None:
        if self._task is None and (self._called or self._tired):
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        """Waking goes before putting to sleep."""
        try:
            while self._called or self._tired:
                ends_s = time.monotonic() + _TURN_S
                self._next()
                while (self._called or self._tired) and time.monotonic() < ends_s:
                    self._next()
                await asyncio.sleep(0 if self._called else _TURN_S)
        finally:
            self._task = None

    def _next(self) -> None:
        resident = (self._called or self._tired).popleft()
        if self._registry.find(resident.view_id) is not resident:
            return  # it is on its way elsewhere, or to its end
        if resident.is_called:
            resident.wake()
        elif resident.page is not None and resident.sleep(self._idle_after_s):
            self._set_alarm(resident)

    def _set_alarm(self, resident: Resident) -> None:
        due = None if resident.asleep is None else resident.asleep.due
        if due is not None:
            wait_s = max(0.0, due - time.time())
            resident.alarm = asyncio.get_running_loop().call_later(wait_s, self._call, resident)
