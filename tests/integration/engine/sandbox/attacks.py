"""What the tests of the sandbox share: sandboxes with some layers off, jobs, and who is still alive."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from livets.engine.sandbox.job import Outcome, SandboxFault
from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox

LAYERS = {
    "all layers": (),
    "no namespaces": ("namespaces",),
    "namespaces alone": ("landlock", "seccomp", "groups"),
    "no root folder": ("root",),
}
"""Each but the first must be enough alone: a hole in one layer is no hole in the sandbox."""


async def python(sandbox: Sandbox, source: str, limits: Limits | None = None, **arguments: Any) -> Any:
    """Return what the function `f` in `source` returns; raises SandboxFault."""
    job = {"source": source, "function": "f", "arguments": arguments}
    return (await sandbox.call("python", job, limits=limits))[0]


async def shell(sandbox: Sandbox, command: str, limits: Limits | None = None, stdin: bytes = b"") -> Outcome:
    """Return what came of a command of the shell; raises SandboxFault."""
    request = {"argv": ["/bin/sh", "-c", command], "environment": {"PATH": "/usr/bin:/bin"}}
    return await sandbox.run("program", request, stdin=stdin, limits=limits)


async def fault(work: Any) -> SandboxFault:
    """Return the fault that `work` ends with."""
    try:
        given = await work
    except SandboxFault as error:
        return error
    raise AssertionError(f"it did not fail, but gave {given!r}")


class Marked:
    """A command that runs long and can be found again among all processes of the machine."""

    def __init__(self) -> None:
        self.seconds = f"{3000 + secrets.randbelow(1000)}.{secrets.randbelow(10**9):09}"

    @property
    def sleep(self) -> str:
        return f"sleep {self.seconds}"

    def alive(self) -> list[int]:
        """Return the processes that sleep for it."""
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) != os.getpid():
                try:
                    words = (process / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if words[:2] == [b"sleep", self.seconds.encode()]:
                    found.append(int(process.name))
        return found
