"""Plain functions on a worker: each call in a thread of its own, which can be stopped.

So a function that computes keeps neither the worker's messages nor other nodes waiting. To stop one, an exception is
raised inside it at its next step of Python; one that sits in a call of C (a long sleep, a library) does not notice, and
the Host ends the process when it has waited long enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ctypes
import threading
from collections.abc import Callable
from typing import Any


class Stopped(BaseException):
    """Raised inside a plain function that is to stop; no Exception, so that nothing catches it by accident."""


async def in_thread(call: Callable[[], Any]) -> Any:
    """Return what `call` returns; when this is cancelled, stop the thread and wait until it has ended."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()
    around = contextvars.copy_context()

    def settle(result: Any, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)
        elif isinstance(error, StopIteration):
            done.set_exception(RuntimeError("it raised StopIteration"))
        else:
            done.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))

    def run() -> None:
        try:
            try:
                result, error = around.run(call), None
            except BaseException as raised:  # whatever a node raises is the node's failure
                result, error = None, raised
            loop.call_soon_threadsafe(settle, result, error)
        except Stopped:  # it came when the call had returned already
            loop.call_soon_threadsafe(settle, None, RuntimeError("stopped"))

    thread = threading.Thread(target=run, name="livets node", daemon=True)
    thread.start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        _raise_in(thread)
        while not done.done():  # whoever cancels again: it has not ended before the thread has
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([done])
        done.exception()
        raise


def _raise_in(thread: threading.Thread) -> None:
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stopped))
