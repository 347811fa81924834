"""Our end of a server of sandboxes: starts it, hears which layers there are, hands it jobs with their files."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from livets.engine.errors import EngineError
from livets.engine.sandbox.layers import Layers

_START_S = 20.0
_FULL_S = 0.005
_MAX_MESSAGE = 1 << 16
_OURS = str(Path(__file__).resolve().parents[3])
"""The folder that livets lies in."""
_BEGIN = (
    "import sys; roots = sys.argv[3:]; sys.path += roots\n"
    "from livets.engine.sandbox.inside.server import main\n"
    "main(int(sys.argv[1]), int(sys.argv[2]), {tasks!r}, roots)"
)


class Nursery:
    """A process that is ready for some tasks, and forks one for each job."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, layers: Layers) -> None:
        self._process, self._socket, self.layers = process, control, layers

    @classmethod
    async def start(cls, tasks: tuple[str, ...], packages: tuple[str, ...] = ()) -> Nursery:
        """Start a process and hear from it; raises EngineError when it does not say which layers there are."""
        if sys.platform != "linux":
            raise EngineError(f"the sandbox needs Linux, and this is {sys.platform}: untrusted code is refused here")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = _started(tasks, packages, theirs)
        ours.setblocking(False)
        nursery = cls(process, ours, Layers())
        try:
            said = await asyncio.wait_for(_heard(ours), _START_S)
            nursery.layers = msgspec.json.decode(said, type=Layers)
        except (TimeoutError, msgspec.DecodeError):
            process.kill()
            words = nursery._last_words()
            nursery.close()
            raise EngineError(f"the sandbox's process did not start: {words}") from None
        except BaseException:
            process.kill()
            nursery.close()
            raise
        return nursery

    def _last_words(self) -> str:
        assert self._process.stderr is not None
        words = self._process.stderr.read(4000).decode("utf-8", "replace").strip()
        return words.rpartition("\n")[2] or "it said nothing"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    async def send(self, spec: dict[str, Any], files: list[int]) -> None:
        """Have a job done; raises EngineError when the process is gone or does not listen."""
        message = msgspec.json.encode(spec)
        if len(message) > _MAX_MESSAGE:
            raise EngineError("a job names too many folders")
        while True:
            try:
                socket.send_fds(self._socket, [message], files)
                return
            except BlockingIOError:  # more jobs at once than the socket holds: it takes one after the other
                await asyncio.sleep(_FULL_S)
            except OSError as error:
                raise EngineError(f"the sandbox's process does not answer: {error}") from error

    def close(self) -> None:
        """End the process; jobs that run end with it."""
        with contextlib.suppress(OSError):
            self._socket.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


def _started(tasks: tuple[str, ...], packages: tuple[str, ...], control: socket.socket) -> subprocess.Popen[bytes]:
    """Start the server: Python alone, nothing of our environment, no file of ours but the socket."""
    roots = [_OURS, *(_folder_of(name) for name in packages)]
    code = _BEGIN.format(tasks=list(tasks))
    with open(os.devnull, "r+b") as nothing:
        return subprocess.Popen(  # noqa: S603 - our own code
            [
                sys.executable,
                "-I",
                "-S",
                "-B",
                "-X",
                "utf8",
                "-c",
                code,
                str(os.getpid()),
                str(control.fileno()),
                *roots,
            ],
            stdin=nothing,
            stdout=nothing,
            stderr=subprocess.PIPE,
            env={},
            cwd="/",
            pass_fds=[control.fileno()],
        )


async def _heard(control: socket.socket) -> bytes:
    """The first message; empty when the process has ended."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(control.fileno(), lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
        return control.recv(_MAX_MESSAGE)
    finally:
        loop.remove_reader(control.fileno())


def _folder_of(package: str) -> str:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise EngineError(f"{package} is not installed")
    return str(Path(found.origin).parent.parent)
