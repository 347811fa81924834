"""The same page the common way: after each event the whole page is rendered by Jinja2, sent, and morphed.

Two of the applications that `python -m benchmarks.compare` runs side by side, with idiomorph and with morphdom; not a
part of livets. Their scripts are installed from npm when the benchmark runs and served from there: the environment's
MORPH is the file of one of them.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.bench_rows import Row, build

BODY = Environment(autoescape=True).from_string(
    """<button id="run">run</button><button id="runlots">runlots</button><button id="add">add</button>
<button id="update">update</button><button id="swaprows">swaprows</button><button id="clear">clear</button>
<button id="inc">inc</button><button id="cell">cell</button><button id="broadcast">broadcast</button>
<span id="count">{{ count }}</span> <span id="shared">{{ shared }}</span>
<input id="echo"><span id="echoed">{{ echo }}</span>
<table><tbody id="rows">
{%- for row in rows -%}
<tr id="row-{{ row.id }}" class="{{ 'danger' if row.id == selected }}"><td class="id">{{ row.id }}</td>
{#- -#}
<td class="label"><a class="select">{{ row.label }}</a></td><td><a class="remove">x</a></td><td></td></tr>
{%- endfor -%}
</tbody></table>"""
)
"""What Jinja2 renders for each event; also the yardstick of benchmarks.micro.render_paths."""

_SCRIPT = """
const socket = new WebSocket("ws://" + location.host + "/ws");
socket.onmessage = ({ data }) => {
  if (window.Idiomorph) Idiomorph.morph(document.body, data, { morphStyle: "innerHTML" });
  else morphdom(document.body, `<body>${data}</body>`);
};
document.addEventListener("click", ({ target }) => {
  const row = target.closest("tr");
  if (target.localName === "button") socket.send(target.id);
  else if (row && target.className) socket.send(target.className + " " + row.id.slice(4));
});
document.addEventListener("input", ({ target }) => socket.send("echo " + target.value));
socket.onopen = () => document.documentElement.classList.add("ready");
"""
_number = itertools.count(1)
_pages: set[Page] = set()


class Page:
    """The state of one connection."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.rows: list[Row] = []
        self.values: dict[str, Any] = {"count": 0, "shared": 0, "echo": "", "selected": 0}
        self.next_id, self.seed, self.cells = 1, 42, 0

    def build(self, count: int) -> list[Row]:
        """The next rows."""
        rows, self.seed = build(count, self.next_id, self.seed)
        self.next_id += count
        return rows

    async def show(self) -> None:
        """Render all, send all."""
        await self.socket.send_text(BODY.render(self.values, rows=self.rows))

    def change(self, operation: str, argument: str) -> None:
        """What an event does to the state."""
        rows = self.rows
        match operation:
            case "run" | "runlots":
                self.rows = self.build(1_000 if operation == "run" else 10_000)
            case "add":
                rows.extend(self.build(1_000))
            case "update":
                for row in rows[::10]:
                    row.label += " !!!"
            case "swaprows":
                rows[1], rows[998] = rows[998], rows[1]
            case "clear":
                rows.clear()
            case "inc":
                self.values["count"] += 1
            case "cell":
                self.cells += 1
                rows[500].label = f"cell {self.cells}"
            case "select":
                self.values["selected"] = int(argument)
            case "remove":
                del rows[next(at for at, row in enumerate(rows) if row.id == int(argument))]
            case "echo":
                self.values["echo"] = argument


async def socket(socket: WebSocket) -> None:
    """One connection: every message is an event, every answer the whole page."""
    await socket.accept()
    page = Page(socket)
    _pages.add(page)
    try:
        while True:
            operation, _, argument = (await socket.receive_text()).partition(" ")
            if operation == "broadcast":
                number = next(_number)
                for other in list(_pages):
                    other.values["shared"] = number
                    await other.show()
            else:
                page.change(operation, argument)
                await page.show()
    except WebSocketDisconnect:
        pass
    finally:
        _pages.discard(page)


async def document(_: Request) -> Response:
    """The first page."""
    body = BODY.render(count=0, shared=0, echo="", selected=0, rows=[])
    scripts = '<script defer src="/morph.js"></script><script defer src="/page.js"></script>'
    return HTMLResponse(f"<!doctype html><meta charset=utf-8><title>morph</title>{scripts}<body>{body}")


async def script(_: Request) -> Response:
    """The page's own script."""
    return Response(_SCRIPT, media_type="text/javascript")


async def morph(_: Request) -> Response:
    """The library, from where npm has put it."""
    return FileResponse(Path(os.environ["MORPH"]), media_type="text/javascript")


app = Starlette(
    routes=[
        Route("/bench", document),
        Route("/page.js", script),
        Route("/morph.js", morph),
        WebSocketRoute("/ws", socket),
    ]
)
