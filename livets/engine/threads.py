"""Functions that block (files, drivers, requests) as functions that do not: each call runs in a thread.

The threads are the nodes' own, so that many slow calls do not keep the journal's reads waiting. Used by `@node`.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from livets.engine.errors import EngineError

MAX_THREADS = 64


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_THREADS, "livets-node")


def in_thread(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return an asynchronous function that calls `function` in a thread; raises EngineError when it needs none.

    A call that is cancelled, or has run out of time, is not waited for; its thread goes on unheard until it returns.
    """
    name = getattr(function, "__qualname__", repr(function))
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise EngineError(f"{name} is asynchronous: leave  blocking=True  out")
    if "ctx" in inspect.signature(function).parameters:
        raise EngineError(f"{name} takes ctx, which is not for other threads: make it async, and use asyncio.to_thread")

    def heard(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except StopIteration as error:  # no future can carry it: who waits would never hear of it
            raise RuntimeError(f"{name} raised StopIteration") from error

    @functools.wraps(function)
    async def called(*args: Any, **kwargs: Any) -> Any:
        call = functools.partial(contextvars.copy_context().run, heard, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(_pool(), call)

    return called
