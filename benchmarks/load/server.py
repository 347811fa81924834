"""The server whose process is measured: pages, a bare Starlette socket, and a word on its own state.

It owns its start and its end; run as a module it serves on the port it is given until it is terminated. `/state` tells
what is left: objects, tasks, open files, views.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from livets import LiveTS, LiveView, event

FORGETFUL: dict[str, Any] = {"detached_keep_s": 1.0, "snapshot_max_bytes": 2**21, "page_token_max_age_s": 30}
"""What is kept on purpose for pages that may come back, for a day and up to 256 MiB, kept so little that it is constant
soon."""


class Counter(LiveView):
    """A small page that hears a broadcast."""

    count: int = 0
    news: int = 0
    template = """<h1>{{ count }}</h1><p>{{ news }}</p><button ts-on:click="add">+</button>"""

    def mount(self) -> None:
        self.subscribe("news", self.heard)

    @event
    async def add(self) -> None:
        """One more."""
        self.count += 1

    @event
    async def publish(self, number: int) -> None:
        """To all pages."""
        self.broadcast("news", number)

    async def heard(self, number: int) -> None:
        """Somebody has published."""
        self.news = number


class Slow(Counter):
    """Its handlers take long."""

    @event
    def block(self, seconds: int) -> None:
        """Hold a thread."""
        time.sleep(seconds)

    @event
    async def wait(self, seconds: int) -> None:
        """Hold the view."""
        await asyncio.sleep(seconds)


class Row(msgspec.Struct, frozen=True):
    """One of a table."""

    id: int
    label: str


class Task(msgspec.Struct):
    """One of a list."""

    id: int
    label: str
    done: bool = False


class Table(LiveView):
    """A page whose whole table is broadcast."""

    rows: list[Row] = []
    template = """<table><tbody>{% for row in rows %}<tr ts-key="{{ row.id }}"><td>{{ row.label }}</td></tr>{% endfor %}
    </tbody></table>"""

    def mount(self) -> None:
        self.subscribe("rows", self.heard)

    @event
    async def publish(self, number: int) -> None:
        """To all pages."""
        self.broadcast("rows", [Row(n, f"row {n} {number}") for n in range(100)])

    async def heard(self, rows: list[Row]) -> None:
        """Somebody has published."""
        self.rows = rows


class Alone(Counter):
    """The same, but no two of its pages show the same: nothing can be shared."""

    own: int = 0
    template = Counter.template.replace("{{ news }}", "{{ news + own }}")

    def mount(self) -> None:
        super().mount()
        self.own = id(self)


class Desk(LiveView):
    """A page with a list of its own, of rows that can change."""

    rows: list[Task] = []
    template = """<ul>{% for row in rows %}<li ts-key="{{ row.id }}">{{ row.label }}<i ts-if="row.done">done</i></li>
    {% endfor %}</ul><button ts-on:click="add">+</button>"""

    async def mount(self) -> None:
        own = id(self)
        self.rows = [Task(n, f"task {n} of {own}") for n in range(100)]

    @event
    async def add(self) -> None:
        """One is done."""
        self.rows[0].label += "."


async def bare(socket: WebSocket) -> None:
    """The least that a Starlette application does with a socket."""
    await socket.accept(subprotocol="livets.1.msgpack")
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.send_bytes(await socket.receive_bytes())


async def state(request: Request) -> JSONResponse:
    """What is in this process."""
    gc.collect()
    app: LiveTS = request.app
    return JSONResponse(
        {
            "objects": len(gc.get_objects()),
            "tasks": len(asyncio.all_tasks()),
            "files": len(os.listdir("/proc/self/fd")),
            "views": len(app.registry),
            "asleep": sum(view.asleep is not None for view in app.registry),
            "kib": rss_kib("self"),
        }
    )


def application(**settings: Any) -> LiveTS:
    """All of it."""
    app = LiveTS(secret_key="only for this benchmark, 32 characters", dev=False, **settings)
    app.live("/", Counter)
    app.live("/alone", Alone)
    app.live("/slow", Slow)
    app.live("/table", Table)
    app.live("/desk", Desk)
    app.route("/state", state)
    app.routes.append(_bare_route())
    return app


def _bare_route() -> Any:
    from starlette.routing import WebSocketRoute

    return WebSocketRoute("/bare", bare)


@dataclass(frozen=True)
class Server:
    """A running one."""

    port: int
    pid: int

    @property
    def kib(self) -> int:
        """Resident memory."""
        return rss_kib(str(self.pid))

    @property
    def cpu_s(self) -> float:
        """CPU time so far, by the scheduler's clock."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def state(self) -> dict[str, float]:
        """What `/state` says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/state") as answer:
            return dict(json.load(answer))


def rss_kib(pid: str) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@contextlib.contextmanager
def running(*options: str) -> Iterator[Server]:
    """Serve in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.load.server", str(port), *options]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    server = Server(port, process.pid)
    try:
        for _ in range(400):
            with contextlib.suppress(OSError):
                server.state()
                break
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    if "--unshared" in sys.argv:
        from livets.render.sharing import Sharing

        Sharing.find = lambda *_: None  # type: ignore[method-assign]
    chosen = dict(FORGETFUL) if "--forgetful" in sys.argv else {}
    if "--idle" in sys.argv:
        chosen["idle_after_s"] = float(sys.argv[sys.argv.index("--idle") + 1])
    application(**chosen).run(port=int(sys.argv[1]), log_level="warning", access_log=False)
