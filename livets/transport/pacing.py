"""How fast one socket's events are taken: a token bucket, and the queue of those that came too fast (D8).

Owns the order of a socket's events, and of its heals, each of which costs a whole block. It never loses one and never
delays anything else: acks wait with their events, heartbeats do not. Called by `dialogue`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from livets.config import Config
from livets.transport.resident import Resident
from livets.wire import Event, Heal, limits


class Owner(Protocol):
    """Who deals with events (`dialogue.Dialogue`)."""

    def accept(self, resident: Resident, event: Event | Heal) -> None:
        """An event has its turn; must not raise."""


class Pacing:
    """The events of one socket, in order and not too fast."""

    __slots__ = ("_at_s", "_burst", "_owner", "_per_s", "_timer", "_tokens", "_waiting")

    def __init__(self, config: Config, owner: Owner) -> None:
        self._per_s = limits.EVENTS_PER_S if config.events_per_s is None else config.events_per_s
        burst = limits.EVENTS_BURST if config.events_burst is None else config.events_burst
        self._burst = self._tokens = float(max(burst, limits.OUTBOX_WINDOW))
        self._owner = owner
        self._at_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: deque[tuple[Resident, Event | Heal]] | None = None

    @property
    def waiting(self) -> int:
        """How many events came too fast."""
        return len(self._waiting) if self._waiting else 0

    def put(self, resident: Resident, event: Event | Heal, now_s: float) -> None:
        """Deal with an event now, or when it is its turn."""
        if self._waiting is None and self._has_token(now_s):
            self._owner.accept(resident, event)
            return
        if self._waiting is None:
            self._waiting = deque()
            self._wait()
        self._waiting.append((resident, event))

    def stop(self) -> None:
        """The socket is gone; the browser still has what waits, and sends it again."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting = self._timer = None

    def _has_token(self, now_s: float) -> bool:
        self._tokens = min(self._burst, self._tokens + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def _wait(self) -> None:
        seconds = (1.0 - self._tokens) / self._per_s
        self._timer = asyncio.get_running_loop().call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        now_s = asyncio.get_running_loop().time()
        while self._waiting and self._has_token(now_s):
            self._owner.accept(*self._waiting.popleft())
        if self._waiting:
            self._wait()
        elif self._waiting is not None:
            self._waiting = self._timer = None
