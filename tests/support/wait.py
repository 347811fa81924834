"""Waiting for a condition with a deadline; tests never sleep and hope."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.02


class TimedOut(AssertionError):
    """The condition did not come true before the deadline."""


def wait_for(condition: Callable[[], T], what: str = "", *, timeout_s: float = 5.0) -> T:
    """Poll `condition` until it returns something true, and return that; raises TimedOut."""
    deadline, pause_s = time.monotonic() + timeout_s, _FIRST_PAUSE_S
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimedOut(_words(what, condition, timeout_s, value))
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
    return value


async def until(condition: Callable[[], T | Awaitable[T]], what: str = "", *, timeout_s: float = 5.0) -> T:
    """`wait_for` on the event loop; `condition` may be a coroutine function."""
    deadline, pause_s = time.monotonic() + timeout_s, _FIRST_PAUSE_S
    while True:
        answer = condition()
        value: T = await answer if inspect.isawaitable(answer) else answer
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(_words(what, condition, timeout_s, value))
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


def _words(what: str, condition: object, timeout_s: float, value: object) -> str:
    name = what or getattr(condition, "__qualname__", repr(condition))
    return f"waited {timeout_s} s in vain for: {name} (last answer: {value!r})"
