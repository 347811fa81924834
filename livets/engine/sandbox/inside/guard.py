"""The guard: one for each job. Makes its cell, starts its worker, watches it, and ends all of it when it is over.

    server -> guard (outside the cell) -> first (process 1 of the cell, reaps) -> worker (untrusted) -> what it starts

Over means: the worker has ended, the deadline has come, the memory of all together is too much, the leash was let go
(whoever asked for the job is gone or does not want it any more). Never reads what the worker writes.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import tempfile
import time
from typing import Any, NoReturn

from livets.engine.sandbox.inside import cell, cgroup, folder, system, worker
from livets.engine.sandbox.inside.tree import Tree

_FIRST_LOOK_S, _LOOK_S = 0.004, 0.02
_FIRST_FREE = 30


def guard(spec: dict[str, Any], files: list[int]) -> NoReturn:
    """Do one job. `files`: the request, standard input, output and errors, the result, the leash, the report."""
    files = _moved(files)
    request, leash, report = files[0], files[5], files[6]
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    told: dict[str, Any] = {}
    job = None
    try:
        job = _Job(spec, request, files[1:5])
        for file in files[:5]:
            os.close(file)
        told = job.watch(leash)
    except BaseException as error:
        told = {"reason": "sandbox", "message": f"{type(error).__name__}: {error}"}
        if job is not None:
            job.end()
    finally:
        with contextlib.suppress(OSError):
            os.write(report, json.dumps(told).encode())
        os._exit(0)


def _moved(files: list[int]) -> list[int]:
    """The same files under numbers that the worker's own (0 to 4) cannot meet; all others are closed."""
    moved = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE) for file in files]
    os.closerange(3, _FIRST_FREE)
    return moved


class _Job:
    """A job that runs: `child` is the first process of its cell, or the worker where there is no cell."""

    def __init__(self, spec: dict[str, Any], request: int, streams: list[int]) -> None:
        self._spec, self._celled = spec, spec["namespaces"]
        self._limits = spec["limits"]
        self._folder = None if spec["root"] else tempfile.mkdtemp(prefix="livets-sandbox-")
        if self._folder is not None:
            if os.geteuid() == 0:
                os.chown(self._folder, worker.NOBODY, worker.NOBODY)
            spec["work"] = self._folder
        else:
            spec["work"] = cell.WORK
        spec["others"] = _counted_with(spec)
        if self._celled:
            cell.enter_namespaces()
        else:
            system.adopt_orphans()
        self._began = time.monotonic()
        self._go, go = os.pipe()
        self._status, status = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.close(go)
            os.close(self._status)
            (self._first if self._celled else self._worker)(request, streams, status)
        os.close(self._go)
        os.close(status)
        self._group = _group(spec)
        self._into_group()
        self._held_open = go  # the child notices by its other end that we are gone
        self._ended = os.pidfd_open(self.child)
        self._tree = Tree(self.child if self._celled else os.getpid())
        self._die_with_the_server()
        os.write(go, b"g")

    def _into_group(self) -> None:
        """Put the child, which waits, into the job's control group; a job that cannot be put there goes without."""
        try:
            if self._group is not None:
                self._group.add(self.child)
        except OSError:
            self._group = None

    def _die_with_the_server(self) -> None:
        if self._celled:
            system.die_with_parent(signal.SIGKILL)  # and the cell with us
        else:
            signal.signal(signal.SIGTERM, lambda *_: (self.end(), os._exit(1)))
            system.die_with_parent(signal.SIGTERM)

    # -- in the child

    def _first(self, request: int, streams: list[int], status: int) -> NoReturn:
        """Process 1 of the cell: all that it holds dies with it."""
        try:
            self._wait_for_go()
            if self._spec["root"]:
                cell.build_root(self._spec["visible"], self._limits["work_bytes"])
            else:
                os.chdir(self._spec["work"])
            main = os.fork()
            if main == 0:
                os.close(status)
                self._sealed_worker(request, streams)
            for file in (request, *streams):
                os.close(file)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(*[worker.NOBODY] * 3)
                os.setresuid(*[worker.NOBODY] * 3)
            system.die_with_parent(signal.SIGKILL)  # a change of users forgets it
            if select.select([self._go], [], [], 0)[0]:
                os._exit(1)
            while True:
                process, how = os.wait()
                if process == main:
                    os.write(status, str(how).encode())
                    os._exit(0)
        except BaseException as error:
            os.write(status, f"{type(error).__name__}: {error}".encode())
            os._exit(1)

    def _worker(self, request: int, streams: list[int], status: int) -> NoReturn:
        """The worker where there are no namespaces."""
        os.close(status)
        self._wait_for_go()
        os.chdir(self._spec["work"])
        self._sealed_worker(request, streams)

    def _wait_for_go(self) -> None:
        system.die_with_parent(signal.SIGKILL)
        if not os.read(self._go, 1):
            os._exit(1)

    def _sealed_worker(self, request: int, streams: list[int]) -> NoReturn:
        os.setsid()
        for number, file in enumerate((*streams, request)):
            os.dup2(file, number, inheritable=number < worker.RESULT)
        os.closerange(worker.RESULT + 2, 1 << 16)
        worker.work(self._spec, worker.RESULT + 1)

    # -- outside

    def watch(self, leash: int) -> dict[str, Any]:
        """Wait until the job is over, end what is left of it, and return what to report."""
        poller = select.poll()
        poller.register(leash, select.POLLIN | select.POLLHUP)
        poller.register(self._ended, select.POLLIN)
        deadline = self._began + self._limits["seconds"]
        peak, reason, look_s = 0, "", _FIRST_LOOK_S
        while not reason:
            left = deadline - time.monotonic()
            ready = [file for file, _ in poller.poll(max(0.0, min(look_s, left)) * 1000)]
            look_s = min(2 * look_s, _LOOK_S)
            processes = [one for one in self._tree.processes() if one != os.getpid()]
            held = self._tree.held_bytes(processes)
            peak = max(peak, held)
            if self._ended in ready:
                break
            if not self._celled:
                self._bury()
            if leash in ready:
                reason = "cancelled"
            elif left <= 0:
                reason = "timeout"
            elif held > self._limits["memory_bytes"] + self._spec["base_held_bytes"]:
                reason = "memory"
            elif len(processes) > self._limits["processes"] + 2:
                reason = "processes"
            elif self._folder is not None and folder.bytes_in(self._folder) > self._limits["work_bytes"]:
                reason = "work"
        usage = self.end()
        if not reason and self._exceeded:
            reason = "memory"
        told: dict[str, Any] = {"reason": reason, "peak_bytes": peak, "cpu_s": usage}
        said = os.read(self._status, 4000).decode("utf-8", "replace") if self._celled else str(self._how)
        if said.lstrip("-").isdigit():
            told["status"] = int(said)
        elif not reason:
            told |= {"reason": "sandbox", "message": said or "the first process of the cell was killed"}
        return told

    _how = 0
    _group: cgroup.Group | None = None
    _exceeded = False
    """The kernel has killed one of them for want of memory."""

    def _bury(self) -> None:
        """Take the ends of orphans, which are our children where there is no cell."""
        with contextlib.suppress(ChildProcessError):
            for process in self._tree.children(os.getpid()):
                if process != self.child:
                    os.waitpid(process, os.WNOHANG)

    def end(self) -> float:
        """Kill all that is left, wait until it is gone, and return the CPU seconds that were used."""
        if self._celled:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)  # returns when every process of the cell is gone
        else:
            if self._group is not None:
                self._group.kill()
            self._end_descendants()
        if self._group is not None:
            self._exceeded = self._group.exceeded()
            self._group.remove()
        if self._folder is not None:
            with contextlib.suppress(OSError):
                folder.remove(self._folder)
        usage = os.times()
        return usage.children_user + usage.children_system

    def _end_descendants(self) -> None:
        """Until there is no child any more: orphans become ours, so then there is nobody left."""
        while True:
            self._tree.end()
            try:
                process, how = os.waitpid(-1, 0)
            except ChildProcessError:
                return
            if process == self.child:
                self._how = how


def _group(spec: dict[str, Any]) -> cgroup.Group | None:
    """The control group of the job, where there are any; without one the guard's looks and the rlimits hold it."""
    if not spec["groups"]:
        return None
    limits = spec["limits"]
    most = limits["memory_bytes"] + limits["work_bytes"] + spec["base_held_bytes"]
    try:
        return cgroup.Group(spec["groups"], int(most), limits["processes"] + 4)
    except OSError:  # it went away since it was found, or is full
        return None


def _counted_with(spec: dict[str, Any]) -> int:
    """How many tasks beside the job's own the kernel counts when it limits the job's processes."""
    if spec["namespaces"]:
        return 0 if os.geteuid() == 0 else 2  # we, and the first process of the cell
    user, count = (os.geteuid() or worker.NOBODY), 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == user:
                count += len(os.listdir(f"/proc/{name}/task"))
    return count
