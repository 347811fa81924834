"""What visitors type never becomes code or markup in Chromium (T19, T20), and no name that data brings confuses the
connector (T22): every payload in every place of a template, in the first HTML, by patches, new rows and fills.

The policy of these pages lets every script run, so it is livets that has to keep them out.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from playwright.async_api import Page

from livets import KeyedList, LiveTS, LiveView, event
from tests.integration.transport.harness import app, serving
from tests.support.browser import PageLog
from tests.support.wait import until

OPEN = "default-src * 'unsafe-inline' 'unsafe-eval' data: blob:"
PAYLOADS = [
    "<script>xss()</script>",
    "<img src=x onerror=xss()>",
    "\"><img src=x onerror=xss()>",
    "'><svg onload=xss()>",
    "x onmouseover=xss() autofocus onfocus=xss() tabindex=0",
    "\" autofocus onfocus=\"xss()",
    "' autofocus onfocus='xss()",
    "` onfocus=xss() autofocus `",
    "</textarea></title></style></option></select></script><img src=x onerror=xss()>",
    "--><img src=x onerror=xss()><!--",
    "<!--[--><img src=x onerror=xss()><!--]-->",
    "]]><script>xss()</script>",
    "javascript:xss()",
    " \tjava\nscript:xss()",
    "\x01javascript:xss()",
    "JAVASCRIPT&colon;xss()",
    "data:text/html,<script>parent.xss()</script>",
    "{{ 7*7 }}{% for x in y %}${xss()}",
    "&lt;img src=x onerror=xss()&gt;",
    "\u2028<iframe srcdoc='<script>parent.xss()</script>'>",
    "<template shadowrootmode=open><img src=x onerror=xss()></template>",
    "<base href=//evil.example><math><mtext><img src=x onerror=xss()>",
]  # fmt: skip
TEMPLATE = """
<h1 class="{{ text }}" title='{{ text }}'>{{ text }}</h1><p title={{ text }} data-{{ text }}="1">{{ text }}</p>
<p {{ text }}>among attributes</p>
<a id="a" href="{{ text }}">a</a><a ts-bind:href="text">b</a>
<svg><a xlink:href="{{ text }}"><title>{{ text }}</title></a></svg>
<form action="{{ text }}"><button formaction="{{ text }}">go</button><textarea>{{ text }}</textarea>
<input value="{{ text }}"><input ts-model="text"><select><option label="{{ text }}">{{ text }}</option></select></form>
<b ts-text="text"></b><i ts-class="{'on': text}" ts-show="text">{{ text }}</i><u ts-if="text">{{ text }}</u>
<noscript>{{ text }}</noscript><table><tr><td>{{ text }}</td></tr></table>
<ul>{% for row in rows %}<li ts-key="{{ row.id }}"><a href="{{ row.id }}">{{ row.id }}</a></li>{% endfor %}</ul>
<ol>{% for row in plain %}<li id="{{ row }}"><i title="{{ row }}">{{ row }}</i></li>{% endfor %}</ol>
<s>{{ count }}</s>
"""
FINDINGS = """() => {
  const found = window.reached ? ['a script ran'] : [];
  const live = document.getElementById('livets');
  for (const element of [...document.documentElement.querySelectorAll('*')]) {
    const made = 'script, img, iframe, base, math, template, style, link, meta, object';
    if (live.contains(element) && element.matches(made))
      found.push('element ' + element.outerHTML.slice(0, 120));
    for (const { name, value } of [...element.attributes]) {
      if (/^on/i.test(name) && name in element) found.push('attribute ' + name + '=' + value);
      if (['href', 'src', 'action', 'formaction', 'xlink:href'].includes(name)) {
        let protocol = '';
        try { protocol = new URL(value, document.baseURI).protocol; } catch { }
        if (/script:$/.test(protocol)) found.push('program ' + name + '=' + value);
      }
    }
  }
  return found;
}"""


async def becomes(page: Page, script: str, expected: object) -> None:
    """Wait; not by Playwright's own means, which the policies and names of these pages would break."""
    async with asyncio.timeout(20):
        while (found := await page.evaluate(script)) != expected:
            await asyncio.sleep(0.02)
    assert found == expected


class Row(msgspec.Struct):
    id: str


class Places(LiveView):
    text: str = ""
    count: int = 0
    rows: KeyedList[Row] = KeyedList()
    plain: list[str] = []
    template = TEMPLATE

    def mount(self) -> None:
        self.show(self.request.query_params.get("text", ""))

    @event
    async def put(self, text: str) -> None:
        self.show(text)
        self.count += 1

    def show(self, text: str) -> None:
        self.text = self.title = self.body_class = text
        self.rows = KeyedList([Row(text), Row("harmless")])
        self.plain = [text, "harmless"]


class Written(LiveView):
    """The same places, written by render()."""

    text: str = ""
    count: int = 0

    def mount(self) -> None:
        self.text = self.request.query_params.get("text", "")

    @event
    async def put(self, text: str) -> None:
        self.text = text
        self.count += 1

    def render(self) -> str:
        return self.html(
            '<h1 title="{{ text }}">{{ text }}</h1><a href="{{ text }}">a</a><p {{ text }}>p</p>'
            "<ul>{% for n in [1, 2] %}<li ts-key='{{ n }}'>{{ text }}</li>{% endfor %}</ul>"
            "<textarea>{{ text }}</textarea><s>{{ count }}</s>"
        )


@pytest.mark.parametrize("view", [Places, Written])
async def test_t19_no_place_of_a_template_makes_code_of_data(page: Page, page_log: PageLog, view: type) -> None:
    page_log.allow("Failed to load resource|Refused|preload|WebSocket connection")
    site = app(csp=OPEN)
    site.live("/", view)
    await page.add_init_script("window.xss = window.alert = () => { window.reached = true; };")
    async with serving(site) as origin:
        for payload in PAYLOADS:
            await page.goto(f"{origin}/?text={quote(payload)}", wait_until="domcontentloaded")
            assert await page.evaluate(FINDINGS) == [], f"first HTML of {payload!r}"
        await page.goto(origin)
        await until(lambda: site.registry.joined >= 1)
        resident = next(view for view in site.registry if view.page is not None)
        live: Any = resident.runner.view
        for count, payload in enumerate(PAYLOADS, 1):
            async with live.commit():
                if view is Places:
                    live.show(payload)
                live.text, live.count = payload, count
            await becomes(page, "document.querySelector('s').textContent", str(count))
            assert await page.evaluate(FINDINGS) == [], f"a patch with {payload!r}"
            assert await page.evaluate("document.querySelector('h1').textContent") == payload.replace("\x01", "\x01")
            if count % 7 == 0:
                resident.outbox._floor = 10**9  # nothing can be replayed: all values are sent
                resident.page.channel.close(1012)  # type: ignore[union-attr]
                await until(lambda: resident.page is not None and resident.outbox.channel is not None)
                assert await page.evaluate(FINDINGS) == [], f"a fill with {payload!r}"


# A form with a control of such a name has no such member any more.
CLOBBERING = [
    "children", "childNodes", "firstChild", "nextSibling", "nodeType", "nodeName", "tagName", "localName", "data",
    "remove", "append", "id", "value", "elements", "innerHTML", "textContent", "hidden", "style", "name",
    "length", "form", "checked", "method", "action", "title", "target", "type", "options", "key", "reset", "submit",
    "attributes", "closest", "getAttribute", "hasAttribute", "insertBefore", "moveBefore", "parentNode", "classList",
    "className", "matches", "contains",
    "__proto__", "constructor", "hasOwnProperty", "toString", "prototype", "valueOf", "then", "ts-key", "livets",
]  # fmt: skip


class Clobbered(LiveView):
    names: list[str] = CLOBBERING
    count: int = 0
    received: dict[str, str] = {}
    template = """<form ts-on:submit.prevent="save" title="{{ count }}"><b>{{ count }}</b>
    {% for name in names %}
    <p ts-key="{{ name }}"><input name="{{ name }}" id="{{ name }}" value="v"><i>{{ count }}</i></p>
    {% endfor %}
    {% if count % 2 %}<u>odd</u>{% endif %}<s>{{ received|length }}</s>
    <button type="submit">save</button><button type="button" class="more" ts-on:click="more">more</button></form>"""

    @event
    async def more(self) -> None:
        self.count += 1
        self.names = [*self.names[1:], self.names[0]]

    @event
    async def save(self, form: dict[str, str]) -> None:
        self.received = form


async def test_t22_names_of_controls_and_rows_are_only_names(page: Page, page_log: PageLog) -> None:
    page_log.allow("WebSocket connection")
    site = app()
    site.live("/", Clobbered)
    async with serving(site) as origin:
        await page.goto(origin)
        for count in range(1, 6):
            await page.evaluate("document.querySelector('.more').click()")
            await becomes(page, "document.querySelector('b').textContent", str(count))
            names = CLOBBERING[count:] + CLOBBERING[:count]
            shown = "[...document.querySelectorAll('input')].map((input) => input.name)"
            assert await page.evaluate(shown) == names
            texts = "[...document.querySelectorAll('i')].every((each) => each.textContent === '%d')"
            assert await page.evaluate(texts % count)
            assert await page.evaluate("document.querySelectorAll('u').length") == count % 2
            assert await page.evaluate("document.querySelector('form').getAttributeNode('title').value") == str(count)
        await page.evaluate("document.querySelector('button[type=submit]').click()")
        await becomes(page, "document.querySelector('s').textContent", str(len(CLOBBERING)))
        (resident,) = site.registry
        assert set(resident.runner.view.received) == set(CLOBBERING)  # type: ignore[attr-defined]
        assert await page.evaluate("({}).polluted === undefined && Object.keys(Object.prototype).length === 0")


class Raises(LiveView):
    text: str = ""
    template = '<button ts-on:click="fail">fail</button><input ts-model="text">'

    def mount(self) -> None:
        if bad := self.request.query_params.get("bad"):
            raise ValueError(bad)

    @event
    async def fail(self) -> None:
        raise ValueError(self.text)


@pytest.mark.parametrize("payload", PAYLOADS[:4])
async def test_t21_the_pages_and_the_overlay_of_development_are_inert(
    page: Page, page_log: PageLog, payload: str
) -> None:
    page_log.allow("Failed to load resource|livets|WebSocket connection")
    site: LiveTS = app(dev=True, csp=OPEN)
    site.live("/", Raises)
    await page.add_init_script("window.xss = window.alert = () => { window.reached = true; };")
    async with serving(site) as origin:
        await page.goto(f"{origin}/?bad={quote(payload)}")
        await page.wait_for_selector("text=ValueError")
        assert await page.evaluate("!window.reached && !document.querySelector('img, iframe')")
        await page.goto(f"{origin}/nowhere{quote(payload)}")
        assert await page.evaluate("!window.reached && !document.querySelector('img, iframe')")
        await page.goto(origin)
        await page.fill("input", payload)
        await page.click("button")
        await page.wait_for_function(
            "document.documentElement.outerHTML.includes('livets') && document.body.children.length > 1"
        )
        await until(lambda: len(site.worker.pages) == 1)
        assert await page.evaluate("!window.reached")
