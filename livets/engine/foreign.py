"""What code of users may raise that is no Exception: SystemExit, KeyboardInterrupt, GeneratorExit, CancelledError.

Coming out of a node such an error is the node's failure, as any other. Done to the task from outside (it was cancelled,
or its coroutine is being closed) it is none, and goes on its way. Used by whoever calls nodes; decides nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from livets.engine.errors import EngineError, Interrupted, NodeError


def is_from_outside(error: BaseException, task: asyncio.Task[Any] | None) -> bool:
    """Return whether `error` was done to `task`, instead of raised by what it runs."""
    if task is None:
        return True
    if isinstance(error, asyncio.CancelledError):
        return task.cancelling() > 0
    return isinstance(error, GeneratorExit) and asyncio.current_task(task.get_loop()) is not task


def as_failure(error: BaseException) -> NodeError:
    """Return the failure that such an error is; its kind is the name of its class, a cancellation's "cancelled".

    >>> failure = as_failure(SystemExit(3))
    >>> failure.kind, str(failure)
    ('SystemExit', 'SystemExit: 3')
    """
    if isinstance(error, asyncio.CancelledError):
        return NodeError("it was cancelled from inside", "cancelled", retryable=False)
    name = type(error).__name__
    return NodeError(f"{name}: {error}" if str(error) else name, name)


async def called(name: str, what: str, method: Callable[..., Awaitable[None]], *args: Any) -> None:
    """Await a method of a node's life; raises EngineError naming node and method, whatever the method raised."""
    task = asyncio.current_task()
    try:
        await method(*args)
    except BaseException as error:
        if isinstance(error, Interrupted) or is_from_outside(error, task):
            raise
        said = str(error) if isinstance(error, Exception) else str(as_failure(error))
        raise EngineError(f"node {name!r} {what}: {said}") from error
