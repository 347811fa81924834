"""One process that serves: what `livets dev` and `livets run --workers N` start, and how parent and child talk.

Owns the order a child gets, the lines on the control socket, and serving itself. A child whose parent is gone ends.
Started as `python -m livets.cli ORDER` by `processes`; `run` with one worker calls `serve` directly.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import msgspec
import uvicorn

from livets.app import LiveTS
from livets.cli import handover, logs
from livets.cli.advising import Adviser
from livets.cli.finding import Target
from livets.cli.loading import live_apps, load
from livets.cli.output import Failure
from livets.transport import development
from livets.transport.server import LiveServer, settings


class Order(msgspec.Struct, kw_only=True):
    """What a child is told at its birth; travels as JSON."""

    target: str
    root: str
    origin: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    listener: int | None = None
    """File descriptor of the socket to accept on."""
    control: int | None = None
    """File descriptor of the socket to the parent."""
    dev: bool = False
    graceful_s: float = 10.0
    """From the signal to stop until the process has ended."""
    log_level: str = "info"
    snapshots: str | None = None
    """Development: the file by which one process hands its views to the next."""
    broken: str | None = None
    """Development: do not import the application, show this instead."""
    forwarded_allow_ips: str | None = None
    root_path: str = ""


def main(order: Order) -> None:
    """The life of a child. Ends with exit code 1 when the application can't be loaded (never in development)."""
    began = time.monotonic()
    parent = _Parent(order.control)
    parent.watch()
    try:
        app, failed = _application(order)
    except Failure as failure:
        failure.show()
        parent.tell({"kind": "failed", "message": failure.message})
        raise SystemExit(1) from None
    lives = live_apps(app)
    if order.snapshots is not None and failed is None:
        handover.read(Path(order.snapshots), lives)

    def ready() -> None:
        adviser = Adviser(lives) if order.dev and failed is None else None
        parent.on_message = _listener(lives, asyncio.get_running_loop(), adviser)
        parent.tell({
            "kind": "broken" if failed else "ready",
            "seconds": round(time.monotonic() - began, 3),
            "folders": _folders(lives),
        })  # fmt: skip
        if adviser is not None:
            adviser.look()

    serve(app, lives, order, ready)
    if order.snapshots is not None and failed is None:
        handover.write(Path(order.snapshots), lives)


def serve(app: Any, lives: list[LiveTS], order: Order, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop."""
    for live in lives:
        live.worker.config = replace(live.worker.config, shutdown_s=order.graceful_s / 2)
    more: dict[str, Any] = (
        {} if order.forwarded_allow_ips is None else {"forwarded_allow_ips": order.forwarded_allow_ips}
    )
    config = uvicorn.Config(
        app,
        **settings(order.graceful_s),
        **more,
        host=order.host,
        port=order.port,
        root_path=order.root_path,
        log_config=logs.config(order.log_level, dev=order.dev),
        lifespan="auto",
    )
    listeners = None if order.listener is None else [socket.socket(fileno=order.listener)]
    server = _Server(config, [live.worker for live in lives], ready)

    def stop(_number: int, _frame: Any) -> None:
        server.should_exit = True

    # uvicorn raises the signal that ended it once more when all is done; here there is something to do after that
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run(sockets=listeners)


class _Server(LiveServer):
    """Says when it accepts."""

    def __init__(self, config: uvicorn.Config, workers: Any, ready: Callable[[], None]) -> None:
        super().__init__(config, workers)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


class _Parent:
    """The other end of the control socket; nobody when there is none."""

    def __init__(self, control: int | None) -> None:
        self._socket = None if control is None else socket.socket(fileno=control)
        self.on_message: Callable[[dict[str, Any]], None] = lambda message: None

    def tell(self, message: dict[str, Any]) -> None:
        if self._socket is not None:
            self._socket.sendall(msgspec.json.encode(message) + b"\n")

    def watch(self) -> None:
        """Read in a thread of its own; end the process when the parent is gone."""
        if self._socket is not None:
            threading.Thread(target=self._read, args=(self._socket,), daemon=True, name="livets-control").start()

    def _read(self, control: socket.socket) -> None:
        with control.makefile("rb") as lines:
            for line in lines:
                self.on_message(msgspec.json.decode(line))
        os.kill(os.getpid(), signal.SIGTERM)


def _application(order: Order) -> tuple[Any, development.Failure | None]:
    """The application, or in development what stands in for one that can't be imported."""
    if order.broken is not None:
        failure = development.Failure("The application has ended", order.broken)
        return development.Broken(failure), failure
    try:
        return load(Target(order.target, Path(order.root), order.origin)), None
    except Failure as failure:
        if not order.dev:
            raise
        failure.show()
        shown = development.Failure(failure.message, click.unstyle(failure.detail or failure.hint))
        return development.Broken(shown), shown


def _listener(
    lives: list[LiveTS], loop: asyncio.AbstractEventLoop, adviser: Adviser | None
) -> Callable[[dict[str, Any]], None]:
    """What to do with messages of the parent: files have changed."""
    refreshers = [live.refresher for live in lives if live.refresher is not None]

    def heard(message: dict[str, Any]) -> None:
        paths = [Path(path) for path in message["changed"]]
        for refresher in refreshers:
            loop.call_soon_threadsafe(refresher.changed, paths)
        if adviser is not None:
            adviser.look()

    return heard


def _folders(lives: list[LiveTS]) -> list[str]:
    """What these applications read besides Python."""
    folders = [
        folder for live in lives for folder in (*live.config.templates, live.config.static) if folder is not None
    ]
    return [str(folder.resolve()) for folder in folders if folder.is_dir()]
