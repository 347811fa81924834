"""The processes of one job, seen from outside: who they are, what memory they hold, how to end them all.

Read from a handle on /proc that was opened before the job began. Used by guard.py only.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable


class Tree:
    """All descendants of one process."""

    def __init__(self, root: int) -> None:
        self.root = root
        self._proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        self._kernel_lists_children = os.path.exists(f"/proc/self/task/{os.getpid()}/children")

    def processes(self) -> list[int]:
        """Return the process ids of the root and all below it."""
        children = self.children if self._kernel_lists_children else self._children_by_parents()
        found, todo = [], [self.root]
        while todo:
            process = todo.pop()
            found.append(process)
            todo += children(process)
        return found

    def _children_by_parents(self) -> Callable[[int], list[int]]:
        """What tells children, from every process's own word who its parent is: some kernels know no other way."""
        of: dict[int, list[int]] = {}
        for name in os.listdir(self._proc):
            with contextlib.suppress(OSError, ValueError, IndexError):
                if name.isdigit():
                    parent = int(self._read(f"{name}/stat").rpartition(b")")[2].split()[1])
                    of.setdefault(parent, []).append(int(name))
        return lambda process: of.get(process, [])

    def children(self, process: int) -> list[int]:
        """Return the children of all threads of `process`; none when it is gone."""
        if not self._kernel_lists_children:
            return self._children_by_parents()(process)
        found: list[int] = []
        with contextlib.suppress(OSError):
            for thread in self._names(f"{process}/task"):
                found += [int(child) for child in self._read(f"{process}/task/{thread}/children").split()]
        return found

    def held_bytes(self, processes: list[int]) -> int:
        """Return the memory that `processes` hold which is not that of files."""
        total = 0
        for process in processes:
            with contextlib.suppress(OSError):
                for line in self._read(f"{process}/status").splitlines():
                    if line.startswith((b"RssAnon:", b"RssShmem:")):
                        total += 1024 * int(line.split()[1])
        return total

    def end(self) -> None:
        """Kill the root and all below it: stop them first, so that none is born while others die."""
        for how in (signal.SIGSTOP, signal.SIGKILL):
            for process in self.processes():
                if process != os.getpid():
                    with contextlib.suppress(OSError):
                        os.kill(process, how)

    def _names(self, path: str) -> list[str]:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
        try:
            return os.listdir(folder)
        finally:
            os.close(folder)

    def _read(self, path: str) -> bytes:
        file = os.open(path, os.O_RDONLY, dir_fd=self._proc)
        try:
            return os.read(file, 1 << 16)
        finally:
            os.close(file)
