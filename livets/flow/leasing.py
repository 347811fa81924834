"""Who runs what: each runtime with a journal holds a lock for as long as its process lives, and says that it lives.

The kernel gives the lock back the moment the process ends, however it ends; so a run whose process was killed can be
told at once from one that is only quiet. A process that is stopped (SIGSTOP, a debugger) keeps its lock and its runs,
but its beat stops: such a run can be taken over, and the process finds that out before it starts another node.
Runs name their runner in their journal. Called by FlowRuntime; knows nothing of what runs do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import socket
import time
import weakref
from pathlib import Path
from typing import Literal

import msgspec

from livets.engine.errors import EngineError

BEAT_S = 1.0
"""How often a runner says that it lives, and looks whether its runs are still its own."""
SILENT_S = 10.0
"""A runner that has not been heard of for so long may be stopped: its runs can be taken over by who asks for that."""

_OLD_S = 3600.0

_OPEN: weakref.WeakSet[Lease] = weakref.WeakSet()
"""The leases of this process."""


class RunsElsewhere(EngineError):
    """The run is under way, but not here."""


class Holder(msgspec.Struct, frozen=True):
    """Who runs a run: alive, silent (stopped, or too busy to say so; its lock is held), or gone."""

    state: Literal["alive", "silent", "gone"]
    pid: int = 0
    host: str = ""
    silent_s: float = 0.0

    def who(self) -> str:
        """Return the process in words."""
        here = self.host in ("", socket.gethostname())
        return f"process {self.pid}" + ("" if here else f" on {self.host}")


GONE = Holder("gone")


class _About(msgspec.Struct):
    """What a runner's file says."""

    pid: int = 0
    host: str = ""


class Lease:
    """This runtime's own lock in `folder` (None: a journal in memory, which no other process can see)."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.runner = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._file: int | None = None
        self._is_open = True
        _OPEN.add(self)

    def take(self) -> str:
        """Hold the lock from now on, and return the name under which runs are to be recorded."""
        if self.folder is None or self._file is not None:
            return self.runner
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep(self.folder)
        path = self.folder / self.runner
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        os.write(file, msgspec.json.encode(_About(os.getpid(), socket.gethostname())))
        self._file = file
        return self.runner

    def _sweep(self, folder: Path) -> None:
        """Remove what killed processes have left."""
        old = time.time() - _OLD_S
        for entry in os.scandir(folder):
            with contextlib.suppress(FileNotFoundError):
                if entry.stat().st_mtime < old:
                    self.holder(entry.name)

    def beat(self) -> None:
        """Say that this process lives."""
        if self._file is not None:
            os.utime(self._file)

    def close(self) -> None:
        """Give the lock back: what runs here does so no more."""
        self._is_open = False
        if self._file is not None:
            assert self.folder is not None
            (self.folder / self.runner).unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def forget(self) -> None:
        """This is a copy of the process (fork): the lock is the other's, and must not outlive it here."""
        self._is_open = False
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def holder(self, runner: str | None) -> Holder:
        """Return how it stands with a runner; one that runs of older versions do not name is gone."""
        if not runner or "/" in runner:
            return GONE
        if self.folder is None:
            alive = any(one._is_open and one.runner == runner for one in list(_OPEN))
            return Holder("alive", os.getpid()) if alive else GONE
        path = self.folder / runner
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return GONE
        try:
            return self._looked_at(path, file)
        finally:
            os.close(file)

    @staticmethod
    def _looked_at(path: Path, file: int) -> Holder:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            silent = max(0.0, time.time() - os.fstat(file).st_mtime)
            about = _About()
            with contextlib.suppress(msgspec.MsgspecError):
                about = msgspec.json.decode(os.pread(file, 4096, 0), type=_About)
            state: Literal["alive", "silent"] = "silent" if silent > SILENT_S else "alive"
            return Holder(state, about.pid, about.host, silent)
        with contextlib.suppress(OSError):  # nobody holds it, and nobody will: runners have new names
            path.unlink(missing_ok=True)
        return GONE

    def check_free(self, run: str, runner: str | None, *, take_over: bool) -> None:
        """Raise RunsElsewhere unless the runner is gone; or silent, and its run is to be taken over."""
        holder = self.holder(runner)
        if holder.state == "gone" or (holder.state == "silent" and take_over):
            return
        if holder.state == "silent":
            raise RunsElsewhere(
                f"run {run!r} belongs to {holder.who()}, which lives, but has been silent for "
                f"{holder.silent_s:.0f} s (stopped, or kept busy by a node): end it, or take the run over "
                "(livets flow resume --take-over; force in the HTTP API)"
            )
        raise RunsElsewhere(f"run {run!r} is running in {holder.who()}: cancel it first, or let it end")


def _forked() -> None:
    for lease in list(_OPEN):
        lease.forget()


os.register_at_fork(after_in_child=_forked)
