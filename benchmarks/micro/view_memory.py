"""What a view costs beside the application's own state: `python -m benchmarks.micro.view_memory`.

Method: tracemalloc in this process, no sockets: so many views of one class are mounted and rendered by the engine, and
of as many the values of their fields are kept and nothing else; the difference is the engine's (view object, runner,
display, bookkeeping, the last values sent, the record in the memory store). A row's share is what 1,000 rows add to it.
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import click
import msgspec

from livets import KeyedList, LiveView
from livets.live import ViewRunner
from livets.pubsub.memory import MemoryBus
from livets.render import Templates
from livets.state import MemoryStore

_ROWS = 1_000
_TABLE = """<ul>{% for row in rows %}<li ts-key="{{ row.id }}">{{ row.label }}</li>{% endfor %}</ul>"""


class Row(msgspec.Struct):
    """A mutable row."""

    id: int
    label: str


class FrozenRow(msgspec.Struct, frozen=True):
    """One that can't change."""

    id: int
    label: str


class Counter(LiveView):
    """No list."""

    count: int = 0
    template = "<b>{{ count }}</b>"


class Keyed(Counter):
    """A KeyedList."""

    rows: KeyedList[Row] = KeyedList()
    template = _TABLE

    def mount(self) -> None:
        self.rows.extend(Row(number, f"row {number}") for number in range(_ROWS))


class Frozen(Counter):
    """A list of frozen items."""

    rows: list[FrozenRow] = []
    template = _TABLE

    def mount(self) -> None:
        self.rows = [FrozenRow(number, f"row {id(self)} {number}") for number in range(_ROWS)]


class Plain(Counter):
    """A list of mutable items."""

    rows: list[Row] = []
    template = _TABLE

    def mount(self) -> None:
        self.rows = [Row(number, f"row {id(self)} {number}") for number in range(_ROWS)]


@click.command(epilog="Example: python -m benchmarks.micro.view_memory --views 50")
@click.option("--views", default=100, show_default=True)
def main(views: int) -> None:
    """Print the engine's bytes for a view, and for each of its rows."""
    click.echo("| view | engine, bytes a view | bytes a row |\n|---|--:|--:|")
    base = asyncio.run(engine_bytes(Counter, views))
    click.echo(f"| no list | {base:.0f} | |")
    for kind in (Keyed, Frozen, Plain):
        total = asyncio.run(engine_bytes(kind, views))
        click.echo(f"| 1,000 rows: {kind.__doc__} | {total:.0f} | {(total - base) / _ROWS:.1f} |")


async def engine_bytes(kind: type[LiveView], count: int) -> float:
    """Of one view, its own state left out."""
    templates, store, bus = Templates(), MemoryStore(), MemoryBus()

    async def runner(number: int) -> Any:
        made = ViewRunner(kind, view_id=f"view {number}", templates=templates, store=store, bus=bus)
        await made.mount()
        return made

    async def alone(number: int) -> Any:
        view = kind()
        if kind is not Counter:
            view.mount()
        view._live.tracker.done(view)
        if isinstance(view, Keyed):
            view.rows.commit()
        return [view.__dict__.get(name) for name in view.__livets__.fields]

    kept = [await runner(-1)]  # compiles the template
    ours, theirs = await _bytes(runner, count), await _bytes(alone, count)
    del kept
    return (ours - theirs) / count


async def _bytes(make: Callable[[int], Any], count: int) -> int:
    gc.collect()
    tracemalloc.start()
    kept = [await make(number) for number in range(count)]
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return size


if __name__ == "__main__":
    main()
