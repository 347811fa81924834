"""ts-model in regions that Jinja2 renders whole: what is typed arrives, shows, and is not torn from under the hands."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from livets import LiveTS, LiveView, event
from tests.support.server import serving

SECRET = "a secret of the browser tests, long enough"
CONTROLS = """<input id="{id}" ts-model="name"><input id="ok-{id}" type="checkbox" ts-model="ok">
<select id="town-{id}" ts-model="town"><option value="o">Oslo</option><option value="r">Rome</option></select>"""


class Sheet(LiveView):
    name: str = "Ann"
    ok: bool = False
    town: str = "r"
    tree: list[list[str]] = [["a"]]
    template = f"""
    <div>{{% filter string %}}{CONTROLS.format(id="filter")}<p>{{{{ name }}}}</p>{{% endfilter %}}</div>
    <ul>{{% for node in tree recursive %}}<li>{{{{ node if node is string else loop(node) }}}}
      {{% if node is string %}}{CONTROLS.format(id="loop")}<p>{{{{ name }}}}</p>{{% endif %}}</li>{{% endfor %}}</ul>
    <section>{{% filter trim %}}<input id="short" ts-model="name">{{% endfilter %}}</section>
    <button id="set" ts-on:click="set_all">set</button><pre>{{{{ name }}}} {{{{ ok }}}} {{{{ town }}}}</pre>"""

    @event
    def set_all(self) -> None:
        self.name, self.ok, self.town = "Bo", True, "o"


@pytest_asyncio.fixture(loop_scope="session")
async def sheet(page: Page) -> AsyncIterator[Page]:
    app = LiveTS(secret_key=SECRET)
    app.live("/", Sheet)
    async with serving(app) as url:
        await page.goto(url)
        await page.wait_for_selector(".livets-connected")
        yield page
        await page.goto("about:blank")


@pytest.mark.parametrize("place", ["filter", "loop", "short"])
async def test_what_is_typed_in_an_opaque_region_stays(sheet: Page, place: str) -> None:
    control = sheet.locator(f"#{place}")
    await expect(control).to_have_value("Ann")
    await control.press("Home")
    await sheet.keyboard.type("Jo ", delay=20)
    await expect(sheet.locator("pre")).to_have_text("Jo Ann False r")
    for other in ("filter", "loop", "short"):
        await expect(sheet.locator(f"#{other}")).to_have_value("Jo Ann")
    await expect(control).to_be_focused()
    assert await control.evaluate("control => control.selectionStart") == 3
    await sheet.keyboard.type("Be")
    await expect(sheet.locator("pre")).to_have_text("Jo BeAnn False r")


@pytest.mark.parametrize("place", ["filter", "loop"])
async def test_controls_in_an_opaque_region_follow_the_server_and_are_heard(sheet: Page, place: str) -> None:
    box, town = sheet.locator(f"#ok-{place}"), sheet.locator(f"#town-{place}")
    await expect(town).to_have_value("r")
    await box.check()
    await town.select_option("o")
    await expect(sheet.locator("pre")).to_have_text("Ann True o")
    await expect(sheet.locator(f"#ok-{'loop' if place == 'filter' else 'filter'}")).to_be_checked()
    await box.uncheck()
    await town.select_option("r")
    await expect(sheet.locator("pre")).to_have_text("Ann False r")
    await sheet.locator("#set").click()
    await expect(sheet.locator("pre")).to_have_text("Bo True o")
    await expect(sheet.locator(f"#{place}")).to_have_value("Bo")
    await expect(box).to_be_checked()
    await expect(town).to_have_value("o")
