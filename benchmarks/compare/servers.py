"""The applications that are compared, each in a process of its own on a free port of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RAW = Path(os.environ.get("LIVETS_BENCH_RAW", ROOT.parent / "shared" / "bench" / "raw"))
"""The hand-written application: the practical lower bound. It is not a part of this repository."""
_NODE = Path(sys.prefix) / "node"
_MORPHS = {
    "HTML + idiomorph": ("idiomorph@0.7.4", "idiomorph/dist/idiomorph.js"),
    "HTML + morphdom": ("morphdom@2.7.8", "morphdom/dist/morphdom-umd.js"),
}
"""Packages of npm, and their file."""
_UVICORN = (
    "--no-access-log",
    "--log-level",
    "warning",
    "--ws",
    "websockets-sansio",
    "--ws-per-message-deflate",
    "false",
)


@dataclass(frozen=True)
class Server:
    """A running application."""

    name: str
    url: str
    pid: int

    def cpu_s(self) -> float:
        """CPU seconds that the process has used so far, from the scheduler's own clock (nanoseconds)."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def commands() -> dict[str, tuple[list[str], Path, str]]:
    """For each application what starts it, where, and the path of its page."""
    uvicorn = [sys.executable, "-m", "uvicorn", *_UVICORN]
    found = {
        "livets": ([*uvicorn, "benchmarks.bench_app:app"], ROOT, "/bench"),
        "livets KeyedList": ([*uvicorn, "benchmarks.bench_app:app"], ROOT, "/bench-keyed"),
        "hand-written": ([*uvicorn, "app:app"], RAW, "/bench"),
    } | {name: ([*uvicorn, "benchmarks.compare.morph_app:app"], ROOT, "/bench") for name in _MORPHS}
    if not RAW.exists():
        print(f"left out: the hand-written application, which is not at {RAW} (LIVETS_BENCH_RAW says where)")
        del found["hand-written"]
    for name in _MORPHS:
        if _morph(name) is None:
            print(f"left out: {name}, which npm could not install")
            del found[name]
    return found


@contextlib.contextmanager
def running(name: str) -> Iterator[Server]:
    """Start an application, wait until it answers, stop it at the end."""
    command, folder, path = commands()[name]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "MORPH": str(_morph(name))}
    process = subprocess.Popen([*command, "--port", str(port)], cwd=folder, env=environment)
    url = f"http://127.0.0.1:{port}{path}"
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), urllib.request.urlopen(url):
                break
            time.sleep(0.05)
        yield Server(name, url, process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _morph(name: str) -> Path | None:
    """The library's file; installed beside this interpreter the first time."""
    if name not in _MORPHS:
        return None
    file = _NODE / "node_modules" / _MORPHS[name][1]
    if not file.exists() and shutil.which("npm"):
        subprocess.run(
            ["npm", "install", "--silent", "--no-save", "--no-package-lock", "--prefix", str(_NODE),
             *(each for each, _ in _MORPHS.values())],
            check=False,
        )  # fmt: skip
    return file if file.exists() else None
