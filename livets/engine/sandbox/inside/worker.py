"""The worker: the process in which untrusted code runs. Gives up every right first, then does the task.

Order matters: limits, users, capabilities, Landlock, and the filter of system calls last. A step that fails ends the
process before any untrusted code has run. Started by guard.py; what it writes to RESULT is read as a stranger's words.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
from typing import Any, NoReturn

from livets.engine.sandbox.inside import landlock, seccomp, system

RESULT = 3
_MANY = 100_000
_KEEPS_SIGNALS_IN = 6
"""The version of Landlock from which on it does."""
NOBODY = 65534
TASKS = {"python": "python_code", "template": "template", "wasm": "wasm", "program": "program"}


def work(spec: dict[str, Any], request: int) -> NoReturn:
    """Seal this process as `spec` says, do its task with what `request` holds, and exit."""
    code = 1
    try:
        task = importlib.import_module(f"livets.engine.sandbox.inside.{TASKS[spec['task']]}")
        given = read_request(request)
        os.close(request)
        seal(spec)
    except BaseException as error:
        answer({"not_sealed": f"{type(error).__name__}: {error}"})
        os._exit(1)
    try:
        code = task.run(*given)
        sys.stdout.flush()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except MemoryError:
        answer({"error": {"kind": "memory", "message": "out of memory"}})
    except BaseException as error:
        answer({"error": {"kind": type(error).__name__, "message": f"{type(error).__name__}: {error}"}})
    finally:
        os._exit(code)


def answer(what: dict[str, Any]) -> None:
    """Write the task's answer."""
    data = memoryview(json.dumps(what, allow_nan=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    while data:
        data = data[os.write(RESULT, data) :]


def read_request(file: int) -> tuple[bytes, bytes]:
    """Return the request's JSON and the bytes after it; the first line says how long the JSON is."""
    data = bytearray()
    size = os.fstat(file).st_size
    while len(data) < size:
        data += os.pread(file, size - len(data), len(data))
    head, _, rest = bytes(data).partition(b"\n")
    return rest[: int(head)], rest[int(head) :]


def seal(spec: dict[str, Any]) -> None:
    """Give up every right that the job does not need; raises OSError when one cannot be given up."""
    limits, programs = spec["limits"], spec["task"] == "program"
    _limit(limits, spec["base_bytes"], programs=programs)
    others = spec["others"]
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        if spec["namespaces"]:
            try:
                system.unshare(system.NEW_USER)  # its processes are counted by themselves, and own nothing outside
            except OSError:
                others = _MANY  # the kernel cannot count them apart: the guard does
    most = limits["processes"] + others
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))  # before unshare it would bind all sandboxes together
    system.die_with_parent(signal.SIGKILL)
    system.gain_nothing_more()
    system.drop_capabilities()
    system.let_be_looked_at(False)
    if spec["landlock"]:
        rights = landlock.RUN if programs else landlock.READ
        devices = {"/dev/null": landlock.READ_FILE | landlock.WRITE_FILE, "/dev/zero": landlock.READ_FILE}
        devices |= {"/dev/random": landlock.READ_FILE, "/dev/urandom": landlock.READ_FILE}
        landlock.restrict({**devices, **dict.fromkeys(spec["visible"], rights)}, [spec["work"]])
    if spec["seccomp"]:
        alone = spec["namespaces"] or spec["landlock"] >= _KEEPS_SIGNALS_IN
        seccomp.install(programs=programs, root=spec["root"], own_signals_only=None if alone else os.getpid())


def _limit(limits: dict[str, Any], base_bytes: int, *, programs: bool) -> None:
    """Set the limits that the kernel keeps for each process."""
    cpu = int(limits["cpu_s"] + 0.999)
    wanted = {
        resource.RLIMIT_AS: limits["address_bytes"] if programs else base_bytes + limits["memory_bytes"],
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: limits["work_bytes"],
        resource.RLIMIT_NOFILE: limits["files"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_STACK: min(8 << 20, limits["memory_bytes"]),
    }
    for which, most in wanted.items():
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most + 1 if which == resource.RLIMIT_CPU else most))
    os.nice(5)  # the program that asked comes first
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
