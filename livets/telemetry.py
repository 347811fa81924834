"""Named moments in the life of a view, for logs, metrics, profilers and fault tests.

The framework calls `mark(name, ...)` at each stage of an event; without listeners that is one
truth test. Listeners are plain functions, run in place: they must be fast and must not raise.
"""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[str, str, int], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Call `listener(name, view_id, ref)` at every mark; returns a function that stops it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def mark(name: str, view_id: str = "", ref: int = 0) -> None:
    """Tell every listener that `view_id` has reached the moment `name` of event `ref`."""
    if _listeners:
        for listener in _listeners:
            listener(name, view_id, ref)
