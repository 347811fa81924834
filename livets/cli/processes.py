"""Child processes that serve: started on one listening socket, heard, told, stopped.

Owns the socket, the children and their control lines. Decides nothing about when to start or stop: `dev` and
`supervising` do. Messages, ends and signals all arrive in one queue.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import msgspec

from livets.cli.child import Order
from livets.cli.output import Failure

_CHECKOUT = str(Path(__file__).parents[2])


class Said(NamedTuple):
    """A line of a child."""

    child: Child
    message: dict[str, Any]


class Ended(NamedTuple):
    """A child is no more."""

    child: Child
    code: int
    """Its exit code; negative: the signal that killed it."""


class Signalled(NamedTuple):
    """Somebody wants this process to stop or to do something."""

    number: int


class Changed(NamedTuple):
    """Files were edited."""

    paths: frozenset[Path]


News = Said | Ended | Signalled | Changed
Queue = SimpleQueue[News]


class Child:
    """A running process; everything it says goes to the queue."""

    def __init__(self, order: Order, listener: socket.socket, queue: Queue) -> None:
        ours, theirs = socket.socketpair()
        order = msgspec.structs.replace(order, listener=listener.fileno(), control=theirs.fileno())
        environment = {**os.environ, "PYTHONPATH": _with_checkout(os.environ.get("PYTHONPATH", ""))}
        if order.dev:
            environment["LIVETS_DEV"] = "1"
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "livets.cli", msgspec.json.encode(order).decode()],
            pass_fds=(listener.fileno(), theirs.fileno()),
            env=environment,
        )
        theirs.close()
        self._control = ours
        self._queue = queue
        self.is_ready = False
        self.is_stopping = False
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def tell(self, **message: Any) -> None:
        """A line to the child; one that is about to end does not hear it."""
        try:
            self._control.sendall(msgspec.json.encode(message) + b"\n")
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.EBADF):
                raise

    def stop(self) -> None:
        """Ask it to end in order."""
        self.is_stopping = True
        self._process.terminate()

    def wait(self, timeout_s: float) -> int:
        """Until it has ended; after `timeout_s` it is killed."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _listen(self) -> None:
        try:
            with self._control.makefile("rb") as lines:
                for line in lines:
                    self._queue.put(Said(self, msgspec.json.decode(line)))
        except (OSError, msgspec.DecodeError):
            pass  # it died while it spoke
        self._queue.put(Ended(self, self._process.wait()))


def listen(host: str, port: int) -> socket.socket:
    """The socket that all children accept on. Raises Failure when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        hint = "stop the other program, or choose another port: --port 8001" if error.errno == errno.EADDRINUSE else ""
        raise Failure(f"can't listen on {host}:{port}: {error.strerror}", hint) from None
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def signals(queue: Queue, *numbers: signal.Signals) -> None:
    """Put these signals into the queue instead of dying of them."""
    for number in numbers:
        signal.signal(number, lambda number, _frame: queue.put(Signalled(number)))


def _with_checkout(path: str) -> str:
    """PYTHONPATH by which a child finds the very livets that runs here, also one that is not installed."""
    parts = [part for part in path.split(os.pathsep) if part]
    return os.pathsep.join(parts if _CHECKOUT in parts else [*parts, _CHECKOUT])
