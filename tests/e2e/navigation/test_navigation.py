"""Live navigation in Chromium: links, patches, back and forward, reload, scroll, focus; the browser's own business."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from livets import LiveTS, LiveView, event
from tests.support.browser import PageLog
from tests.support.server import serving
from tests.support.wait import until

SECRET = "a secret of the navigation tests, long enough"


class Items(LiveView):
    page: int = 1
    clicks: int = 0
    rows: list[int] = []
    template = """
    <h1>Page {{ page }}</h1><p id="clicks">{{ clicks }}</p><p id="uri">{{ uri }}</p>
    <button id="add" ts-on:click="add">add</button>
    <button id="turn" ts-on:click="turn(7)">turn</button>
    <button id="swap" ts-on:click="swap(8)">swap</button>
    <button id="fail" ts-on:click="fail">fail</button>
    <button id="leave" ts-on:click="leave">leave</button>
    <nav>
      <a id="next" ts-link href="?page={{ page + 1 }}">next</a>
      <a id="replacing" ts-link="replace" href="?page=20">replace</a>
      <a id="wrong" ts-link href="?page=wrong">wrong</a>
      <a id="tab" ts-link href="{{ url_for('items', tab='new') }}">tab</a>
      <a id="other" ts-link href="{{ url_for('other') }}">other</a>
      <a id="blank" ts-link target="_blank" href="?page=30">blank</a>
      <a id="place" ts-link href="#bottom">place</a>
      <a id="far" ts-link href="?page=3#bottom">far</a>
      {% if page == 1 %}<a id="first" ts-link href="?page=2">only here</a>{% endif %}
    </nav>
    <ul>{% for row in rows %}<li ts-key="{{ row }}">row {{ row }}</li>{% endfor %}</ul>
    <p id="bottom">bottom</p>"""

    def handle_params(self, page: int = 1, tab: str = "all") -> None:
        self.page = page
        self.title = f"Page {page} of {tab}"
        self.rows = list(range(10 if page == 2 else 200))

    @event
    def add(self) -> None:
        self.clicks += 1

    @event
    def turn(self, page: int) -> None:
        self.patch(f"?page={page}")

    @event
    def swap(self, page: int) -> None:
        self.patch(f"?page={page}", replace=True)

    @event
    def fail(self) -> None:
        self.patch("?page=66")
        raise ValueError("taken back")

    @event
    def leave(self) -> None:
        self.redirect(self.url_for("other"))


class Other(LiveView):
    title = "Other"
    template = "<h1>Other</h1>"


@pytest.fixture(params=["", "/shop"])
def prefix(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest_asyncio.fixture(loop_scope="session")
async def site(page: Page, prefix: str) -> AsyncIterator[str]:
    live = LiveTS(secret_key=SECRET)
    live.live("/items", Items, name="items")
    live.live("/items/{tab}", Items, name="items")
    live.live("/other", Other, name="other")
    app = LiveTS(secret_key=SECRET)
    app.mount("/shop", live)
    async with serving(app if prefix else live) as url:
        yield url + prefix
        await page.goto("about:blank")  # a page that outlives its server complains on the console


async def holds(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression is true; without `eval` in the page, which its policy forbids."""
    await until(lambda: page.evaluate(condition), condition)


async def opened(page: Page, url: str) -> None:
    await page.goto(url)
    await expect(page.locator("#livets.livets-connected")).to_be_attached()
    await holds(page, "history.state?.livets > 0")


async def shows(page: Page, number: int, url: str) -> None:
    await expect(page.locator("h1")).to_have_text(f"Page {number}")
    await page.wait_for_url(url)


@pytest.mark.both_transports
async def test_links_patches_and_the_way_back_keep_page_and_state(page: Page, site: str) -> None:
    await opened(page, f"{site}/items")
    await page.evaluate("window.sameDocument = true")
    await page.click("#add")
    await page.click("#next")
    await shows(page, 2, f"{site}/items?page=2")
    await page.click("#turn")
    await shows(page, 7, f"{site}/items?page=7")
    await page.click("#swap")
    await shows(page, 8, f"{site}/items?page=8")
    await page.click("#tab")
    await shows(page, 1, f"{site}/items/new")
    await expect(page).to_have_title("Page 1 of new")
    path = site.partition("127.0.0.1:")[2].partition("/")[2]
    await expect(page.locator("#uri")).to_have_text(f"{'/' + path if path else ''}/items/new")
    for number, url in [(8, "/items?page=8"), (2, "/items?page=2"), (1, "/items")]:
        await page.go_back()
        await shows(page, number, site + url)
    await page.go_forward()
    await shows(page, 2, f"{site}/items?page=2")
    await expect(page.locator("#clicks")).to_have_text("1")
    assert await page.evaluate("window.sameDocument")


async def test_replacing_makes_no_entry_and_going_where_one_is_neither(page: Page, site: str) -> None:
    await opened(page, f"{site}/items")
    length = await page.evaluate("history.length")
    await page.click("#replacing")
    await shows(page, 20, f"{site}/items?page=20")
    await page.click("#turn")
    await shows(page, 7, f"{site}/items?page=7")
    await page.click("#turn")
    await page.click("#add")
    await expect(page.locator("#clicks")).to_have_text("1")
    assert await page.evaluate("history.length") == length + 1


async def test_what_fails_leaves_the_address_alone(page: Page, page_log: PageLog, site: str) -> None:
    page_log.allow("handler_failed|bad_arguments")
    await opened(page, f"{site}/items?page=4")
    await page.evaluate("addEventListener('livets:error', (event) => (window.code = event.detail.code))")
    for button, code in (("#fail", "handler_failed"), ("#wrong", "bad_arguments")):
        await page.click(button)
        await holds(page, f"window.code === '{code}'")
        await shows(page, 4, f"{site}/items?page=4")
    await page.click("#next")
    await shows(page, 5, f"{site}/items?page=5")


async def test_another_view_is_another_page_and_back_comes_home(page: Page, site: str) -> None:
    for link in ("#other", "#leave"):
        await opened(page, f"{site}/items?page=4")
        await page.click("#next")
        await shows(page, 5, f"{site}/items?page=5")
        await page.click(link)
        await expect(page.locator("h1")).to_have_text("Other")
        assert page.url == f"{site}/other"
        await page.go_back()
        await shows(page, 5, f"{site}/items?page=5")
        await expect(page.locator("#livets.livets-connected")).to_be_attached()
        await page.go_back()
        await shows(page, 4, f"{site}/items?page=4")


async def test_after_a_reload_in_the_middle_back_still_works(page: Page, site: str) -> None:
    await opened(page, f"{site}/items")
    for number in (2, 3):
        await page.click("#next")
        await shows(page, number, f"{site}/items?page={number}")
    await page.reload()
    await shows(page, 3, f"{site}/items?page=3")
    await holds(page, "history.scrollRestoration === 'manual'")
    await page.go_back()
    await shows(page, 2, f"{site}/items?page=2")
    await page.go_back()
    await shows(page, 1, f"{site}/items")


async def test_scrolling(page: Page, site: str) -> None:
    await opened(page, f"{site}/items")
    await page.evaluate("scrollTo(0, 2000)")
    await page.evaluate("document.getElementById('next').click()")
    await shows(page, 2, f"{site}/items?page=2")
    await page.evaluate("scrollTo(0, 0)")
    await page.go_back()
    await shows(page, 1, f"{site}/items")
    await holds(page, "scrollY === 2000")
    await page.evaluate("document.getElementById('tab').click()")
    await holds(page, "location.pathname.endsWith('/items/new') && scrollY === 0")
    await page.evaluate("document.getElementById('far').click()")
    await holds(page, "location.hash === '#bottom' && scrollY > 1000")
    await shows(page, 3, f"{site}/items/new?page=3#bottom")


async def test_focus_goes_on_and_the_new_title_is_said(page: Page, site: str) -> None:
    await opened(page, f"{site}/items")
    await page.focus("#next")
    await page.keyboard.press("Enter")
    await shows(page, 2, f"{site}/items?page=2")
    assert await page.evaluate("document.activeElement.id") == "next"
    await expect(page.locator("[aria-live=polite]", has_text="Page 2 of all")).to_be_attached()
    await page.go_back()
    await shows(page, 1, f"{site}/items")
    await page.focus("#first")
    await page.keyboard.press("Enter")
    await shows(page, 2, f"{site}/items?page=2")
    await holds(page, "document.activeElement.matches('h1')")


async def test_what_is_the_browsers_stays_the_browsers(page: Page, site: str) -> None:
    await opened(page, f"{site}/items")
    for link, modifiers in (("#next", ["Control"]), ("#blank", [])):
        async with page.context.expect_page() as opening:
            await page.click(link, modifiers=modifiers)  # type: ignore[arg-type]
        tab = await opening.value
        await expect(tab.locator("h1")).to_have_text("Page 2" if link == "#next" else "Page 30")
        await tab.close()
    await page.click("#place")
    await page.wait_for_url(f"{site}/items#bottom")
    await shows(page, 1, f"{site}/items#bottom")
    await page.go_back()
    await page.wait_for_url(f"{site}/items")
    await page.click("#add")
    await expect(page.locator("#clicks")).to_have_text("1")


async def test_quick_journeys_end_where_the_traveller_is(page: Page, site: str) -> None:
    await opened(page, f"{site}/items")
    for number in (2, 3, 4, 5):
        await page.click("#next")
        await shows(page, number, f"{site}/items?page={number}")
    await page.evaluate("history.back(); setTimeout(() => history.back()); setTimeout(() => history.back(), 5)")
    await shows(page, 2, f"{site}/items?page=2")
    await page.evaluate("history.go(3)")
    await shows(page, 5, f"{site}/items?page=5")
    await page.evaluate("history.go(-4)")
    await shows(page, 1, f"{site}/items")


async def test_a_lost_connection_keeps_the_address_and_what_was_clicked(page: Page, site: str) -> None:
    await opened(page, f"{site}/items")
    await page.click("#next")
    await shows(page, 2, f"{site}/items?page=2")
    await page.context.set_offline(True)
    await page.evaluate("dispatchEvent(new Event('pagehide')), document.getElementById('turn').click()")
    await page.context.set_offline(False)
    await page.evaluate("dispatchEvent(new Event('pageshow'))")
    await shows(page, 7, f"{site}/items?page=7")
    await page.go_back()
    await shows(page, 2, f"{site}/items?page=2")
