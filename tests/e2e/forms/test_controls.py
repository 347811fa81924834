"""Every kind of control in Chromium, on the real stack: its first state, what a person does, what the server sets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import PageLog
from tests.support.workers import Workers

STATE = """() => { const $ = (id) => document.getElementById(id); return [
  ...['text', 'area', 'number', 'level', 'colour', 'day', 'price', 'one'].map((id) => $(id).value),
  [...$('many').selectedOptions].map((option) => option.value).join(''),
  ...['flag', 'r1', 'r2', 'x', 'y'].map((id) => $(id).checked)] }"""
FIRST = ["a", "x\ny", "3", "50", "#ff0000", "2026-01-02", "", "b", "ac", True, False, True, True, False]
RESET = ["", "", "0", "10", "#00ff00", "2030-12-31", "2.5", "c", "", False, True, False, False, True]


@pytest.fixture
def url() -> Iterator[str]:
    with Workers("tests.e2e.forms.app:app", 1, env={"LIVETS_REDIS_URL": ""}) as workers:
        yield f"http://127.0.0.1:{workers.ports[0]}"
        assert "Traceback" not in workers.log(0), workers.log(0)


async def shown(page: Page, control: str, text: str) -> None:
    """The output behind a control."""
    output = page.locator(f"xpath=//*[@id='{control}']/following::output[1]")
    await expect(output).to_have_text(text)


@pytest.mark.both_transports
async def test_every_control_goes_both_ways(url: str, page: Page, page_log: PageLog) -> None:
    await page.goto(url)
    assert await page.evaluate(STATE) == FIRST
    await page.locator("#text").fill("hello")
    await shown(page, "text", "hello")
    await page.locator("#area").fill("1\n2")
    await shown(page, "area", "1\n2")
    await page.locator("#number").fill("42")
    await shown(page, "number", "42")
    await page.locator("#level").fill("80")
    await shown(page, "level", "80")
    await page.locator("#flag").uncheck()
    await shown(page, "flag", "False")
    await page.locator("#colour").fill("#0000ff")
    await shown(page, "colour", "#0000ff")
    await page.locator("#day").fill("2027-05-06")
    await shown(page, "day", "2027-05-06")
    await page.locator("#price").fill("1.5")
    await shown(page, "price", "1.5")
    await page.locator("#price").fill("")
    await shown(page, "price", "None")
    await page.locator("#one").select_option("a")
    await shown(page, "one", "a")
    await page.locator("#many").select_option(["b", "c"])
    await shown(page, "many", "bc")
    await page.locator("#r1").check()
    await shown(page, "r2", "1")
    await page.locator("#y").check()
    await shown(page, "y", "xy")
    await page.click("#reset")
    await shown(page, "text", "")
    assert await page.evaluate(STATE) == RESET


async def test_a_number_that_is_being_typed_is_left_alone(url: str, page: Page, page_log: PageLog) -> None:
    page_log.allow("bad_field Controls.number")  # an empty number is none; the field keeps what it had
    await page.goto(url)
    await page.locator("#number").fill("")
    await page.locator("#number").press_sequentially("17")
    await shown(page, "number", "17")
    await expect(page.locator("#number")).to_have_value("17")


async def test_forms_are_sent_as_browsers_send_them(url: str, page: Page) -> None:
    await page.goto(url)
    await page.locator("input[name=name]").press("Enter")
    await expect(page.locator("#sent")).to_have_text("Ann k1 fast False")
    await page.locator("input[name=agree]").check()
    await page.locator("select[name=kind]").select_option("k2")
    await page.click("#slowly")
    await expect(page.locator("#sent")).to_have_text("Ann k2 slow True")


async def test_without_javascript_the_first_state_is_there(url: str, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(url)
    assert [await page.locator(f"#{name}").input_value() for name in ("text", "area", "one")] == ["a", "x\ny", "b"]
    assert [await page.locator(f"#{name}").is_checked() for name in ("flag", "r1", "r2", "x", "y")] == FIRST[9:]
    await context.close()
