"""Forks uvicorn workers from a process in which the libraries are loaded already (a restart then takes ~50 ms).

Run as `python -m tests.support.worker_nursery APP`; commands come on standard input, one a line, and end with it:
    start <tab> PORT <tab> LOGFILE        answers `started PORT PID`
and every death is reported as `ended PORT PID STATUS`. The application module itself is imported in the worker,
never here: random ids made at import must differ between workers.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
_PRELOADED = (
    "uvicorn", "uvicorn.protocols.websockets.websockets_sansio_impl",
    "uvicorn.protocols.http.auto", "uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.on",
    "uvicorn.loops.auto", "uvloop", "starlette.applications", "starlette.routing", "starlette.websockets",
    "starlette.staticfiles", "redis.asyncio", "jinja2.ext", "msgspec",
    "cryptography.hazmat.primitives.ciphers.aead",
    "livets.app", "livets.transport.server", "livets.transport.httptools_guard",  # `livets` alone loads next to nothing
)  # fmt: skip


def main(app: str) -> None:
    """Serve commands until standard input ends."""
    for name in _PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    workers: dict[int, int] = {}
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    print("ready", flush=True)
    rest = b""
    while True:
        readable, _, _ = select.select([0, wake_read], [], [])
        if wake_read in readable:
            os.read(wake_read, 4096)
            _reap(workers)
        if 0 in readable:
            received = os.read(0, 65536)
            if not received:
                break
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                _, port, log = line.decode().split("\t")
                pid = _fork(app, int(port), log)
                workers[pid] = int(port)
                print(f"started {port} {pid}", flush=True)
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _reap(workers: dict[int, int]) -> None:
    while workers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        print(f"ended {workers.pop(pid, 0)} {pid} {os.waitstatus_to_exitcode(status)}", flush=True)


def _fork(app: str, port: int, log: str) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        _serve(app, port, log, parent)
    finally:
        os._exit(70)


def _serve(app: str, port: int, log: str, parent: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    module, _, name = app.partition(":")
    application = getattr(importlib.import_module(module), name)
    options: dict[str, Any] = {"host": "127.0.0.1", "port": port, "log_level": "info", "access_log": False}
    if hasattr(application, "run"):  # a LiveTS knows how it wants to be served
        application.run(**options)
    else:
        import uvicorn

        uvicorn.run(application, **options)


if __name__ == "__main__":
    main(sys.argv[1])
