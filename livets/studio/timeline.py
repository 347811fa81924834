"""When each node ran: bars over seconds since the run began, in the order in which the nodes started. Pure.

Bars are measured in seconds, so that only the width of the whole changes while time goes on, and the bars of what runs.
"""

from __future__ import annotations

import time
from urllib.parse import quote

import msgspec

from livets.studio.history import History
from livets.studio.wording import duration

ROWS = 300
"""Bars that are drawn at most: those of the nodes that started first."""
ROW_HEIGHT = 26.0


class Bar(msgspec.Struct, frozen=True):
    """One node's time, in seconds from the beginning of the run."""

    id: str
    query: str
    y: float
    start: float
    length: float
    state: str
    took: str


class Tick(msgspec.Struct, frozen=True):
    """A mark on the scale; `place` in percent of the whole."""

    place: float
    label: str


def bars_of(history: History, now: float | None = None) -> list[Bar]:
    """Return the bars of all nodes that have started, earliest first."""
    now = history.ended or now or time.time()
    started = sorted((node for node in history.nodes.values() if node.started), key=lambda one: one.attempts[0].started)
    bars = []
    for number, node in enumerate(started[:ROWS]):
        start = node.attempts[0].started
        length = max(0.0, (node.ended or now) - start)
        y = number * ROW_HEIGHT
        query = quote(node.path, safe="")
        begun = round(start - history.began, 3)
        bars.append(Bar(node.path, query, y, begun, max(0.001, round(length, 3)), node.state, duration(length)))
    return bars


def span_of(history: History, now: float | None = None) -> float:
    """Return how many seconds the whole is, never 0; it grows in steps, so that marks stand still for a while."""
    seconds = max(0.05, (history.ended or now or time.time()) - history.began)
    if history.ended:
        return round(seconds * 1.02, 3)
    step: float = 10.0 ** (len(str(int(seconds))) - 1) if seconds >= 1 else 0.1
    return round((int(seconds / step) + 1) * step, 3)


def ticks_of(span: float) -> list[Tick]:
    """Return the marks of a scale of `span` seconds.

    >>> [tick.label for tick in ticks_of(2.0)]
    ['0 ms', '500 ms', '1.0 s', '1.5 s']
    """
    return [Tick(place, duration(span * place / 100)) for place in (0.0, 25.0, 50.0, 75.0)]
