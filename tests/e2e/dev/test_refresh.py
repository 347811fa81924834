"""`livets dev` seen from Chromium: what a save does to an open page, and how mistakes are shown, under a strict policy.

One walk for all kinds of changes: starting Chromium and the server is what takes time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import PageLog
from tests.support.command import Command

MAIN = """
from pathlib import Path
from livets import LiveTS, LiveView, event

HERE = Path(__file__).parent

class Counter(LiveView):
    template_name = "counter.html"
    count: int = 0

    @event
    async def add(self) -> None:
        self.count += 1

    @event
    async def fail(self) -> None:
        self.count = 99
        raise ValueError("no luck today")

app = LiveTS(templates=HERE / "templates", static=HERE / "static", stylesheets=["/static/style.css"],
             head='<link rel="icon" href="data:,">', csp="strict")
app.live("/", Counter)
"""
TEMPLATE = """<h1 id="count">{{ count }}</h1>
<button id="add" ts-on:click="add">Add</button> <button id="fail" ts-on:click="fail">Fail</button>
<input id="own">"""
TRACE = """Traceback (most recent call last):
  File "/x/site-packages/livets/live/units.py", line 1, in _run
    await work()
    ^^^^^^^^^^^^
  File "/x/site-packages/livets/live/calling.py", line 2, in call
    send()
  File "/home/ann/shop/main.py", line 3, in go
    return known['x']
KeyError: 'x'
"""
TELL = "detail => document.dispatchEvent(new CustomEvent('livets:error', {detail}))"
CLOSE_AND_TELL = f"""detail => {{
    document.querySelector('[data-livets-dev]').shadowRoot.querySelector('dialog').close();
    ({TELL})(detail);
}}"""
SHOTS = os.environ.get("LIVETS_SCREENSHOTS")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "templates" / "counter.html").write_text(TEMPLATE)
    (tmp_path / "static" / "style.css").write_text("h1 { color: rgb(1, 1, 1) }")
    return tmp_path


@pytest.fixture
def dev(project: Path) -> Iterator[Command]:
    with Command("dev", "--port", "0", folder=project) as command:
        command.says("Ctrl\\+C")
        yield command


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A program is started again behind most of these steps, perhaps on a busy machine."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(autouse=True)
def allowed(page_log: PageLog) -> None:
    page_log.allow("handler_failed")  # the connector says it on the console, too
    page_log.allow("WebSocket connection to .* failed")  # a server that starts again is not there for a moment
    page_log.allow("status of 500")


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            await page.screenshot(path=f"{SHOTS}/{name}-{scheme}.png")


async def start(page: Page, dev: Command) -> None:
    await page.goto(dev.url)
    await expect(page.locator("#livets.livets-connected")).to_be_visible()


async def test_saves_show_in_the_open_page(page: Page, dev: Command, project: Path) -> None:
    template, main, style = (
        project / "templates" / "counter.html",
        project / "main.py",
        project / "static" / "style.css",
    )
    await start(page, dev)
    await page.evaluate("window.kept = true")
    await page.fill("#own", "typed")
    await page.click("#add")
    await expect(page.locator("#count")).to_have_text("1")

    style.write_text("h1 { color: rgb(2, 2, 2) }")
    await expect(page.locator("#count")).to_have_css("color", "rgb(2, 2, 2)")
    await expect(page.locator('link[rel="stylesheet"][href*="style"]')).to_have_count(1)

    template.write_text(TEMPLATE.replace(">Add<", ">Add one<"))
    await expect(page.locator("#add")).to_have_text("Add one")
    await expect(page.locator("#count")).to_have_text("1")

    main.write_text(MAIN.replace("+= 1", "+= 10"))
    dev.says("ready again")
    await expect(page.locator("#livets.livets-connected")).to_be_visible()
    await page.click("#add")
    await expect(page.locator("#count")).to_have_text("11")
    assert await page.evaluate("window.kept") is True, "the page was loaded again, though its view could go on"


async def test_mistakes_are_shown_and_go_away_when_they_are_mended(page: Page, dev: Command, project: Path) -> None:
    template, main = project / "templates" / "counter.html", project / "main.py"
    dialog = page.locator("dialog[open][role=alertdialog]")
    await start(page, dev)
    await page.click("#add")
    await expect(page.locator("#count")).to_have_text("1")

    await page.click("#fail")
    await expect(dialog.locator("h1")).to_have_text(re.compile("no luck today"))
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    assert "ValueError" in (await dialog.locator("pre").first.text_content() or "")
    await shot(page, "handler")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#fail")).to_be_focused()
    await expect(page.locator("#count")).to_have_text("1")

    for number in (1, 2):  # what the server tells of an error in development
        extra = {"traceback": TRACE, "state": {"count": number}, "event": {"name": "go", "args": [7]}}
        await page.evaluate(TELL, {"code": "handler_failed", "message": "KeyError", "extra": extra})
    await expect(dialog.locator("h1")).to_have_text("KeyError: 'x'")
    await expect(dialog.locator("summary")).to_have_text("2 frames outside of the program")
    await expect(dialog.locator("section").nth(0)).to_contain_text("args = [7]")
    await expect(dialog.locator("section").nth(1)).to_contain_text("count = 2")
    await shot(page, "extra")
    await dialog.get_by_label("Error before").click()
    await expect(dialog.locator("section").nth(1)).to_contain_text("count = 1")
    for _ in range(2):  # closed, and the next one is there before the browser has told of it
        await page.evaluate(CLOSE_AND_TELL, {"code": "handler_failed", "message": "another", "extra": None})
    await expect(dialog.get_by_label("Error before")).to_have_count(0)
    await page.evaluate(TELL, {"code": "handler_failed", "message": "last", "extra": None})
    await dialog.get_by_label("Error before").click()
    await expect(dialog.locator("h1")).to_have_text("another")
    await page.keyboard.press("Escape")

    template.write_text(TEMPLATE + "{% if %}")
    await expect(dialog.locator("h1")).to_have_text("TemplateError")
    await expect(dialog.locator("pre").first).to_contain_text("counter.html, line 3")
    template.write_text(TEMPLATE)
    await expect(dialog).to_have_count(0)

    main.write_text(MAIN.replace("self.count = 99", "self.count = = 99"))
    await expect(dialog.locator("h1")).to_contain_text("SyntaxError")
    await shot(page, "syntax")
    main.write_text(MAIN)
    await expect(dialog).to_have_count(0)
    await expect(page.locator("#livets.livets-connected")).to_be_visible()
    await page.click("#add")
    await expect(page.locator("#count")).to_have_text("2")


async def test_a_page_that_could_not_be_made_comes_back(page: Page, project: Path) -> None:
    (project / "main.py").write_text("1 / 0\n")
    with Command("dev", "--port", "0", folder=project) as dev:
        await page.goto(dev.url)
        dialog = page.locator("dialog[open][role=alertdialog]")
        await expect(dialog.locator("h1")).to_contain_text("ZeroDivisionError")
        (project / "main.py").write_text(
            MAIN.replace("    count: int = 0", "    count: int = 0\n    def mount(self): self.nope")
        )
        await expect(dialog.locator("h1")).to_contain_text("AttributeError")
        await shot(page, "mount")
        (project / "main.py").write_text(MAIN)
        await expect(page.locator("#livets.livets-connected")).to_be_visible()
        await expect(dialog).to_have_count(0)
