"""Serves the API over workflows with uvicorn, and stops in order: streams end, runs stay as they are in the journal.

One process: a second server on the same journal is refused, by a lock that a kill gives back. Called by `livets flow
serve`; knows nothing of the terminal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn

from livets.api.flow.app import FlowApi
from livets.engine.errors import EngineError


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the place of the one server on this journal; raises EngineError when another has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError(f"another server serves {folder} already: stop it, or choose another --folder") from None
        yield
    finally:
        os.close(file)


class Server(uvicorn.Server):
    """Lets open event streams end as soon as a signal asks it to stop; calls `ready` when it accepts."""

    def __init__(self, app: FlowApi, graceful_s: float, log_config: dict[str, Any], ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            lifespan="on",
            log_config=log_config,
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=65_536,
            ws_per_message_deflate=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=max(1, round(graceful_s)),
            limit_concurrency=2000,
            h11_max_incomplete_event_size=65_536,
        )
        super().__init__(config)
        self._service, self._ready = app.service, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A signal asks it to stop; the second one does not wait."""
        self._service.closing.set()
        super().handle_exit(sig, frame)

    async def serve_on(self, listener: socket.socket) -> None:
        """Serve until a signal; returns when all is over."""

        def again(_number: int, _frame: Any) -> None:
            """uvicorn raises the signal once more when it has ended: there is more to do then."""

        before = {number: signal.signal(number, again) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            await self.serve(sockets=[listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
