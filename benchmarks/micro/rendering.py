"""What rendering costs, every figure beside its target: counters, cells, lists, first HTML, bytes on the wire.

    python -m benchmarks.micro.rendering [--rounds 25]

Method: one process, garbage collection off, the best of several rounds in which the works and Jinja2's own render of
the same page take turns, so that a busy machine slows all of them; ratios are those of the best. A change is the change
itself, diff, commit and msgpack, without handler and socket. Bytes are those of the encoded diff. Targets are those of
issue 4 (research/limits.md, section 9).
"""

from __future__ import annotations

import gc
import itertools
import logging
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import click
import jinja2

from livets import KeyedList
from livets.render import Rendering, Templates
from livets.render.environment import MappingScope
from livets.wire.codec import encode_body

PAGE = """<div class="container"><h1>{{ counter }}</h1><table class="table"><tbody id="tbody">{% for row in rows %}\
<tr id="{{ row.id }}" class="{{ 'danger' if row.id == selected }}"><td class="col-md-1">{{ row.id }}</td>\
<td class="col-md-4"><a ts-on:click="select({{ row.id }})">{{ row.label }}</a></td><td class="col-md-1">\
<a ts-on:click="remove({{ row.id }})"><span class="glyphicon glyphicon-remove" aria-hidden="true"></span></a></td>\
<td class="col-md-6"></td></tr>
{% endfor %}</tbody></table></div>"""
LABEL = "pretty red table"
BURST = 200
"""Cheap changes are timed so many at once."""


@dataclass
class Row:
    """A row of the page, mutable as most are."""

    id: int
    label: str


@dataclass(frozen=True)
class Frozen:
    """One that never changes."""

    id: int
    label: str


class Figure(NamedTuple):
    """One line of the table. `value` and `target` in `unit`; "x" is the share of Jinja2's render of the page."""

    what: str
    value: float
    unit: str
    target: float


class View:
    """One view of the page with its rows."""

    def __init__(self, rows: Any) -> None:
        self.template = Templates().from_string(PAGE)
        self.values: dict[str, Any] = {"counter": 0, "selected": 3, "rows": rows}
        self.scope = MappingScope(self.values)
        self.rendering: Rendering = self.template.start()
        self.html = self.rendering.html(self.scope)
        self._numbers = itertools.count(1)

    def send(self, *dirty: str) -> bytes:
        """Diff, commit, encode."""
        patch = self.rendering.diff(self.scope, frozenset(dirty))
        body = encode_body(patch.diff)
        patch.commit()
        if isinstance(self.values["rows"], KeyedList):
            self.values["rows"].commit()
        return body

    def count(self) -> bytes:
        """The counter, nothing else."""
        self.values["counter"] = next(self._numbers)
        return self.send("counter")

    def cell(self) -> bytes:
        """One cell in the middle."""
        rows, number = self.values["rows"], next(self._numbers)
        middle = len(rows) // 2
        if isinstance(rows, KeyedList):
            rows.update(middle, label=f"{LABEL} {number}")
        elif isinstance(rows[middle], Frozen):
            self.values["rows"] = [
                *rows[:middle],
                replace(rows[middle], label=f"{LABEL} {number}"),
                *rows[middle + 1 :],
            ]
        else:
            rows[middle].label = f"{LABEL} {number}"
        return self.send("rows")


def plain(count: int) -> list[Row]:
    """Rows as an ordinary list."""
    return [Row(number, f"{LABEL} {number}") for number in range(count)]


def best(rounds: int, *works: Callable[[], object]) -> list[float]:
    """The shortest time of each in seconds, taken in turn."""
    for work in works:
        work()

    def seconds(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    taken = [[seconds(work) for work in works] for _ in range(rounds)]
    return [min(times) for times in zip(*taken, strict=True)]


def burst(work: Callable[[], object]) -> None:
    """A cheap change, many times."""
    for _ in range(BURST):
        work()


def jinja_of(view: View) -> Callable[[], str]:
    """Plain Jinja2 for the same page: an environment of its own, nothing guarded, no directives."""
    template = jinja2.Environment(autoescape=True).from_string(PAGE)
    values = {**view.values, "rows": list(view.values["rows"])}
    return lambda: template.render(values)


def times(rounds: int) -> Iterator[Figure]:
    """What takes time."""
    for count in (10, 1000, 10_000):
        view = View(plain(count))
        counted, first, jinja = best(rounds, partial(burst, view.count), partial(_first_html, view), jinja_of(view))
        yield Figure(f"counter beside {count} rows, state to bytes", counted / BURST * 1e6, "us", 3.0)
        yield Figure(f"first HTML, {count} rows", first / jinja, "x", 0.7)
    yield _cell(rounds, "one cell of 1,000 plain mutable rows", View(plain(1000)), 0.18)
    yield _cell(rounds, "one cell of 10,000 frozen rows", View([Frozen(n, LABEL) for n in range(10_000)]), 0.02)
    keyed = View(KeyedList(plain(10_000)))
    changed, jinja = best(rounds, partial(burst, keyed.cell), jinja_of(keyed))
    yield Figure("one cell of a KeyedList of 10,000", changed / BURST / jinja, "x", 0.0003)


def _first_html(view: View) -> str:
    return view.template.start().html(view.scope)


def _cell(rounds: int, what: str, view: View, target: float) -> Figure:
    changed, jinja = best(rounds, view.cell, jinja_of(view))
    return Figure(what, changed / jinja, "x", target)


def sizes() -> Iterator[Figure]:
    """What takes bytes."""
    view = View([])
    empty = len(view.html)
    view.values["rows"] = plain(1000)
    html = len(_first_html(view)) - empty
    yield Figure("create 1,000 rows, of the bytes of their HTML", len(view.send("rows")) / html, "x", 0.2)
    rows: KeyedList[Row] = KeyedList(plain(10_000))
    keyed = View(rows)
    yield Figure("KeyedList: counter", len(keyed.count()), "B", 16)
    rows.update(500, label="x")
    yield Figure("KeyedList: one cell, and the text of 1", len(keyed.send("rows")), "B", 16)
    rows.move(500, after=9000)
    yield Figure("KeyedList: move", len(keyed.send("rows")), "B", 10)
    rows.remove(501)
    yield Figure("KeyedList: delete", len(keyed.send("rows")), "B", 8)
    rows.insert(Row(10_001, LABEL), after=9000)
    yield Figure(
        f"KeyedList: insert, without the {len(LABEL)} of its label", len(keyed.send("rows")) - len(LABEL), "B", 40
    )
    many = View(plain(10_000))
    many.values["rows"][5000].label = LABEL
    yield Figure("plain list of 10,000: one changed row", len(many.send("rows")), "B", 48)
    del many.values["rows"][0]
    yield Figure("plain list of 10,000: remove the first", len(many.send("rows")), "B", 60)
    many.values["rows"].insert(0, Row(10_001, LABEL))
    yield Figure("plain list of 10,000: prepend one", len(many.send("rows")), "B", 60)


def compiling() -> str:
    """How long the corpus takes to compile."""
    from tests.support.corpus import CASES, EXTENSIONS  # only a checkout has it

    def all_of(compile: Callable[[Templates, str], object]) -> float:
        started = time.perf_counter()
        for case in CASES:
            templates = Templates(extensions=EXTENSIONS)
            templates.environment.loader = jinja2.DictLoader(case.files)
            compile(templates, case.source)
        return (time.perf_counter() - started) / len(CASES) * 1e3

    ours = min(all_of(lambda templates, source: templates.from_string(source)) for _ in range(3))
    jinja = min(all_of(lambda templates, source: templates.environment.from_string(source)) for _ in range(3))
    return f"compiling a template of the corpus: {ours:.1f} ms, Jinja2 alone {jinja:.1f} ms, once a process"


@click.command(help=__doc__.split("\n")[0])
@click.option("--rounds", default=25, show_default=True, help="Rounds in which the works take turns.")
def main(rounds: int) -> None:
    """Print the table; exit code 1 when a target is missed."""
    gc.disable()
    logging.disable()  # advice about the templates of the corpus
    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, CPython {platform.python_version()}, best of {rounds}\n")
    print("| what | measured | target |\n|---|--:|--:|")
    missed = 0
    for figure in itertools.chain(times(rounds), sizes()):
        digits = {"us": ".2f", "B": ".0f", "x": ".2g" if figure.target < 0.01 else ".3f"}[figure.unit]
        is_met = figure.value <= figure.target
        missed += not is_met
        shown = f"{figure.value:{digits}} {figure.unit}"
        print(f"| {figure.what} | {shown}{'' if is_met else ' **missed**'} | {figure.target:g} {figure.unit} |")
    print(f"\n{compiling()}")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
