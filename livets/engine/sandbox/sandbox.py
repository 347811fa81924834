"""The sandbox as engines use it: hands jobs to servers of its own, reads what comes back within limits, ends them.

One Sandbox serves one program; its servers start with the first job of their kind (some 50 ms), each job then costs a
few milliseconds. Cancelling a call ends every process of the job before the call returns.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from livets.engine.sandbox.job import Job, Outcome, SandboxFault
from livets.engine.sandbox.layers import Layers
from livets.engine.sandbox.limits import MB, Limits
from livets.engine.sandbox.nursery import Nursery

Task = Literal["python", "template", "wasm", "program"]

_TOGETHER: dict[str, tuple[str, ...]] = {
    "python": ("python", "program"), "program": ("python", "program"), "template": ("template",), "wasm": ("wasm",),
}  # fmt: skip
_PACKAGES: dict[tuple[str, ...], tuple[str, ...]] = {("template",): ("jinja2", "markupsafe"), ("wasm",): ("wasmtime",)}
_PROGRAMS = ("/usr", "/bin", "/sbin", "/etc/alternatives")
_ISOLATED = frozenset({"wasm"})
"""Tasks that reach nothing of the system by themselves: they run with whatever layers there are."""

__all__ = ["Outcome", "Sandbox", "SandboxFault"]


class _Failure(msgspec.Struct):
    kind: str
    message: str
    trace: str = ""


class _Answer(msgspec.Struct):
    value: Any = None
    error: _Failure | None = None
    not_sealed: str | None = None


class Sandbox:
    """Runs untrusted code in processes of its own.

    `limits` are those of a job that asks for none, and the most that one may have. `max_parallel` jobs run at once,
    others wait. `packages` are folders that Python code may import from besides the standard library. `without` turns
    layers off ("namespaces", "root", "landlock", "seccomp", "groups"), for systems where one does harm, and for tests.

    >>> async def main():
    ...     async with Sandbox(Limits(seconds=10)) as sandbox:
    ...         job = {"source": "def f(n): return n + 1", "function": "f", "arguments": {"n": 1}}
    ...         return (await sandbox.call("python", job))[0]
    >>> asyncio.run(main())
    2
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        max_parallel: int = 8,
        packages: Sequence[str | os.PathLike[str]] = (),
        without: Sequence[str] = (),
    ) -> None:
        unknown = set(without) - {"namespaces", "root", "landlock", "seccomp", "groups"}
        if unknown:
            raise ValueError(f"no layer is called {', '.join(sorted(unknown))}")
        self.limits = limits or Limits()
        self.packages = [os.path.realpath(path) for path in packages]
        self._max_parallel, self._without = max_parallel, frozenset(without)
        self._nurseries: dict[tuple[str, ...], Nursery] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Sandbox:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the servers, and every job with them. A job that comes later starts them again."""
        while self._nurseries:
            await asyncio.to_thread(self._nurseries.popitem()[1].close)

    async def layers(self, task: Task = "python") -> Layers:
        """Return the layers that are on; raises EngineError when the sandbox cannot be started."""
        return (await self._nursery(task)).layers.without(self._without)

    async def call(
        self, task: Task, request: dict[str, Any], blob: bytes = b"", limits: Limits | None = None
    ) -> tuple[Any, str]:
        """Do a task that answers in JSON; returns the value, and what it printed. Raises SandboxFault."""
        outcome = await self.run(task, request, blob, limits=limits)
        if not outcome.answer:
            how = f"was killed by signal {-outcome.code}" if outcome.code < 0 else f"ended with {outcome.code}"
            raise SandboxFault(f"it gave no answer: its process {how}", "killed", outcome)
        return _read(outcome), outcome.stdout.decode("utf-8", "replace")

    async def run(
        self,
        task: Task,
        request: dict[str, Any],
        blob: bytes = b"",
        *,
        stdin: bytes = b"",
        limits: Limits | None = None,
        visible: Sequence[str] = (),
    ) -> Outcome:
        """Do a task and return what came of it; `visible` are more paths that it may read. Raises SandboxFault."""
        limits = self.limits if limits is None else limits.within(self.limits)
        nursery = await self._nursery(task)
        layers = nursery.layers.without(self._without)
        if task not in _ISOLATED and layers.missing():
            raise SandboxFault(refusal(layers), "forbidden")
        shown = [*layers.visible, *(_PROGRAMS if task == "program" else self.packages), *visible]
        spec = {
            "task": task,
            "limits": _in_bytes(limits),
            "namespaces": layers.namespaces,
            "root": layers.root,
            "landlock": layers.landlock,
            "seccomp": layers.seccomp,
            "groups": layers.groups,
            "visible": shown,
        }
        if task == "python":
            request = {**request, "packages": self.packages}
        elif task == "wasm":
            request = {**request, "seconds": limits.seconds}
        async with self._places:
            outcome = await Job(spec, request, blob, stdin, limits).run(nursery)
        if task == "program" and outcome.answer:  # a program has none: it did not start
            _read(outcome)
        return outcome

    async def _nursery(self, task: Task) -> Nursery:
        """The server for `task`, started when there is none."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # a Sandbox may outlive the loop that it was first used in
            self._loop = loop
            self._places, self._lock = asyncio.Semaphore(self._max_parallel), asyncio.Lock()
        tasks = _TOGETHER[task]
        async with self._lock:
            found = self._nurseries.get(tasks)
            if found is not None and not found.alive:
                found.close()
                found = None
            if found is None:
                found = self._nurseries[tasks] = await Nursery.start(tasks, _PACKAGES.get(tasks, ()))
            return found


def _read(outcome: Outcome) -> Any:
    """Return the value that a job answered with; raises SandboxFault when it is an error, or none that can be read."""
    try:
        answer = msgspec.json.decode(outcome.answer, type=_Answer)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise SandboxFault("its answer cannot be read", "output", outcome) from None
    if answer.not_sealed is not None:
        raise SandboxFault(f"it was not run: {answer.not_sealed}", "sandbox", outcome)
    if answer.error is not None:
        kind = answer.error.kind if answer.error.kind.isidentifier() else "error"
        raise SandboxFault(answer.error.message[:10_000], kind[:100], outcome, trace=answer.error.trace[:10_000])
    return answer.value


def refusal(layers: Layers) -> str:
    """Return why untrusted code does not run with these layers, and what would mend it."""
    why = "; ".join(f"{name}: {text}" for name, text in layers.trouble.items()) or "layers were turned off"
    return (
        f"untrusted code is refused: nothing here would keep it from {', '.join(layers.missing())}. {why}. "
        "Run as a user who may make namespaces, or on Linux 6.2 or later with Landlock (livets flow sandbox)"
    )


def _in_bytes(limits: Limits) -> dict[str, float]:
    return {
        "seconds": limits.seconds,
        "cpu_s": limits.cpu_s,
        "memory_bytes": limits.memory_mb * MB,
        "address_bytes": limits.address_mb * MB,
        "work_bytes": limits.work_mb * MB,
        "processes": limits.processes,
        "files": limits.files,
    }
