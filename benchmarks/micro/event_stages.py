"""What one event costs, stage by stage: a real uvicorn, a real WebSocket client, telemetry marks in between.

    python -m benchmarks.micro.event_stages [--events 2000] [--rows 0 --rows 1000 --rows 10000]

Method: the server, with the settings of `livets run`, is a process of its own (uvloop where it is installed). The
client sends one event and waits for its patch, so queues are empty and stages do not overlap. Stages are medians over
all events after a warm-up of a tenth. Decoding is timed by itself on the same bytes. The server's CPU time for an event
is process time over all events, divided by their number, in rounds without the telemetry listener that the stages
need. "socket and loop" is what the stages leave of it: what any ASGI WebSocket message costs (less than nothing, where
a busy machine lets a stage wait). The rounds alternate with rounds of a Starlette WebSocket echo of the same number of
bytes in the same process, so a busy machine slows both alike; both sockets are open, and the page has joined, before
the first round. "Of an echo" is the median of the ratios of neighbouring rounds.
"""

from __future__ import annotations

import itertools
import math
import multiprocessing
import platform
import re
import statistics
import time
import timeit
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import click
import msgspec
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from livets import LiveTS, LiveView, event, telemetry
from livets.transport.flood_guard import GuardedWebSocket
from livets.transport.server import settings
from livets.wire import Event, Join, decode, encode_client

MARKS = ("event.decoded", "event.dispatched", "event.handled", "event.rendered", "patch.encoded", "patch.sent")
STAGES = {
    "dispatch": ("event.decoded", "event.dispatched"),
    "handler": ("event.dispatched", "event.handled"),
    "render": ("event.handled", "event.rendered"),
    "encode": ("event.rendered", "patch.encoded"),
    "send": ("patch.encoded", "patch.sent"),
}


class Row(msgspec.Struct):
    """A mutable row, as most applications have them."""

    id: int
    label: str


class Page(LiveView):
    """A counter beside a table."""

    count: int = 0
    rows: list[Row] = []

    def mount(self, rows: int) -> None:
        """Fill the table."""
        self.rows = [Row(n, f"row {n}") for n in range(rows)]

    @event
    async def increment(self) -> None:
        """One more."""
        self.count += 1

    template = """<b>{{ count }}</b><button ts-on:click="increment">+1</button>
    <table><tbody>{% for row in rows %}
      <tr ts-key="{{ row.id }}"><td>{{ row.label }}</td></tr>
    {% endfor %}</tbody></table>"""


def _nothing() -> None:
    """In place of a listener that is not there."""


async def echo(socket: WebSocket) -> None:
    """The yardstick: what arrives goes back."""
    await socket.accept()
    try:
        while True:
            await socket.send_bytes((await socket.receive_bytes())[:13])
    except WebSocketDisconnect:
        pass


def serve(pipe: Connection) -> None:
    """The server process: sends its port, then on each message (marks so far, CPU seconds so far)."""
    import asyncio

    import uvicorn

    times: dict[str, list[int]] = defaultdict(list)

    def note(name: str, _view: str, _ref: int) -> None:
        times[name].append(time.perf_counter_ns())

    app = LiveTS(secret_key="only for this benchmark, 32 characters", dev=False, events_per_s=1e9)
    app.live("/{rows:int}", Page)
    echoes = Starlette(routes=[WebSocketRoute("/echo", echo)])

    async def both(scope: Any, receive: Any, send: Any) -> None:
        await (echoes if scope.get("path") == "/echo" else app)(scope, receive, send)

    GuardedWebSocket._tokens = math.inf  # one client sends more than a browser may: frames are not to wait
    config = uvicorn.Config(both, port=0, log_level="warning", lifespan="on", **settings(10.0))
    server = uvicorn.Server(config)

    async def main() -> None:
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        pipe.send(server.servers[0].sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        deafen: Callable[[], None] = _nothing
        while (request := await loop.run_in_executor(None, pipe.recv)) != "stop":
            pipe.send(({name: list(stamps) for name, stamps in times.items()}, time.process_time()))
            times.clear()
            deafen()
            deafen = telemetry.listen(note) if request == "listen" else _nothing
        server.should_exit = True
        await serving

    asyncio.run(main())


Play = Callable[[int], int]
"""Sends so many messages, waits for the answer of each; returns the bytes of the last one."""


@contextmanager
def page(port: int, rows: int) -> Iterator[Play]:
    """A page that has joined."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{rows}") as response:
        html = response.read().decode()
        cookie = response.headers["set-cookie"].split(";")[0]
    token = re.search(r'data-livets="([^"]+)"', html)
    assert token is not None
    refs = itertools.count(1)
    with connect(
        f"ws://127.0.0.1:{port}/livets/socket",
        origin=Origin(f"http://127.0.0.1:{port}"),
        additional_headers={"cookie": cookie},
        subprotocols=[Subprotocol("livets.1.msgpack")],
        compression=None,
    ) as socket:

        def play(events: int) -> int:
            size = 0
            for ref in itertools.islice(refs, events):
                socket.send(encode_client(Event(ref, 0, "increment", [], {}, {}, ref)))
                size = len(socket.recv())
            return size

        socket.send(encode_client(Join(0, token[1], f"/{rows}")))
        socket.recv()
        yield play


@contextmanager
def yardstick(port: int) -> Iterator[Play]:
    """The echo's client, with messages as long as a page's."""
    message = encode_client(Event(1000, 0, "increment", [], {}, {}, 1000))
    with connect(f"ws://127.0.0.1:{port}/echo", compression=None) as socket:

        def play(messages: int) -> int:
            size = 0
            for _ in range(messages):
                socket.send(message)
                size = len(socket.recv())
            return size

        yield play


@click.command(epilog="Example: python -m benchmarks.micro.event_stages --events 5000 --rows 0")
@click.option("--events", default=2000, show_default=True, help="Events a page.")
@click.option("--rows", multiple=True, type=int, default=(0, 1000, 10_000), show_default=True, help="Rows on the page.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of events, each beside one of echoes.")
def main(events: int, rows: tuple[int, ...], rounds: int) -> None:
    """Print a table of one event's cost by stage."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    port = ours.recv()

    def ask(request: str = "cpu") -> tuple[dict[str, list[int]], float]:
        ours.send(request)
        answer: tuple[dict[str, list[int]], float] = ours.recv()
        return answer

    def cpu_us(work: Play, count: int) -> float:
        _, before_s = ask()
        work(count)
        return (ask()[1] - before_s) / count * 1e6

    click.echo(
        f"{platform.machine()}, CPython {platform.python_version()}, {events} events a page, microseconds (medians)\n"
    )
    raw = encode_client(Event(1000, 0, "increment", [], {}, {}, 1000))
    decode_us = min(timeit.repeat(lambda: decode(raw), number=10_000, repeat=5)) / 10_000 * 1e6
    columns: dict[int, dict[str, float]] = {}
    part = max(1, events // rounds)
    for count in rows:
        with page(port, count) as play, yardstick(port) as play_echo:
            play(events // 10)
            play_echo(events // 10)
            ask("listen")
            size = play(events)
            column = {"decode": decode_us, **stages(ask()[0], events)}
            mine, echoes = [], []
            for _ in range(rounds):
                mine.append(cpu_us(play, part))
                echoes.append(cpu_us(play_echo, part))
        total_us = statistics.median(mine)
        column["socket and loop"] = total_us - sum(column.values())
        column["server CPU an event"] = total_us
        column["server CPU an echo"] = statistics.median(echoes)
        column["of an echo"] = statistics.median(one / other for one, other in zip(mine, echoes, strict=True))
        column["bytes of the answer"] = size
        columns[count] = column
    ours.send("stop")
    process.join(10)
    report(columns)


def stages(marks: dict[str, list[int]], events: int) -> dict[str, float]:
    """Median microseconds between marks; the last `events` stamps of each mark belong together."""
    taken: dict[str, Any] = {name: marks[name][-events:] for name in MARKS}
    return {
        stage: statistics.median((end - start) / 1000 for start, end in zip(taken[first], taken[last], strict=True))
        for stage, (first, last) in STAGES.items()
    }


def report(columns: dict[int, dict[str, float]]) -> None:
    """The table, a column for each number of rows."""
    click.echo("| stage | " + " | ".join(f"{count} rows | share" for count in columns) + " |")
    click.echo("|---|" + "--:|--:|" * len(columns))
    for stage in next(iter(columns.values())):
        cells = []
        for column in columns.values():
            is_part = stage in STAGES or stage in ("decode", "socket and loop")
            share = f"{column[stage] / column['server CPU an event']:.0%}" if is_part else ""
            cells.append(
                f"{column[stage]:.2f} | {share}" if stage == "of an echo" else f"{column[stage]:.1f} | {share}"
            )
        click.echo(f"| {stage} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
