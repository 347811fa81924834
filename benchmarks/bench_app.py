"""The benchmark page that all compared frameworks serve: `python -m benchmarks.bench_app --port 8000`.

`/bench` is the idiomatic way, a plain Python list; `/bench-keyed` says its changes through a `KeyedList`. Element ids
and classes are those of the specification, so one browser script drives every framework. State is one per page; the
number of the broadcast is one for all.
"""

from __future__ import annotations

import itertools

import click

from benchmarks.bench_rows import Row, build
from livets import KeyedList, LiveTS, LiveView, event

_TOPIC = "bench-shared"
_published = itertools.count(1)
_shared = 0

_PAGE = """
<button id="run" ts-on:click="run">run</button><button id="runlots" ts-on:click="runlots">runlots</button>
<button id="add" ts-on:click="add">add</button><button id="update" ts-on:click="change_every_tenth">update</button>
<button id="swaprows" ts-on:click="swaprows">swaprows</button><button id="clear" ts-on:click="clear">clear</button>
<button id="inc" ts-on:click="inc">inc</button><button id="cell" ts-on:click="cell">cell</button>
<button id="broadcast" ts-on:click="publish">broadcast</button>
<span id="count">{{ count }}</span> <span id="shared">{{ shared }}</span>
<input id="echo" ts-model="echo"><span id="echoed">{{ echo }}</span>
<table><tbody id="rows">
{%- for row in rows -%}
<tr id="row-{{ row.id }}" class="{{ 'danger' if row.id == selected }}"><td class="id">{{ row.id }}</td>
<td class="label"><a class="select" ts-on:click="select({{ row.id }})">{{ row.label }}</a></td>
<td><a class="remove" ts-on:click="remove({{ row.id }})">x</a></td><td></td></tr>
{%- endfor -%}
</tbody></table>
""".replace("</td>\n<td", "</td><td")


class _Page(LiveView):
    """What both pages share: all but the list."""

    count: int = 0
    shared: int = 0
    echo: str = ""
    selected: int = 0
    next_id: int = 1
    seed: int = 42
    cells: int = 0

    def mount(self) -> None:
        self.shared = _shared
        self.subscribe(_TOPIC, self.heard)

    async def heard(self, number: int) -> None:
        """Some page has published."""
        self.shared = number

    def _build(self, count: int) -> list[Row]:
        rows, self.seed = build(count, self.next_id, self.seed)
        self.next_id += count
        return rows

    @event
    async def inc(self) -> None:
        """Count one up."""
        self.count += 1

    @event
    async def select(self, id: int) -> None:
        """Mark one row, and only that."""
        self.selected = id

    @event
    async def publish(self) -> None:
        """Every connected page shows the next number."""
        global _shared
        _shared = next(_published)
        self.broadcast(_TOPIC, _shared)


class Bench(_Page):
    """The table as a plain list of mutable rows."""

    rows: list[Row] = []
    template = _PAGE

    @event
    async def run(self) -> None:
        """1,000 rows, replacing what is there."""
        self.rows, self.selected = self._build(1_000), 0

    @event
    async def runlots(self) -> None:
        """10,000 rows, replacing what is there."""
        self.rows, self.selected = self._build(10_000), 0

    @event
    async def add(self) -> None:
        """1,000 rows more."""
        self.rows.extend(self._build(1_000))

    @event
    async def change_every_tenth(self) -> None:
        """Append to the label of every 10th row."""
        for row in self.rows[::10]:
            row.label += " !!!"

    @event
    async def swaprows(self) -> None:
        """Swap the rows at 1 and 998."""
        rows = self.rows
        if len(rows) > 998:
            rows[1], rows[998] = rows[998], rows[1]

    @event
    async def clear(self) -> None:
        """Empty the table."""
        self.rows, self.selected = [], 0

    @event
    async def cell(self) -> None:
        """Change the label at 500."""
        if len(self.rows) > 500:
            self.cells += 1
            self.rows[500].label = f"cell {self.cells}"

    @event
    async def remove(self, id: int) -> None:
        """Delete one row."""
        for index, row in enumerate(self.rows):
            if row.id == id:
                del self.rows[index]
                return


class BenchKeyed(_Page):
    """The table as a KeyedList, which knows what changed."""

    rows: KeyedList[Row] = KeyedList()
    template = _PAGE

    def _replace(self, rows: list[Row]) -> None:
        self.rows.clear()
        self.rows.extend(rows)
        self.selected = 0

    @event
    async def run(self) -> None:
        """1,000 rows, replacing what is there."""
        self._replace(self._build(1_000))

    @event
    async def runlots(self) -> None:
        """10,000 rows, replacing what is there."""
        self._replace(self._build(10_000))

    @event
    async def add(self) -> None:
        """1,000 rows more."""
        self.rows.extend(self._build(1_000))

    @event
    async def change_every_tenth(self) -> None:
        """Append to the label of every 10th row."""
        for key in self.rows.keys()[::10]:
            self.rows.update(key, label=self.rows[key].label + " !!!")

    @event
    async def swaprows(self) -> None:
        """Swap the rows at 1 and 998."""
        keys = self.rows.keys()
        if len(keys) > 998:
            self.rows.swap(keys[1], keys[998])

    @event
    async def clear(self) -> None:
        """Empty the table."""
        self._replace([])

    @event
    async def cell(self) -> None:
        """Change the label at 500."""
        keys = self.rows.keys()
        if len(keys) > 500:
            self.cells += 1
            self.rows.update(keys[500], label=f"cell {self.cells}")

    @event
    async def remove(self, id: int) -> None:
        """Delete one row."""
        if id in self.rows:
            self.rows.remove(id)


app = LiveTS(title="livets")
app.live("/bench", Bench)
app.live("/bench-keyed", BenchKeyed)


@click.command(epilog="Example: python -m benchmarks.bench_app --port 9000")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
def main(host: str, port: int) -> None:
    """Serve the benchmark page at /bench (plain list) and /bench-keyed (KeyedList)."""
    app.run(host=host, port=port)


if __name__ == "__main__":
    main()
