"""uvicorn with the settings that livets needs, and pages that are told before their sockets end.

Owns the server's options. uvicorn's defaults take 16 MiB messages, compress every frame and wait without end for a
client that does not read. Called by `LiveTS.run` and `livets.cli`.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from livets.transport.flood_guard import GuardedWebSocket
from livets.transport.http_guard import GuardedH11
from livets.transport.worker import Worker
from livets.wire import limits

_LAST_REQUEST_S: Final = 0.1


class LiveServer(uvicorn.Server):
    """Lets pages move before it closes their sockets; serves any ASGI application with live ones somewhere in it."""

    def __init__(self, config: uvicorn.Config, workers: Sequence[Worker]) -> None:
        super().__init__(config)
        self._workers = workers

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()  # who comes from now on is another worker's
        # a connection that was accepted just now has yet to say what it wants: uvicorn would close it
        await asyncio.gather(asyncio.sleep(_LAST_REQUEST_S), *(worker.move_all() for worker in self._workers))
        await super().shutdown(sockets)


def options(worker: Worker) -> dict[str, Any]:
    """What livets asks of uvicorn for a worker."""
    return settings(worker.config.shutdown_s)


def settings(shutdown_s: float) -> dict[str, Any]:
    """What livets asks of uvicorn; connections get half of `shutdown_s` to end."""
    return {
        "http": _http(),
        "ws": GuardedWebSocket,
        "ws_per_message_deflate": False,
        "ws_max_size": limits.MAX_MESSAGE_BYTES,
        "ws_ping_interval": None,
        "timeout_graceful_shutdown": max(1, int(shutdown_s / 2)),
        "server_header": False,
    }


def _http() -> type[asyncio.Protocol]:
    """The protocol that uvicorn would choose, guarded."""
    try:
        from livets.transport.httptools_guard import GuardedHttpTools
    except ImportError:
        return GuardedH11
    return GuardedHttpTools


def serve(app: ASGIApp, worker: Worker, host: str, port: int, more: Mapping[str, Any]) -> None:
    """Serve until the process is told to stop: by SIGTERM, SIGINT, or SIGHUP (its terminal is gone)."""
    config = uvicorn.Config(app, **{**options(worker), "host": host, "port": port, **more})
    server = LiveServer(config, [worker])

    def stop(_number: int, _frame: Any) -> None:
        server.should_exit = True

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, stop)
    server.run()
