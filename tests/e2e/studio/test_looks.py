"""The pages fit a phone, work in the dark, by keyboard and for a screen reader, and are the same for everybody."""

# ruff: noqa: E501 - JavaScript in one piece
from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from livets.engine.retry import RetryPolicy
from livets.flow import Flow
from tests.e2e.studio.conftest import Hall, box, is_in


def varied(hall: Hall) -> Flow:
    """A node in every state that somebody can see for a while."""

    async def running(n: int) -> int:
        await hall.pass_gate("running")
        return n

    def failing(n: int) -> int:
        raise RuntimeError("no such table: sales_of_the_year_before_last")

    flow = Flow("varied")
    start = flow.add(lambda: 1, id="start")
    start >> flow.add(running, id="running") >> flow.add(lambda n: n, id="pending")
    retry = RetryPolicy(max_attempts=2, delay_ms=1)
    failed = flow.set(flow.add(failing, id="a_rather_long_name_of_a_node_that_fails"), retry=retry, on_error="skip")
    start >> failed >> flow.add(lambda n: n, id="skipped")
    ask = flow.add("flow.approval", id="ask", config={"prompt": "Is it good?"})
    flow.connect(start, ask["value"])
    return flow


async def opened(hall: Hall, page: Page) -> str:
    run = await hall.start(varied(hall))
    await page.goto(f"{hall.url}/runs/{run}")
    await is_in(page, "skipped", "skipped")
    await is_in(page, "ask", "waiting")
    return run


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_the_graph_above_and_the_node_below(hall: Hall, page: Page, scheme: str) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    run = await opened(hall, page)
    for tab in ("graph", "table", "timeline", "log"):
        await page.click(f"#tab-{tab}")
        await expect(page.locator(f"#tab-{tab}")).to_have_attribute("aria-pressed", "true")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"the page is {wide} px wide with the {tab}"
    await page.goto(f"{hall.url}/runs/{run}?node=ask")
    graph, detail = await page.locator("#canvas").bounding_box(), await page.locator("#detail").bounding_box()
    assert graph is not None
    assert detail is not None
    assert graph["y"] + graph["height"] <= detail["y"]
    await page.goto(hall.url)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_text_can_be_read_in_light_and_dark(hall: Hall, page: Page) -> None:
    """Contrast of at least 4.5 to 1 for every word on the page (WCAG AA)."""
    run = await opened(hall, page)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for path in ("/", f"/runs/{run}?node=ask", f"/runs/{run}?node=a_rather_long_name_of_a_node_that_fails"):
            await page.goto(hall.url + path)
            faint = await page.evaluate(CONTRAST)
            assert not faint, f"{scheme} {path}: {faint}"


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const part = [r, g, b].map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * part[0] + .7152 * part[1] + .0722 * part[2]; };
  const found = [];
  for (const node of document.querySelectorAll("main *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !node.getClientRects().length || node.closest("title, option, .s-hidden")) continue;
    const svg = node instanceof SVGElement;
    let behind = node, colour;
    do { behind = behind.parentElement; colour = behind && rgb(getComputedStyle(behind).backgroundColor); } while (behind && !colour[3]);
    const self = rgb(getComputedStyle(node).backgroundColor);
    const back = !svg && self[3] ? self : colour ?? [255, 255, 255, 255];
    const [a, b] = [light(rgb(svg ? getComputedStyle(node).fill : getComputedStyle(node).color)), light(back)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) found.push(`${node.textContent.trim().slice(0, 30)} ${ratio.toFixed(1)}`);
  }
  return found;
}"""


async def test_by_keyboard_alone(hall: Hall, page: Page) -> None:
    await opened(hall, page)
    await page.locator("#canvas").focus()
    await page.keyboard.press("+")
    await expect(page.locator("#fit")).to_have_attribute("aria-pressed", "false")
    wide = await page.locator("#graph").get_attribute("width")
    await page.keyboard.press("+")
    await expect(page.locator("#graph")).not_to_have_attribute("width", wide or "")
    before = await page.evaluate("document.querySelector('#canvas').scrollLeft")
    await page.keyboard.press("ArrowRight")
    await page.wait_for_function("(before) => document.querySelector('#canvas').scrollLeft > before", arg=before)
    await page.keyboard.press("0")
    await expect(page.locator("#graph")).to_have_attribute("width", "100%")
    await page.keyboard.press("Tab")
    await expect(box(page, "start")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"\?node=start$"))
    await expect(page.locator("#detail h2")).to_have_text("start")


async def test_for_who_does_not_see_it(hall: Hall, page: Page) -> None:
    run = await opened(hall, page)
    await expect(page.get_by_role("heading", name=run)).to_be_visible()
    await expect(page.get_by_role("link", name="running (running): running")).to_be_visible()
    await page.get_by_role("button", name="Table").click()
    row = page.get_by_role("row", name=re.compile("^ask "))
    await expect(row).to_contain_text("waits for approval")
    await expect(row).to_contain_text("start")
    said = page.get_by_role("status").filter(has_text="run")
    hall.gate("running").set()
    await hall.runtime.handle(run).signal("ask", True)
    await expect(said).to_have_text("The run completed")


async def test_states_differ_by_more_than_colour(hall: Hall, page: Page) -> None:
    """Each state has a mark of its own and a word."""
    await opened(hall, page)
    states = ("completed", "running", "pending", "failed", "skipped", "waiting")
    for state in states:
        one = page.locator(f"#graph a[data-state={state}]").first
        await expect(one.locator("use")).to_have_attribute("href", f"#mark-{state}")
        await expect(one.locator(".s-line")).to_contain_text(state if state != "waiting" else "waits")
    shapes = await page.evaluate("[...document.querySelectorAll('[id^=mark-]')].map((one) => one.innerHTML)")
    assert len(set(shapes)) == len(shapes) == 10


async def test_two_browsers_see_the_same(hall: Hall, page: Page, browser: Browser) -> None:
    run = await opened(hall, page)
    context = await browser.new_context()
    other = await context.new_page()
    await other.goto(f"{hall.url}/runs/{run}")
    for one in (page, other):
        await is_in(one, "running", "running")
    other.on("dialog", lambda dialog: dialog.accept())
    await box(other, "ask").click()
    await other.click("#reject")
    hall.gate("running").set()
    for one in (page, other):
        await is_in(one, "ask", "completed")
        await is_in(one, "pending", "completed")
        await expect(one.locator("#status")).to_have_text("completed")
    drawn = "[...document.querySelectorAll('#graph a')].map((one) => one.getAttribute('aria-label'))"
    assert await page.evaluate(drawn) == await other.evaluate(drawn)
    await expect(page.locator("#detail")).to_contain_text("Choose a node")
    await context.close()
