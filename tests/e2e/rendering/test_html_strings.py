"""HTML slots on the real stack, in Chromium: each construct that a string can hold, changed by edits.

Two views show the same strings: one returns them from `render()`, one has them in an opaque region. Every change comes
as edits, the page equals what the browser makes of the string, properties included, and nodes that stay are the same.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page

from livets import LiveTS, LiveView, field
from tests.e2e.rendering.test_random_changes import DIFFERENCE, EQUAL
from tests.support.browser import PageLog
from tests.support.overheard import Overheard
from tests.support.server import serving

LONG = "<p>" + "This paragraph stays as it is, and is long enough that edits are worth it. " * 6 + "</p>"
PROPERTIES = """() => [...document.querySelectorAll('#livets *')].map((it) =>
  [it.localName, it.value ?? null, it.checked ?? null, it.selected ?? null, it.disabled ?? null, it.open ?? null])"""
FRESH_PROPERTIES = f"""(html) => {{
  const box = document.createElement('form'); // radio buttons of its own
  box.innerHTML = html;
  document.body.append(box);
  const found = ({PROPERTIES.replace("#livets *", "body > form:last-child *")})();
  box.remove();
  return found;
}}"""

CHANGES = {
    "text": ["<h1>Count 5</h1>", "<h1>Count 6</h1>", "<h1>&lt;b&gt; &amp;amp; &copy; &#x1F600; é日本</h1>"],
    "text comes and goes": ["<p><b>x</b></p>", "<p>a <b>x</b></p>", "<p>a <b>x</b> z</p>", "<p><b>x</b> z</p>"],
    "attributes": ['<p title="a" data-x=1>x</p>', "<p title='b &amp; \"c\"' aria-label=d>x</p>", '<p lang="de">x</p>'],
    "classes": ['<p class="a b">x</p>', '<p class="b c">x</p>', "<p>x</p>", '<p class="">x</p>'],
    "boolean attributes": [
        "<button>x</button><details><summary>s</summary></details><p>y</p>",
        "<button disabled>x</button><details open><summary>s</summary></details><p hidden>y</p>",
        "<button disabled='disabled'>x</button><details><summary>s</summary></details><p>y</p>",
    ],
    "inputs": [
        '<input name="a" value="1"><input name="b" type="checkbox"><input name="c" type="radio" checked>',
        '<input name="a" value="2" required><input name="b" type="checkbox" checked><input name="c" type="radio">',
        '<input name="a" readonly><input name="b" type="checkbox"><input name="c" type="radio" checked value="x">',
    ],
    "select": [
        "<select><option>a</option><option selected>b</option></select>",
        "<select><option selected>a</option><option>b</option></select>",
        '<select><option>a</option><option>b</option><option value="c" selected>see</option></select>',
        "<select multiple><option selected>a</option><option>b</option><option selected>see</option></select>",
    ],
    "textarea": ["<textarea>a</textarea>", "<textarea>b &lt;i&gt;\nc</textarea>", "<textarea>\n\nd</textarea>"],
    "table": [
        '<table><tbody><tr id="a"><td>1</td></tr><tr id="b"><td>2</td></tr></tbody></table>',
        '<table><tbody><tr id="b"><td>2</td></tr><tr id="c"><td>3</td></tr><tr id="a"><td>1!</td></tr></tbody></table>',
        "<table><caption>t</caption><thead><tr><th>h</th></tr></thead>"
        '<tbody><tr id="a"><td colspan="2">1</td></tr></tbody></table>',
    ],
    "list with keys": [
        '<ul><li ts-key="1">a</li>\n<li ts-key="2">b</li>\n<li ts-key="3">c</li></ul>',
        '<ul><li ts-key="3">c</li>\n<li ts-key="1">a</li>\n<li ts-key="2">b!</li></ul>',
        '<ul><li ts-key="4">d</li>\n<li ts-key="2">b</li></ul>',
        "<ul></ul>",
    ],
    "svg": [
        '<svg viewBox="0 0 9 9"><circle r="1"/><g><path d="M0 0"/></g></svg>',
        '<svg viewBox="0 0 9 9"><circle r="2" class="big"/><g><path d="M0 0"/><text>hi</text></g></svg>',
        '<svg viewBox="0 0 5 5"><g><foreignObject><p>html</p></foreignObject></g></svg>',
    ],
    "mathml": ["<math><mi>x</mi><mo>+</mo></math>", "<math><mi>y</mi><mo>+</mo><mn>2</mn></math>"],
    "template": ["<template><b>1</b></template><i>1</i>", "<template><b>2</b><hr></template><i>2</i>"],
    "void elements": ["a<br>b", "a<br>b<hr><wbr>c", '<img alt="x">a<br/>c', "c"],
    "comments": ["<!-- one --><b>1</b>", "<!-- two --><b>1</b>", "<b>1</b><!---->"],
    "white space": [
        "<p>a  b</p>\n  <p> c</p>",
        "<p>a b</p>\n<p> c </p>",
        "<pre>x\n y</pre> <p>c</p>",
        "<pre>x\n\n y </pre><p>c</p>",
    ],
    "moved into another order": [
        '<b id="x">1</b><i id="y">2</i><u id="z">3</u>',
        '<u id="z">3</u><b id="x">1</b><i id="y">2!</i>',
    ],
}  # fmt: skip


class Changing(LiveView):
    """Shows one string after the other."""

    source: str = field("", persist=False)
    states: Any = field(None, persist=False)

    async def advance(self, _message: None) -> None:
        self.source = next(self.states)


class Strings(Changing):
    """Draws itself."""

    def render(self) -> str:
        return self.source


class Region(Changing):
    """Has the string in an opaque region."""

    template = "<main>{% autoescape false %}{{ source }}{% endautoescape %}</main><footer>{{ source|length }}</footer>"


class Show:
    """One of the two views in a browser."""

    def __init__(self, page: Page, view_class: type[Changing], states: list[str]) -> None:
        self.page, self.states, self.at = page, states, 0
        self.is_region = view_class is Region
        self.app = LiveTS(secret_key="a secret for this test, 32 characters", wire="json", dev=False)
        upcoming = iter(states)
        view = type(view_class.__name__, (view_class,), {"mount": _mount(upcoming)})
        self.app.live("/", view)
        self.overheard = Overheard(self.app)

    @property
    def heals(self) -> list[str]:
        """Blocks that the page has asked for."""
        return self.overheard.heals

    @property
    def changes(self) -> list[Any]:
        """The change of the slot in each patch."""
        messages = [json.loads(frame) for frame in self.overheard.down]
        return [message[1][1] for message in messages if message[0][0] == 0 and message[1]]

    @property
    def fresh(self) -> str:
        """What the page should be."""
        html = self.states[self.at]
        return f"<main>{html}</main><footer>{len(html)}</footer>" if self.is_region else html

    async def advance(self) -> None:
        """To the next state, and wait until it shows."""
        self.at += 1
        await self.app.worker.bus.publish("next", b"\xc0", f"test:{self.at}")
        await self.check()

    async def check(self) -> None:
        """The page is what it should be."""
        try:
            await self.page.wait_for_function(EQUAL, arg=self.fresh, timeout=5000)
        except Exception:
            pytest.fail(f"state {self.at}:\n{await self.page.evaluate(DIFFERENCE, self.fresh)}", pytrace=False)


def _mount(upcoming: Any) -> Any:
    def mount(self: Changing) -> None:
        self.states = upcoming
        self.subscribe("next", "advance")
        self.source = next(upcoming)

    return mount


@pytest.mark.parametrize("view_class", [Strings, Region])
@pytest.mark.parametrize("name", CHANGES)
async def test_each_construct_changes_by_edits(
    page: Page, page_log: PageLog, view_class: type[Changing], name: str
) -> None:
    states = [f"{html}{LONG}" for html in CHANGES[name]]
    show = Show(page, view_class, [*states, states[0]])
    async with serving(show.overheard) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected")
        last = "document.querySelector('#livets p:last-of-type').mine"
        await page.evaluate(f"{last} = true")
        for _ in states:
            await show.advance()
            properties = await page.evaluate(PROPERTIES)
            assert properties == await page.evaluate(FRESH_PROPERTIES, show.fresh)
        assert await page.evaluate("document.querySelector('#livets p:last-of-type').mine"), (
            "what stays is the same node"
        )
        await page.goto("about:blank")
    assert [type(change) for change in show.changes] == [list] * len(states)
    assert show.heals == []


FORM = """<label>{label}</label><input id="typed" value="{value}"><div id="box">{box}</div>
<details><summary>more</summary>x</details>
<ul>{rows}</ul><textarea name="own"></textarea>"""


def form(label: str, value: str, rows: str, box: str = "") -> str:
    """A page with controls of which the server knows nothing but their first value."""
    items = "\n".join(f'<li id="r{row}"><input name="of{row}"> {row}</li>' for row in rows)
    return FORM.format(label=label, value=value, rows=items, box=box) + LONG


async def test_focus_caret_and_what_was_typed_stay(page: Page) -> None:
    states = [
        form("a", "1", "abc"),
        form("b", "1", "abc", "<b>new</b>"),
        form("c", "1", "xcab"),
        form("d", "server's", "cab"),
        form("e", "server's", "c"),
    ]
    show = Show(page, Strings, states)
    async with serving(show.overheard) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected")
        await page.fill("[name=own]", "mine")
        await page.fill("[name=ofa]", "in row a")
        await page.click("summary")
        await page.fill("#typed", "hello")
        await page.evaluate("document.querySelector('#typed').setSelectionRange(2, 4)")
        state = """() => {
          const typed = document.querySelector('#typed');
          return [document.activeElement === typed, typed.selectionStart, typed.selectionEnd, typed.value,
                  document.querySelector('[name=own]').value, document.querySelector('[name=ofa]')?.value,
                  document.querySelector('details').open];
        }"""
        for _ in states[1:]:
            show.at += 1
            await show.app.worker.bus.publish("next", b"\xc0", f"test:{show.at}")
            await page.wait_for_function(f"() => document.querySelector('label').textContent === '{'abcde'[show.at]}'")
            row = "in row a" if show.at < 4 else None
            assert await page.evaluate(state) == [True, 2, 4, "hello", "mine", row, True]
        await page.fill("[name=ofc]", "in row c")  # a row that moved is alive
        assert [type(change) for change in show.changes] == [list] * (len(states) - 1)
        await page.goto("about:blank")
    assert show.heals == []


OTHERS = {
    "insert": "document.querySelector('#r2').before(globalThis.own = document.createElement('x-other'))",
    "insert text": "document.querySelector('#r2').before(globalThis.own = new Text('other'))",
    "wrap": """{ const it = document.querySelector('#r2'), by = document.createElement('div');
                 it.before(by); by.append(it); }""",
    "sort": "{ const ul = document.querySelector('#rows'); ul.append(...[...ul.children].reverse()); }",
    "split": "document.querySelector('#r2 b').firstChild.splitText(2)",
    "translate": """{ const font = document.createElement('font'); font.textContent = 'zwei';
                      document.querySelector('#r2 b').firstChild.replaceWith(font); }""",
    "mark": """{ const rest = document.querySelector('#r2 b').firstChild.splitText(2);
                 const mark = document.createElement('mark');
                 rest.replaceWith(mark); mark.append(rest); }""",
    "take away": "document.querySelector('#r2').remove()",
    "empty": "document.querySelector('#rows').textContent = ''",
}


@pytest.mark.parametrize("name", OTHERS)
async def test_other_scripts_at_work_are_left_alone_or_lead_to_a_heal(page: Page, name: str) -> None:
    def listing(rows: str, text: str) -> str:
        items = "".join(f'<li id="r{row}"><b>{text if row == "2" else "row"} {row}</b></li>' for row in rows)
        return f'<ul id="rows">{items}</ul>{LONG}'

    states = [listing("1234", "row"), listing("1234", "second"), listing("4125", "second")]
    show = Show(page, Strings, states)
    async with serving(show.overheard) as url:
        await page.goto(url)
        await page.wait_for_selector("#livets.livets-connected")
        await page.evaluate(OTHERS[name])
        if "insert" in name:
            show.at = 2
            for number in (1, 2):
                await show.app.worker.bus.publish("next", b"\xc0", f"test:{number}")
            await page.wait_for_selector("#r5", state="attached")
            assert await page.evaluate("own.parentNode.id") == "rows"
            await page.evaluate("own.remove()")
            await show.check()
            assert show.heals == []
        else:
            show.at += 1
            await show.app.worker.bus.publish("next", b"\xc0", "test:1")
            await page.wait_for_function("() => document.querySelector('#r2')?.textContent === 'second 2'")
            await show.advance()
        await page.goto("about:blank")
