"""A control group for each job, where the system lets us make one, of either version; found by trying.

The kernel then keeps the memory and the number of processes of the whole tree at once, where the guard looks every
20 ms, and (version 2) ends all of it in one go. Used by server.py and guard.py.
"""

from __future__ import annotations

import contextlib
import os
import time

PREFIX = "livets-"
_SLACK_BYTES = 64 << 20
"""For what the kernel counts beside the job's own: its own tables, files read through the cache."""
_REMOVE_S = 0.5


def find() -> dict[str, str]:
    """Return the folders in which groups can be made, by what they keep: "memory", "pids", "kill".

    Raises OSError when there is none. Leaves nothing behind but what other jobs use.
    """
    found: dict[str, str] = {}
    why = "no control groups are mounted"
    for kind, folder in _places():
        if kind in found or (kind == "unified" and {"memory", "pids", "kill"} <= found.keys()):
            continue
        try:
            for kept in _keeps(kind, folder):
                found.setdefault(kept, folder)
        except OSError as error:
            why = f"{folder}: {error.strerror or error}"
    if not found:
        raise OSError(why)
    for folder in set(found.values()):
        _sweep(folder)
    return found


def _places() -> list[tuple[str, str]]:
    """Kind of hierarchy ("unified", "memory", "pids") and folder: where we are, then above that; the nearest first."""
    own: dict[str, str] = {}
    with open("/proc/self/cgroup") as file:
        for line in file:
            number, names, path = line.rstrip("\n").split(":", 2)
            for name in names.split(",") if number != "0" else ["unified"]:
                own[name] = path
    places: list[tuple[str, str]] = []
    with open("/proc/self/mountinfo") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            kind, _, options = after.split()[:3]
            here = {"cgroup2": ["unified"], "cgroup": options.split(",")}.get(kind, [])
            for name in (one for one in ("unified", "memory", "pids") if one in here and one in own):
                at = os.path.relpath(own[name], before.split()[3])
                steps = [] if at in (".", "..") or at.startswith("../") else at.split("/")
                mount = before.split()[4].replace("\\040", " ")
                places += [(name, "/".join([mount, *steps[:deep]])) for deep in range(len(steps), -1, -1)]
    return places


def _keeps(kind: str, folder: str) -> list[str]:
    """Make a group there, move a child into it, and return what it keeps."""
    path = f"{folder}/{PREFIX}{os.getpid()}-probe"
    os.mkdir(path)
    child = 0
    try:
        kept = [
            name
            for name, file in (
                ("memory", "memory.max"),
                ("memory", "memory.limit_in_bytes"),
                ("pids", "pids.max"),
                ("kill", "cgroup.kill"),
            )
            if os.access(f"{path}/{file}", os.W_OK)
        ]
        if kind == "unified" and not kept:
            return []
        wait, go = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(wait, 1)
            os._exit(0)
        os.close(wait)
        try:
            _write(f"{path}/cgroup.procs", child)
        finally:
            os.close(go)
        return kept
    finally:
        if child:
            os.waitpid(child, 0)
        _remove(path)


def _sweep(folder: str) -> None:
    """Remove the groups of guards that were killed: nothing is in them any more."""
    for name in os.listdir(folder):
        pid = name.removeprefix(PREFIX).partition("-")[0]
        if name.startswith(PREFIX) and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            with contextlib.suppress(OSError):
                os.rmdir(f"{folder}/{name}")


class Group:
    """The groups of one job, in the folders that `find` gave."""

    def __init__(self, parents: dict[str, str], memory_bytes: int, processes: int) -> None:
        self._paths = {folder: f"{folder}/{PREFIX}{os.getpid()}" for folder in set(parents.values())}
        self._of = {kept: self._paths[folder] for kept, folder in parents.items()}
        most = memory_bytes + _SLACK_BYTES
        for path in self._paths.values():
            os.mkdir(path)
        if "memory" in self._of:
            settings = {"memory.max": most, "memory.swap.max": 0, "memory.oom.group": 1}
            if not self._has("memory", "memory.max"):
                settings = {"memory.limit_in_bytes": most, "memory.memsw.limit_in_bytes": most}
            for file, value in settings.items():
                if self._has("memory", file):
                    _write(f"{self._of['memory']}/{file}", value)
        if "pids" in self._of:
            _write(f"{self._of['pids']}/pids.max", processes)

    def _has(self, kept: str, file: str) -> bool:
        return os.path.exists(f"{self._of[kept]}/{file}")

    def add(self, process: int) -> None:
        """Put a process, and all that it will start, into the groups."""
        for path in self._paths.values():
            _write(f"{path}/cgroup.procs", process)

    def exceeded(self) -> bool:
        """Whether the kernel has killed one of them for want of memory."""
        if "memory" not in self._of:
            return False
        for file in ("memory.events", "memory.oom_control"):
            with contextlib.suppress(OSError), open(f"{self._of['memory']}/{file}") as lines:
                return any(line.split()[:1] == ["oom_kill"] and int(line.split()[1]) > 0 for line in lines)
        return False

    def kill(self) -> None:
        """End all of it at once, where the kernel can."""
        if "kill" in self._of:
            with contextlib.suppress(OSError):
                _write(f"{self._of['kill']}/cgroup.kill", 1)

    def remove(self) -> None:
        """Leave nothing behind; every process must have ended."""
        for path in self._paths.values():
            _remove(path)


def _remove(path: str) -> None:
    limit = time.monotonic() + _REMOVE_S
    while True:
        try:
            os.rmdir(path)
            return
        except FileNotFoundError:
            return
        except OSError:  # the kernel has not let go of the last process yet; what is left the next server sweeps
            if time.monotonic() > limit:
                return
            time.sleep(0.001)


def _write(path: str, value: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, str(value).encode())
    finally:
        os.close(file)
