"""The threads in which plain handlers run: so many that slow ones hold up nobody else, and none outlives the server.

Owns the threads. Python's own pools join theirs at the end of the process, so that one handler which never returns
would keep a worker from ending; these end with it. Called by `calling`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MOST: Final = 64
"""Plain handlers that run at once in a process; asyncio's own pool has a few more than there are cores."""


class HandlerThreads(Executor):
    """A pool of daemon threads that are made as they are needed."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._count = 0

    def submit(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> Future[T]:
        """Run `function` in a thread, as soon as one is free.

        >>> HandlerThreads().submit(max, 1, 2).result()
        2
        """
        future: Future[T] = Future()
        self._work.put((future, lambda: function(*args, **named)))
        if not self._idle.acquire(blocking=False):
            with self._lock:
                if self._count < self._most:
                    self._count += 1
                    threading.Thread(target=self._run, name=f"livets-handler-{self._count}", daemon=True).start()
        return future

    def _run(self) -> None:
        while True:
            self._next()
            self._idle.release()

    def _next(self) -> None:
        """One piece of work; nothing of it is held while the thread waits for the next."""
        future, call = self._work.get()
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)
