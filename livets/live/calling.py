"""Calling application code: async in place, plain functions in a thread, neither of them for ever.

It owns the time limits and the development warning about handlers that block the loop. It never catches what
application code raises, except that a cancelled await inside a handler counts as a failure of that handler.
Called by the runner for every hook and handler.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import time
import types
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from typing import Any

from livets.live.threads import HandlerThreads

HANDLER_TIMEOUT_S = 30.0
"""An async handler that runs longer is cancelled and rolled back."""
BLOCKING_WARNING_S = 0.1
"""In development: an async handler that computes this long without awaiting holds up every other view."""

_threads = HandlerThreads()
_log = logging.getLogger("livets")


class HandlerTimeout(Exception):
    """An async handler ran longer than HANDLER_TIMEOUT_S."""


async def call(
    function: Callable[..., Any],
    args: Sequence[Any] = (),
    named: Mapping[str, Any] | None = None,
    *,
    dev: bool = False,
    timeout_s: float | None = None,
    is_async: bool | None = None,
) -> Any:
    """The result of `function(*args, **named)`, awaited or computed in a thread.

    `timeout_s`: None means HANDLER_TIMEOUT_S. `is_async`: whether it is an async function, if the caller knows.
    Raises HandlerTimeout and whatever the function raises.
    """
    named = named or {}
    limit_s = HANDLER_TIMEOUT_S if timeout_s is None else timeout_s
    deadline: asyncio.Timeout | None = None
    try:
        if not (inspect.iscoroutinefunction(function) if is_async is None else is_async):
            context = contextvars.copy_context()
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(_threads, context.run, _plain, function, args, named)
            if not inspect.isawaitable(result):
                return result
            coroutine = _await(result)
        else:
            coroutine = function(*args, **named)
        if dev:
            coroutine = _watched(coroutine, getattr(function, "__qualname__", repr(function)))
        try:
            # In this very task; a handler that never waits needs no clock.
            awaited = coroutine.send(None)
        except StopIteration as stop:
            return stop.value
        async with asyncio.timeout(limit_s) as deadline:
            return await rest_of(coroutine, awaited)
    except TimeoutError:
        if deadline is None or not deadline.expired():
            raise
        raise HandlerTimeout(
            f"{getattr(function, '__qualname__', function)} was cancelled after {limit_s:g} seconds and taken back: "
            f"a handler holds its view, so do long work in a task of its own and call `await self.update()` there"
        ) from None
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise RuntimeError("something that the handler awaited was cancelled") from error
    except SystemExit as error:
        raise RuntimeError("the handler called sys.exit(), which would have ended the whole server") from error


def _plain(function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What a thread does. A StopIteration can't leave it: its future would never be done, and the view never free."""
    try:
        return function(*args, **named)
    except StopIteration as error:
        raise RuntimeError("the handler raised StopIteration; next() takes a second argument for the end") from error


async def _await(result: Any) -> Any:
    return await result


@types.coroutine
def rest_of(coroutine: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    """What is left of a coroutine whose first step has been done, and waits for `awaited`."""
    send: Callable[[Any], Any] = coroutine.send
    while True:
        try:
            value: Any = yield awaited
            send = coroutine.send
        except BaseException as error:
            value, send = error, coroutine.throw
        try:
            awaited = send(value)
        except StopIteration as stop:
            return stop.value


async def _watched(coroutine: Coroutine[Any, Any, Any], name: str) -> Any:
    return await _steps(coroutine, name)


@types.coroutine
def _steps(coroutine: Coroutine[Any, Any, Any], name: str) -> Generator[Any, Any, Any]:
    """Drive a coroutine step by step and warn about a step that takes long."""
    send: Callable[[Any], Any] = coroutine.send
    value: Any = None
    while True:
        started = time.perf_counter()
        try:
            yielded = send(value)
        except StopIteration as stop:
            return stop.value
        finally:
            took_s = time.perf_counter() - started
            if took_s > BLOCKING_WARNING_S:
                _log.warning(
                    "%s blocked the event loop for %.0f ms: no other view of this process could do anything. "
                    "Make it a plain `def` (it then runs in a thread) or await what takes long.",
                    name,
                    took_s * 1000,
                )
        try:
            value = yield yielded
            send = coroutine.send
        except BaseException as error:
            value, send = error, coroutine.throw
