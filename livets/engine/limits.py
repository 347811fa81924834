"""How many at once, and how often: slots for a run and a process, named pools, token buckets.

A limit never polls: who cannot have a place leaves a callback, and is called when one is free (or, for a rate, due).
Shared by runs within one event loop.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from typing import Protocol

Callback = Callable[[], None]


class Slots:
    """At most `limit` holders at once; with a `parent`, its limit holds too. First come, first served.

    >>> slots = Slots(1)
    >>> slots.take(), slots.take()
    (True, False)
    """

    __slots__ = ("_waiting", "free", "limit", "parent")

    def __init__(self, limit: int, parent: Slots | None = None) -> None:
        if limit < 1:
            raise ValueError(f"a limit of {limit} lets nothing run: it is 1 or more")
        self.limit = self.free = limit
        self.parent = parent
        self._waiting: deque[Callback] = deque()

    def take(self) -> bool:
        """Take a slot if there is one."""
        if self.free and (self.parent is None or self.parent.take()):
            self.free -= 1
            return True
        return False

    def wait(self, callback: Callback) -> None:
        """Have `callback` called once when a slot may be free; asking twice is asking once."""
        if self.free and self.parent is not None:
            self.parent.wait(callback)
        elif callback not in self._waiting:
            self._waiting.append(callback)

    def forget(self, callback: Callback) -> None:
        """Do not call `callback` any more."""
        if callback in self._waiting:
            self._waiting.remove(callback)
        if self.parent is not None:
            self.parent.forget(callback)

    @property
    def contended(self) -> bool:
        """True when others wait for a slot."""
        return bool(self._waiting) or (self.parent is not None and self.parent.contended)

    def release(self) -> None:
        """Give a slot back; the one who waited longest is called."""
        self.free += 1
        if self.parent is not None:
            self.parent.release()
        while self.free and self._waiting:  # one who was called may need no slot any more: then it is the next one's
            self._waiting.popleft()()


class Limiter(Protocol):
    """What a node must get before it may run, and gives back afterwards."""

    def take(self) -> bool:
        """Take a place if there is one."""

    def give_back(self, *, unused: bool) -> None:
        """Return the place; `unused` when the node did not run after all."""

    def wait(self, callback: Callback, priority: int) -> None:
        """Have `callback` called once when it is worth trying again, small priorities first."""

    @property
    def idle(self) -> bool:
        """True when it may be forgotten: a new one would be as good."""


class Pool:
    """At most `limit` nodes at once among all that name this pool, whatever run they belong to."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a pool of {limit} lets nothing run: it is 1 or more")
        self.limit = self.free = limit
        self._waiting: list[tuple[int, int, Callback]] = []
        self._order = itertools.count()

    @property
    def idle(self) -> bool:
        """True when nobody has a place or waits for one: then it may be forgotten."""
        return self.free == self.limit and not self._waiting

    def take(self) -> bool:
        if self.free:
            self.free -= 1
            return True
        return False

    def give_back(self, *, unused: bool) -> None:
        self.free += 1
        if self._waiting:
            heapq.heappop(self._waiting)[2]()

    def wait(self, callback: Callback, priority: int) -> None:
        heapq.heappush(self._waiting, (priority, next(self._order), callback))


class RateLimit:
    """`per_second` starts on average, `burst` at once; a token bucket on the event loop's clock."""

    def __init__(self, per_second: float, burst: int = 1) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError("a rate is more than 0 a second, and a burst 1 or more")
        self.per_second = per_second
        self.burst = burst
        self._tokens = float(burst)
        self._at: float | None = None
        self._waiting: list[tuple[int, int, Callback]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """True when all of its burst is there and nobody waits: then it may be forgotten."""
        self._fill()
        return self._tokens >= self.burst and not self._waiting

    def _fill(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._at is not None:
            self._tokens = min(float(self.burst), self._tokens + (now - self._at) * self.per_second)
        self._at = now

    def take(self) -> bool:
        self._fill()
        if self._tokens >= 1 - 1e-9:
            self._tokens -= 1
            return True
        return False

    def give_back(self, *, unused: bool) -> None:
        if unused:
            self._tokens += 1
            self._call()

    def wait(self, callback: Callback, priority: int) -> None:
        heapq.heappush(self._waiting, (priority, next(self._order), callback))
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None and self._waiting:
            self._fill()
            delay = max(0.0, (1 - self._tokens) / self.per_second)
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        self._timer = None
        self._call()
        self._set_timer()

    def _call(self) -> None:
        self._fill()
        for _ in range(int(self._tokens + 1e-9)):
            if self._waiting:
                heapq.heappop(self._waiting)[2]()


def take_all(limiters: tuple[Limiter, ...]) -> Limiter | None:
    """Take a place of each, or of none; returns the limiter that had none free."""
    for place, limiter in enumerate(limiters):
        if not limiter.take():
            for taken in limiters[:place]:
                taken.give_back(unused=True)
            return limiter
    return None
