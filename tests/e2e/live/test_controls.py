"""ts-model with every kind of form control, both ways, on the real stack under `default-src 'self'`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from livets import LiveTS, LiveView, event
from tests.support.server import serving

SECRET = "a secret of the browser tests, long enough"
BEFORE = {
    "name": "Ann", "mail": "", "age": 7, "price": 1.5, "day": "2026-01-02", "level": 3, "color": "#ff0000",
    "note": "first\nsecond", "ok": True, "tags": ["b"], "size": "L", "town": "Rome", "many": ["1", "3"], "late": "",
}  # fmt: skip


class Sheet(LiveView):
    name: str = "Ann"
    mail: str = ""
    age: int | None = 7
    price: float = 1.5
    day: date = date(2026, 1, 2)
    level: int = 3
    color: str = "#ff0000"
    note: str = "first\nsecond"
    ok: bool = True
    tags: list[str] = ["b"]
    size: str = "L"
    town: str = "Rome"
    many: list[str] = ["1", "3"]
    late: str = ""
    template = """
    <input id="name" ts-model.trim="name"><input id="mail" type="email" ts-model.debounce.10ms="mail">
    <input id="age" type="number" ts-model="age"><input id="price" ts-model.number="price">
    <input id="day" type="date" ts-model="day"><input id="level" type="range" max="9" ts-model="level">
    <input id="color" type="color" ts-model="color"><textarea id="note" ts-model="note"></textarea>
    <input id="ok" type="checkbox" ts-model="ok">
    {% for tag in ["a", "b", "c"] %}
    <label><input type="checkbox" value="{{ tag }}" ts-model="tags">{{ tag }}</label>
    {% endfor %}
    <input id="S" type="radio" name="size" value="S" ts-model="size">
    <input id="L" type="radio" name="size" value="L" ts-model="size">
    <select id="town" ts-model="town"><option value="Oslo">Oslo</option><option value="Rome">Rome</option></select>
    <select id="many" multiple ts-model="many"><option>1</option><option>2</option><option>3</option></select>
    <input id="late" ts-model.lazy="late"><button id="set" ts-on:click="set_all">set</button>
    <button id="insist" ts-on:click="insist">insist</button>
    <pre>{{ shown }}</pre>"""

    @property
    def shown(self) -> str:
        return json.dumps({**self.state, "day": str(self.day)})

    @event
    def set_all(self) -> None:
        self.name, self.mail, self.age, self.price, self.day = "Bo", "b@x.org", None, 2.25, date(2025, 12, 24)
        self.level, self.color, self.note, self.ok, self.tags = 9, "#00ff00", "new", False, ["a", "c"]
        self.size, self.town, self.many, self.late = "S", "Oslo", ["2"], "late"

    @event
    def insist(self) -> None:
        for name, value in {"name": "", "price": 0.5, "day": date(2000, 1, 1), "tags": ["c"], "size": "L"}.items():
            self.set_input(name, value)


@pytest_asyncio.fixture(loop_scope="session")
async def sheet(page: Page) -> AsyncIterator[Page]:
    app = LiveTS(secret_key=SECRET)
    app.live("/", Sheet)
    async with serving(app) as url:
        await page.goto(url)
        await page.wait_for_selector(".livets-connected")
        yield page
        await page.goto("about:blank")


CONTROLS = """() => Object.fromEntries([
  ...['name', 'mail', 'age', 'price', 'day', 'level', 'color', 'note', 'town', 'late']
    .map(id => [id, document.getElementById(id).value]),
  ['ok', ok.checked], ['size', document.querySelector('[name=size]:checked')?.value],
  ['tags', [...document.querySelectorAll('label :checked')].map(e => e.value)],
  ['many', [...many.selectedOptions].map(e => e.value)]])"""


ALL_SET = {
    "name": "Bo", "mail": "b@x.org", "age": None, "price": 2.25, "day": "2025-12-24", "level": 9, "color": "#00ff00",
    "note": "new", "ok": False, "tags": ["a", "c"], "size": "S", "town": "Oslo", "many": ["2"], "late": "late",
}  # fmt: skip


async def state(page: Page, **wanted: Any) -> None:
    """Wait until the view's fields are these; others are as they were before."""
    text = json.dumps({**BEFORE, **wanted})
    await page.wait_for_function("text => document.querySelector('pre').textContent === text", arg=text)


async def test_the_first_page_shows_the_fields(sheet: Page) -> None:
    shown = {**BEFORE, "age": "7", "price": "1.5", "level": "3"}
    assert await sheet.evaluate(CONTROLS) == shown


async def test_what_people_enter_reaches_the_fields(sheet: Page) -> None:
    for control, text in (("name", " Zoe "), ("mail", "z@x.org"), ("age", "8"), ("price", "3.75"),
                          ("day", "2026-02-03"), ("level", "5"), ("color", "#0000ff"), ("note", "a\nb")):  # fmt: skip
        await sheet.fill(f"#{control}", text)
    await sheet.uncheck("#ok")
    await sheet.check("label:has-text('a') input")
    await sheet.check("#S")
    await sheet.select_option("#town", "Oslo")
    await sheet.select_option("#many", ["2", "3"])
    await sheet.locator("#late").press_sequentially("slow")
    wanted = {
        "name": "Zoe", "mail": "z@x.org", "age": 8, "price": 3.75, "day": "2026-02-03", "level": 5, "color": "#0000ff",
        "note": "a\nb", "ok": False, "tags": ["a", "b"], "size": "S", "town": "Oslo", "many": ["2", "3"],
    }  # fmt: skip
    await state(sheet, **wanted)  # .lazy waits for the control to be left
    await sheet.locator("#late").blur()
    await state(sheet, **wanted, late="slow")
    await sheet.fill("#age", "")
    await state(sheet, **{**wanted, "age": None}, late="slow")


async def test_what_the_server_sets_shows_in_every_control(sheet: Page) -> None:
    await sheet.click("#set")
    await state(sheet, **ALL_SET)
    assert await sheet.evaluate(CONTROLS) == {**ALL_SET, "age": "", "price": "2.25", "level": "9"}


async def test_what_the_server_insists_on_shows_even_in_focus(sheet: Page) -> None:
    await sheet.fill("#name", "typed")
    await state(sheet, name="typed")
    await sheet.focus("#name")
    await sheet.evaluate("document.querySelector('#insist').click()")
    await expect(sheet.locator("#name")).to_have_value("")
    found = await sheet.evaluate(CONTROLS)
    assert [found[name] for name in ("price", "day", "tags", "size")] == ["0.5", "2000-01-01", ["c"], "L"]


async def test_while_somebody_types_the_server_does_not_overwrite(sheet: Page) -> None:
    await sheet.locator("#late").press_sequentially("half")
    await sheet.evaluate("document.querySelector('#set').click()")
    await state(sheet, **ALL_SET)
    assert await sheet.input_value("#late") == "half"
