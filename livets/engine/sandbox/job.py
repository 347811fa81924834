"""One job of the sandbox, seen from our side: its files, what it says within limits, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Callable
from typing import Any

import msgspec

from livets.engine.errors import EngineError, NodeError
from livets.engine.sandbox.limits import MB, Limits
from livets.engine.sandbox.nursery import Nursery

_READ_BYTES = 1 << 18
_MAX_REPORT = 1 << 16
_GONE_S = 5.0
"""So long after the end of a job its pipes are waited for."""
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


_FINAL = frozenset(
    {"memory", "cpu", "output", "work", "processes", "forbidden", "input", "template", "limit", "fuel", "trap", "wasm"}
)
"""Kinds of faults that would only come again."""


class Outcome(msgspec.Struct, frozen=True):
    """How a job ended: `code` is its exit code, or minus the signal that killed it."""

    code: int
    stdout: bytes
    stderr: bytes
    answer: bytes
    seconds: float
    cpu_s: float
    peak_bytes: int


class SandboxFault(NodeError):
    """A job that failed. `kind`: a limit ("timeout", "memory", "cpu", "output", "work", "processes"), "killed",
    "forbidden" (layers are missing), "sandbox" (it could not be run), or what the task says.

    `outcome` is there when the job ran, `trace` when the code raised.
    """

    def __init__(self, message: str, kind: str, outcome: Outcome | None = None, trace: str = "") -> None:
        super().__init__(message, kind, retryable=kind not in _FINAL)
        self.outcome, self.trace = outcome, trace


class _Report(msgspec.Struct):
    reason: str = ""
    message: str = ""
    status: int = 0
    cpu_s: float = 0.0
    peak_bytes: int = 0


class _Reading:
    """What comes out of a pipe, up to `limit` bytes; then `full` is called and the rest is dropped."""

    def __init__(self, file: int, limit: int, full: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._file, self._limit, self._full = file, limit, full
        self.data = bytearray()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(file, False)
        self._loop.add_reader(file, self._ready)

    def _ready(self) -> None:
        try:
            data = os.read(self._file, _READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self.close()
        elif len(self.data) + len(data) > self._limit:
            self.data += data[: self._limit - len(self.data)]
            self._full()
        else:
            self.data += data

    def close(self) -> None:
        """Stop reading."""
        if not self.ended.done():
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self.ended.set_result(None)


class Job:
    """One job; `run` is called once."""

    def __init__(
        self, spec: dict[str, Any], request: dict[str, Any], blob: bytes, stdin: bytes, limits: Limits
    ) -> None:
        self._spec, self._limits = spec, limits
        try:
            plain = msgspec.json.encode(request)
        except (TypeError, OverflowError, UnicodeError, RecursionError) as error:
            raise SandboxFault(f"its input cannot be said in JSON: {error}", "input") from None
        self._request = f"{len(plain)}\n".encode() + plain + blob
        self._stdin = stdin
        self._leash = -1
        self._too_much = False

    async def run(self, nursery: Nursery) -> Outcome:
        """Have it done by `nursery`; raises SandboxFault. When this call is cancelled, no process of it is left."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        readings = await self._begin(nursery)
        stdout, stderr, answer, report = readings
        try:
            await _all_ended([report])
            await _all_ended(readings, _GONE_S)
        except asyncio.CancelledError:
            self._let_go()
            await _all_ended([report], _GONE_S)
            raise
        finally:
            self._let_go()
            for reading in readings:
                reading.close()
        told = (
            msgspec.json.decode(report.data, type=_Report) if report.data else _Report("sandbox", "its guard is gone")
        )
        outcome = Outcome(
            code=os.waitstatus_to_exitcode(told.status),
            stdout=bytes(stdout.data),
            stderr=bytes(stderr.data),
            answer=bytes(answer.data),
            seconds=loop.time() - began,
            cpu_s=told.cpu_s,
            peak_bytes=told.peak_bytes,
        )
        self._judge(told, outcome)
        return outcome

    async def _begin(self, nursery: Nursery) -> list[_Reading]:
        """Open the files of the job, keep our ends, hand over the others."""
        theirs: list[int] = []
        ours: list[int] = []
        try:
            theirs.append(_sealed(self._request))
            theirs.append(_sealed(self._stdin))
            for _ in range(3):
                _pipe(ours, theirs)
            leash, self._leash = os.pipe()
            theirs.append(leash)
            _pipe(ours, theirs)
            await nursery.send(self._spec, theirs)
        except BaseException as error:
            self._let_go()
            for file in ours:
                os.close(file)
            if isinstance(error, OSError | EngineError):
                raise SandboxFault(str(error), "sandbox") from error
            raise
        finally:
            for file in theirs:
                os.close(file)
        most = int(self._limits.output_mb * MB)
        sizes = (most, most, most, _MAX_REPORT)
        return [_Reading(file, size, self._full) for file, size in zip(ours, sizes, strict=True)]

    def _full(self) -> None:
        self._too_much = True
        self._let_go()

    def _let_go(self) -> None:
        """Let go of the leash: the guard ends every process of the job at once."""
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1

    def _judge(self, told: _Report, outcome: Outcome) -> None:
        """Raise what the guard found, or what the kernel's signals mean."""
        limits = self._limits
        said = {
            "timeout": f"it was not done after {limits.seconds:g} seconds",
            "memory": f"its processes together needed more than {limits.memory_mb} MB",
            "processes": f"it had more than {limits.processes} processes",
            "work": f"its files took more than {limits.work_mb} MB",
        }
        if self._too_much:
            raise SandboxFault(f"it said more than {limits.output_mb:g} MB", "output", outcome)
        if told.reason in said:
            raise SandboxFault(said[told.reason], told.reason, outcome)
        if told.reason:
            raise SandboxFault(f"it could not be run: {told.message or told.reason}", "sandbox", outcome)
        used_up = outcome.cpu_s >= int(limits.cpu_s + 0.999) - 0.1
        if outcome.code == -signal.SIGXCPU or (outcome.code == -signal.SIGKILL and used_up):
            raise SandboxFault(f"it needed more than {limits.cpu_s:g} CPU seconds", "cpu", outcome)
        if outcome.code == -signal.SIGXFSZ:
            raise SandboxFault(f"a file of it grew past {limits.work_mb} MB", "work", outcome)


async def _all_ended(readings: list[_Reading], seconds: float | None = None) -> None:
    await asyncio.wait([reading.ended for reading in readings], timeout=seconds)


def _pipe(ours: list[int], theirs: list[int]) -> None:
    read, write = os.pipe()
    ours.append(read)
    theirs.append(write)


def _sealed(data: bytes) -> int:
    """A file in memory that nobody can change any more, not even who is handed it."""
    file = os.memfd_create("job", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with contextlib.ExitStack() as on_error:
        on_error.callback(os.close, file)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.lseek(file, 0, os.SEEK_SET)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
        on_error.pop_all()
    return file
