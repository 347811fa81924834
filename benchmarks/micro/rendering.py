"""What rendering costs: a counter beside rows, first HTML against Jinja2, and compiling the templates of the corpus.

    python -m benchmarks.micro.rendering [--rows 10 --rows 1000 --rows 10000]

Method: one process, garbage collection off, the best of several rounds in which the works take turns, so that a busy
machine slows all of them. `counter` is a state change to bytes without handler and socket: diff, commit, msgpack.
`first HTML` is Rendering.html against Template.render of the same template and state. Targets are those of issue 4.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import click
import jinja2

from livets.render import Templates
from livets.render.environment import MappingScope
from livets.wire.codec import encode_body

ROUNDS = 25
COUNTS = 5000
COUNTER_US, FIRST_HTML = 3.0, 0.7
"""Targets: microseconds, and as a ratio to Jinja2."""
PAGE = """<div class="container"><h1>{{ counter }}</h1><table class="table"><tbody id="tbody">{% for row in rows %}\
<tr id="r{{ row.id }}" class="{{ 'danger' if row.id == selected }}"><td class="col-md-1">{{ row.id }}</td>\
<td class="col-md-4"><a ts-on:click="select({{ row.id }})">{{ row.label }}</a></td><td class="col-md-1">\
<a ts-on:click="remove({{ row.id }})"><span class="glyphicon glyphicon-remove" aria-hidden="true"></span></a></td>\
<td class="col-md-6"></td></tr>
{% endfor %}</tbody></table></div>"""


@dataclass
class Row:
    """A row of the page, mutable as most are."""

    id: int
    label: str


def seconds(work: Callable[[], object]) -> float:
    """The time that some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def best(*works: Callable[[], object]) -> list[float]:
    """The shortest time of each, taken in turn."""
    rounds = [[seconds(work) for work in works] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def measure(rows: int) -> tuple[float, float, float]:
    """(microseconds for a counter, milliseconds for first HTML, the same for Jinja2) beside some rows."""
    templates = Templates()
    template = templates.from_string(PAGE)
    plain = templates.environment.from_string(PAGE)
    values = {
        "counter": 0,
        "selected": 3,
        "rows": [Row(number, f"pretty red table {number}") for number in range(rows)],
    }
    scope = MappingScope(values)
    rendering = template.start()
    rendering.html(scope)
    dirty = frozenset({"counter"})

    def count() -> None:
        for _ in range(COUNTS):
            values["counter"] = int(values["counter"]) + 1  # type: ignore[call-overload]
            patch = rendering.diff(scope, dirty)
            encode_body(patch.diff)
            patch.commit()

    counted, html, jinja = best(count, lambda: template.start().html(scope), lambda: plain.render(values))
    return counted / COUNTS * 1e6, html * 1e3, jinja * 1e3


def compiling() -> tuple[int, float, float]:
    """(templates, milliseconds to compile all of them, the same for Jinja2)."""
    from tests.support.corpus import CASES, EXTENSIONS  # only a checkout has it

    def environments() -> list[tuple[Templates, str]]:
        found = []
        for case in CASES:
            templates = Templates(extensions=EXTENSIONS)
            templates.environment.loader = jinja2.DictLoader(case.files)
            found.append((templates, case.source))
        return found

    def compile_all(found: list[tuple[Templates, str]]) -> None:
        for templates, source in found:
            templates.from_string(source)

    def parse_all(found: list[tuple[Templates, str]]) -> None:
        for templates, source in found:
            templates.environment.from_string(source)

    livets = min(seconds(partial(compile_all, environments())) for _ in range(ROUNDS // 5))
    plain = min(seconds(partial(parse_all, environments())) for _ in range(ROUNDS // 5))
    return len(CASES), livets * 1e3, plain * 1e3


@click.command(help=__doc__.split("\n")[0])
@click.option("--rows", multiple=True, type=int, default=(10, 1000, 10_000), help="Rows beside the counter.")
def main(rows: tuple[int, ...]) -> None:
    """Print the table."""
    gc.disable()
    logging.disable()  # advice about the templates of the corpus
    print(f"{'rows':>6} {'counter':>12} {'first HTML':>12} {'Jinja2':>10} {'ratio':>6}")
    for number in rows:
        counter_us, html_ms, jinja_ms = measure(number)
        print(f"{number:6} {counter_us:9.2f} us {html_ms:9.3f} ms {jinja_ms:7.3f} ms {html_ms / jinja_ms:6.2f}")
    print(f"targets: counter <= {COUNTER_US} us, first HTML <= {FIRST_HTML} of Jinja2")
    templates, livets_ms, plain_ms = compiling()
    each = livets_ms / templates
    print(f"compiling {templates} templates: {livets_ms:.0f} ms, {each:.1f} ms each; Jinja2 alone {plain_ms:.0f} ms")


if __name__ == "__main__":
    main()
