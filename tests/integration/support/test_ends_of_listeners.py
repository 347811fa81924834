"""What stands before a server gives every connection back when it ends, in whatever state it was.

One that is left open is reported when the collector finds it, as a failure of whichever test runs then.
"""

from __future__ import annotations

import gc
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.support.fault_proxy import FaultProxy
from tests.support.no_upgrade import NoUpgrade
from tests.support.ports import HOST
from tests.support.round_robin import RoundRobin

CONNECTIONS, ROUNDS = 40, 10
Before = Callable[[int], AbstractContextManager[RoundRobin | FaultProxy | NoUpgrade]]


@pytest.fixture
def target() -> Iterator[int]:
    """A port that takes every connection and says nothing."""
    held: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    with socket.create_server((HOST, 0), backlog=200) as server:
        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    for connection in held:
        connection.close()


@pytest.mark.parametrize("before", [lambda port: RoundRobin([port]), FaultProxy, NoUpgrade])
def test_nothing_stays_open(before: Before, target: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of them are being accepted, connected or closed when it ends."""
    lost: list[str] = []
    gc.collect()
    monkeypatch.setattr(sys, "unraisablehook", lambda found: lost.append(f"{found.exc_value}"))
    for number in range(ROUNDS):
        with before(target) as listener:
            clients = [socket.create_connection((HOST, listener.port)) for _ in range(CONNECTIONS)]
            for client in clients[: number * CONNECTIONS // ROUNDS]:
                client.close()
        for client in clients:
            client.close()
    del listener
    gc.collect()
    assert lost == []
