"""What a view costs beside the application's own state: `python -m benchmarks.micro.view_memory`.

Method: tracemalloc in this process, no sockets: so many views of one class are mounted and rendered by the engine, and
of as many the values of their fields are kept and nothing else; the difference is the engine's (view object, runner,
display, bookkeeping, the last values sent, the record in the memory store). A row's share is what 1,000 rows add to it.
Parts that are made when they are first needed show in the views that were joined and have had an event, or follow a
topic and have a timer.
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import click
import msgspec

from livets import KeyedList, LiveView, event
from livets.live import ViewRunner
from livets.pubsub.memory import MemoryBus
from livets.render import Templates
from livets.state import MemoryStore
from livets.wire import Event

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

    @event
    async def add(self) -> None:
        """The event."""
        self.count += 1


class Hearing(Counter):
    """A topic and a timer."""

    def mount(self) -> None:
        self.subscribe("news", self.add)
        self.every(3600.0, self.add)


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
    for said, joined in (("No list, joined, after an event.", Counter), (Hearing.__doc__, Hearing)):
        click.echo(f"| {said} | {asyncio.run(engine_bytes(joined, views, events=1)):.0f} | |")


class _Nowhere:
    """An outbox whose browser takes everything."""

    def ready(self) -> bool:
        return True

    def patch(self, diff: Any, done: int, durable: int = 0) -> None:
        """Gone."""

    def ack(self, done: int, durable: int) -> None:
        """Gone."""

    def error(self, code: str, message: str, ref: int, extra: Any = None) -> None:
        raise RuntimeError(message)

    def close(self, code: int, reason: str) -> None:
        raise RuntimeError(reason)


async def engine_bytes(kind: type[LiveView], count: int, *, events: int = 0) -> float:
    """Of one view, its own state left out. `events`: it was joined and has handled so many."""
    nowhere = _Nowhere()
    templates, store, bus = Templates(), MemoryStore(), MemoryBus()
    bus.deliver = lambda view_id, name, message: None

    async def runner(number: int) -> Any:
        made = ViewRunner(kind, view_id=f"view {number}", templates=templates, store=store, bus=bus)
        await made.mount()
        if events:
            made.attach(nowhere)
        for ref in range(1, events + 1):
            made.accept(Event(ref, 0, "add", [], {}, {}, 0))
            await made.settle(ref)
        return made

    async def alone(number: int) -> Any:
        view = kind()
        if kind not in (Counter, Hearing):
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
    for made in kept:
        if isinstance(made, ViewRunner):
            made.lose()
    return size


if __name__ == "__main__":
    main()
