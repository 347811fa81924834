"""What a change of one row of 10,000 costs in Chromium: the bytes of the frame, and the nodes that are touched."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.async_api import Page

from livets import KeyedList, LiveTS, LiveView, event
from tests.support.overheard import Overheard
from tests.support.server import serving

COUNT = 10_000
WATCH = """() => {
  window.records = [];
  const take = (found) => records.push(...found.map((r) =>
    r.type === 'childList' ? `+${r.addedNodes.length} -${r.removedNodes.length}` : r.type));
  new MutationObserver(take).observe(document.querySelector('tbody'),
    {subtree: true, childList: true, attributes: true, characterData: true});
}"""


@dataclass
class Row:
    id: int
    label: str


class Rows(LiveView):
    template = """<button id="first" ts-on:click="drop">-</button><button id="new" ts-on:click="prepend">+</button>
<button id="cell" ts-on:click="cell">c</button><b>{{ done }}</b>
<table><tbody>{% for row in rows %}<tr id="r{{ row.id }}"><td>{{ row.id }}</td><td>{{ row.label }}</td></tr>
{%- endfor %}</tbody></table>"""
    done: int = 0


class Plain(Rows):
    rows: list[Row] = [Row(n, "pretty") for n in range(COUNT)]

    @event
    def drop(self) -> None:
        del self.rows[0]
        self.done += 1

    @event
    def prepend(self) -> None:
        self.rows.insert(0, Row(COUNT + 7, "new"))
        self.done += 1

    @event
    def cell(self) -> None:
        self.rows[5000].label = "other"
        self.done += 1


class Keyed(Rows):
    rows: KeyedList[Row] = KeyedList(Row(n, "pretty") for n in range(COUNT))

    @event
    def drop(self) -> None:
        self.rows.remove(0)
        self.done += 1

    @event
    def prepend(self) -> None:
        self.rows.prepend(Row(COUNT + 7, "new"))
        self.done += 1

    @event
    def cell(self) -> None:
        self.rows.update(5000, label="other")
        self.done += 1


@pytest.mark.parametrize("view", [Plain, Keyed])
async def test_one_of_many_rows(page: Page, view: type[LiveView]) -> None:
    app = LiveTS(secret_key="a secret of at least 32 characters")
    app.live("/", view)
    overheard = Overheard(app)
    async with serving(overheard) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected", state="attached", timeout=20_000)
        await page.evaluate(WATCH)
        wanted = {"#first": ["+0 -1"], "#new": ["+1 -0"], "#cell": ["characterData"]}
        for done, (button, records) in enumerate(wanted.items(), 1):
            overheard.down.clear()
            await page.evaluate("records.length = 0")
            await page.click(button)
            await page.wait_for_function("n => document.querySelector('b').textContent == n", arg=done)
            assert await page.evaluate("records") == records
            assert max(map(len, overheard.down)) <= 60, (button, overheard.down)
        await page.goto("about:blank")
