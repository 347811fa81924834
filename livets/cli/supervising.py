"""Several workers on one socket: started, replaced when they die, told to stop together.

Owns the count of workers and the order in which they go. Knows nothing of the application. Called by `run`.
"""

from __future__ import annotations

import signal
import socket
import time

from livets.cli.child import Order
from livets.cli.output import note
from livets.cli.processes import Child, Ended, Queue, Said, Signalled, signals

_STARTS_MAX = 3
"""A worker that dies this often before it has served is not started again."""
_KILL_AFTER_S = 2.0
"""Beyond the graceful time-out."""


class Supervisor:
    """Keeps `count` workers running."""

    def __init__(self, order: Order, listener: socket.socket, count: int) -> None:
        self._order = order
        self._listener = listener
        self._count = count
        self._queue = Queue()
        self._children: list[Child] = []
        self._retiring: list[Child] = []
        """Those that a newer one will replace, in a rolling restart."""
        self._stillborn = 0

    def run(self) -> int:
        """Until a signal; returns the exit code."""
        signals(self._queue, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for _ in range(self._count):
            self._start()
        while self._stillborn < _STARTS_MAX:
            news = self._queue.get()
            if isinstance(news, Signalled) and news.number != signal.SIGHUP:
                return self._stop()
            if isinstance(news, Signalled):
                self._roll()
            elif isinstance(news, Said):
                self._heard(news.child, news.message)
            elif isinstance(news, Ended):
                self._ended(news.child, news.code)
        note("livets", "workers end before they serve: giving up", "red")
        self._stop()
        return 1

    def _start(self) -> None:
        self._children.append(Child(self._order, self._listener, self._queue))

    def _heard(self, child: Child, message: dict[str, object]) -> None:
        if message["kind"] != "ready":
            return
        child.is_ready = True
        self._stillborn = 0
        note("livets", f"worker {child.pid} serves", "green")
        if self._retiring:
            self._retiring.pop(0).stop()
            if self._retiring:
                self._start()

    def _ended(self, child: Child, code: int) -> None:
        if child in self._children:
            self._children.remove(child)
        if child in self._retiring:
            self._retiring.remove(child)
        if child.is_stopping:
            return
        note("livets", f"worker {child.pid} has ended ({_words(code)}); another one starts", "yellow")
        self._stillborn = 0 if child.is_ready else self._stillborn + 1
        if self._stillborn < _STARTS_MAX:
            self._start()

    def _roll(self) -> None:
        """A new worker; when it serves, an old one stops; and so on."""
        if not self._retiring:
            note("livets", "starting every worker anew", "green")
            self._retiring = [child for child in self._children if not child.is_stopping]
            self._start()

    def _stop(self) -> int:
        """All of them, at the same time."""
        for child in self._children:
            child.stop()
        deadline = time.monotonic() + self._order.graceful_s + _KILL_AFTER_S
        late = 0
        for child in self._children:
            left_s = max(0.1, deadline - time.monotonic())
            late += child.wait(left_s) == -signal.SIGKILL
        if late:
            note("livets", f"{late} of {len(self._children)} workers had to be killed", "red")
        return 1 if late else 0


def _words(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
