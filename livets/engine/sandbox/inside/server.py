"""The server of sandboxes: a small process that has read what jobs need and forks a guard for each.

Started by livets.engine.sandbox.nursery with an empty environment and one socket (file 3). Says first which layers the
system has, then takes jobs: one message each, with the files that belong to it. Ends when the socket closes.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from livets.engine.sandbox.inside import cell, cgroup, landlock, seccomp, system, worker
from livets.engine.sandbox.inside.guard import guard

CONTROL = 3
_FILES = 7
_MAX_MESSAGE = 1 << 16
LIBRARIES = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"]


def main(parent: int, control_file: int, tasks: list[str], roots: list[str]) -> None:
    """Serve until the socket closes or the process `parent` is gone. `roots` are the folders that tasks come from."""
    system.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    if control_file != CONTROL:
        os.dup2(control_file, CONTROL, inheritable=False)
        os.close(control_file)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent to answer
    for task in tasks:
        importlib.import_module(f"livets.engine.sandbox.inside.{worker.TASKS[task]}").prepare()
    sys.path[:] = [path for path in sys.path if path not in roots]
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    visible = _own_folders()
    layers = _probe(visible)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # guards that end leave nothing behind
    control = socket.socket(fileno=CONTROL)
    control.send(json.dumps({**layers, "visible": visible}).encode())
    own = _own_memory()
    gc.freeze()
    while True:
        message, files, _, _ = socket.recv_fds(control, _MAX_MESSAGE, _FILES)
        if not message:
            return
        if os.fork() == 0:
            gc.disable()
            guard({**json.loads(message), **own}, list(files))
        for file in files:
            os.close(file)


def _own_folders() -> list[str]:
    """What a Python process reads: its standard library, and shared libraries."""
    library = os.path.dirname(os.__file__)
    zipped = [path for path in sys.path if path.endswith(".zip") and os.path.exists(path)]
    shared = os.path.join(sys.base_prefix, "lib")
    more = [os.path.join(shared, name) for name in os.listdir(shared) if ".so" in name] if os.path.isdir(shared) else []
    return [library, *zipped, *more, *LIBRARIES, "/usr/share/zoneinfo"]


def _own_memory() -> dict[str, int]:
    """The memory that every worker begins with: it does not count as the job's."""
    with open("/proc/self/status") as file:
        found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file if line.endswith("kB\n")}
    return {"base_bytes": found["VmSize"], "base_held_bytes": 2 * found["RssAnon"]}


def _probe(visible: list[str]) -> dict[str, Any]:
    """Try each layer in a process of its own: what cannot be done there cannot be counted on."""
    trouble: dict[str, str] = {}
    found = {
        "namespaces": _works(_try_namespaces, "namespaces", trouble),
        "root": _works(lambda: _try_root(visible), "root", trouble),
        "landlock": landlock.abi() if _works(_try_landlock, "landlock", trouble) else 0,
        "seccomp": _works(_try_seccomp, "seccomp", trouble),
        "groups": _groups(trouble),
    }
    return {**found, "trouble": trouble}


def _groups(trouble: dict[str, str]) -> dict[str, str]:
    try:
        return cgroup.find()
    except (OSError, ValueError) as error:
        trouble["groups"] = str(error)[:500]
        return {}


def _works(attempt: Callable[[], None], name: str, trouble: dict[str, str]) -> bool:
    said, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except BaseException as error:
            os.write(tell, str(error).encode()[:500])
            os._exit(1)
        os._exit(0)
    os.close(tell)
    how = os.waitpid(child, 0)[1]
    message = os.read(said, 500).decode("utf-8", "replace")
    os.close(said)
    if how != 0:
        trouble[name] = message or f"it ended with {how}"
    return how == 0


def _try_namespaces() -> None:
    cell.enter_namespaces()
    _in_child(lambda: None)


def _try_root(visible: list[str]) -> None:
    cell.enter_namespaces()
    _in_child(lambda: _build(visible))


def _build(visible: list[str]) -> None:
    cell.build_root(visible, 1 << 20)
    with open(f"{cell.WORK}/probe", "w") as file:
        file.write("here")
    os.listdir(os.path.dirname(os.__file__))


def _in_child(what: Callable[[], None]) -> None:
    child = os.fork()
    if child == 0:
        try:
            what()
        except OSError as error:
            os.write(2, str(error).encode())
            os._exit(error.errno or 1)
        os._exit(0)
    how = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if how:
        raise OSError(how, os.strerror(how) if how > 0 else f"killed by signal {-how}")


def _try_landlock() -> None:
    system.gain_nothing_more()
    landlock.restrict({"/dev/null": landlock.READ_FILE}, [])
    try:
        os.close(os.open("/", os.O_RDONLY))
    except PermissionError:
        return
    raise OSError("it does not refuse what it should")


def _try_seccomp() -> None:
    if not seccomp.available():
        raise OSError(f"no filter is made for {system.MACHINE}")
    system.gain_nothing_more()
    seccomp.install(programs=False, root=True)
    try:
        socket.socket().close()
    except PermissionError:
        return
    raise OSError("it does not refuse what it should")
