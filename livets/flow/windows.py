"""Windows over values that flow by: which window a value belongs to, and when a window is over. For the window nodes.

Time is that of the values (the field at `time`, in Unix seconds or as ISO 8601 text) or, without it, that of the clock.
By the values' time a window is over when a value `lateness_s` beyond its end was seen; what comes then is late.
All that is open lives in the node's memory, so that a checkpoint keeps it.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from livets.engine.errors import NodeError
from livets.engine.node import Outputs
from livets.flow.records import MISSING, get
from livets.flow.streaming.context import Incoming, StreamContext
from livets.flow.streaming.inlet import END

Span = tuple[float, float]


def moment(value: Any, path: str) -> float:
    """Return the time of a value in Unix seconds; raises NodeError when there is none at `path`."""
    found = get(value, path, MISSING)
    if isinstance(found, str):
        try:
            when = datetime.datetime.fromisoformat(found)
        except ValueError:
            found = None
        else:
            return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
    if type(found) not in (int, float) or not math.isfinite(found):
        raise NodeError(f"{path!r} holds no time: {value!r:.80}", "input", retryable=False)
    return float(found)


def sliding(at: float, size: float, every: float) -> list[Span]:
    """Return every window of `size` that begins at a multiple of `every` and holds `at`, the earliest first.

    >>> sliding(7.0, 10.0, 5.0)
    [(0.0, 10.0), (5.0, 15.0)]
    """
    number = math.floor(at / every)
    if number * every > at:  # the division was rounded up
        number -= 1
    spans = []
    while number * every + size > at:
        spans.append((number * every, number * every + size))
        number -= 1
    return spans[::-1]


class Windows:
    """The open windows of one node; `spans` says where a value belongs, `gap` joins what touches (sessions)."""

    def __init__(
        self,
        context: StreamContext,
        spans: Callable[[float], list[Span]],
        *,
        time_path: str,
        key_path: str,
        lateness: float,
        joins: bool = False,
    ) -> None:
        self._memory = context.memory
        self._open: dict[str, list[Any]] = self._memory.setdefault("open", {})
        self._memory.setdefault("high", None)
        self._spans, self._joins = spans, joins
        self._time, self._key, self._lateness = time_path, key_path, lateness

    async def run(self, incoming: Incoming) -> AsyncIterator[Outputs]:
        """Read all values and give the windows that are over, by their ends; when nothing more comes, all of them."""
        while True:
            try:
                value = await incoming.get(self._seconds_to_next())
            except TimeoutError:
                value = MISSING
            if value is END:
                break
            if value is not MISSING and not self._take(value):
                yield Outputs(late=value)
            for window in self._over(self._now()):
                yield Outputs(out=window)
        for window in self._over(math.inf):
            yield Outputs(out=window)

    def _now(self) -> float:
        """Up to when everything has come."""
        if not self._time:
            return time.time()
        high = self._memory["high"]
        return -math.inf if high is None else float(high) - self._lateness

    def _seconds_to_next(self) -> float | None:
        """By the clock windows end even when nothing comes."""
        if self._time or not self._open:
            return None
        soonest: float = min(one["end"] for windows in self._open.values() for one in windows)
        return max(0.0, soonest - time.time())

    def _take(self, value: Any) -> bool:
        """Put a value into its windows; False when they are all over already."""
        at = moment(value, self._time) if self._time else time.time()
        key = get(value, self._key) if self._key else None
        now = self._now()
        spans = [span for span in self._spans(at) if span[1] > now or not self._time]
        if not spans:
            return False
        windows = self._open.setdefault(repr(key), [])
        for span in spans:
            self._put(windows, key, span, value)
        if self._time and (self._memory["high"] is None or at > self._memory["high"]):
            self._memory["high"] = at
        return True

    def _put(self, windows: list[Any], key: Any, span: Span, value: Any) -> None:
        start, end = span
        if self._joins:
            touching = [one for one in windows if one["start"] < end and start < one["end"]]
        else:
            touching = [one for one in windows if one["start"] == start]
        items = [item for one in touching for item in one["items"]]
        for one in touching:
            start, end = min(start, one["start"]), max(end, one["end"])
            windows.remove(one)
        windows.append({"key": key, "start": start, "end": end, "items": [*items, value]})

    def _over(self, now: float) -> list[dict[str, Any]]:
        done: list[dict[str, Any]] = []
        for name in list(self._open):
            windows = self._open[name]
            done += [one for one in windows if one["end"] <= now]
            left = [one for one in windows if one["end"] > now]
            if left:
                self._open[name] = left
            else:
                del self._open[name]
        return sorted(done, key=lambda one: (one["end"], one["start"]))
