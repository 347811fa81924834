"""How often somebody may ask: a token bucket for each key, in bounded memory.

Pure but for its clock. The guard asks by address of the client; nothing here knows of HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_KEYS = 10_000


class Rates:
    """`per_second` on average and `burst` at once, for each key.

    >>> rates = Rates(per_second=1, burst=2, clock=lambda: 0.0)
    >>> [rates.wait_seconds("a") for _ in range(3)]
    [0.0, 0.0, 1.0]
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second, self.burst = per_second, burst
        self._clock = clock
        self._known: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, key: str) -> float:
        """Take one and return 0, or return how long to wait until there is one."""
        now = self._clock()
        left = self._left(key, now)
        if left < 1:
            return (1 - left) / self.per_second
        if key not in self._known and len(self._known) >= MAX_KEYS:
            self._known = {k: v for k, v in self._known.items() if self._left(k, now) < self.burst}
            while len(self._known) >= MAX_KEYS:
                del self._known[next(iter(self._known))]
        self._known[key] = (left - 1, now)
        return 0.0

    def _left(self, key: str, now: float) -> float:
        left, at = self._known.get(key, (float(self.burst), now))
        return min(float(self.burst), left + (now - at) * self.per_second)
