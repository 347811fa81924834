"""What patches leave alone, what stays native, what people see: on the real stack, under a strict policy."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from livets import LiveTS, LiveView, event
from tests.support.browser import PageLog
from tests.support.fault_proxy import FaultProxy
from tests.support.server import serving

SECRET = "a secret of the browser tests, long enough"


class Busy(LiveView):
    count: int = 0
    order: list[int] = [1, 2, 3]
    notes: str = "abc"
    template = """
    <b id="count" class="n{{ count }}">{{ count }}</b>
    <button id="add" ts-on:click="add">add</button> <button id="turn" ts-on:click="turn">turn</button>
    <button id="fail" ts-on:click="fail">fail</button>
    <button id="slow" ts-on:click="slow" ts-disable-with="Wait…" ts-loading="faded">Go</button>
    <button id="sure" ts-on:click="add(100)" ts-confirm="Really?">sure</button>
    <button id="named" ts-on:click="name" ts-value:by="7">named</button>
    <ul id="list" title="{{ count }}">{% for n in order %}
      <li ts-key="{{ n }}"><input id="i{{ n }}" value="text {{ n }}">
        <details id="d{{ n }}"><summary>s</summary>{{ count }}</details>
        <video id="v{{ n }}" muted title="{{ count }}"></video></li>
    {% endfor %}</ul>
    <dialog id="box" title="{{ count }}"><p id="inside">{{ count }}</p></dialog>
    <div id="theirs" ts-ignore><i>{{ count }}</i></div>
    <a id="link" href="/other" ts-on:click="add">link</a>
    <a id="blank" href="/other" target="_blank" ts-on:click="add">blank</a>
    <a id="file" href="/other" download="f.html" ts-on:click="add">file</a>"""

    @event
    def add(self, by: int = 1) -> None:
        self.count += by

    @event
    def name(self, by: int) -> None:
        self.count += by

    @event
    def turn(self) -> None:
        self.order = self.order[::-1]
        self.count += 1

    @event
    async def slow(self) -> None:
        await gate.event.wait()
        self.count += 1

    @event
    def fail(self) -> None:
        self.count = 1000
        raise ValueError("no such luck")


class Other(LiveView):
    template = "<h1>Other</h1>"


class Gate:
    """Where the slow handler waits."""

    event: asyncio.Event


gate = Gate()


def application(*, dev: bool = False) -> LiveTS:
    app = LiveTS(secret_key=SECRET, csp="default-src 'self'", dev=dev)
    app.live("/", Busy)
    app.live("/other", Other)
    return app


@pytest_asyncio.fixture(loop_scope="session")
async def busy(page: Page) -> AsyncIterator[Page]:
    gate.event = asyncio.Event()
    async with serving(application()) as url:
        await page.goto(url)
        await page.wait_for_selector(".livets-connected")
        yield page
        await page.goto("about:blank")


async def close(page: Page) -> None:
    """Close a page that a link has opened, once it lives: else the browser complains of its socket."""
    await page.wait_for_selector(".livets-connected")
    await page.close()


async def shows(page: Page, count: int) -> None:
    await expect(page.locator("#count")).to_have_text(str(count))


@pytest.mark.both_transports
async def test_focus_caret_selection_scroll_and_what_is_open_survive(busy: Page) -> None:
    await busy.evaluate(
        """() => {
          const list = document.querySelector('#list');
          Object.assign(list.style, {height: '30px', overflow: 'auto', overflowAnchor: 'none'});
          document.querySelector('#d1').open = true;
          document.querySelector('#box').show();
          const input = document.querySelector('#i2');
          input.focus({preventScroll: true}); input.setSelectionRange(2, 4);
          document.querySelector('#i3').value = 'theirs';
          const mark = document.createElement('mark'); mark.id = 'foreign'; mark.textContent = 'x';
          document.querySelector('li').append(mark);
          document.querySelector('#count').classList.add('foreign');
          document.querySelector('#count').dataset.foreign = '1';
          document.querySelector('#theirs').innerHTML = '<canvas></canvas>';
          list.scrollTop = 25;
        }"""
    )
    await busy.evaluate("document.querySelector('#turn').click()")
    await shows(busy, 1)
    await busy.evaluate("document.querySelector('#turn').click()")
    await shows(busy, 2)
    assert await busy.evaluate(
        """() => { const {activeElement: a} = document, find = s => document.querySelector(s);
          return [a.id, a.selectionStart, a.selectionEnd, find('#list').scrollTop, find('#d1').open, find('#box').open,
            find('#i3').value, find('#foreign').textContent, find('#count').className, find('#count').dataset.foreign,
            find('#theirs').innerHTML, find('#inside').textContent, find('#d1').textContent]; }"""
    ) == ["i2", 2, 4, 25, True, True, "theirs", "x", "n2 foreign", "1", "<canvas></canvas>", "2", "s2"]


async def test_selected_text_outside_of_controls_survives(busy: Page) -> None:
    await busy.evaluate("getSelection().selectAllChildren(document.querySelector('#link'))")
    await busy.evaluate("document.querySelector('#turn').click()")
    await shows(busy, 1)
    assert await busy.evaluate("getSelection().toString()") == "link"


async def test_media_plays_on_while_its_row_moves(busy: Page) -> None:
    await busy.evaluate(
        """async () => { const canvas = document.createElement('canvas'), video = document.querySelector('#v2');
          const context = canvas.getContext('2d');
          const draw = () => { context.fillRect(0, 0, Math.random() * 9, 9); requestAnimationFrame(draw); };
          draw();
          video.muted = true; video.srcObject = canvas.captureStream(); video.stops = 0;
          video.onpause = video.onemptied = () => video.stops++;
          await video.play(); }"""
    )
    await busy.click("#turn")
    await shows(busy, 1)
    now = await busy.evaluate("document.querySelector('#v2').currentTime")
    await busy.wait_for_function("now => document.querySelector('#v2').currentTime > now", arg=now)
    assert await busy.evaluate("(v => [v.paused, v.stops, v.title])(document.querySelector('#v2'))") == [False, 0, "1"]


@pytest.mark.parametrize("how", ["Control", "Meta", "Shift", "middle"])
async def test_modified_clicks_are_the_browsers(busy: Page, context: BrowserContext, how: str) -> None:
    await busy.evaluate(
        "() => addEventListener('click', e =>"
        " { document.title = 'native ' + !e.defaultPrevented; e.preventDefault(); })"
    )
    await busy.evaluate("addEventListener('auxclick', e => document.title = 'native ' + !e.defaultPrevented)")
    if how == "middle":
        async with context.expect_page() as opened:
            await busy.click("#link", button="middle")
        await close(await opened.value)
    else:
        await busy.click("#link", modifiers=[how])  # type: ignore[list-item]
    await busy.wait_for_function("() => document.title === 'native true'")
    await busy.click("#add")
    await shows(busy, 1)  # the link's handler was not called


async def test_new_windows_and_downloads_stay_native(busy: Page, context: BrowserContext) -> None:
    async with context.expect_page() as opened:
        await busy.click("#blank")
    await close(await opened.value)
    async with busy.expect_download() as download:
        await busy.click("#file")
    assert (await download.value).suggested_filename == "f.html"
    await shows(busy, 2)  # the handlers were called as well


@pytest.mark.both_transports
async def test_twenty_rapid_clicks_at_300_ms_are_twenty_in_order(page: Page) -> None:
    async with serving(application()) as url:
        with FaultProxy(int(url.rpartition(":")[2]), latency_s=0.3) as proxy:
            await page.goto(f"http://127.0.0.1:{proxy.port}")
            await page.wait_for_selector(".livets-connected")
            await page.evaluate(
                """() => { const seen = document.documentElement.seen = [], b = document.querySelector('#count');
                  new MutationObserver(() => seen.push(+b.textContent))
                    .observe(b, {characterData: true, subtree: true});
                  for (let n = 0; n < 20; n++) document.querySelector('#add').click(); }"""
            )
            await shows(page, 20)
            seen = await page.evaluate("document.documentElement.seen")
            assert seen == sorted(seen)
            assert seen[-1] == 20
            await page.goto("about:blank")


async def test_feedback_while_the_server_works(busy: Page) -> None:
    await busy.click("#slow")
    button = busy.locator("#slow")
    await expect(button).to_have_text("Wait…")
    await expect(button).to_be_disabled()
    await expect(button).to_have_class("livets-loading faded")
    gate.event.set()
    await shows(busy, 1)
    await expect(button).to_have_text("Go")
    await expect(button).to_be_enabled()
    assert await button.get_attribute("class") is None


async def test_confirm_and_named_arguments(busy: Page) -> None:
    busy.once("dialog", lambda dialog: dialog.dismiss())
    await busy.click("#sure")
    await busy.click("#named")
    await shows(busy, 7)
    busy.once("dialog", lambda dialog: dialog.accept())
    await busy.click("#sure")
    await shows(busy, 107)


async def test_people_see_an_error_with_its_number(busy: Page, page_log: PageLog, caplog: Any) -> None:
    page_log.allow("handler_failed")
    banner = busy.locator("#livets-status")
    await expect(banner).to_be_hidden()
    with caplog.at_level(logging.ERROR, "livets"):
        await busy.click("#fail")
        await expect(banner).to_be_visible()
    words = await banner.text_content() or ""
    number = re.search(r"\(error ([0-9a-f]{8})\)", words)
    assert number
    assert [record for record in caplog.records if number[1] in record.getMessage()]
    assert "no such luck" not in await busy.content()
    assert await banner.get_attribute("role") == "status"
    await busy.click("#add")
    await shows(busy, 1)  # taken back, and it lives on


async def test_a_page_may_tell_errors_by_itself(busy: Page, page_log: PageLog) -> None:
    page_log.allow("handler_failed")
    await busy.evaluate(
        "() => document.addEventListener('livets:error', e => { e.preventDefault(); document.title = e.detail.code; })"
    )
    await busy.click("#fail")
    await busy.wait_for_function("() => document.title === 'handler_failed'")
    assert await busy.locator("#livets-status").is_hidden()


async def test_development_shows_the_traceback_instead(page: Page, page_log: PageLog) -> None:
    page_log.allow("handler_failed|WebSocket|ERR_")
    async with serving(application(dev=True)) as url:
        await page.goto(url)
        await page.wait_for_selector(".livets-connected")
        await page.click("#fail")
        await expect(page.get_by_role("alertdialog")).to_contain_text("no such luck")
        assert await page.locator("#livets-status").is_hidden()
        await page.goto("about:blank")


@pytest.mark.both_transports
async def test_the_banner_of_a_lost_connection(page: Page, page_log: PageLog) -> None:
    page_log.allow("WebSocket|ERR_")
    async with serving(application()) as url:
        with FaultProxy(int(url.rpartition(":")[2])) as proxy:
            await page.goto(f"http://127.0.0.1:{proxy.port}")
            await page.wait_for_selector(".livets-connected")
            await page.evaluate(
                """() => { const banner = document.querySelector('#livets-status'), since = {};
                  const look = () => {
                    if (document.querySelector('.livets-offline')) since.offline ??= performance.now();
                    if (!banner.hidden) banner.dataset.afterMs ??= performance.now() - (since.offline ?? Infinity);
                  };
                  new MutationObserver(look).observe(document, {subtree: true, attributes: true}); }"""
            )
            # What has begun before the page was live has been told, or never will be.
            await page.evaluate("() => new Promise(done => setTimeout(done, 1600))")
            proxy.refuse = True
            proxy.reset()
            banner = page.locator("#livets-status")
            await page.wait_for_selector(".livets-offline")
            await page.click("#add")
            await expect(banner).to_have_text("Connection lost. Trying again …")
            assert float(await banner.get_attribute("data-after-ms") or 0) > 1400, "a short drop is not told"
            proxy.refuse = False
            await expect(banner).to_be_hidden(timeout=15_000)
            await shows(page, 1)
            await page.goto("about:blank")


async def test_nothing_of_livets_is_on_window(busy: Page, context: BrowserContext, page_log: PageLog) -> None:
    plain = await context.new_page()
    page_log.allow("404")
    await plain.goto(busy.url + "nothing")  # the same origin without a connector
    keys = "() => Object.getOwnPropertyNames(window)"
    await busy.click("#add")
    await shows(busy, 1)
    extra = set(await busy.evaluate(keys)) - set(await plain.evaluate(keys))
    assert not {name for name in extra if not name.startswith("__playwright")}
    await plain.close()
