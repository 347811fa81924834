"""What the string differ adds to a render, as ratios: to the Jinja2 render that made the string, and to a whole parse.

    python -m benchmarks.micro.string_differ [--rows 1000]

Method: one process; the page of the framework benchmark, made by Jinja2; medians of each operation, garbage
collection off, render, parse and differ taken in turn; CPU time of the thread, so that waiting for a busy machine does
not count. `edit` is the whole
cost of a change: finding it, addresses, edits, what is known of the new string. `first look` is paid once for a
string that no edit has made (a view's first HTML; views with the same HTML share it).
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import click
import jinja2
import msgspec
from selectolax.lexbor import LexborHTMLParser

from livets.render.strings.census import take
from livets.render.strings.edits import edit

ROUNDS = 30
TARGETS = {"counter": 0.08, "one cell": 0.08, "every 10th row": 0.5}
PAGE = """<div class="container"><h1>{{ counter }}</h1><table class="table"><tbody id="tbody">{% for row in rows %}\
<tr id="r{{ row.id }}"{% if row.id == selected %} class="danger"{% endif %}><td class="col-md-1">{{ row.id }}</td>\
<td class="col-md-4"><a ts-on:click="select({{ row.id }})">{{ row.label }}</a></td><td class="col-md-1">\
<a ts-on:click="remove({{ row.id }})"><span class="glyphicon glyphicon-remove" aria-hidden="true"></span></a></td>\
<td class="col-md-6"></td></tr>
{% endfor %}</tbody></table></div>"""


@dataclass
class Row:
    """A row of the page."""

    id: int
    label: str


def seconds(work: Callable[[], object]) -> float:
    """The CPU time that some work takes."""
    started = time.thread_time()
    work()
    return time.thread_time() - started


@click.command()
@click.option("--rows", "number", default=1000, show_default=True)
def main(number: int) -> None:
    """Print the ratios."""
    template = jinja2.Environment(autoescape=True).from_string(PAGE)
    rows = [Row(index, f"pretty red table {index}") for index in range(number)]

    def render(rows: list[Row] = rows, counter: int = 5, selected: int | None = None) -> str:
        return template.render(rows=rows, counter=counter, selected=selected)

    def relabelled(step: int, start: int = 0) -> list[Row]:
        return [
            Row(row.id, row.label + "!") if (row.id - start) % step == 0 and row.id >= start else row for row in rows
        ]

    middle, new = number // 2, Row(number, "new")
    swapped = [rows[0], rows[-2], *rows[2:-2], rows[1], rows[-1]]
    old = render()
    cases = {
        "counter": render(counter=6),
        "one cell": render(relabelled(number, middle)),
        "select a row": render(selected=middle),
        "remove a row": render(rows[:middle] + rows[middle + 1 :]),
        "prepend a row": render([new, *rows]),
        "append a row": render([*rows, new]),
        "swap two rows": render(swapped),
        "every 10th row": render(relabelled(10)),
        "counter and cell": render(relabelled(number, middle), counter=6),
        "counter and prepend": render([new, *rows], counter=6),
    }
    census = take(old, "div", "")
    gc.disable()
    renders, parses, looks = [], [], []
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        renders.append(seconds(render))
        parses.append(seconds(lambda: LexborHTMLParser(old, is_fragment=True, fragment_tag="div")))
        looks.append(seconds(lambda: take(old, "div", "")))
        for name, html in cases.items():
            times[name].append(seconds(partial(edit, old, html, census, "div", "")))
    base, parse = statistics.median(renders), statistics.median(parses)
    click.echo(f"{number} rows, {len(old) / 1000:.0f} KB; render {base * 1e3:.2f} ms = 1; parse {parse / base:.2f}")
    click.echo(f"{'':22}{'of a render':>12}{'of a parse':>12}{'bytes':>8}")
    click.echo(f"{'first look':22}{statistics.median(looks) / base:12.3f}{statistics.median(looks) / parse:12.3f}")
    for name, html in cases.items():
        cost = statistics.median(times[name])
        size = len(msgspec.msgpack.encode(edit(old, html, census, "div", "")[0]))
        target = f"   target {TARGETS[name]}" if name in TARGETS else ""
        click.echo(f"{name:22}{cost / base:12.3f}{cost / parse:12.3f}{size:8}{target}")


if __name__ == "__main__":
    main()
